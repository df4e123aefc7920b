"""Saved fits on disk: one JSON file each, `fits/ID.json` in a storage, written whole."""

import json
import os
import re
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

from autotune.errors import InputError, StoreError
from autotune.fits import power_record, record, shape_record
from autotune.fits.saved import SavedFit, SavedPower, SavedShape
from autotune.laws import record as catalogued

AnyFit: TypeAlias = SavedFit | SavedPower | SavedShape
FOLDER = "fits"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")


def save(fit: AnyFit, storage: Path, *, force: bool = False) -> Path:
    """Write a fit; it appears whole or not at all, also if two processes race.

    Args:
        fit: What to save, under its `id`.
        storage: The folder that holds `fits/`.
        force: Whether another fit of that name may be replaced.

    Returns:
        The file.

    Raises:
        InputError: If the name is not a file's name, or is that of a published law.
        StoreError: If another fit has the name, or the folder cannot be written.
    """
    check_name(fit.id)
    place = path_of(fit.id, storage)
    text = json.dumps(_document(fit), indent=1, allow_nan=False) + "\n"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _write(place, text, force=force)
    except OSError as error:
        raise StoreError(
            f"cannot write {place}: {error.strerror}. Choose another --storage."
        ) from error
    return place


def load(name: str, storage: Path) -> SavedFit:
    """Read a fit of the loss by its name.

    Raises:
        InputError: If it is a fit of the learning rate, the batch size or a shape.
        StoreError: If there is none, or the file is not a saved fit.
    """
    return load_file(path_of(name, storage))


def load_file(place: Path) -> SavedFit:
    """Read a fit of the loss from a file.

    Raises:
        InputError: If it is a fit of the learning rate, the batch size or a shape.
        StoreError: If the file cannot be read or is not a saved fit.
    """
    fit = load_any(place)
    if isinstance(fit, SavedPower):
        raise InputError(
            f"{place.stem} gives {fit.result.law.form.target}, and predicts no loss. "
            f"Evaluate it with autotune predict --law {place.stem}."
        )
    if isinstance(fit, SavedShape):
        raise InputError(
            f"{place.stem} gives the best shape, and predicts no loss. "
            f"Design by it: autotune design --flops C --shape-law {place.stem}."
        )
    return fit


def load_shape(name: str, storage: Path) -> SavedShape:
    """Read a fit of the best shape by its name, or by the path of its file.

    Raises:
        InputError: If there is none of that name, or it is of another kind.
        StoreError: If the file is not a saved fit.
    """
    fit = find(name, storage)
    if fit is None:
        raise InputError(
            f"no fit {name!r} in {storage / FOLDER}. "
            f"Make one: autotune design fit RUNS --save {name}."
        )
    if not isinstance(fit, SavedShape):
        raise InputError(
            f"{name} is no fit of the best shape. Make one: autotune design fit RUNS --save ID."
        )
    return fit


def find(name: str, storage: Path) -> AnyFit | None:
    """The saved fit of any kind that a name or path means, None if there is none.

    Raises:
        StoreError: If it cannot be read.
    """
    if name in names(storage):
        return load_any(path_of(name, storage))
    return load_any(Path(name)) if name.endswith(".json") and Path(name).is_file() else None


def load_any(place: Path) -> AnyFit:
    """Read a fit of any kind from a file.

    Raises:
        StoreError: If the file cannot be read or is not a saved fit.
    """
    try:
        document = json.loads(place.read_text(encoding="utf-8"))
        if document.get("kind") == power_record.KIND:
            return power_record.from_json(document)
        if document.get("kind") == shape_record.KIND:
            return shape_record.from_json(document)
        return record.from_json(document)
    except OSError as error:
        raise StoreError(f"cannot read {place}: {error.strerror}.") from error
    except StoreError as error:
        raise StoreError(f"{place} cannot be used: {error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{place} is not a saved fit ({type(error).__name__}: {error}). "
            "Make one with `autotune fit RUNS --law NAME --save ID`."
        ) from error


def names(storage: Path) -> list[str]:
    """The saved fits of a storage, in order."""
    return sorted(path.stem for path in (storage / FOLDER).glob("*.json"))


def check_name(name: str) -> None:
    """Check that a fit may be called so.

    Raises:
        InputError: If it is not a file's name, or is that of a law of the catalogue.
    """
    if not _NAME.match(name):
        raise InputError(
            f"{name!r} cannot name a fit. Use letters, digits, dots, dashes and underscores."
        )
    if name in catalogued.names():
        raise InputError(f"{name!r} is a law of the catalogue. Save the fit under another name.")


def path_of(name: str, storage: Path) -> Path:
    """Where a fit of that name lies."""
    return storage / FOLDER / f"{name}.json"


def _document(fit: AnyFit) -> dict[str, Any]:
    if isinstance(fit, SavedPower):
        return power_record.to_json(fit)
    return shape_record.to_json(fit) if isinstance(fit, SavedShape) else record.to_json(fit)


def _write(place: Path, text: str, *, force: bool) -> None:
    scratch = place.parent / f".{place.name}-{socket.gethostname()}-{os.getpid()}"
    try:
        with scratch.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if force:
            scratch.replace(place)
            return
        try:
            os.link(scratch, place)  # exclusive: the first of two writers wins
        except FileExistsError:
            _refuse_another(place, text)
        except OSError:  # a file system without hard links: atomic at least
            if place.exists():
                _refuse_another(place, text)
            scratch.replace(place)
    finally:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)


def _refuse_another(place: Path, text: str) -> None:
    if place.read_text(encoding="utf-8") != text:
        raise StoreError(
            f"{place} holds a different fit. Choose another name, or replace it with --force."
        )
