"""Whether the packages that draw and report are installed."""

from importlib.util import find_spec

from autotune.errors import InputError


def need(*packages: str) -> None:
    """Refuse to go on without packages.

    Raises:
        InputError: With the command that installs them.
    """
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise InputError(
            f"this needs {' and '.join(missing)}. Run: pip install 'autotune-llm[report]'."
        )
