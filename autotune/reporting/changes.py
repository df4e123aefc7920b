"""What changed the decision of a closed loop, one sentence for each round."""

from collections.abc import Iterator, Sequence

from autotune.quantities import format_count
from autotune.reporting import numbers
from autotune.reporting.words import counted
from autotune.suggestion.recorded import Decision, Known

SHIFT = 0.1
"""A change in how much a law is believed that is worth a word."""

SAME = 0.02
"""Relative change of the recommended size that is none."""


def sentences(rounds: Sequence[Decision]) -> tuple[str, ...]:
    """Say for each round what its runs taught, and what followed; none without rounds."""
    found, last = [], None
    for i, step in enumerate(rounds):
        taught = "; ".join(_taught(step, last, rounds[i - 1] if i else None))
        found.append(f"Round {step.number}: {taught}; {_then(step)}.")
        last = step.known or last
    return tuple(found)


def _taught(step: Decision, last: Known | None, before: Decision | None) -> Iterator[str]:
    """What the runs before a round changed."""
    now = step.known
    spent = step.spent - (before.spent if before else 0.0)
    cost = f" after {numbers.flops(spent)}" if spent > 0 else ""
    if now is None:
        known = "1 loss" if step.trained == 1 else f"{step.trained} losses"
        yield f"{known}{cost}, too few for laws" if spent > 0 else "nothing is trained yet"
        return
    if last is None:
        yield f"{step.trained} losses{cost} suffice for laws, which recommend {_size(now)}"
        yield f"the expected regret is {now.regret:.2g} nats per token"
        return
    factor = now.n_active / last.n_active
    if abs(factor - 1) < SAME:
        yield f"the recommended size stays at {format_count(now.n_active)}{cost}"
    else:
        moved = f"moves from {format_count(last.n_active)} to {format_count(now.n_active)}"
        yield f"the recommended size {moved}{cost}"
    yield (
        f"the expected regret {_went(last.regret, now.regret)} from {last.regret:.2g} to "
        f"{now.regret:.2g} nats per token, where {last.regret_promised:.2g} was promised"
    )
    was, width = (each.band[1] / each.band[0] for each in (last, now))
    wide = "narrows" if width < was else "widens" if width > was else "stays"
    yield f"the band of best sizes {wide} from a factor of {was:.3g} to {width:.3g}"
    yield from _belief(last, now)


def _belief(last: Known, now: Known) -> Iterator[str]:
    """The law whose weight changed most, if it changed by much."""
    shift = {
        law: now.laws.get(law, 0.0) - last.laws.get(law, 0.0)
        for law in {**last.laws, **now.laws}
    }  # fmt: skip
    if shift and abs(shift[law := max(shift, key=lambda name: abs(shift[name]))]) >= SHIFT:
        was, now_is = last.laws.get(law, 0.0), now.laws.get(law, 0.0)
        yield f"the law {law} is believed {now_is:.0%} instead of {was:.0%}"


def _went(before: float, after: float) -> str:
    return "falls" if after < before else "rises" if after > before else "stays"


def _then(step: Decision) -> str:
    if not step.configs:
        return f"it ends, because {step.why}"
    asked = f"{counted(len(step.configs), 'run')} follow{'s' * (len(step.configs) == 1)}"
    if step.known is None:
        return f"{asked}, cheap and far apart"
    flops = sum(place.flops for place in step.places)
    cost = f" for {numbers.flops(flops)}" if flops else ""
    return f"{asked}{cost}, and a regret of {step.known.regret_promised:.2g} is promised"


def _size(known: Known) -> str:
    tokens = format_count(known.tokens)
    return f"{format_count(known.n_active)} active parameters on {tokens} tokens"
