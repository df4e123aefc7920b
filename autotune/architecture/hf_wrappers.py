"""Models of text and images on Hugging Face, whose `text_config` describes their language model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from autotune.errors import InputError

TIED = "tie_word_embeddings"
OTHERS = ("vision_config", "audio_config")
"""Sections of parts that are not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapper:
    """A family of models with a `text_config`.

    Attributes:
        text: The `model_type` of the language model where `text_config` has none.
        assumed: What the family's code assumes where `text_config` is silent, as released files of
            Gemma 3 are.
    """

    text: str
    assumed: Mapping[str, int] = field(default_factory=dict)


_GEMMA_3 = {"vocab_size": 262_208, "num_attention_heads": 8, "num_key_value_heads": 4}

WRAPPERS: Mapping[str, Wrapper] = MappingProxyType(
    {
        "gemma3": Wrapper(text="gemma3_text", assumed=_GEMMA_3),
        "kimi_k25": Wrapper(text="kimi_k2"),
        "llama4": Wrapper(text="llama4_text"),
        "mistral3": Wrapper(text="mistral"),
    }
)


def text_config(config: Mapping[str, Any], model_type: str, *, where: str) -> dict[str, Any]:
    """The description of the language model, with what the whole model says of its embeddings.

    Args:
        config: What a file of a wrapper holds.
        model_type: Which wrapper it is.
        where: How a message names the file.

    Raises:
        InputError: If there is none, or the two disagree.
    """
    inner, wrapper = config.get("text_config"), WRAPPERS[model_type]
    if not isinstance(inner, Mapping):
        raise InputError(f"{where} ({model_type}) has no section 'text_config'. Add it.")
    said = {key: value for key, value in inner.items() if value is not None}
    whole = config.get(TIED)
    if whole is not None and said.setdefault(TIED, whole) != whole:
        raise InputError(
            f"{where} ({model_type}): {TIED} is {whole}, and {said[TIED]} in text_config. Keep one."
        )
    return {"model_type": wrapper.text, **wrapper.assumed, **said}


def left_out(config: Mapping[str, Any]) -> tuple[str, ...]:
    """Sections of a file that describe what is not counted."""
    return tuple(key for key in OTHERS if isinstance(config.get(key), Mapping))
