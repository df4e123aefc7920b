"""The laws' numbers for one budget, each with the rule that gives it."""

from autotune.architecture.sparse_constants import TRAINING_FLOPS, SparseConstants
from autotune.architecture.triad import Triad
from autotune.architecture.triad_inverse import width_of_ratio
from autotune.laws.allocation import ALLOCATIONS, Power
from autotune.laws.hyperparameters import HYPERPARAMETERS
from autotune.laws.source import Source
from autotune.laws.sparse_shape import PAPER_EXPANSION_LIMIT, SHAPE_LAWS, WIDTH_RATIO, Origin
from autotune.planning.design_question import DesignQuestion, Figure, WidthRule
from autotune.planning.head_schedule import Heads

ALLOCATION = ALLOCATIONS["wan2026-allocation"]
PAPER_SEQ_LEN = 8192


def spending(c: float) -> tuple[Figure, Figure]:
    """M and D."""

    def figure(name: str, value: float, power: Power | None) -> Figure:
        return Figure(
            name=name, value=value, rule=str(power), origin=Origin.PAPER,
            source=cited(ALLOCATION.source),
        )  # fmt: skip

    return (
        figure("M", float(ALLOCATION.optimal_size(c)), ALLOCATION.size),
        figure("D", float(ALLOCATION.optimal_tokens(c)), ALLOCATION.tokens),
    )


def density(question: DesignQuestion) -> Figure:
    """M/N_a; at another sequence length, what scores add to 6 is in proportion to it.

    That is M/N_a of a model of the same depth, heads and N_a, on longer or shorter sequences.
    """
    law = SHAPE_LAWS["density"]
    value, rule, origin = float(law.value(question.flops)), str(law.formula), law.origin
    if question.seq_len != PAPER_SEQ_LEN:
        value = TRAINING_FLOPS + (value - TRAINING_FLOPS) * question.seq_len / PAPER_SEQ_LEN
        rule = f"{rule}; what is above 6, times {question.seq_len}/{PAPER_SEQ_LEN}"
        origin = Origin.STAND_IN
    return Figure(name="M/N_a", value=value, rule=rule, origin=origin, source=cited(law.source))


def expansion(question: DesignQuestion, held: SparseConstants) -> Figure:
    """N/N_a; at another sparsity, that of the same share of active parameters in experts."""
    law = SHAPE_LAWS["expansion"]
    value, rule, origin = float(law.value(question.flops)), str(law.formula), law.origin
    if held.max_expansion != PAPER_EXPANSION_LIMIT:
        rule = f"the share of N_a in experts that 8 of 288 have at {value:.4g}"
        value, origin = same_share(value, held), Origin.STAND_IN
    return Figure(name="N/N_a", value=value, rule=rule, origin=origin, source=cited(law.source))


def same_share(expansion: float, held: SparseConstants) -> float:
    """N/N_a at which as much of N_a is in experts as with the paper's sparsity at `expansion`."""
    return 1 + (expansion - 1) / (PAPER_EXPANSION_LIMIT - 1) * held.idle_per_used


def width(question: DesignQuestion, triad: Triad, held: SparseConstants) -> Figure:
    """Hidden size, not yet whole; it may leave no dense layer."""
    if question.width_rule is WidthRule.SWEEP:
        law = SHAPE_LAWS["width"]
        return Figure(
            name="d", value=float(law.value(question.flops)), rule=str(law.formula),
            origin=law.origin, source=cited(law.source),
        )  # fmt: skip
    return Figure(
        name="d", value=float(width_of_ratio(triad, WIDTH_RATIO, constants=held)),
        rule=f"(K + shared) d_m / d = {WIDTH_RATIO:g}", origin=Origin.STAND_IN,
        source="arXiv:2603.21862, appendix E: best at 3.0 to 3.5",
    )  # fmt: skip


def sizes(triad: Triad) -> tuple[Figure, Figure]:
    """N_a and N."""
    return (
        Figure(name="N_a", value=float(triad.n_active), rule="M over M/N_a", origin=Origin.ALGEBRA),
        Figure(name="N", value=float(triad.n_total), rule="N_a times N/N_a", origin=Origin.ALGEBRA),
    )


def heads(chosen: Heads) -> Figure:
    """How many query heads."""
    return Figure(name="heads", value=chosen.n_heads, rule=chosen.rule, origin=chosen.origin)


def steps(c: float) -> tuple[Figure, ...]:
    """Peak learning rate and batch."""
    laws = {"peak lr": HYPERPARAMETERS["wan2026-lr"], "batch": HYPERPARAMETERS["wan2026-batch"]}
    return tuple(
        Figure(
            name=name, value=float(law.value(flops=c)), origin=Origin.REFIT,
            rule=f"{law.coefficients['c']:.4g} C^{law.coefficients['p']:.4g}",
            source=cited(law.source),
        )
        for name, law in laws.items()
    )  # fmt: skip


def cited(source: Source) -> str:
    """A source in one line."""
    return f"{source.citation}, {source.where}"
