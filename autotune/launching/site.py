"""Machines: what their scheduler, queues, launcher and GPUs ask of a job script."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from autotune import checks, share
from autotune.errors import InputError
from autotune.quantities import parse_seconds

SCHEDULERS = ("slurm", "pbs", "local")
KIND = "hpc/sites"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a queue took when the profile was written: a reason to warn, never to refuse.

    Attributes:
        queue: Its name (on Slurm, of a partition or a quality of service).
        nodes: Least and most nodes.
        time: Longest time, as people write it; empty if it is not known.
        note: What else to know.
    """

    queue: str
    nodes: tuple[int, int] = (1, 1_000_000)
    time: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A machine's profile. hpc/README.md explains every key with an example.

    Attributes:
        name: What it was asked for by.
        scheduler: `slurm`, `pbs` or `local`.
        summary: Whose machine it is, in one line.
        source: Where the facts were read.
        date: When they were read.
        requires: What a job must say: `account`, `time`, `queue`, `qos`, `filesystems`.
        queue: Queue or partition unless the job names one.
        qos: Slurm's quality of service unless the job names one.
        time: Time limit unless the job has one.
        filesystems: ALCF's `filesystems` resource.
        ranks_per_node: Processes per node of a job on several nodes, unless it says.
        cpus_per_node: CPUs as the launcher counts them; 0 where nodes are shared or unknown.
        gpus_per_node: GPUs, or tiles where each is used by itself.
        gpu_variable: The variable that restricts a process to some GPUs.
        gpu_order: GPU numbers for local ranks 0, 1, ..., or empty for 0, 1, ...
        gpus_bound_by_launcher: Whether the launcher gives each rank its GPU.
        gpu_directive: Slurm's directive that asks for GPUs.
        chunk: PBS's chunk after `select=N:`.
        directives: Further directives, each without its `#SBATCH` or `#PBS`.
        setup: Shell lines before the program starts.
        launch: The command before the program of a job with MPI.
        mpi: For srun: `pmi2`, `pmix` or another of `srun --mpi=list`.
        shell: The script's interpreter.
        warn_seconds: How long before the limit Slurm warns the script.
        limits: What its queues took.
    """

    name: str
    scheduler: str
    summary: str = ""
    source: str = ""
    date: str = ""
    requires: tuple[str, ...] = ()
    queue: str = ""
    qos: str = ""
    time: str = ""
    filesystems: str = ""
    ranks_per_node: int = 1
    cpus_per_node: int = 0
    gpus_per_node: int = 0
    gpu_variable: str = ""
    gpu_order: str = ""
    gpus_bound_by_launcher: bool = False
    gpu_directive: str = ""
    chunk: str = ""
    directives: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()
    launch: str = ""
    mpi: str = ""
    shell: str = "/bin/bash"
    warn_seconds: int = 120
    limits: tuple[Limit, ...] = field(default=())


SETTABLE = tuple(each.name for each in fields(Site) if each.name not in {"name", "limits"})
_DEFAULTS = Site(name="", scheduler="")


def read(name: str, settings: Mapping[str, list[str]] | None = None) -> Site:
    """Read a profile by name or path, with some keys replaced.

    Args:
        name: `frontier`, or a path to a TOML file, which may begin from another profile with
            `extends = "frontier"`.
        settings: Values by key as written on the command line; a list takes as many as given.

    Raises:
        InputError: If there is no such profile, or a key or value is wrong.
    """
    path = _find(name)
    values = _merged(path, ())
    where = f"--set-site for {path.stem}"
    for key, texts in (settings or {}).items():
        checks.one_of("site key", key, SETTABLE)
        values[key] = _typed(key, _from_text(key, texts), where)
    if "scheduler" not in values:
        raise InputError(f"{path} names no scheduler: {', '.join(SCHEDULERS)}.")
    checks.one_of("scheduler", values["scheduler"], SCHEDULERS)
    return Site(name=path.stem, **values)


def known() -> list[str]:
    """The names of the profiles that come along."""
    return [path.stem for path in share.listing(KIND, suffix=".toml")]


def _find(name: str) -> Path:
    """The file of a profile: a path ends in `.toml`, so that no other file is taken for one."""
    if not name.endswith(".toml"):
        checks.one_of("site", name, known())
        return share.own(KIND, f"{name}.toml")
    return share.find(KIND, name, suffix=".toml")


def _merged(path: Path, below: tuple[Path, ...]) -> dict[str, Any]:
    """The values of a file over those of the profile it extends."""
    if path in below:
        raise InputError(f"{path} extends itself: {' -> '.join(each.stem for each in below)}.")
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"cannot read the site {path}: {error}.") from None
    base = document.pop("extends", None)
    values: dict[str, Any] = {}
    if base is not None:
        near = path.parent / f"{base}.toml"
        at = near if near.is_file() and near != path else _find(base)
        values = _merged(at, (*below, path))
    for key, value in document.items():
        checks.one_of(f"key in {path}:", key, (*SETTABLE, "limits", "extends"))
        values[key] = _typed(key, value, str(path))
    return values


def _typed(key: str, value: Any, where: str) -> Any:  # noqa: ANN401 - any TOML value
    """A value of the key's type."""
    if key == "limits":
        return tuple(_limit(each, where) for each in value)
    default = getattr(_DEFAULTS, key)
    if isinstance(default, tuple):
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
    elif type(value) is type(default) and not (isinstance(value, int) and value < 0):
        return value
    kind = {tuple: "a list of strings", int: "a whole number >= 0", bool: "true or false"}
    must = kind.get(type(default), "a string")
    raise InputError(f"{where}: {key} must be {must}, not {value!r}.")


def _from_text(key: str, texts: list[str]) -> Any:  # noqa: ANN401 - of the key's type
    default = getattr(_DEFAULTS, key)
    if isinstance(default, tuple):
        return [text for text in texts if text]
    if len(texts) > 1:
        raise InputError(f"site key {key} is given {len(texts)} times.")
    (text,) = texts
    if isinstance(default, bool):
        return {"true": True, "false": False}.get(text.lower(), text)
    return int(text) if isinstance(default, int) and text.isdecimal() else text


def _limit(entry: Any, where: str) -> Limit:  # noqa: ANN401 - any TOML value
    names = [each.name for each in fields(Limit)]
    for key in entry:
        checks.one_of(f"key of limits in {where}:", key, names)
    try:
        low, high = entry.get("nodes", Limit.__dataclass_fields__["nodes"].default)
        limit = Limit(**{**entry, "nodes": (int(low), int(high))})
    except (TypeError, ValueError) as error:
        raise InputError(f'{where}: limits are queue = "debug", nodes = [1, 2], ...') from error
    if limit.time:
        parse_seconds(limit.time)
    return limit
