"""From a model's description to a module from token ids to logits."""

import importlib
import importlib.util
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from autotune.errors import InputError
from autotune.training.model_spec import ModelSpec

Builder = Callable[[int, int], nn.Module]


class Logits(nn.Module):
    """A model whose output is the logits alone, whatever it returns.

    Attributes:
        inner: A causal language model: of transformers, or any from ids to logits.
    """

    def __init__(self, inner: nn.Module, **arguments: object) -> None:
        super().__init__()
        self.inner: nn.Module = inner
        self._arguments = arguments

    def forward(self, ids: Tensor) -> Tensor:
        """Logits of shape (b, t, vocabulary) for ids of shape (b, t)."""
        found = self.inner(ids, **self._arguments)
        logits: Tensor = found if isinstance(found, Tensor) else found.logits
        return logits


def build(
    spec: ModelSpec,
    *,
    vocabulary: int,
    context: int,
    attention: str = "sdpa",
    experts: str = "grouped_mm",
) -> Logits:
    """Build a model on the CPU, with weights that are still to be set.

    Args:
        spec: What to build.
        vocabulary: Number of token ids.
        context: The longest sequence.
        attention: `sdpa` or `eager`, as transformers names them.
        experts: `grouped_mm` or `eager`, likewise.

    Raises:
        InputError: If transformers does not know the family, or the user's code fails.
    """
    if spec.builder is not None:
        return Logits(_called(spec.builder, vocabulary, context))
    import transformers

    config = dict(spec.with_vocabulary(vocabulary).config or {})
    family = str(config.pop("model_type"))
    config["max_position_embeddings"] = max(context, config.get("max_position_embeddings", context))
    for key in ("architectures", "dtype", "torch_dtype", "transformers_version", "auto_map"):
        config.pop(key, None)
    try:
        sparse = spec.architecture is not None and spec.architecture.experts is not None
        if sparse:  # a dense family refuses the choice
            config["experts_implementation"] = experts
        made: Any = transformers.AutoConfig.for_model(
            family, attn_implementation=attention, **config
        )
        with warnings.catch_warnings():  # shared experts may be none
            warnings.filterwarnings("ignore", "Initializing zero-element tensors")
            make: Any = transformers.AutoModelForCausalLM.from_config
            model: nn.Module = make(made)
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"transformers {transformers.__version__} cannot build {spec.name}, "
            f"a {family}: {str(error).strip().splitlines()[0]}"
        ) from error
    return Logits(model.float(), use_cache=False)


def _called(target: str, vocabulary: int, context: int) -> nn.Module:
    function = _function(target)
    try:
        model = function(vocabulary, context)
    except Exception as error:  # user code may raise anything
        raise InputError(
            f"{target} failed to build a model: {type(error).__name__}: {error}. "
            "It is called with the number of token ids and the context."
        ) from error
    if not isinstance(model, nn.Module):
        raise InputError(f"{target} must return a torch.nn.Module, not a {type(model).__name__}.")
    return model


def _function(target: str) -> Builder:
    place, _, name = target.rpartition(":")
    try:
        if place.endswith(".py"):
            found = importlib.util.spec_from_file_location(Path(place).stem, place)
            assert found is not None
            assert found.loader is not None
            module = importlib.util.module_from_spec(found)
            found.loader.exec_module(module)
        else:
            module = importlib.import_module(place)
        function: Builder = getattr(module, name)
    except Exception as error:  # user code may raise anything
        raise InputError(f"cannot load {target}: {type(error).__name__}: {error}") from error
    return function
