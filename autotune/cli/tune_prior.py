"""The prior of a search, loaded: laws of the catalogue or saved, and studies on disk."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotune.cli.law_names import resolve
from autotune.cli.storage_option import fits_of
from autotune.errors import InputError, StoreError

if TYPE_CHECKING:
    from autotune.problem import Problem
    from autotune.search.prior import Prior, Source
    from autotune.search.settings import SearchSettings
    from autotune.store.storage import Storage
    from autotune.store.study import Study


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


def load(
    problem: "Problem", settings: "SearchSettings", storage: "Storage", study: str
) -> LoadedPrior:
    """Load what the settings name.

    Args:
        problem: What is tuned.
        settings: The names of laws and studies.
        storage: Where studies and saved fits are.
        study: The study that is about to run; it is no prior of itself.

    Raises:
        InputError: If a law or a study is not there, or says nothing of the problem.
        StoreError: If one cannot be read.
    """
    if not settings.has_prior:
        return LoadedPrior()
    from autotune.search.prior_start import over

    laws = [_law(problem, name, fits_of(storage)) for name in settings.prior_laws]
    studies = [
        _study(problem, name, _recorded(name, storage, study)) for name in settings.prior_studies
    ]
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


def _law(problem: "Problem", name: str, storage: Path) -> _Loaded:
    from autotune.search.law_source import law_source

    law = resolve(name, storage).law
    dense = "; it is dense, and sees active parameters alone" if law.dense else ""
    source = law_source(problem, law, name)
    return _Loaded(source, {"name": name, **law.coefficients}, f"law {name}{dense}")


def _recorded(name: str, storage: "Storage", new: str) -> "Study":
    """A study by its name in the storage, or by its folder; never the new one itself."""
    from autotune.store import study as studies
    from autotune.store.storage import read

    known, at = storage.names(), Path(name)
    if name not in known and studies.read_header(at) is None:
        raise InputError(
            f"there is no study {name}, neither in {storage.where} (it has: "
            f"{', '.join(known) or 'none'}) nor as a folder."
        )
    own = storage.folder_of(new)
    same = own is not None and at.resolve() == own.resolve()
    if name == new if name in known else same:
        raise InputError(f"study {name} cannot be its own prior. Give the new one a --study name.")
    return read(storage, name) if name in known else studies.read(at)


def _study(problem: "Problem", name: str, study: "Study") -> _Loaded:
    from ConfigSpace import ConfigurationSpace

    from autotune.search.study_source import study_source

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
