"""Every released model by name, with its sizes and tokens as printed: what a plan compares with."""

from autotune import checks
from autotune.architecture.document import Described
from autotune.models import catalogue
from autotune.planning.released import SIZES_ALONE, ReleasedModel
from autotune.quantities import parse_count


def models() -> dict[str, ReleasedModel]:
    """All of them by name: first those without a shape, then those of the catalogue."""
    return dict(SIZES_ALONE) | {
        name: made for name in catalogue.names() if (made := _printed(catalogue.read(name)))
    }


def find(name: str) -> ReleasedModel:
    """Look a released model up by name; case, spaces and underscores do not matter.

    Raises:
        InputError: If there is none; the message names the nearest.
    """
    known = models()
    return known[checks.one_of("released model", catalogue.key(name), known)]


def _printed(found: Described) -> ReleasedModel | None:
    """The figures of a report; None where there is no report."""
    said = found.published
    if said is None:
        return None
    return ReleasedModel(
        name=found.model.name,
        n_active=parse_count(said.active),
        n_total=parse_count(said.total),
        tokens=None if said.tokens is None else parse_count(said.tokens),
        source=said.source,
        sure=said.sure,
        note=said.note,
    )
