"""Routes: searches as jobs, here in the background or on a scheduler."""

from pathlib import Path
from typing import Annotated, TypeAlias

from fastapi import APIRouter, Response
from pydantic import Field

from autotune.store.storage import must_be_name
from autotune.web.children import Word, flags
from autotune.web.house import Here, House, StudyName, Writable, failures
from autotune.web.problems import JsonResponse, Refusal
from autotune.web.strict import Strict

router = APIRouter(prefix="/api/jobs", tags=["jobs"], responses={**failures(403, 404, 409, 429)})


OptionName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$", max_length=100)]
Line: TypeAlias = Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00-\x1f]*$")]
Finite: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]


class JobModel(Strict):
    """A search, and where it runs; as the options of `autotune submit tune` of these names."""

    problem: Annotated[
        str, Field(min_length=1, max_length=1000, pattern=r"^[^-\x00-\x1f][^\x00-\x1f]*$")
    ]
    options: dict[OptionName, Line | Finite] = Field({}, description="Options of the problem.")
    study: Annotated[str, Field(max_length=100)]
    max_evals: Annotated[int, Field(ge=1, le=10_000_000)] = 100
    workers: Annotated[int, Field(ge=1, le=10_000)] = 1
    learner: Word = "auto"
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 12345
    trial_timeout: Word | None = None
    scheduler: Word | None = Field("local", description="local, slurm or pbs; or give a site.")
    site: Word | None = Field(None, description="Profile of a machine, by name.")
    nodes: Annotated[int, Field(ge=1, le=100_000)] = 1
    time: Word | None = None
    account: Word = ""
    queue: Word = ""
    array: Word = ""
    chain: Annotated[int, Field(ge=1, le=1000)] = 1
    dry_run: bool = Field(default=False, description="Return the script and submit nothing.")


TUNE = {"study", "max_evals", "workers", "learner", "seed", "trial_timeout"}
SUBMIT = {"scheduler", "site", "nodes", "time", "account", "queue", "array", "chain", "dry_run"}


@router.post("", summary="Start a search as a job")
async def submit(here: Writable, asked: JobModel) -> Response:
    """What `autotune submit tune --json` prints: the script, and the ids of the jobs."""
    storage = _storage(here)
    must_be_name(asked.study)
    where = asked.model_dump(include=SUBMIT)
    if asked.site is not None:
        where["scheduler"] = None
    given = {name: value for name, value in where.items() if value not in ("", None)}
    options = [f"--set={name}={value}" for name, value in asked.options.items()]
    words = (*flags(given), asked.problem, *options, *flags(asked.model_dump(include=TUNE)))
    return await _answer(here, "submit", "tune", *words, storage)


@router.get("/{study}", summary="The jobs of a study")
async def status(here: Here, study: StudyName) -> Response:
    """What `autotune status STUDY --json` prints: states, counts, rate, expected end."""
    return await _answer(here, "status", _known(here, study), _storage(here))


@router.delete("/{study}", summary="End the jobs of a study")
async def cancel(here: Writable, study: StudyName) -> Response:
    """What `autotune cancel STUDY --json` prints."""
    return await _answer(here, "cancel", _known(here, study), _storage(here))


async def _answer(here: House, *words: str) -> Response:
    return JsonResponse(await here.children.document(words, folder=Path.cwd()))


def _known(here: House, study: str) -> str:
    """A study that has a record or jobs."""
    folder = None if here.folder is None else here.folder / must_be_name(study)
    if folder is not None and not folder.is_dir():
        raise Refusal(404, f"no study {study!r}.", "GET /api/studies lists them.")
    return study


def _storage(here: House) -> str:
    """The folder that jobs write to.

    Raises:
        Refusal: If the storage is a server.
    """
    if here.folder is None:
        raise Refusal(
            409,
            "jobs write journals, and this storage is a server.",
            "Start `autotune worker` in the job instead.",
        )
    return f"--storage={here.folder}"
