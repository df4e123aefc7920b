"""Keys of a document that describes a model: each is there with its type, or is named."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autotune.errors import InputError

MOST = 10_000_000
"""No size of a model is larger; beyond it, a file is wrong and its counts would not end."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one table of a document.

    Attributes:
        values: What was read; null is as good as absent.
        where: How a message names the document, for example `config.json (llama)`.
    """

    values: Mapping[str, Any]
    where: str

    def count(
        self, key: str, default: int | None = None, *, least: int = 1, most: int = MOST
    ) -> int:
        """A whole number in a range, which must be there unless there is a default.

        Raises:
            InputError: If the key is missing, or is no whole number, or out of its range.
        """
        value = self.values.get(key)
        if value is None:
            if default is None:
                raise InputError(f"{self.where} has no key {key!r}. Add it, a whole number.")
            return default
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise InputError(f"{self.where}: {key} must be a whole number, not {value!r}.")
        if not least <= value <= most:
            end = f"at least {least}" if value < least else f"at most {most}"
            raise InputError(f"{self.where}: {key} must be {end}, not {value}.")
        return value

    def count_or_none(self, key: str, *, least: int = 1) -> int | None:
        """A whole number, or None where the key is absent or null."""
        return None if self.values.get(key) is None else self.count(key, least=least)

    def flag(self, key: str, *, default: bool) -> bool:
        """A boolean.

        Raises:
            InputError: If it is something else.
        """
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise InputError(f"{self.where}: {key} must be true or false, not {value!r}.")
        return value

    def text(self, key: str, default: str | None = None) -> str:
        """A string, which must be there unless there is a default.

        Raises:
            InputError: If the key is missing, or is no string.
        """
        value = self.values.get(key)
        if value is None and default is not None:
            return default
        if value is None:
            raise InputError(f"{self.where} has no key {key!r}. Add it, a string.")
        if not isinstance(value, str):
            raise InputError(f"{self.where}: {key} must be a string, not {value!r}.")
        return value

    def text_or_none(self, key: str) -> str | None:
        """A string, or None where the key is absent or null."""
        return None if self.values.get(key) is None else self.text(key)

    def texts(self, key: str) -> list[str] | None:
        """A list of anything, as strings; None where the key is absent or null.

        Raises:
            InputError: If it is no list.
        """
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, list):
            raise InputError(f"{self.where}: {key} must be a list, not {value!r}.")
        return [str(item) for item in value]

    def must_be(self, key: str, legal: object) -> None:
        """Refuse a key with a value that the counts do not cover; absent, null and false are fine.

        Raises:
            InputError: If it has another value than the legal one.
        """
        value = self.values.get(key)
        if value not in (None, False, legal):
            raise InputError(
                f"{self.where}: {key} = {value!r} is not supported, only {legal!r} is."
            )
