"""The length of a sequence, as `--seq-len` takes it."""

from autotune.errors import InputError
from autotune.quantities import parse_count

DEFAULT = "8192"
LONGEST = 1e9


def length(text: str) -> int:
    """Read a number of tokens.

    Raises:
        InputError: If it is no whole number of tokens that a sequence can have.
    """
    value = parse_count(text)
    if not 1 <= value <= LONGEST or not value.is_integer():
        raise InputError(f"--seq-len {text}: a sequence has 1 to {LONGEST:g} tokens.")
    return int(value)
