"""Points at which a law is evaluated: what follows from what is given."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from autotune import checks
from autotune.errors import InputError
from autotune.laws.factors import FACTORS
from autotune.quantities import parse_count
from autotune.types import Floats, FloatsLike

CONTRADICTION = 0.02  # relative difference of two statements of n_active/n_total


def _index(i: int) -> str:
    return f"point {i + 1}"


def value_of(name: str, text: str) -> float:
    """Read one input of a law as people write it, and check its domain.

    Raises:
        InputError: If it is not a number, or not one that this input may take.
    """
    value = parse_count(text)
    if name in FACTORS:
        FACTORS[name].check(name, value)
    elif name == "sparsity":
        checks.fraction(name, value, hint="It is 1 - n_active/n_total.")
    else:
        checks.positive(name, value, hint="Write counts as 7e9 or 7B.")
    return value


def complete(
    given: Mapping[str, FloatsLike], *, name_row: Callable[[int], str] = _index
) -> tuple[dict[str, Floats], dict[str, str]]:
    """Derive active and total parameters, sparsity and tokens from those that are given.

    Args:
        given: Any of n_active, n_total, sparsity, tokens and flops, each one value or an array
            of the same length, > 0 and sparsity in [0, 1). Further inputs pass through.
        name_row: How an error names the point of an index.

    Returns:
        All inputs as arrays of one length, without flops; and how each derived one was made.

    Raises:
        InputError: If lengths differ, too little is given, or two inputs contradict each other.
    """
    known = same_length(given)
    if "n_active" not in known and "n_total" not in known:
        raise InputError("neither n_active nor n_total is given. Give one of them.")
    for name in known.keys() & {"n_active", "n_total"}:
        checks.positive(name, known[name], hint="Pass parameters, not billions of them.")
    if "sparsity" in known and not {"n_active", "n_total"} <= known.keys():
        checks.fraction("sparsity", known["sparsity"], hint="It is 1 - n_active/n_total.")
    refuse_contradictions(known, name_row=name_row)
    how = derive(known)
    if "tokens" not in known:
        raise InputError("tokens are not given. Give tokens, or flops to derive them from.")
    known.pop("flops", None)
    return known, how


def derive(known: dict[str, Floats]) -> dict[str, str]:
    """Add the sizes, sparsity and tokens that follow from what is there; check nothing.

    Args:
        known: n_active or n_total, and any of sparsity, tokens and flops, of one shape. What is
            derived is added; a sparsity beside two sizes is replaced by theirs.

    Returns:
        How each derived one was made.
    """
    how: dict[str, str] = {}
    if "n_active" in known and "n_total" in known:
        known["sparsity"] = 1 - known["n_active"] / known["n_total"]
        how["sparsity"] = "1 - n_active/n_total"
    elif "sparsity" not in known:
        known["sparsity"] = np.zeros_like(known.get("n_active", known.get("n_total")))
        how["sparsity"] = "0, as if dense: no sparsity is given"
    if "n_total" not in known:
        known["n_total"] = known["n_active"] / (1 - known["sparsity"])
        how["n_total"] = "n_active / (1 - sparsity)"
    elif "n_active" not in known:
        known["n_active"] = known["n_total"] * (1 - known["sparsity"])
        how["n_active"] = "n_total (1 - sparsity)"
    if "tokens" not in known and "flops" in known:
        known["tokens"] = known["flops"] / (6 * known["n_active"])
        how["tokens"] = "flops / (6 n_active)"
    return how


def same_length(given: Mapping[str, FloatsLike]) -> dict[str, Floats]:
    """Repeat single values to the length of the lists.

    Raises:
        InputError: If lists differ in length.
    """
    arrays = {name: np.atleast_1d(np.asarray(x, dtype=np.float64)) for name, x in given.items()}
    length = max((x.size for x in arrays.values()), default=0)
    odd = [f"{name} has {x.size}" for name, x in arrays.items() if x.size not in (1, length)]
    if odd:
        longest = next(name for name, x in arrays.items() if x.size == length)
        raise InputError(
            f"lengths must be equal or 1, but {longest} has {length} values and "
            f"{', '.join(odd)}. Repeat the shorter list, or give one value."
        )
    return {name: np.broadcast_to(x, (length,)) for name, x in arrays.items()}


def refuse_contradictions(
    known: Mapping[str, Floats], *, name_row: Callable[[int], str] = _index
) -> None:
    """Check that active and total parameters, and a stated sparsity, can be true together.

    Args:
        known: Inputs > 0 of one shape, by name.
        name_row: How an error names the point of an index.

    Raises:
        InputError: If more are active than there are, or sparsity says something else.
    """
    if "n_active" not in known or "n_total" not in known:
        return
    active, total = known["n_active"], known["n_total"]
    _refuse(
        active > total,
        name_row,
        lambda i: f"n_active {active[i]:.6g} exceeds n_total {total[i]:.6g}",
        "Swap the two, or drop n_total.",
    )
    share = active / total
    if "sparsity" in known:
        stated = 1 - known["sparsity"]
        _refuse(
            np.abs(stated - share) > CONTRADICTION * share,
            name_row,
            lambda i: f"sparsity {1 - stated[i]:.6g} but 1 - n_active/n_total {1 - share[i]:.6g}",
            "Drop one of the three; sparsity over experts is called expert_sparsity.",
        )


def _refuse(
    bad: NDArray[np.bool_],
    name_row: Callable[[int], str],
    what: Callable[[int], str],
    remedy: str,
) -> None:
    if bad.any():
        first = int(np.argmax(bad))
        raise InputError(
            f"{int(bad.sum())} of {bad.size} points contradict themselves "
            f"(first: {name_row(first)}, {what(first)}). {remedy}"
        )
