"""Routes: workers elsewhere open a desk, ask for trials and tell what came of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from fastapi import APIRouter, Response

from autotune.errors import StoreError
from autotune.web.house import StudyName, Writable, failures
from autotune.web.orders import AskModel, DeskModel, Order, ReleaseModel, TellModel
from autotune.web.problems import JsonResponse, Refusal

router = APIRouter(
    prefix="/api/studies", tags=["workers"], responses={**failures(403, 404, 409, 503)}
)
WAIT_SECONDS = 2.0
"""How long a worker waits that got nothing, before it asks again."""


@router.put("/{study}/desk", summary="Open the desk of a study")
def open_desk(here: Writable, study: StudyName, order: DeskModel) -> Response:
    """Create a study or continue one, for workers.

    A desk that is open stays as it is, and holds more trials if `max_evals` is larger.
    """
    return JsonResponse(here.desks.open(study, Order.of(order)).state())


@router.get("/{study}/desk", summary="How the desk of a study is")
def show_desk(here: Writable, study: StudyName) -> Response:
    """How many trials are recorded and leased."""
    return JsonResponse(here.desks.get(study).state())


@router.post("/{study}/ask", summary="Ask for trials")
def ask(here: Writable, study: StudyName, asked: AskModel) -> Response:
    """Lease trials to a worker, and renew the leases of those it holds.

    A trial that is not told of, or renewed by asking again, within `lease_seconds` is given to
    another worker as its next attempt. `lost` are trials held that another worker has, or that
    have an outcome. When `over` is true, the study is complete.
    """
    desk = here.desks.get(study)
    with _recording():
        handed = desk.ask(asked.worker, asked.n, asked.holding)
    return JsonResponse(
        {
            "trials": [asdict(trial) for trial in handed.trials],
            "lost": list(handed.lost),
            "over": handed.over,
            "lease_seconds": desk.lease_seconds,
            "wait_seconds": WAIT_SECONDS,
        }
    )


@router.post("/{study}/release", summary="Give trials back")
def release(here: Writable, study: StudyName, given: ReleaseModel) -> Response:
    """End the leases of trials that a worker will not finish: the next worker to ask gets them.

    `released` are those that were the worker's. It may be repeated when the answer was lost.
    """
    desk = here.desks.get(study)
    return JsonResponse({"released": desk.release(given.worker, given.trials)})


@router.post("/{study}/tell", summary="Tell outcomes")
def tell(here: Writable, study: StudyName, told: TellModel) -> Response:
    """Record outcomes; they are durable before this answers.

    It may be repeated when the answer was lost: the same trial, attempt and worker is the same
    outcome. `counted` is false where another outcome of the trial came first; it is kept.
    """
    desk = here.desks.get(study)
    with _recording():
        receipts = desk.tell(told.outcomes)
    return JsonResponse({"receipts": [asdict(each) for each in receipts]})


@contextmanager
def _recording() -> Iterator[None]:
    """What cannot be recorded now may be told again: it is no fault of the worker's."""
    try:
        yield
    except StoreError as error:
        raise Refusal(
            503, str(error), "Send it again later.", headers={"Retry-After": "5"}
        ) from error
