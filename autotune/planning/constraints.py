"""What a plan must obey, and the limits that it sets on sizes."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from autotune import checks, quantities
from autotune.errors import InfeasibleError, InputError
from autotune.planning.layout import FixedSparsity, Layout
from autotune.planning.spending import Spending
from autotune.types import Interval

DEFAULT_SPARSITY_RANGE = (0.0, 0.9999)


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraints:
    """Caps and ranges; all of them hold at once.

    Attributes:
        max_tokens: Most training tokens, repetitions included.
        max_total: Most parameters in all.
        max_active: Most parameters used per token.
        sparsity_range: Lowest and highest sparsity.
        tokens_per_param: Lowest and highest tokens per active parameter.
        unique_tokens: Distinct tokens there are; further ones are repetitions, and worth less
            (Muennighoff et al. 2023).

    Raises:
        InputError: If a number is out of its domain, or a range is empty.
    """

    max_tokens: float | None = None
    max_total: float | None = None
    max_active: float | None = None
    sparsity_range: Interval | None = None
    tokens_per_param: Interval | None = None
    unique_tokens: float | None = None

    def __post_init__(self) -> None:
        for name in ("max_tokens", "max_total", "max_active", "unique_tokens"):
            value = getattr(self, name)
            if value is not None:
                checks.at_least(name, value, 1, hint="Leave it out for no limit.")
        if self.tokens_per_param is not None:
            checks.positive("tokens_per_param", self.tokens_per_param, hint="Write 10,40.")
            _ordered("tokens_per_param", self.tokens_per_param)
        if self.sparsity_range is not None:
            checks.fraction("sparsity_range", self.sparsity_range, hint="Write 0.5,0.95.")
            _ordered("sparsity_range", self.sparsity_range)

    @property
    def sparsities(self) -> Interval:
        """The sparsities allowed; without a range, [0, 0.9999]."""
        return self.sparsity_range or DEFAULT_SPARSITY_RANGE


@dataclass(frozen=True, slots=True)
class Limit:
    """One end of an interval, in logarithms, and the constraint that sets it.

    Attributes:
        at: The logarithm of the limiting size.
        name: The constraint, as it appears in a plan's `at_bound`.
        setting: The constraint with its value, for messages.
    """

    at: float
    name: str
    setting: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Everything that bounds one quantity from below and from above."""

    lower: tuple[Limit, ...]
    upper: tuple[Limit, ...]

    def interval(self, what: str) -> Interval:
        """The interval they leave.

        Raises:
            InfeasibleError: If it is empty; the message names the two that clash.
        """
        low = max(self.lower, key=lambda limit: limit.at)
        high = min(self.upper, key=lambda limit: limit.at)
        if low.at > high.at + 1e-12:
            least, most = readable(low.at), readable(high.at)
            raise InfeasibleError(
                f"{low.setting} and {high.setting} contradict each other: the first needs "
                f"{what} >= {least}, the second {what} <= {most}. Relax one."
            )
        return low.at, max(low.at, high.at)

    def met(self, at: float) -> list[str]:
        """Names of the limits that a value sits on."""
        near = (limit for limit in self.lower + self.upper if abs(limit.at - at) <= 1e-9)
        return [limit.name for limit in near]

    def __add__(self, other: "Limits") -> "Limits":
        return Limits(self.lower + other.lower, self.upper + other.upper)


def size_limits(constraints: Constraints, spending: Spending) -> Limits:
    """Limits on ln N_active by the caps on sizes and tokens; all but those on the total."""
    budget = f"{spending.flops:.4g} FLOPs"
    lower = [Limit(0.0, "one parameter", f"{budget} (at least one parameter)")]
    at = math.log(spending.size_for_tokens(spending.fewest_tokens))
    fewest = quantities.format_count(spending.fewest_tokens)
    upper = [Limit(at, "fewest tokens", f"{budget} (at least {fewest} training tokens)")]
    if constraints.max_active is not None:
        upper.append(_limit("max_active", constraints.max_active))
    if constraints.max_tokens is not None:
        at = math.log(spending.size_for_tokens(constraints.max_tokens))
        setting = f"max_tokens {quantities.format_count(constraints.max_tokens)} at {budget}"
        lower.append(Limit(at, "max_tokens", setting))
    if constraints.tokens_per_param is not None:
        low, high = constraints.tokens_per_param
        at = math.log(spending.size_for_ratio(high))
        lower.append(Limit(at, "tokens_per_param_max", f"tokens_per_param <= {high:g} at {budget}"))
        at = math.log(spending.size_for_ratio(low))
        upper.append(Limit(at, "tokens_per_param_min", f"tokens_per_param >= {low:g} at {budget}"))
    return Limits(tuple(lower), tuple(upper))


def expansion_limits(constraints: Constraints) -> Limits:
    """Limits on u = ln(N_total/N_active) by the range of sparsities."""
    low, high = constraints.sparsities
    return Limits(
        (Limit(expansion(low), "sparsity_min", f"sparsity >= {low:g}"),),
        (Limit(expansion(high), "sparsity_max", f"sparsity <= {high:g}"),),
    )


def total_limit(constraints: Constraints, *, less: float = 0.0) -> Limits:
    """The cap on ln N_total as a limit on what is left of it after subtracting `less`."""
    return layout_limit(constraints, FixedSparsity(less))


def layout_limit(constraints: Constraints, layout: Layout) -> Limits:
    """The cap on N_total as a limit on ln N_active, by the layout that ties the two."""
    if constraints.max_total is None:
        return Limits((), ())
    limit = _limit("max_total", constraints.max_total)
    return Limits((), (Limit(layout.size_of_total(limit.at), limit.name, limit.setting),))


def fixed(at: float, name: str, setting: str) -> Limits:
    """A quantity held at one value."""
    limit = Limit(at, name, setting)
    return Limits((limit,), (limit,))


def shifted(limits: Limits, total: float) -> Limits:
    """Limits on u as limits on n = total - u."""
    return Limits(tuple(_mirror(limits.upper, total)), tuple(_mirror(limits.lower, total)))


def expansion(sparsity: float) -> float:
    """Take u = ln(N_total/N_active) = -ln(1 - S)."""
    return -math.log1p(-sparsity)


def _mirror(limits: Iterable[Limit], total: float) -> Iterable[Limit]:
    return (Limit(total - limit.at, limit.name, limit.setting) for limit in limits)


def _limit(name: str, value: float) -> Limit:
    return Limit(math.log(value), name, f"{name} {quantities.format_count(value)}")


def _ordered(name: str, interval: Interval) -> None:
    if interval[0] > interval[1]:
        raise InputError(f"{name} must run from low to high, not {interval[0]:g},{interval[1]:g}.")


def readable(log: float) -> str:
    """A size from its logarithm; six digits hide the rounding of the two conversions."""
    return quantities.format_count(float(f"{math.exp(log):.6g}"))
