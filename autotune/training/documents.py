"""Documents of a corpus: their order, their duplicates, and which of them validate."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

VALIDATION_SHARE = 16
"""One document in so many validates; one token in so many where there are few documents."""
FEW = 8 * VALIDATION_SHARE
"""Fewer documents than this are cut instead of drawn: a draw might leave nothing to validate."""


@dataclass(frozen=True, slots=True)
class Document:
    """One text.

    Attributes:
        key: Its relative path, with the line or row where a file holds many.
        data: Its bytes, UTF-8 unless it is only read as bytes.
    """

    key: str
    data: bytes

    @property
    def place(self) -> bytes:
        """SHA-256 of the key: where the document stands, and whether it validates."""
        return hashlib.sha256(self.key.encode("utf-8", "surrogateescape")).digest()

    @property
    def validates(self) -> bool:
        """Whether it is drawn for validation, whatever else the corpus holds."""
        return int.from_bytes(self.place[:4], "big") % VALIDATION_SHARE == 0


def distinct(documents: Iterable[Document]) -> list[Document]:
    """The documents in the order of the hashes of their keys, each text once."""
    return list(_first_of_each(sorted(documents, key=lambda document: document.place)))


def _first_of_each(documents: Iterable[Document]) -> Iterator[Document]:
    seen: set[bytes] = set()
    for document in documents:
        content = hashlib.sha256(document.data).digest()
        if content not in seen:
            seen.add(content)
            yield document


def split(documents: list[Document]) -> tuple[list[Document], list[Document]]:
    """Training and validation documents; of a few, the last sixteenth of each validates."""
    if len(documents) >= FEW:
        training = [document for document in documents if not document.validates]
        return training, [document for document in documents if document.validates]
    cuts = [_cut(document.data) for document in documents]
    pairs = list(zip(documents, cuts, strict=True))
    return (
        [Document(document.key, document.data[:cut]) for document, cut in pairs],
        [Document(document.key, document.data[cut:]) for document, cut in pairs],
    )


def _cut(data: bytes) -> int:
    """Where the last sixteenth begins, at the start of a character of UTF-8."""
    cut = len(data) - len(data) // VALIDATION_SHARE
    while cut < len(data) and data[cut] & 0xC0 == 0x80:
        cut += 1
    return cut
