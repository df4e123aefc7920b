"""A corpus: tokens to train on, tokens to validate on, and a fingerprint of both."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from autotune.errors import InputError
from autotune.training import document_files, prepared, standard_library, token_files
from autotune.training.documents import Document, distinct, split
from autotune.training.vocabulary import ByteVocabulary, FileVocabulary, Tokens

FINGERPRINT = 16
SAMPLE = 100_000  # validation tokens that are decoded to measure bytes per token


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Token ids to train and to validate on; runs on different fingerprints do not compare.

    Attributes:
        name: What people call it.
        fingerprint: First 16 hexadecimal digits of the SHA-256 of the ids, their split and what
            they stand for.
        vocabulary: Number of ids; every id is below it.
        train: Shape (n,), uint8, uint16 or int32; may be a memory map.
        validation: Likewise; no document is in both.
        bytes_per_token: Of the validation tokens; None if nothing says what the ids stand for.
    """

    name: str
    fingerprint: str
    vocabulary: int
    train: Tokens
    validation: Tokens
    bytes_per_token: float | None

    @property
    def label(self) -> str:
        """Name and fingerprint, as the column `corpus` of a run table holds them."""
        return f"{self.name}:{self.fingerprint}"


def open_corpus(paths: Sequence[Path | str] = (), *, tokenizer: Path | str | None = None) -> Corpus:
    """Read a corpus; without paths, the source of Python's standard library.

    Args:
        paths: Files and folders of text, JSON lines (field `text`) or Parquet (column `text`);
            or files of uint16 ids (`.bin`); or one folder that `prepared.save` wrote.
        tokenizer: A `tokenizer.json`; None for one token per byte.

    Raises:
        InputError: If something is not there, is not text, or is too little.
    """
    given = [Path(path) for path in paths]
    if len(given) == 1 and prepared.is_prepared(given[0]):
        if tokenizer is not None:
            raise InputError(f"{given[0]} is a prepared corpus and has its tokens. No tokenizer.")
        return Corpus(**prepared.load(given[0]))
    vocabulary = None if tokenizer is None else FileVocabulary(Path(tokenizer))
    ids = [file for path in given for file in token_files.inside(path)]
    name = _name(given)
    if ids:
        return _of_ids(name, given, ids, vocabulary)
    documents = _documents(given) if given else standard_library.documents()
    return _of_documents(name, distinct(documents), vocabulary or ByteVocabulary())


def _name(paths: Sequence[Path]) -> str:
    if not paths:
        return standard_library.name()
    return paths[0].resolve().name + (f"+{len(paths) - 1}" if len(paths) > 1 else "")


def _documents(paths: Sequence[Path]) -> Iterator[Document]:
    for path in paths:
        yield from document_files.documents(path)


def _of_documents(
    name: str, documents: list[Document], vocabulary: ByteVocabulary | FileVocabulary
) -> Corpus:
    training, validation = split(documents)
    tokens = vocabulary.encode(training), vocabulary.encode(validation)
    if not sum(len(document.data) for document in validation):
        size = sum(len(document.data) for document in documents)
        raise InputError(
            f"corpus {name} is too small: {len(documents)} documents with {size:,} bytes in all "
            "leave nothing to validate on. Give more text."
        )
    per_token = sum(len(document.data) for document in validation) / len(tokens[1])
    return _corpus(name, tokens, vocabulary.size, vocabulary.label, per_token)


def _of_ids(
    name: str, given: Sequence[Path], ids: Sequence[Path], vocabulary: FileVocabulary | None
) -> Corpus:
    text = [path for path in given if not token_files.inside(path)]
    if text:
        raise InputError(f"{text[0]} is text and {ids[0]} holds ids: give one or the other.")
    found = token_files.read(ids)
    if not len(found.validation):
        raise InputError(f"corpus {name} is too small: {len(found.train)} ids. Give more.")
    largest = int(max(found.train.max(), found.validation.max()))
    size = largest + 1 if vocabulary is None else vocabulary.size
    if largest >= size:
        raise InputError(
            f"{ids[0]} has the id {largest}, the tokenizer only {size} ids. Give its own tokenizer."
        )
    sample = found.validation[:SAMPLE]
    per_token = None if vocabulary is None else vocabulary.bytes_of(sample) / len(sample)
    label = "ids" if vocabulary is None else vocabulary.label
    return _corpus(name, (found.train, found.validation), size, label, per_token)


def _corpus(
    name: str, tokens: tuple[Tokens, Tokens], vocabulary: int, label: str, per_token: float | None
) -> Corpus:
    digest = hashlib.sha256(f"{label} {vocabulary} {len(tokens[0])} {tokens[0].dtype}".encode())
    for array in tokens:
        digest.update(np.ascontiguousarray(array).data)
    return Corpus(
        name=name,
        fingerprint=digest.hexdigest()[:FINGERPRINT],
        vocabulary=vocabulary,
        train=tokens[0],
        validation=tokens[1],
        bytes_per_token=per_token,
    )
