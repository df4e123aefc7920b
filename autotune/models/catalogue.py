"""Released models by name: one TOML file each, with the sizes that their reports print."""

from pathlib import Path

from autotune import checks
from autotune.architecture.document import Described
from autotune.errors import InputError
from autotune.models import files

FOLDER = Path(__file__).resolve().parent / "released"


def names() -> list[str]:
    """Every released model, in alphabetical order."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read(name: str) -> Described:
    """The released model of that name.

    Raises:
        InputError: If there is none; the message names the nearest.
    """
    known = checks.one_of("released model", name.strip().lower().replace("_", "-"), names())
    return files.read(FOLDER / f"{known}.toml")


def find(text: str) -> Described:
    """The model of a file, or the released model of that name.

    Raises:
        InputError: If it is neither, or the file does not describe a model.
    """
    path = Path(text)
    if path.is_file():
        return files.read(path)
    if path.is_dir():
        raise InputError(f"{text} is a folder. Give the file in it, for example its config.json.")
    if path.suffix in files.PARSERS or len(path.parts) > 1:
        raise InputError(f"there is no file {text}.")
    return read(text)
