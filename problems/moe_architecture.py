"""Sparse architecture for a budget: depth, dense layers, widths and tokens, in two forms.

The sixteen dimensions of Wan et al. (2026), arXiv:2603.21862. Experts, top-k, heads, sequence
length and the ratio of dense widths are held; the budget C = M D fixes tokens. Four numbers remain.
In the reduced form they are M over its law, M/N_a, N/N_a and the place of the hidden size between
the ends of its feasible interval: nearly every point is a model, after rounding. In the unreduced
form they are layers, dense layers, hidden size and width of an expert, with tokens besides, and the
budget is a constraint that most points break.

The objective is a law of the catalogue of N_a, N and D, which does not see the shape, times a
penalty around the paper's shape laws. No published law scores shapes: THE CURVATURE OF THE PENALTY
IS OURS, invented for this problem, and its losses are no predictions.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from ConfigSpace import ConfigurationSpace, Float, Integer

from autotune import problem_parts
from autotune.architecture.divisors import Divisors
from autotune.architecture.layer_stack import LayerStack, triad
from autotune.architecture.triad import Triad, of_ratios
from autotune.architecture.triad_inverse import solve, widths
from autotune.architecture.whole_stack import rounded
from autotune.derived import Known, Rule
from autotune.errors import InputError
from autotune.laws.sparse_shape import WIDTH_RATIO
from autotune.phase import Phase
from autotune.planning import head_schedule, sparse_loss
from autotune.planning.design_question import DesignQuestion
from autotune.planning.design_target import Target, target
from autotune.problem import Constraint, Problem, Reference
from autotune.types import Config, Floats, Interval, Value

STEP = 8
REACH = 4.0
"""How far M/N_a - 6 may lie from its law, as a factor."""
SIZE_REACH = 16.0
"""How far M may; beyond their ranges, laws disagree about it by a factor of 7 at 1e24 FLOPs."""
CURVATURE = {"density": 0.02, "expansion": 0.1, "width_ratio": 0.02}
"""INVENTED. Share of the loss that one e-fold costs: of M/N_a - 6, of N/N_a - 1 and of the width
ratio, squared. At 3 and 5 the last costs 0.01 and 0.4 %, where the paper found less than 0.5 %; at
N/N_a of 18 and 25 the second costs about 0.3 %, where it found less than 1 %."""
SPENT = 0.95
UNITS = {
    "tokens": "tokens", "M": "FLOPs per token", "N_a": "parameters", "N": "parameters",
    "D": "tokens", "extrapolation": problem_parts.UNITS["extrapolation"],
}  # fmt: skip
ALMOST = 1 - 1e-12
ROUNDS, POINTS = 8, 15
HOW = (
    "dense scan: every depth within a quarter of the best continuous stack's, every number of "
    "dense layers up to five more, all multiples of 8 around the best widths"
)
FIELDS = {
    "layers": "n_layers", "dense_layers": "n_dense_layers", "d_model": "d_model",
    "expert_width": "expert_width",
}  # fmt: skip
STACK = tuple(FIELDS)
RATIOS = ("m_over_law", "density", "expansion", "place")
SIZES = {"M": "flops_per_token", "N_a": "n_active", "N": "n_total"}


def problem(
    *,
    flops: float = 1e20,
    form: Literal["reduced", "unreduced"] = "reduced",
    law: str = "generalized-moe",
    ratio_trials: int = 40,
    n_experts: int = 288,
    top_k: int = 8,
    n_shared: int = 1,
    seq_len: int = 8192,
    n_heads: int = 0,
    head_dim: int = 128,
) -> Problem:
    """Find the sparse architecture of least loss, of a law times an invented penalty on shapes.

    Args:
        flops: C = M D, training FLOPs without embeddings and output head.
        form: Whether M, N_a and N are solved for by algebra, or the budget is a constraint.
        law: A preset of `autotune laws` that reads sparsity.
        ratio_trials: Trials of the reduced form's first phase, in which the hidden size stays in
            the middle of its interval; 0 searches all four numbers at once.
        n_experts: Routed experts per layer.
        top_k: Routed experts that a token goes to.
        n_shared: Experts that every token goes to.
        seq_len: Tokens of a sequence.
        n_heads: Query heads; 0 for the schedule of `autotune design`.
        head_dim: Size of a head, where their number is given.
    """
    heads = head_schedule.given(n_heads, head_dim) if n_heads else None
    question = DesignQuestion(
        flops=flops, n_experts=n_experts, top_k=top_k, n_shared=n_shared, seq_len=seq_len,
        heads=heads,
    )  # fmt: skip
    shapes = Shapes.of(question, target(question), law)
    if form == "unreduced":
        return _unreduced(shapes)
    if ratio_trials < 0:
        raise InputError(f"ratio_trials must be >= 0, not {ratio_trials}.")
    return _reduced(shapes, ratio_trials)


@dataclass(frozen=True, slots=True)
class Shapes:
    """Stacks of layers at a budget: what they cost, and what their loss is taken to be.

    Attributes:
        flops: C.
        loss: The law.
        best: M, M/N_a and N/N_a of the shape laws.
    """

    flops: float
    loss: sparse_loss.SparseLoss
    best: Triad

    @classmethod
    def of(cls, question: DesignQuestion, asked: Target, law: str) -> "Shapes":
        """Around the target of `autotune design`, N/N_a as the law has it."""
        figures = {figure.name: figure.value for figure in asked.figures}
        best = of_ratios(figures["M"], density=figures["M/N_a"], expansion=figures["N/N_a"])
        return cls(question.flops, sparse_loss.named(law, asked.constants), best)

    @property
    def ranges(self) -> dict[str, Interval]:
        """Ratios to look at: M over its law, M/N_a and N/N_a."""
        above = float(self.best.density) - 6
        limit = self.loss.constants.max_expansion
        return {
            "m_over_law": (1 / SIZE_REACH, SIZE_REACH),
            "density": (6 + above / REACH, 6 + above * REACH),
            "expansion": (1 + (limit - 1) / 8, 1 + 0.97 * (limit - 1)),
        }

    def penalty(self, sizes: Triad, stack: LayerStack) -> Floats:
        """Invented: how much larger the loss is than the law's, as a share of it."""
        ratio = self.loss.constants.n_used * np.asarray(stack.expert_width) / stack.d_model
        off = {
            "density": np.log((sizes.density - 6) / (self.best.density - 6)),
            "expansion": np.log((sizes.expansion - 1) / (self.best.expansion - 1)),
            "width_ratio": np.log(ratio / WIDTH_RATIO),
        }
        parts = [CURVATURE[name] * value**2 for name, value in off.items()]
        return np.asarray(sum(parts))

    def value(self, stack: LayerStack, tokens: Floats | None = None) -> Floats:
        """The objective, elementwise, trained on `tokens` or on what the budget pays for."""
        sizes = triad(stack, self.loss.constants)
        spent = self.flops / sizes.flops_per_token if tokens is None else tokens
        return self.loss(sizes, stack, spent) * (1 + self.penalty(sizes, stack))

    def inside(self, stack: LayerStack) -> Floats:
        """Whether stacks are models whose ratios lie in the ranges, elementwise."""
        layers, dense = np.asarray(stack.n_layers), np.asarray(stack.n_dense_layers)
        whole = (layers >= 2) & (dense >= 1) & (dense < layers)
        sizes = triad(stack, self.loss.constants)
        values = {
            "m_over_law": sizes.flops_per_token / self.best.flops_per_token,
            "density": sizes.density,
            "expansion": sizes.expansion,
        }
        for name, (low, high) in self.ranges.items():
            whole = whole & (low <= values[name]) & (values[name] <= high)
        return np.asarray(whole)

    def realised(self, config: Config) -> LayerStack:
        """Whole numbers of a configuration of the reduced form."""
        size, density, expansion, place = (float(config[name]) for name in RATIOS)
        asked = of_ratios(
            size * float(self.best.flops_per_token), density=density, expansion=expansion
        )
        ends = widths(asked, self.loss.constants)
        d = STEP * max(1.0, float(np.rint((ends.low + place * ends.room) / STEP)))
        with np.errstate(divide="ignore", invalid="ignore"):  # less than two layers
            return rounded(asked, d, constants=self.loss.constants, divisors=Divisors())

    def reduced(self, stack: LayerStack) -> dict[str, Value]:
        """The configuration of the reduced form that is realised as a stack of whole numbers."""
        sizes = triad(stack, self.loss.constants)
        ends = widths(sizes, self.loss.constants)
        return {
            "m_over_law": float(sizes.flops_per_token / self.best.flops_per_token),
            "density": float(sizes.density),
            "expansion": float(sizes.expansion),
            "place": float((stack.d_model - ends.low) / ends.room),
        }

    def optimum(self) -> LayerStack:
        """The best stack of whole numbers around the best continuous one.

        Every depth within a quarter, every number of dense layers up to five more, each with a grid
        of widths and then every multiple of 8 around the best point of that grid.
        """
        free = self.continuous()
        layers, dense = float(free.n_layers), float(free.n_dense_layers)
        few, many = math.floor(min(0.75 * layers, layers - 3)), math.ceil(1.25 * layers + 3)
        found = [
            self._widths(depth, count, free)
            for depth in range(max(2, few), many + 1)
            for count in range(1, min(depth - 1, math.ceil(dense) + 5) + 1)
        ]
        return min(found, key=lambda each: each[1])[0]

    def continuous(self) -> LayerStack:
        """The best stack without rounding, by a grid over the reduced form that closes in."""
        ends = [*self.ranges.values(), (0.01, 0.99)]
        low, high = (np.log(np.array(side)) for side in zip(*ends, strict=True))
        for _ in range(ROUNDS):
            axes = [np.linspace(a, b, POINTS) for a, b in zip(low, high, strict=True)]
            grid = np.exp(np.stack([each.ravel() for each in np.meshgrid(*axes)]))
            asked = of_ratios(
                grid[0] * self.best.flops_per_token, density=grid[1], expansion=grid[2]
            )
            room = widths(asked, self.loss.constants)
            stack = solve(asked, room.low + grid[3] * room.room, constants=self.loss.constants)
            i = int(np.argmin(self.value(stack)))
            at, reach = np.log(grid[:, i]), 1.5 * (high - low) / (POINTS - 1)
            low, high = np.maximum(low, at - reach), np.minimum(high, at + reach)
        return stack.pick(i)

    def _widths(self, layers: int, dense: int, free: LayerStack) -> tuple[LayerStack, float]:
        """The best widths of so many layers, on multiples of 8, and the value there."""
        d = STEP * np.unique(np.rint(float(free.d_model) * np.geomspace(0.6, 1.6, 33) / STEP))
        w = np.rint(float(free.expert_width) * np.geomspace(0.4, 2.5, 33) / STEP)
        w = STEP * np.unique(np.maximum(1, w))
        for _ in range(2):
            pairs = [each.ravel() for each in np.meshgrid(d, w)]
            count = np.full(len(pairs[0]), float(layers))
            stack = LayerStack(
                n_layers=count, n_dense_layers=np.full(len(count), float(dense)),
                d_model=pairs[0], expert_width=pairs[1],
            )  # fmt: skip
            value = np.where(self.inside(stack), self.value(stack), np.inf)
            best, least = stack.pick(int(np.argmin(value))), float(np.min(value))
            d, w = _between(d, float(best.d_model)), _between(w, float(best.expert_width))
        return best, least


def _between(values: Floats, at: float) -> Floats:
    """Every multiple of 8 between the neighbours of one of some values."""
    i = int(np.searchsorted(values, at))
    low, high = values[max(0, i - 1)], values[min(len(values) - 1, i + 1)]
    return np.arange(low, high + 1, STEP)


def _reduced(shapes: Shapes, ratio_trials: int) -> Problem:
    ranges = shapes.ranges
    space = ConfigurationSpace(name="moe_architecture")
    space.add(
        Float("m_over_law", ranges["m_over_law"], log=True),
        Float("density", ranges["density"]),
        Float("expansion", ranges["expansion"]),
        Float("place", (0.0, 1.0)),
    )
    ratios = Phase("ratios", RATIOS[:-1], ratio_trials)
    width = Phase("hidden size", RATIOS[-1:])

    @lru_cache(maxsize=16)
    def realised(*ratios: float) -> LayerStack:
        return shapes.realised(dict(zip(RATIOS, ratios, strict=True)))

    def number(name: str) -> Rule:
        def rule(known: Config) -> float:
            stack = realised(*(float(known[each]) for each in RATIOS))
            return float(getattr(stack, FIELDS[name]))

        return rule

    def best() -> Reference:
        stack = shapes.optimum()
        return Reference(float(shapes.value(stack)), shapes.reduced(stack), HOW)

    return _common(
        shapes, space,
        derived={name: number(name) for name in STACK}
        | {"D": lambda known: shapes.flops / float(known["M"])},
        constraints=(
            Constraint("layers >= 2", lambda known: float(known["layers"]) >= 2),
            Constraint("expert_width >= 8", lambda known: float(known["expert_width"]) >= STEP),
        ),
        phases=(ratios, width) if ratio_trials else (),
        best=best,
    )  # fmt: skip


def _unreduced(shapes: Shapes) -> Problem:
    free, ranges, constants = shapes.continuous(), shapes.ranges, shapes.loss.constants
    share = 1 - 6 / ranges["density"][1]
    most = shapes.best.flops_per_token * SIZE_REACH * share / constants.score_flops
    deepest = max(3, math.floor(float(most)))
    tokens = shapes.flops / float(shapes.best.flops_per_token)
    space = ConfigurationSpace(name="moe_architecture")
    space.add(
        Integer("layers", (2, deepest), log=True),
        Integer("dense_layers", (1, deepest - 1), log=True),
        _multiple("d_model", float(free.d_model), 4),
        _multiple("expert_width", float(free.expert_width), 8),
        Float("tokens", (tokens / SIZE_REACH, tokens * SIZE_REACH), log=True),
    )

    def best() -> Reference:
        stack = shapes.optimum()
        config: dict[str, Value] = {n: int(getattr(stack, FIELDS[n])) for n in STACK}
        config["tokens"] = shapes.flops / float(triad(stack, constants).flops_per_token) * ALMOST
        value = shapes.value(stack, np.asarray(config["tokens"]))
        return Reference(float(value), config, HOW)

    return _common(
        shapes, space,
        derived={"D": lambda known: float(known["tokens"])},
        constraints=(
            Constraint(
                "dense_layers < layers",
                lambda known: float(known["dense_layers"]) < float(known["layers"]),
            ),
            Constraint(
                f"{SPENT:g} C <= M D <= C",
                lambda known: SPENT <= float(known["M"]) * float(known["D"]) / shapes.flops <= 1,
            ),
            Constraint(
                "M, M/N_a and N/N_a in the ranges of the reduced form",
                lambda known: bool(shapes.inside(stack_of(known))),
            ),
        ),
        phases=(), best=best,
    )  # fmt: skip


def _common(
    shapes: Shapes,
    space: ConfigurationSpace,
    *,
    derived: Mapping[str, Rule],
    constraints: tuple[Constraint, ...],
    phases: tuple[Phase, ...],
    best: Callable[[], Reference],
) -> Problem:
    """What both forms share: the objective, and M, N_a and N of a stack."""
    constants = shapes.loss.constants

    def size(name: str) -> Rule:
        return lambda known: float(getattr(triad(stack_of(known), constants), SIZES[name]))

    rules = dict(derived) | {name: size(name) for name in SIZES}

    def measure(config: dict[str, Value]) -> dict[str, float]:
        known = Known(config, rules)
        stack, tokens = stack_of(known), float(known["D"])
        penalty = float(shapes.penalty(triad(stack, constants), stack))
        value = float(shapes.value(stack, np.asarray(tokens)))
        return {
            "objective": value,
            "law_loss": value / (1 + penalty),
            "invented_penalty": penalty,
            "width_ratio": constants.n_used * float(stack.expert_width) / float(stack.d_model),
            **problem_parts.beyond(shapes.loss.law, float(known["N_a"]), tokens, float(known["N"])),
        }

    return Problem(
        name="moe_architecture",
        summary=f"Sparse architecture of least loss for {shapes.flops:g} FLOPs by "
        f"{type(shapes.loss.law).form}, with an invented penalty around the shape laws.",
        space=space,
        objective=measure,
        unit=shapes.loss.law.source.loss_unit,
        units=UNITS,
        source=f"{problem_parts.provenance(shapes.loss.law)} Shape laws of arXiv:2603.21862; the "
        "curvature around them is invented here, so that values are no predictions.",
        constraints=constraints,
        derived=rules,
        best_known=best,
        phases=phases,
    )


def stack_of(known: Config) -> LayerStack:
    """The stack whose numbers a configuration has, or derives."""
    return LayerStack(**{field: np.asarray(float(known[name])) for name, field in FIELDS.items()})


def _multiple(name: str, middle: float, reach: float) -> Any:  # noqa: ANN401 - ConfigSpace's class
    """A width on multiples of 8, to a factor of `reach` around a middle."""
    low = max(1, round(middle / reach / STEP))
    high = max(low + 1, round(middle * reach / STEP))
    return Integer(name, (low * STEP, high * STEP), log=True, meta={"q": STEP})
