"""The folder of a run: checkpoints that are whole or not there, and results that are kept."""

import io
import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from autotune.errors import InputError, StoreError
from autotune.training.checkpoint_files import IDENTITY, LATEST, RESULTS, TRUNK
from autotune.training.result import RunResult
from autotune.training.run import config_hash

COPIES = 3  # the trunk's, the latest, and the one that is being written


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A state of a run.

    Attributes:
        tensors: Weights and optimizers.
        progress: Where it stands, plain data.
    """

    tensors: dict[str, Tensor]
    progress: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Folder:
    """Where one run keeps its state.

    Attributes:
        path: The folder; it is made when something is first kept.
        identity: What a run must share with this one to continue it.
    """

    path: Path
    identity: dict[str, Any]

    def claim(self, size: int) -> None:
        """Make the folder this run's, with room for checkpoints of `size` bytes.

        Raises:
            InputError: If another run is there, or there is no room.
            StoreError: If it cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.path).free
            there = self.path / IDENTITY
            if there.exists():
                self._compare(json.loads(there.read_text()))
            else:
                _write(there, json.dumps(self.identity, indent=1).encode())
        except OSError as error:
            raise StoreError(f"cannot keep a run in {self.path}: {error.strerror}.") from error
        except ValueError as error:
            raise InputError(f"{there} is damaged: {error}. Delete the folder.") from error
        needed = COPIES * size - self._held()
        if free < needed:
            raise InputError(
                f"{self.path} has {free:,} bytes free, checkpoints need {needed:,}. "
                "Free some space or give another --out."
            )

    def _held(self) -> int:
        """Bytes of the checkpoints that are there."""
        paths = [self.path / name for name in (TRUNK, LATEST)]
        return sum(path.stat().st_size for path in paths if path.exists())

    def _compare(self, other: dict[str, Any]) -> None:
        mine, theirs = _flat(json.loads(json.dumps(self.identity))), _flat(other)
        differ = sorted(k for k in mine.keys() | theirs.keys() if mine.get(k) != theirs.get(k))
        if differ:
            first = differ[0]
            raise InputError(
                f"{self.path} holds another run; {len(differ)} of its parts differ (first: {first} "
                f"is {theirs.get(first)} there and {mine.get(first)} here). Give another --out."
            )

    def save(self, name: str, state: Checkpoint) -> None:
        """Write a checkpoint under a temporary name, then give it its own.

        Raises:
            OSError: If it cannot be written; the one before is still there.
        """
        document = {
            "tensors": state.tensors,
            "progress": json.dumps(state.progress),
            "config": config_hash(self.identity),
            "torch": str(torch.__version__),
        }
        data = io.BytesIO()  # torch reports a full disk as it likes, a file as OSError
        torch.save(document, data)
        _write(self.path / name, data.getbuffer())

    def load(self, name: str) -> Checkpoint | None:
        """Read a checkpoint; None if there is none.

        Raises:
            StoreError: If it cannot be read, or is of another run.
        """
        path = self.path / name
        if not path.exists():
            return None
        try:
            document = torch.load(path, map_location="cpu", weights_only=True)
            if document["config"] != config_hash(self.identity):
                raise StoreError(f"{path} belongs to another run. Delete it or give another --out.")
            return Checkpoint(document["tensors"], json.loads(document["progress"]))
        except (OSError, RuntimeError, KeyError, ValueError, EOFError) as error:
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise StoreError(f"cannot read the checkpoint {path}: {first}. Delete it.") from error

    def keep(self, result: RunResult) -> None:
        """Append a result and wait until it is on the disk."""
        path = self.path / RESULTS
        there = path.read_bytes() if path.exists() else b""
        torn = bool(there) and not there.endswith(b"\n")
        with path.open("a") as stream:
            stream.write("\n" * torn + json.dumps(result.to_json()) + "\n")
            stream.flush()
            os.fsync(stream.fileno())


def _flat(identity: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Parts of an identity by a path of keys."""
    found: dict[str, Any] = {}
    for key, value in identity.items():
        found |= (
            _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
        )
    return found


def _write(path: Path, data: bytes | memoryview) -> None:
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()  # a part of a file is of no use, and fills the disk
        raise
