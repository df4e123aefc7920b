"""The laws' numbers for one budget, each with the rule that gives it."""

import numpy as np

from autotune.architecture.sparse_constants import TRAINING_FLOPS, SparseConstants
from autotune.architecture.triad import Triad
from autotune.architecture.triad_inverse import width_of_ratio
from autotune.laws.allocation import ALLOCATIONS, Power
from autotune.laws.fitted_shape import LABELS, ShapeNumber
from autotune.laws.hyperparameters import HYPERPARAMETERS
from autotune.laws.source import Source
from autotune.laws.sparse_shape import (
    FLAT_EXPANSION,
    PAPER_EXPANSION_LIMIT,
    SHAPE_LAWS,
    WIDTH_RATIO,
    Origin,
)
from autotune.planning import own_figures
from autotune.planning.design_question import DesignQuestion, Figure, WidthRule
from autotune.planning.head_schedule import Heads
from autotune.types import Interval

ALLOCATION = ALLOCATIONS["wan2026-allocation"]
PAPER_SEQ_LEN = 8192


def spending(question: DesignQuestion) -> tuple[Figure, Figure]:
    """M and D."""
    own = own_figures.figure(question, "M")
    if own is not None:
        return own, own_figures.tokens(question, own)

    def figure(name: str, value: float, power: Power | None) -> Figure:
        return Figure(
            name=name, value=value, rule=str(power), origin=Origin.PAPER,
            source=cited(ALLOCATION.source),
        )  # fmt: skip

    c = question.flops
    return (
        figure("M", float(ALLOCATION.optimal_size(c)), ALLOCATION.size),
        figure("D", float(ALLOCATION.optimal_tokens(c)), ALLOCATION.tokens),
    )


def density(question: DesignQuestion) -> Figure:
    """M/N_a; what scores add to 6 is in proportion to sequence length and to their width.

    That is M/N_a of a model of the same depth, number and size of heads and N_a, on longer or
    shorter sequences, or with the rotary part that latent heads have beside their size.
    """
    figure = own_figures.figure(question, "density") or _papers(question, "density", "M/N_a")
    known, wider = _known_seq_len(question), _wider_scores(question)
    times = [] if question.seq_len == known else [f"{question.seq_len}/{known}"]
    times += [] if wider == 1 else [f"{wider:g} for latent heads"]
    if not times:
        return figure
    rule = f"{figure.rule}; what is above 6, times {' and '.join(times)}"
    return own_figures.moved(figure, _density_move(question), rule=rule)


def expansion(question: DesignQuestion, held: SparseConstants) -> Figure:
    """N/N_a; at another sparsity, that of the same share of active parameters in experts."""
    figure = own_figures.figure(question, "expansion") or _papers(question, "expansion", "N/N_a")
    if held.max_expansion == _known_limit(question):
        return figure
    whose = "8 of 288" if own_figures.law(question, "expansion") is None else "the runs"
    rule = f"the share of N_a in experts that {whose} have at {figure.value:.4g}"
    return own_figures.moved(figure, _expansion_move(question, held), rule=rule)


def _papers(question: DesignQuestion, number: str, name: str) -> Figure:
    law = SHAPE_LAWS[number]
    return Figure(
        name=name, value=float(law.value(question.flops)), rule=str(law.formula),
        origin=law.origin, source=cited(law.source),
    )  # fmt: skip


def _known_seq_len(question: DesignQuestion) -> int:
    """The sequence length at which the law of M/N_a was read."""
    found = own_figures.law(question, "density")
    return PAPER_SEQ_LEN if found is None else found[0].shape.seq_len


def _known_limit(question: DesignQuestion) -> float:
    """The upper bound of N/N_a at which its law was read."""
    found = own_figures.law(question, "expansion")
    return PAPER_EXPANSION_LIMIT if found is None else found[0].shape.max_expansion


def _density_move(question: DesignQuestion) -> own_figures.Move:
    more = question.seq_len / _known_seq_len(question) * _wider_scores(question)
    return lambda x: TRAINING_FLOPS + (x - TRAINING_FLOPS) * more


def _wider_scores(question: DesignQuestion) -> float:
    """FLOPs of scores beside those of the heads that the laws were read with; doubling keeps it."""
    heads = question.heads or own_figures.schedule(question).at(question.flops)
    return heads.wider_scores


def _expansion_move(question: DesignQuestion, held: SparseConstants) -> own_figures.Move:
    wider = held.idle_per_used / (_known_limit(question) - 1)
    return lambda x: 1 + (x - 1) * wider


def least_expansion(question: DesignQuestion, expansion: Figure, held: SparseConstants) -> float:
    """The lower end of where the loss is flat over N/N_a: of a fit, or the paper's 18."""
    return flat_expansion(question, held)[0] if expansion.band is None else expansion.band[0]


def flat_expansion(question: DesignQuestion, held: SparseConstants) -> Interval:
    """The paper's flat zone of N/N_a; at another sparsity, of the same shares in experts."""
    if held.max_expansion == _known_limit(question):
        return FLAT_EXPANSION
    low, high = _expansion_move(question, held)(np.array(FLAT_EXPANSION))
    return float(low), float(high)


def width(question: DesignQuestion, triad: Triad, held: SparseConstants) -> Figure:
    """Hidden size, not yet whole; it may leave no dense layer."""
    own = own_figures.figure(question, "width") if question.width_rule is None else None
    if own is not None:
        return own
    if question.width_rule is WidthRule.SWEEP:
        return _papers(question, "width", "d")
    return Figure(
        name="d", value=float(width_of_ratio(triad, WIDTH_RATIO, constants=held)),
        rule=f"(K + shared) d_m / d = {WIDTH_RATIO:g}", origin=Origin.STAND_IN,
        source="arXiv:2603.21862, appendix E: best at 3.0 to 3.5",
    )  # fmt: skip


def sizes(
    question: DesignQuestion, ratios: tuple[Figure, Figure, Figure], held: SparseConstants
) -> tuple[Figure, Figure]:
    """N_a and N of M, M/N_a and N/N_a."""
    m, dense, wide = ratios
    moves = {
        "M": lambda x: x,
        "density": _density_move(question),
        "expansion": _expansion_move(question, held),
    }
    active, total = own_figures.sizes_intervals(
        question, {"M": m, "density": dense, "expansion": wide}, moves
    )
    n_active = m.value / dense.value
    return (
        Figure(name="N_a", value=n_active, rule="M over M/N_a", origin=Origin.ALGEBRA,
               interval=active),
        Figure(name="N", value=n_active * wide.value, rule="N_a times N/N_a",
               origin=Origin.ALGEBRA, interval=total),
    )  # fmt: skip


def heads(chosen: Heads) -> Figure:
    """How many query heads."""
    return Figure(name="heads", value=chosen.n_heads, rule=chosen.rule, origin=chosen.origin)


def steps(question: DesignQuestion) -> tuple[Figure, ...]:
    """Peak learning rate and batch."""
    names: tuple[tuple[ShapeNumber, str], ...] = (
        ("lr", "wan2026-lr"), ("batch_tokens", "wan2026-batch"),
    )  # fmt: skip
    return tuple(
        own_figures.figure(question, number) or _papers_step(question, LABELS[number], name)
        for number, name in names
    )


def _papers_step(question: DesignQuestion, name: str, law_name: str) -> Figure:
    law = HYPERPARAMETERS[law_name]
    return Figure(
        name=name, value=float(law.value(flops=question.flops)), origin=Origin.REFIT,
        rule=f"{law.coefficients['c']:.4g} C^{law.coefficients['p']:.4g}",
        source=cited(law.source),
    )  # fmt: skip


def cited(source: Source) -> str:
    """A source in one line."""
    return f"{source.citation}, {source.where}"
