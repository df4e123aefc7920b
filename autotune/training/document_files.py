"""Documents from a user's files and folders: text, JSON lines, Parquet."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

from autotune.errors import InputError
from autotune.training.documents import Document

FIELD = "text"
LINES = {".jsonl", ".ndjson"}
PARQUET = {".parquet"}
ROWS = 1024  # of a Parquet file that are held as text at a time


def documents(path: Path) -> Iterator[Document]:
    """The documents of one file, or of every text file below a folder.

    A file of a folder that is not text is passed over; a file that is named must be text.

    Raises:
        InputError: If it is not there, is not text, or has no field `text`.
    """
    if path.is_file():
        yield from _of_file(path, path.name)
    elif path.is_dir():
        yield from _of_folder(path)
    else:
        raise InputError(f"no corpus at {path}. Give a file or a folder of text.")


def _of_folder(folder: Path) -> Iterator[Document]:
    found = passed = 0
    for path in _below(folder):
        if path.suffix in LINES | PARQUET or is_text(path.read_bytes()):
            found += 1
            yield from _of_file(path, path.relative_to(folder).as_posix())
        else:
            passed += 1
    if not found:
        had = f"{passed} files that are not UTF-8 text" if passed else "no files"
        raise InputError(f"{folder} has {had}. Give a folder with text, JSON lines or Parquet.")


def _below(folder: Path) -> Iterator[Path]:
    """Files below a folder without hidden ones; links to folders are not followed."""
    for place, below, files in os.walk(folder):
        below[:] = sorted(each for each in below if not each.startswith("."))
        for file in sorted(files):
            path = Path(place, file)
            if not file.startswith(".") and path.is_file():
                yield path


def is_text(data: bytes) -> bool:
    """Whether bytes are UTF-8 text without NUL."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


def _of_file(path: Path, key: str) -> Iterator[Document]:
    if path.suffix in LINES:
        yield from _of_lines(path, key)
    elif path.suffix in PARQUET:
        yield from _of_parquet(path, key)
    else:
        data = path.read_bytes()
        if not is_text(data):
            raise InputError(
                f"{path} is not UTF-8 text: {_first_bad(data)}. Convert it, or drop it."
            )
        yield Document(key, data)


def _first_bad(data: bytes) -> str:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return f"byte {data[error.start]:#04x} at offset {error.start:,}"
    return f"a NUL byte at offset {data.index(0):,}"


def _of_lines(path: Path, key: str) -> Iterator[Document]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except ValueError as error:
                raise InputError(
                    f"{path}, line {number}: not JSON ({error}). Give one object per line."
                ) from error
            text = record.get(FIELD) if isinstance(record, dict) else None
            if not isinstance(text, str):
                raise InputError(
                    f'{path}, line {number}: no field "{FIELD}" that holds a string. '
                    f"Give one object with the field {FIELD} per line."
                )
            yield Document(f"{key}:{number}", text.encode("utf-8", "surrogatepass"))


def _of_parquet(path: Path, key: str) -> Iterator[Document]:
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError:
        raise InputError(
            f"{path}: reading Parquet needs pyarrow. Run: pip install 'autotune-llm[parquet]'"
        ) from None
    try:
        with parquet.ParquetFile(path) as file:
            if FIELD not in file.schema_arrow.names:
                names = ", ".join(file.schema_arrow.names)
                raise InputError(f"{path} has no column {FIELD}, only {names}. Rename the column.")
            row = 0
            for batch in file.iter_batches(batch_size=ROWS, columns=[FIELD]):
                for text in batch.column(0).to_pylist():
                    row += 1
                    if text:
                        yield Document(f"{key}:{row}", str(text).encode())
    except (OSError, arrow.ArrowException) as error:
        why = str(error).splitlines()[0]
        raise InputError(f"cannot read {path}: {why}. Give a Parquet file.") from error
