"""Routes: laws, plans, predictions and fits, each by the verb of the command line."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import Field

from autotune.web import verbs
from autotune.web.children import Scalar, Word, flags
from autotune.web.house import Here, failures, must_be_writable
from autotune.web.problems import JsonResponse, Refusal
from autotune.web.strict import Strict

router = APIRouter(prefix="/api", tags=["laws"], responses={**failures(403, 429)})
Laws = Annotated[list[Word], Field(max_length=50)]


class PlanModel(Strict):
    """What to plan: the options of `autotune plan`; counts as numbers, or as people write them."""

    flops: Scalar | None = None
    gpus: Scalar | None = None
    gpu: Word | None = None
    days: Scalar | None = None
    mfu: float | None = None
    dtype: Word | None = None
    target_loss: float | None = None
    like: Word | None = None
    inference_tokens: Scalar | None = None
    sparsity: Scalar | None = None
    hold: Word | None = None
    n_active: Scalar | None = None
    n_total: Scalar | None = None
    tokens: Scalar | None = None
    max_tokens: Scalar | None = None
    unique_tokens: Scalar | None = None
    max_total: Scalar | None = None
    max_active: Scalar | None = None
    sparsity_range: Word | None = None
    tokens_per_param: Word | None = None
    law: Laws | None = Field(None, description="Presets and saved fits; all that fit if missing.")
    n_experts: float | None = None
    granularity: float | None = None
    top_k: float | None = None
    shared_share: float | None = None
    exact_flops: Word | None = None
    seq_len: Scalar | None = None
    tolerance: float | None = None


class PredictionModel(Strict):
    """Where to predict: the options of `autotune predict`; lists of equal length or one value."""

    law: Word
    n_active: Word | float | None = None
    n_total: Word | float | None = None
    tokens: Word | float | None = None
    flops: Word | float | None = None
    sparsity: Word | float | None = None
    n_experts: Word | float | None = None
    granularity: Word | float | None = None
    top_k: Word | float | None = None
    shared_share: Word | float | None = None
    unique_tokens: Word | float | None = None


class FitModel(Strict):
    """How to fit: options of `autotune fit`."""

    law: Word = Field(description="A form or a preset, or auto.")
    method: Word | None = None
    n: Word | None = None
    sparsity: Word | None = None
    fix: Annotated[list[Word], Field(max_length=20)] | None = None
    bounds: Annotated[list[Word], Field(max_length=20)] | None = None
    where: Word | None = None
    objective: Word | None = None
    delta: float | None = None
    bootstrap: int | None = Field(None, ge=0, le=10_000, description="Resamples; 0 for none.")
    group: Word | None = None
    resample: Word | None = None
    level: float | None = None
    seed: int | None = Field(None, ge=0, lt=2**32)
    save: Word | None = Field(None, description="Make it a law of this name; needs --allow-submit.")
    force: bool = Field(default=False, description="Replace a different fit of that name.")


@router.get("/laws", summary="The catalogue of laws, and saved fits")
async def laws(here: Here) -> Response:
    """What `autotune laws --json` prints."""
    return JsonResponse(await verbs.answer(here, "laws"))


@router.get("/laws/{law}", summary="One law")
async def law(here: Here, law: Word) -> Response:
    """What `autotune laws NAME --json` prints."""
    if law.startswith("-"):
        raise Refusal(404, f"no law {law!r}.", "GET /api/laws lists them.")
    return JsonResponse(await verbs.answer(here, "laws", law))


@router.post("/plans", summary="What to train for a budget")
async def plan(here: Here, asked: PlanModel) -> Response:
    """What `autotune plan --json` prints."""
    return JsonResponse(await verbs.answer(here, "plan", *flags(asked.model_dump())))


@router.post("/predictions", summary="What a law says at points")
async def predict(here: Here, asked: PredictionModel) -> Response:
    """What `autotune predict --json` prints."""
    return JsonResponse(await verbs.answer(here, "predict", *flags(asked.model_dump())))


@router.post("/fits", summary="Fit a law to a run table")
async def fit(
    here: Here,
    request: Request,
    asked: Annotated[FitModel, Query()],
    runs: Annotated[bytes, Body(media_type="text/csv", description="The table.")],
) -> Response:
    """What `autotune fit --json` prints of the table in the body: CSV, or Parquet by its type."""
    if asked.save is not None:
        must_be_writable(here)
    if not runs.strip():
        raise Refusal(422, "the body holds no run table.", "Send a CSV with a header line.")
    kind = request.headers.get("content-type", "")
    name = "runs.parquet" if "parquet" in kind else "runs.csv"
    options = tuple(flags(asked.model_dump()))
    return JsonResponse(await verbs.answer(here, "fit", name, *options, files={name: runs}))
