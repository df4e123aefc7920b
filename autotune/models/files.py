"""A file that describes a model: our TOML, or a config.json of Hugging Face."""

import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from autotune.architecture import hf_wrappers, huggingface
from autotune.architecture.document import Described, described
from autotune.errors import InputError

PARSERS: Mapping[str, Callable[[str], Any]] = {".json": json.loads, ".toml": tomllib.loads}


def read(path: Path) -> Described:
    """Read a description of a model; the ending says which kind it is.

    Raises:
        InputError: If the file cannot be read, or does not describe a model.
    """
    parse = PARSERS.get(path.suffix)
    if parse is None:
        raise InputError(f"{path} ends neither in .toml (ours) nor in .json (Hugging Face).")
    try:
        document = parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:  # ValueError: every parser's and decoder's error
        raise InputError(f"cannot read {path}: {error}") from None
    if not isinstance(document, dict):
        raise InputError(f"{path} must hold an object with keys, not a {type(document).__name__}.")
    named = path.parent.resolve().name if path.name == "config.json" else path.stem
    if path.suffix == ".toml":
        return described(document, name=named, where=str(path))
    return Described(
        model=huggingface.architecture(document, name=named, where=str(path)),
        left_out=hf_wrappers.left_out(document),
    )
