"""The attention that the options of `autotune design` ask for."""

import re
from collections.abc import Mapping
from typing import Any

from autotune.errors import InputError
from autotune.planning import head_schedule
from autotune.planning.head_schedule import Heads
from autotune.planning.head_sharing import LatentRanks, Sharing

LATENT = ("q_rank", "kv_rank", "rope_dim")
_HEADS = re.compile(r"\s*(\d+)\s*[xX]\s*(\d+)\s*$")


def sharing(given: Mapping[str, Any]) -> Sharing:
    """How heads share keys and values.

    Raises:
        InputError: If that cannot be, or latent attention has sizes but was not asked for.
    """
    sizes = {name: given[name] for name in LATENT if name in given}
    if sizes and not given["mla"]:
        name = next(iter(sizes)).replace("_", "-")
        raise InputError(f"--{name} is a size of latent attention. Give --mla too.")
    if sizes.get("q_rank") == 0:
        sizes["q_rank"] = None
    latent = LatentRanks(**sizes) if given["mla"] else None
    return Sharing(queries_per_kv=given.get("queries_per_kv"), latent=latent)


def heads(given: Mapping[str, Any]) -> Heads | None:
    """The heads that were chosen, None for the schedule.

    Raises:
        InputError: If they cannot be read, or cannot share keys and values as asked.
    """
    if "heads" not in given:
        return None
    match = _HEADS.match(given["heads"])
    if not match:
        raise InputError(
            f"cannot read {given['heads']!r} as heads. Write their number and size as 16x128."
        )
    return head_schedule.given(int(match[1]), int(match[2]), sharing=sharing(given))
