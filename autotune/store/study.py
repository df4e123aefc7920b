"""A study on disk: what was tuned, every outcome, and what is odd about the record."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from heapq import merge
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotune.errors import StoreError
from autotune.store.records import FORMAT
from autotune.trials import Completed, Outcome, Trial
from autotune.types import Value

if TYPE_CHECKING:
    from autotune.problem import Problem

HEADER = "study.json"
RECORDED_VERSIONS = ("autotune-llm", "ConfigSpace", "numpy", "scikit-learn", "scikit-optimize")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a study tunes; written once, by the first job, and never changed.

    Attributes:
        problem: Name of the problem.
        file: What `problem_file.load` was given: a path, or the name of a shared problem.
        options: Options the problem was built with.
        space: The ConfigSpace space as `to_serialized_dict` gives it.
        unit: Unit of the objective.
        units: Unit of each parameter and metric by name.
        prior: What the search took as known when the study began; empty if nothing.
        and_minimize: The second objective, empty for none.
        fidelity: The parameter that makes trials cheaper, empty for none.
        target: Its value at which the objective is wanted.
        cost: What a trial costs when there is a fidelity.
        created_at: UTC, ISO 8601.
        versions: Versions of the packages that created the study.
    """

    problem: str
    file: str = ""
    options: Mapping[str, Value] = field(default_factory=dict)
    space: Mapping[str, Any] = field(default_factory=dict)
    unit: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    prior: Mapping[str, Any] = field(default_factory=dict)
    and_minimize: str = ""
    fidelity: str = ""
    target: Value | None = None
    cost: str = ""
    created_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat("T", "seconds"))
    versions: Mapping[str, str] = field(default_factory=lambda: _versions())

    @classmethod
    def of(cls, problem: "Problem", file: str, prior: Mapping[str, Any] | None = None) -> "Header":
        """Describe a loaded problem; `file` is what it was loaded from, a path made absolute."""
        path = Path(file)
        target: Value | None = None
        if problem.fidelity:
            from autotune.search.fidelity import Fidelity

            target = Fidelity.of(problem.space, problem.fidelity).target
        return cls(
            problem=problem.name,
            file=str(path.resolve()) if path.is_file() else file,
            options=dict(problem.options),
            space=problem.space.to_serialized_dict(),
            unit=problem.unit,
            units=dict(problem.units),
            prior=dict(prior or {}),
            and_minimize=problem.and_minimize,
            fidelity=problem.fidelity,
            target=target,
            cost=problem.cost if problem.fidelity else "",
        )

    @property
    def parameters(self) -> list[str]:
        """Names of the parameters, in the order of the space."""
        return [str(entry["name"]) for entry in self.space.get("hyperparameters", ())]

    def reaches_target(self, outcome: Outcome) -> bool:
        """Whether an outcome is at the target fidelity; always, if there is no fidelity."""
        return not self.fidelity or outcome.trial.config.get(self.fidelity) == self.target

    def to_json(self) -> str:
        """Write the header as a JSON document, numpy scalars and arrays made plain."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2, default=_plain) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, *, where: str) -> "Header":
        """Read a header.

        Raises:
            StoreError: If it is not one that `to_json` of this or an older version wrote.
        """
        try:
            fields = json.loads(text)
            version = int(fields.pop("format"))
            if version <= FORMAT:
                return cls(**fields)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise StoreError(
                f"{where} is not a study header ({error}). Restore it, or start another study."
            ) from error
        raise StoreError(
            f"{where} has format {version}, and this autotune reads up to {FORMAT}. "
            "A newer autotune wrote it: update this one."
        )


@dataclass(frozen=True, slots=True)
class Study:
    """A study as recorded.

    Attributes:
        folder: Where it lies; the folder's name is the study's, on a server too.
        header: What it tunes.
        outcomes: Every outcome once, oldest first.
        jobs: The start record of each job, oldest first: host, pid, at, command, search.
        notes: What a reader should know, for example a torn last line that was ignored.
        running: Trials begun by jobs that may be at work.
        interrupted: Trials without an outcome whose jobs have ended.
        server: Address of the server that has it, empty if it is a folder.
    """

    folder: Path
    header: Header
    outcomes: Sequence[Outcome]
    jobs: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[str] = ()
    running: Sequence[Trial] = ()
    interrupted: Sequence[Trial] = ()
    server: str = ""

    @property
    def name(self) -> str:
        """The study's name."""
        return self.folder.name

    @property
    def place(self) -> str:
        """Where it is recorded, for people."""
        return f"{self.name} at {self.server}" if self.server else str(self.folder)

    def log_file(self, trial_id: str) -> Path | None:
        """The file of what a trial printed, None if the study has none."""
        path = self.folder / "trials" / trial_id / "log.txt"
        return None if self.server or not path.exists() else path

    @property
    def completed(self) -> list[Completed]:
        """The outcomes that have a value."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, Completed)]

    @property
    def at_target(self) -> list[Completed]:
        """The outcomes that have a value, at the target if there is a fidelity."""
        return [each for each in self.completed if self.header.reaches_target(each)]

    @property
    def best(self) -> Completed | None:
        """The outcome at the target of least value, the earliest of equals; None without any."""
        return min(self.at_target, key=lambda outcome: outcome.value, default=None)


def read(folder: Path) -> Study:
    """Read a study, while jobs are writing to it or not.

    Raises:
        StoreError: If there is no study, or a journal holds lines that are not records.
    """
    from autotune.store.feed import Feed, FolderSource  # they are made of what is defined here

    feed = Feed(FolderSource(folder))
    feed.refresh()
    return feed.study()


def read_header(folder: Path) -> Header | None:
    """Read a study's header, or return None if the folder has none."""
    path = folder / HEADER
    try:
        return Header.from_json(path.read_bytes(), where=str(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}.") from error


def listing(storage: Path) -> list[Path]:
    """The folders of a storage that hold a study, by name."""
    return sorted(path.parent for path in storage.glob(f"*/{HEADER}"))


def merged(batches: Iterable[Sequence[Outcome]]) -> Iterator[Outcome]:
    """Outcomes of several journals by time of finishing, each journal in its own order.

    Of several outcomes of one trial, the first in this order counts.
    """
    return merge(*batches, key=lambda outcome: outcome.timing.finished_at)


def must_agree(folder: Path, recorded: Header, given: Header) -> None:
    """Refuse to go on with a study of another problem.

    Raises:
        StoreError: With what differs.
    """
    differs = differences(recorded, given)
    if differs:
        raise StoreError(
            f"the study {folder} is of another problem: {'; '.join(differs)}. "
            "Choose another --study, or the problem and options it was started with."
        )


def differences(recorded: Header, given: Header) -> list[str]:
    """Say what makes two headers different problems; empty if they are the same."""
    found = []
    if recorded.problem != given.problem:
        found.append(f"problem: {recorded.problem} -> {given.problem}")
    elif Path(recorded.file).stem != Path(given.file).stem:
        found.append(f"problem file: {recorded.file} -> {given.file}")
    found += _changes("option", recorded.options, _normal(given.options))
    for what, before, after in (
        ("second objective", recorded.and_minimize, given.and_minimize),
        ("fidelity", recorded.fidelity, given.fidelity),
        ("cost", recorded.cost, given.cost),
    ):
        if before != after:
            found.append(f"{what}: {before or 'none'} -> {after or 'none'}")
    old, new = recorded.space, _normal(given.space)
    found += _changes("space parameter", _by_name(old), _by_name(new))
    for part in ("conditions", "forbiddens"):
        if old.get(part, []) != new.get(part, []):
            found.append(f"{part} of the space")
    return found


def _changes(what: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    found = []
    for name in [*old, *(name for name in new if name not in old)]:
        before, after = old.get(name, "absent"), new.get(name, "absent")
        if isinstance(before, dict) and isinstance(after, dict):
            found += _changes(f"{what} {name}:", before, after)
        elif before != after:
            shown = ("present" if isinstance(side, dict) else side for side in (before, after))
            found.append(f"{what} {name}: " + " -> ".join(map(str, shown)))
    return found


def _by_name(space: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        entry["name"]: {key: entry[key] for key in entry if key not in {"name", "meta"}}
        for entry in space.get("hyperparameters", ())
    }


def _normal(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as it reads back from JSON."""
    normal: dict[str, Any] = json.loads(json.dumps(dict(document), default=_plain))
    return normal


def _plain(value: Any) -> Any:  # noqa: ANN401 - numpy scalars and arrays, sets, paths
    if hasattr(value, "tolist"):
        return value.tolist()
    return sorted(value) if isinstance(value, set | frozenset) else str(value)


def _versions() -> dict[str, str]:
    found = {}
    for name in RECORDED_VERSIONS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "absent"
    return found
