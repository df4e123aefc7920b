"""What a run trains: a configuration of transformers, or a model that the user builds."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autotune.architecture import hf_wrappers, huggingface
from autotune.architecture.shape import Architecture
from autotune.errors import InputError
from autotune.training import hf_config

CODE_OF: Mapping[str, str] = {"kimi_k2": "deepseek_v3"}
"""Families released with code of their own, and the family of transformers that is the same."""
SPECIAL = ("bos_token_id", "eos_token_id", "pad_token_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model to build: of `config` by transformers, or by the function that `builder` names.

    Attributes:
        name: What people call it.
        architecture: Its shape, None where only the user's code knows it.
        config: A config.json of transformers, None if there is a builder.
        builder: `module:function` or `path.py:function`, called with the number of token ids and
            the context; returns a module from ids, shape (b, t), to logits, shape (b, t, ids).
    """

    name: str
    architecture: Architecture | None = None
    config: Mapping[str, Any] | None = None
    builder: str | None = None

    def with_vocabulary(self, vocabulary: int) -> "ModelSpec":
        """The same model for another number of token ids."""
        if self.config is None or self.architecture is None:
            return self
        return replace(
            self,
            architecture=replace(self.architecture, vocabulary=vocabulary),
            config={**self.config, "vocab_size": vocabulary, **dict.fromkeys(SPECIAL)},
        )


def of_architecture(architecture: Architecture) -> ModelSpec:
    """A model of a shape, by the family of transformers that has such shapes.

    Raises:
        InputError: If none has.
    """
    return ModelSpec(
        name=architecture.name, architecture=architecture, config=hf_config.config(architecture)
    )


def of_config(config: Mapping[str, Any], *, name: str, where: str) -> ModelSpec:
    """A model of a config.json; of one of text and images, its language model.

    A multi-token-prediction head is left out: transformers does not train it.

    Raises:
        InputError: If the family is not known, or a key is missing or has no meaning here.
    """
    model_type = config.get("model_type")
    if model_type in hf_wrappers.WRAPPERS:
        config = hf_wrappers.text_config(config, str(model_type), where=where)
    shape = huggingface.architecture(config, name=name, where=where)
    family = str(config["model_type"])
    return ModelSpec(
        name=name,
        architecture=replace(shape, n_mtp_layers=0),
        config={**config, "model_type": CODE_OF.get(family, family)},
    )


def of_file(path: Path) -> ModelSpec:
    """A model of a file config.json.

    Raises:
        InputError: If it cannot be read or does not describe a model.
    """
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}") from None
    if not isinstance(config, dict):
        raise InputError(f"{path} must hold an object with keys, not a {type(config).__name__}.")
    name = path.parent.resolve().name if path.name == "config.json" else path.stem
    return of_config(config, name=name, where=str(path))


def of_builder(target: str) -> ModelSpec:
    """A model that a function of the user's builds.

    Raises:
        InputError: If the text does not name a function.
    """
    place, _, function = target.rpartition(":")
    if not place or not function.isidentifier():
        raise InputError(
            f"{target!r} names no function. Write module:function or file.py:function."
        )
    return ModelSpec(name=function, builder=target)
