"""What `autotune count` says of a model, as plain data: the document of --json."""

from dataclasses import asdict
from typing import Any

from autotune.architecture.conventions import Convention, counted, published
from autotune.architecture.count import Count, by_group, total
from autotune.architecture.document import Described
from autotune.architecture.flops import TRAINING, per_token
from autotune.architecture.memory import RECIPES, cache_elements, cache_elements_per_token
from autotune.architecture.shape import Architecture

CACHE_BYTES = {"bf16": 2, "fp8": 1}


def of(found: Described, conventions: list[Convention], *, seq_len: int) -> dict[str, Any]:
    """Everything: shape, parameters by group, conventions, cache and memory."""
    model = found.model
    return {
        "model": model.name,
        "architecture": _shape(model),
        "published": None if found.published is None else asdict(found.published),
        "left_out": list(found.left_out),
        "seq_len": seq_len,
        "groups": {group: asdict(count) for group, count in by_group(model).items() if count.total},
        "conventions": [_convention(model, each, seq_len) for each in conventions],
        "kv_cache": _cache(model, seq_len),
        "memory": _memory(total(by_group(model)).total),
    }


def released(found: Described) -> dict[str, Any]:
    """One row of the catalogue: exact counts in the report's own convention, beside its figures."""
    said, model = found.published, found.model
    n = total(counted(model, published(input_embedding=said is None or said.input_embedding)))
    return {
        "model": model.name,
        "n_layers": model.n_layers,
        "d_model": model.d_model,
        "n_experts": model.experts.n_experts if model.experts else None,
        "top_k": model.experts.top_k if model.experts else None,
        "n_total": n.total,
        "n_active": n.active,
        "published": None if said is None else asdict(said),
    }


def _shape(model: Architecture) -> dict[str, Any]:
    kind = type(model.attention).__name__
    return asdict(model) | {"attention": {"kind": kind} | asdict(model.attention)}


def _convention(model: Architecture, convention: Convention, seq_len: int) -> dict[str, Any]:
    n: Count = total(counted(model, convention))
    flops = per_token(model, convention, seq_len=seq_len)
    return {
        "name": convention.name,
        "meaning": convention.meaning,
        "scores": convention.reach.value,
        "source": convention.source,
        "n_total": n.total,
        "n_active": n.active,
        "left_out": sorted(convention.left_out),
        "forward_flops": flops.forward,
        "forward_flops_without_scores": flops.weights,
        "training_flops": flops.training,
        "training_flops_without_scores": TRAINING * flops.weights,
    }


def _cache(model: Architecture, seq_len: int) -> dict[str, Any]:
    each, every = cache_elements_per_token(model), cache_elements(model, seq_len=seq_len)
    return {
        dtype: {"bytes_per_token": size * each, "bytes_of_sequence": size * every}
        for dtype, size in CACHE_BYTES.items()
    }


def _memory(n: int) -> list[dict[str, Any]]:
    return [
        {
            "dtype": recipe.name,
            "weights": recipe.weights * n,
            "gradients": None if recipe.gradients is None else recipe.gradients * n,
            "optimizer": None if recipe.optimizer is None else recipe.optimizer * n,
            "training": None if recipe.training is None else recipe.training * n,
            "meaning": recipe.meaning,
        }
        for recipe in RECIPES
    ]
