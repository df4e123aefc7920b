"""The prior of a search, loaded: laws of the catalogue or saved, and studies on disk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotune.cli.law_names import resolve
from autotune.errors import InputError, StoreError
from autotune.problem import Problem
from autotune.search.settings import SearchSettings

if TYPE_CHECKING:
    from autotune.search.prior import Prior, Source


@dataclass(frozen=True, slots=True)
class LoadedPrior:
    """A prior, and what is recorded and said of it.

    Attributes:
        prior: For the search; None if there is none.
        record: For the study's header.
        said: One line per source.
    """

    prior: "Prior | None" = None
    record: Mapping[str, Any] = field(default_factory=dict)
    said: tuple[str, ...] = ()


def load(problem: Problem, settings: SearchSettings, storage: Path, folder: Path) -> LoadedPrior:
    """Load what the settings name.

    Args:
        problem: What is tuned.
        settings: The names of laws and studies.
        storage: Where saved fits and studies lie.
        folder: Of the study that is about to run; it is no prior of itself.

    Raises:
        InputError: If a law or a study is not there, or says nothing of the problem.
        StoreError: If one cannot be read.
    """
    if not settings.has_prior:
        return LoadedPrior()
    from autotune.search.prior_start import over

    laws = [_law(problem, name, storage) for name in settings.prior_laws]
    studies = [_study(problem, name, storage, folder) for name in settings.prior_studies]
    loaded = [*laws, *studies]
    named = dict(zip([*settings.prior_laws, *settings.prior_studies], loaded, strict=True))
    prior = over(problem.space, {name: each.source for name, each in named.items()})
    record = {
        kind: [each.record for each in some]
        for kind, some in (("laws", laws), ("studies", studies))
        if some
    }
    return LoadedPrior(prior, record, tuple(each.said for each in loaded))


def changed(recorded: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    """Say that a study goes on with another prior than it began with; None if it does not."""
    if recorded == given:
        return None
    return f"the study began with {text(recorded)}, and goes on with {text(given)}"


@dataclass(frozen=True, slots=True)
class _Loaded:
    source: "Source"
    record: Mapping[str, Any]
    said: str


def _law(problem: Problem, name: str, storage: Path) -> _Loaded:
    from autotune.search.law_source import law_source

    law = resolve(name, storage).law
    dense = "; it is dense, and sees active parameters alone" if law.dense else ""
    source = law_source(problem, law, name)
    return _Loaded(source, {"name": name, **law.coefficients}, f"law {name}{dense}")


def _study(problem: Problem, name: str, storage: Path, folder: Path) -> _Loaded:
    from ConfigSpace import ConfigurationSpace

    from autotune.search.study_source import study_source
    from autotune.store import study as studies

    at = storage / name if studies.read_header(storage / name) else Path(name)
    if studies.read_header(at) is None:
        known = ", ".join(each.name for each in studies.listing(storage)) or "none"
        raise InputError(
            f"there is no study {name}, neither in {storage} (it has: {known}) nor as a folder."
        )
    if at.resolve() == folder.resolve():
        raise InputError(f"study {name} cannot be its own prior. Give the new one a --study name.")
    study = studies.read(at)
    if not study.header.space:
        raise StoreError(f"study {name} was imported without a space and cannot be a prior.")
    studied = ConfigurationSpace.from_serialized_dict(dict(study.header.space))
    source = study_source(problem.space, studied, study.completed, name)
    lacking = f"; it has no {', '.join(source.lacking)}" if source.lacking else ""
    n = len(study.completed)
    said = f"study {name}, {n} trials, on {', '.join(source.shared)}{lacking}"
    return _Loaded(source, {"name": study.name, "trials": n}, said)


def text(record: Mapping[str, Any]) -> str:
    """A recorded prior in words."""
    laws = [f"law {each['name']}" for each in record.get("laws", ())]
    studies = [
        f"study {each['name']} of {each['trials']} trials" for each in record.get("studies", ())
    ]
    return "the prior " + " and ".join([*laws, *studies]) if record else "no prior"
