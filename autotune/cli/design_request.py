"""From the options of `autotune design` to a question, and to its answer."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from autotune import checks, quantities
from autotune.architecture.divisors import Divisors
from autotune.architecture.document import Described
from autotune.architecture.memory import RECIPES
from autotune.cli import design_attention
from autotune.cli.law_names import resolve
from autotune.errors import InputError
from autotune.models import catalogue
from autotune.planning.design import Candidate, candidates
from autotune.planning.design_figures import PAPER_SEQ_LEN
from autotune.planning.design_question import DesignQuestion, OwnLaws, WidthRule
from autotune.planning.design_target import Target, target
from autotune.planning.flat_zone import Placement, place
from autotune.planning.joint_design import Joint, by_shape_laws, joint, models
from autotune.planning.joint_ranges import Over

FORMATS = ("table", "toml", "hf", "megatron")
PLACING = ("like", "seq_len", "format_", "json", "storage")
"""The options that placing a released model reads."""
LONGEST = 1e9
TRAINED_IN = next(recipe for recipe in RECIPES if recipe.name == "bf16 mixed")
"""What training state is counted in, for caps and for what is printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a call asks.

    Attributes:
        question: The budget and what is fixed, None where only a model is placed.
        seq_len: Tokens of a sequence.
        like: The model to place, None where none is.
        law: The law that chooses the shape, None for the shape laws.
        over: Which shapes it chooses from.
        gpus: GPUs that share the training state, None if not said.
        top: Models shown.
        pick: Which of them is written, from 1.
        format_: How.
    """

    question: DesignQuestion | None
    seq_len: int
    like: Described | None
    law: str | None
    over: Over
    gpus: int | None
    top: int
    pick: int
    format_: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came out: a target with its models, and a placement; each None where not asked.

    With a law there is its choice, and the model that the shape laws give, if they give one.
    """

    target: Target | None
    candidates: list[Candidate]
    placement: Placement | None
    joint: Joint | None = None
    by_shape_laws: Candidate | None = None


def read(given: Mapping[str, Any], *, stated: Collection[str]) -> Request:
    """Turn options into a question.

    Args:
        given: Every option that has a value.
        stated: Those that the command line names.

    Raises:
        InputError: If a value cannot be read, or two options clash.
    """
    if "flops" not in given and "like" not in given:
        raise InputError("no budget. Give --flops, or --like MODEL to place a released one.")
    form = checks.one_of("format", given["format_"], FORMATS)
    if form != "table" and (given["json"] or "flops" not in given):
        other = "--json" if given["json"] else "--like alone"
        raise InputError(f"--format {form} and {other} contradict each other. Choose one.")
    if given["over"] != "near" and "law" not in given:
        raise InputError("--over says which shapes a law chooses from. Give --law too.")
    if "law" in given and "flops" not in given:
        raise InputError("--law chooses a shape for a budget. Give --flops too.")
    for name in ("top", "pick"):
        if given[name] < 1:
            raise InputError(f"--{name} {given[name]}: it is 1 or more.")
    if given["over"] != "near" and "shape_law" in given:
        raise InputError("--over is for the paper's shape laws: --shape-law gives both ratios.")
    if "flops" not in given:
        _refuse_unused([name for name in given if name in stated])
    question = _question(given) if "flops" in given else None
    return Request(
        question=question,
        seq_len=_seq_len(given) if question is None else question.seq_len,
        like=catalogue.find(given["like"]) if "like" in given else None,
        law=given.get("law"),
        over=Over(checks.one_of("range of shapes", given["over"], [str(over) for over in Over])),
        gpus=given.get("gpus"),
        top=max(given["top"], given["pick"]),
        pick=given["pick"],
        format_=form,
    )


def answer(request: Request) -> Answer:
    """Design, and place.

    Raises:
        InputError: If what was asked cannot be.
        InfeasibleError: If no whole numbers come near.
    """
    question, placement = request.question, _placed(request)
    if question is None:
        return Answer(target=None, candidates=[], placement=placement)
    if request.law is None:
        asked = target(question)
        found = candidates(question, asked, top=request.top)
        return Answer(target=asked, candidates=found, placement=placement)
    named = resolve(request.law)
    chosen = joint(question, named.name, request.over, fit=named.law)
    return Answer(
        target=chosen.target, candidates=models(question, chosen, top=request.top),
        placement=placement, joint=chosen, by_shape_laws=by_shape_laws(question, chosen),
    )  # fmt: skip


def _placed(request: Request) -> Placement | None:
    if request.like is None:
        return None
    said = request.like.published
    tokens = said.tokens if said is not None else None
    return place(
        request.like.model,
        seq_len=request.seq_len,
        tokens=None if tokens is None else quantities.parse_count(tokens),
    )


def _question(given: Mapping[str, Any]) -> DesignQuestion:
    own = _own(given["shape_law"], given["storage"]) if "shape_law" in given else None
    return DesignQuestion(
        flops=quantities.parse_count(given["flops"]),
        n_experts=given.get("experts", 288 if own is None else own.shape.n_experts),
        top_k=given.get("top_k", 8 if own is None else own.shape.top_k),
        n_shared=given.get("shared", 1 if own is None else own.shape.n_shared),
        seq_len=_seq_len(given, PAPER_SEQ_LEN if own is None else own.shape.seq_len),
        own=own,
        vocabulary=given["vocabulary"],
        heads=design_attention.heads(given),
        sharing=design_attention.sharing(given),
        dense_ratio=_ratio(given["dense_ratio"]) if "dense_ratio" in given else None,
        width_rule=_width_rule(given["width_rule"]) if "width_rule" in given else None,
        divisors=Divisors(
            multiple=given["multiple"],
            tensor=given["tp"],
            expert=given["ep"],
            pipeline=given["pp"],
        ),
        max_total=_cap(given),
    )


def _refuse_unused(stated: Sequence[str]) -> None:
    """A released model is placed as it is: what asks for another shape would be ignored."""
    unused = [name for name in stated if name not in PLACING]
    if unused:
        names = ", ".join("--" + name.strip("_").replace("_", "-") for name in unused)
        raise InputError(
            f"{names}: of no use where --like alone places a model as it was released. "
            "Give --flops too, for a design beside it."
        )


def _cap(given: Mapping[str, Any]) -> float | None:
    """The lower of both caps on all parameters."""
    caps = [quantities.parse_count(given["max_total"])] if "max_total" in given else []
    if "max_memory" in given:
        if "gpus" not in given:
            raise InputError("--max-memory is that of one GPU. Give --gpus too.")
        memory = quantities.parse_bytes(given["max_memory"]) * given["gpus"]
        assert TRAINED_IN.training is not None
        caps.append(memory / TRAINED_IN.training)
    if "gpus" in given and given["gpus"] < 1:
        raise InputError(f"--gpus {given['gpus']}: it is 1 or more.")
    return min(caps, default=None)


def _ratio(text: str) -> float:
    try:
        return float(Fraction(text))
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise InputError(f"cannot read {text!r} as a --dense-ratio. Write 8/3 or 2.5.") from error


def _width_rule(text: str) -> WidthRule:
    return WidthRule(checks.one_of("width rule", text, [str(rule) for rule in WidthRule]))


def _own(name: str, storage: Path) -> OwnLaws:
    from autotune.fits import files  # a quarter of the CPU time of a design

    fit = files.load_shape(name, storage)
    return OwnLaws(
        name=fit.id,
        shape=fit.shape,
        source=f"fit {fit.id}: {fit.n_runs} runs of {fit.data}, SHA-256 {fit.data_hash[:12]}",
    )


def _seq_len(given: Mapping[str, Any], default: int = PAPER_SEQ_LEN) -> int:
    if "seq_len" not in given:
        return default
    text = given["seq_len"]
    value = quantities.parse_count(text)
    if not 1 <= value <= LONGEST or not value.is_integer():
        raise InputError(f"--seq-len {text}: a sequence has 1 to {LONGEST:g} tokens.")
    return int(value)
