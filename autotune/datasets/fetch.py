"""Get a public table: originals from a folder, the cache or the network, checked and converted."""

import hashlib
import logging
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from autotune.datasets.convert import CONVERTERS, to_csv
from autotune.datasets.source import Dataset, Original
from autotune.errors import InputError

LOCAL = "AUTOTUNE_DATA"
SECONDS = 30  # without an answer, before a download is given up


@dataclass(frozen=True, slots=True)
class Fetched:
    """A converted table: its file, and where its numbers come from."""

    path: Path
    origin: str


def fetch(dataset: Dataset, *, folder: Path | None = None) -> Fetched:
    """Get the run table of a study as a CSV.

    Originals are taken from `folder` and from nowhere else if it is given; otherwise from
    the folder that `AUTOTUNE_DATA` names, the cache, or their public home. Their SHA-256 is
    checked each time, and the table is made from them each time.

    Args:
        dataset: The table.
        folder: A folder laid out as `AUTOTUNE_DATA`: one folder of files per study.

    Raises:
        InputError: If the files cannot be had, or are not those that were registered.
    """
    local = folder or _environment_folder()
    found = _local(dataset, local) if local else None
    if found:
        return found
    if folder is not None or not dataset.originals:
        raise InputError(_missing(dataset, local))
    files = [_download(dataset, original) for original in dataset.originals]
    places = {original.places[0].repository for original in dataset.originals}
    return _convert(dataset, files, f"{', '.join(sorted(places))} (public original)")


def cache() -> Path:
    """Where downloads and converted tables are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "autotune" / "data"


def _environment_folder() -> Path | None:
    given = os.environ.get(LOCAL)
    return Path(given) if given else None


def _local(dataset: Dataset, folder: Path) -> Fetched | None:
    """The table from a local folder: from its originals, or else as it was normalised there."""
    here = folder / dataset.folder
    files = [here / original.file_name for original in dataset.originals]
    if files and all(file.is_file() for file in files):
        for file, original in zip(files, dataset.originals, strict=True):
            _verify(file, original.sha256)
        return _convert(dataset, files, f"{here} (local originals)")
    table = here / "runs.csv"
    if dataset.normalised_sha256 and table.is_file():
        _verify(table, dataset.normalised_sha256)
        return Fetched(table, f"{table} (normalised there)")
    return None


def _verify(file: Path, sha256: str) -> None:
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror}.") from error
    if found != sha256:
        raise InputError(
            f"{file} is not the file that was registered: its SHA-256 is {found[:12]}..., not "
            f"{sha256[:12]}.... Get it again from the place that `autotune data list` names."
        )


def _convert(dataset: Dataset, files: Sequence[Path], origin: str) -> Fetched:
    path = cache() / f"{dataset.name}.csv"
    text = to_csv(CONVERTERS[dataset.name](files))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, encoding="utf-8", newline="", delete=False
        ) as stream:
            stream.write(text)
        Path(stream.name).replace(path)  # another process may be doing the same
    except OSError as error:
        raise InputError(
            f"cannot write {path}: {error.strerror}. Set XDG_CACHE_HOME to a folder of yours."
        ) from error
    return Fetched(path, origin)


def _download(dataset: Dataset, original: Original) -> Path:
    """An original in the cache, downloaded unless it is there already."""
    import pooch

    pooch.get_logger().setLevel(logging.ERROR)
    why = ""
    for place in original.places:
        try:
            file = pooch.retrieve(
                place.url,
                known_hash=f"sha256:{original.sha256}",
                fname=original.file_name,
                path=cache() / "originals" / dataset.name,
                downloader=pooch.HTTPDownloader(timeout=SECONDS),
            )
        except ValueError:
            why = why or f"{place.url} has other bytes than those registered"
        except OSError as error:  # requests' errors are among them
            why = why or f"cannot get {place.url} ({_reason(error)})"
        else:
            return Path(file)
    raise InputError(
        f"{dataset.name}: {why}. Where there is no network, set {LOCAL}, or give --from, to a "
        f"folder that has {dataset.folder}/{original.file_name}."
    )


def _reason(error: OSError) -> str:
    response = getattr(error, "response", None)
    if response is not None:
        return f"status {response.status_code}"
    return error.strerror or type(error).__name__


def _missing(dataset: Dataset, folder: Path | None) -> str:
    names = [original.file_name for original in dataset.originals] or ["runs.csv"]
    wanted = f"{dataset.folder}/{names[0]}"
    if len(names) > 1:
        wanted += f" and {len(names) - 1} more, or {dataset.folder}/runs.csv"
    if folder is None:
        return (
            f"{dataset.name} has no public original. Set {LOCAL}, or give --from, to a folder "
            f"that has {wanted}."
        )
    return f"{dataset.name}: {folder} lacks {wanted}. See `autotune data list --json`."
