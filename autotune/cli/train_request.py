"""What `autotune train` was asked for, as a run."""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from autotune import checks
from autotune.architecture.conventions import CONVENTIONS
from autotune.architecture.flops import per_token
from autotune.errors import InputError
from autotune.models import catalogue
from autotune.quantities import parse_count, parse_seconds
from autotune.training import checkpoint_files, model_spec, small_shape
from autotune.training.corpus import Corpus
from autotune.training.model_spec import ModelSpec
from autotune.training.run import Device, Limits, TrainingRun
from autotune.training.settings import Optimizer, Settings

BALANCES = ("aux", "bias")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The options as they were given; texts are still to be read."""

    n_active: str | None
    shape: str | None
    config: str | None
    build: str | None
    experts: int | None
    top_k: int
    granularity: float | None
    balance: str
    tokens: str | None
    flops: str | None
    optimizer: str
    lr_multiplier: float
    context: int
    sequences: int | None
    seed: int
    device: str
    compile: bool | None
    time: str | None
    out: Path | None
    resume: bool


def check(request: Request) -> None:
    """Refuse what cannot be right before any text is read.

    Raises:
        InputError: In one line.
    """
    models = {
        "--n-active": request.n_active, "--shape": request.shape, "--config": request.config,
        "--build": request.build,
    }  # fmt: skip
    given = [flag for flag, value in models.items() if value is not None]
    if len(given) != 1:
        said = " and ".join(given) or "none"
        raise InputError(f"give one of {', '.join(models)} to say what to train, not {said}.")
    if (request.tokens is None) == (request.flops is None):
        raise InputError("give --tokens or --flops, one of the two.")
    if request.experts is not None and given[0] in ("--config", "--build"):
        raise InputError(f"{given[0]} already says how many experts there are. Drop --experts.")
    checks.one_of("--balance", request.balance, BALANCES)
    missing = [name for name in ("torch", "transformers") if not importlib.util.find_spec(name)]
    if missing:
        raise InputError(
            f"training needs {' and '.join(missing)}: pip install 'autotune-llm[train]'."
        )
    if request.resume and request.out is None:
        raise InputError("--resume goes on with the run in --out. Give --out.")
    if request.out is not None and checkpoint_files.has_run(request.out) and not request.resume:
        raise InputError(f"{request.out} holds a run. Go on with --resume, or give another --out.")


def run(request: Request, *, vocabulary: int) -> TrainingRun:
    """The run, on text with so many token ids.

    Raises:
        InputError: If the model or the budget cannot be read.
    """
    model = _model(request)
    settings = Settings(
        optimizer=cast("Optimizer", request.optimizer),
        lr_multiplier=request.lr_multiplier,
        context=request.context,
        sequences=request.sequences,
    )
    seconds = Limits() if request.time is None else Limits(seconds=parse_seconds(request.time))
    return TrainingRun(
        model=model,
        tokens=_tokens(request, model.with_vocabulary(vocabulary)),
        seed=request.seed,
        settings=settings,
        device=cast("Device", request.device),
        compile=request.compile,
        out=request.out,
        limits=seconds,
    )


def notes(run: TrainingRun, corpus: Corpus) -> Iterator[str]:
    """What was changed of the model that was asked for."""
    shape = run.model.architecture
    if shape is None or run.model.name == small_shape.name_of(shape):
        return
    if shape.vocabulary != corpus.vocabulary:
        yield (
            f"the vocabulary of {run.model.name}, {shape.vocabulary:,}, is replaced by that of "
            f"corpus {corpus.name}, {corpus.vocabulary:,}"
        )


def _model(request: Request) -> ModelSpec:
    if request.build is not None:
        return model_spec.of_builder(request.build)
    if request.config is not None:
        return _described(request.config)
    mixture = None
    if request.experts is not None:
        mixture = small_shape.Mixture(
            n_experts=request.experts,
            top_k=request.top_k,
            granularity=request.granularity,
            bias=request.balance == "bias",
        )
    if request.n_active is not None:
        shape = small_shape.of_size(parse_count(request.n_active), mixture)
    else:
        widths = _widths(str(request.shape))
        heads = widths[2] if len(widths) > 2 else None
        shape = small_shape.of_widths(widths[0], widths[1], heads=heads, mixture=mixture)
    return model_spec.of_architecture(shape)


def _described(text: str) -> ModelSpec:
    """A config.json keeps every key of its family; of others, the shape is what is known."""
    path = Path(text)
    if path.suffix == ".json" and path.is_file():
        return model_spec.of_file(path)
    return model_spec.of_architecture(catalogue.find(text).model)


def _widths(text: str) -> list[int]:
    parts = text.lower().split("x")
    if len(parts) not in (2, 3) or not all(part.isdecimal() for part in parts):
        raise InputError(f"--shape {text}: write WIDTHxLAYERS or WIDTHxLAYERSxHEADS, as 64x4x4.")
    return [int(part) for part in parts]


def _tokens(request: Request, model: ModelSpec) -> tuple[float, ...]:
    texts = (request.tokens or request.flops or "").split(",")
    values = tuple(parse_count(text) for text in texts)
    if request.flops is None:
        return values
    if model.architecture is None:
        raise InputError("FLOPs of a model of your own are not known before. Give --tokens.")
    exact = CONVENTIONS["exact"]
    each = per_token(model.architecture, exact, seq_len=request.context).training
    return tuple(value / each for value in values)
