"""Where problems, job templates and site profiles lie: a given path, the checkout, the wheel."""

from pathlib import Path

from autotune.errors import InputError

PACKAGE = Path(__file__).resolve().parent


def folders(kind: str) -> list[Path]:
    """The folders that may hold `kind` (`problems`, `launch` or `hpc`), nearest first."""
    return [PACKAGE.parent / kind, PACKAGE / "_share" / kind]


def find(kind: str, name: str, *, suffix: str) -> Path:
    """Find a shared file by path or by bare name.

    Args:
        kind: `problems`, `launch` or `hpc`.
        name: A path to a file, or the name of a shared one, with or without `suffix`.
        suffix: The ending of such files, for example `.py`.

    Raises:
        InputError: If no place has it; the message names every place that was looked at.
    """
    given = Path(name)
    if given.is_file():
        return given.resolve()
    bare = name if name.endswith(suffix) else name + suffix
    places = [folder / bare for folder in folders(kind)]
    for place in places:
        if place.is_file():
            return place
    looked = ", ".join(str(place) for place in [given, *places])
    known = ", ".join(path.stem for path in listing(kind, suffix=suffix))
    raise InputError(f"no {kind} file {name!r}. Looked at: {looked}. Known by name: {known}.")


def own(kind: str, name: str) -> Path:
    """The file of that name that comes along, whatever lies in the working folder."""
    return next(path for folder in folders(kind) if (path := folder / name).is_file())


def listing(kind: str, *, suffix: str) -> list[Path]:
    """Every shared file of a kind, by name; the checkout shadows the wheel."""
    found: dict[str, Path] = {}
    for folder in folders(kind):
        for path in sorted(folder.glob(f"*{suffix}")):
            found.setdefault(path.name, path)
    return [found[name] for name in sorted(found)]
