"""What turns documents into token ids: bytes, or a tokenizer's JSON file."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from autotune.errors import InputError
from autotune.training.documents import Document

Tokens: TypeAlias = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.int32]

BYTES = 256
ENDS = ("<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "[EOS]")
"""Names by which tokenizers know the end of a document."""
AT_ONCE = 256  # documents handed to the tokenizer together


def dtype_for(vocabulary: int) -> type[np.uint8] | type[np.uint16] | type[np.int32]:
    """The smallest type that holds every id."""
    return np.uint8 if vocabulary <= BYTES else np.uint16 if vocabulary <= 1 << 16 else np.int32


class ByteVocabulary:
    """One token per byte; NUL, which text does not contain, ends a document."""

    size = BYTES
    label = "bytes"

    def encode(self, documents: Sequence[Document]) -> Tokens:
        """All documents, one after the other, shape (bytes + documents,)."""
        return np.frombuffer(b"".join(each.data + b"\0" for each in documents), np.uint8)


class FileVocabulary:
    """The tokens of a `tokenizer.json`, as the `tokenizers` package writes it.

    Attributes:
        size: Number of ids.
        label: Hash of the file, for the fingerprint.
    """

    def __init__(self, path: Path) -> None:
        self._tokenizer = _load(path)
        self.size = int(self._tokenizer.get_vocab_size(with_added_tokens=True))
        self.label = hashlib.sha256(path.read_bytes()).hexdigest()
        known = (self._tokenizer.token_to_id(end) for end in ENDS)
        self._end: list[int] = [id_ for id_ in known if id_ is not None][:1]

    def encode(self, documents: Sequence[Document]) -> Tokens:
        """All documents, one after the other, each with the end of a document if there is one."""
        dtype = dtype_for(self.size)
        return np.concatenate([np.array([], dtype), *self._encoded(documents, dtype)])

    def _encoded(self, documents: Sequence[Document], dtype: Any) -> Iterator[Tokens]:  # noqa: ANN401
        for start in range(0, len(documents), AT_ONCE):
            some = documents[start : start + AT_ONCE]
            texts = [each.data.decode("utf-8", "replace") for each in some]
            for found in self._tokenizer.encode_batch(texts, add_special_tokens=False):
                yield np.array(found.ids + self._end, dtype)

    def bytes_of(self, tokens: Tokens) -> int:
        """Bytes of text that tokens stand for."""
        text = self._tokenizer.decode(tokens.tolist(), skip_special_tokens=True)
        return len(text.encode("utf-8", "surrogatepass"))


def _load(path: Path) -> Any:  # noqa: ANN401 - an extension type
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise InputError(
            f"{path}: reading a tokenizer needs the package tokenizers. "
            "Run: pip install 'autotune-llm[train]'"
        ) from None
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the package raises no class of its own
        why = str(error).splitlines()[0]
        raise InputError(
            f"cannot read the tokenizer {path}: {why}. Give a tokenizer.json."
        ) from error
