"""Laws that can trade model size against tokens, by name."""

from collections.abc import Collection

import numpy as np

from autotune.errors import InputError
from autotune.laws import catalogue
from autotune.laws.base import ScalingLaw
from autotune.types import FloatsLike


def law_for(name: str, *, factors: Collection[str] = (), sparsity: FloatsLike = 0.0) -> ScalingLaw:
    """Look up a law that can trade model size against tokens at given sparsities.

    Args:
        name: A preset of the catalogue.
        factors: The further inputs that the caller has values for.
        sparsity: Sparsities that it will ask about.

    Raises:
        InputError: If there is no such law, or it cannot serve; the message says why.
    """
    law = catalogue.preset(name)
    refuse_unfit(name, law, factors=factors, sparsity=sparsity)
    return law


def refuse_unfit(
    name: str, law: ScalingLaw, *, factors: Collection[str] = (), sparsity: FloatsLike = 0.0
) -> None:
    """Check that a law, by whatever name, can serve as `law_for` says.

    Raises:
        InputError: If it cannot; the message says why.
    """
    missing = [factor for factor in law.factors if factor not in factors]
    if missing:
        raise InputError(
            f"law {name} needs {', '.join(missing)}, which this problem does not have. "
            "Choose another law."
        )
    if law.fixed_tokens is not None:
        raise InputError(
            f"law {name} has no data term, so a budget has no optimum in it. Choose another law."
        )
    if law.dense and np.any(np.asarray(sparsity) != 0):
        raise InputError(
            f"law {name} is a dense law and this problem is about sparse models. "
            "Choose a law with a sparsity term, for example generalized-moe."
        )
