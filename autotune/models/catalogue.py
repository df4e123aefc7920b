"""Released models by name: one TOML file each, with the sizes that their reports print."""

from pathlib import Path

from autotune import checks
from autotune.architecture.document import Described
from autotune.errors import InputError
from autotune.models import files
from autotune.planning.released import SIZES_ALONE

FOLDER = Path(__file__).resolve().parent / "released"


def names() -> list[str]:
    """Every released model, in alphabetical order."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def key(name: str) -> str:
    """A name as the catalogue writes it: case, spaces and underscores do not matter."""
    return name.strip().lower().replace("_", "-").replace(" ", "-")


def read(name: str) -> Described:
    """The released model of that name.

    Raises:
        InputError: If there is none, naming the nearest, or only its sizes are known.
    """
    named = key(name)
    if named in SIZES_ALONE:
        raise InputError(
            f"the shape of {named} is not in the catalogue, only its sizes are: "
            f"`autotune plan --like {named}`. Give its config.json."
        )
    known = checks.one_of("released model", named, names())
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
