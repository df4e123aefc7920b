"""From our own description of a model, a table of keys, to an architecture."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from autotune import checks
from autotune.architecture.attention import Attention, GroupedQuery, Latent, QkNorm
from autotune.architecture.feed_forward import Experts, FeedForward
from autotune.architecture.keys import Keys
from autotune.architecture.published import Published, Sure
from autotune.architecture.shape import Architecture
from autotune.errors import InputError

SECTIONS = ("attention", "ffn", "experts", "published")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A model that a file describes.

    Attributes:
        model: Its shape.
        published: What its report says, None where the file has no such section.
        left_out: Sections of the file whose parts are not in the shape, as `vision_config`.
    """

    model: Architecture
    published: Published | None = None
    left_out: tuple[str, ...] = ()


def described(document: Mapping[str, Any], *, name: str, where: str) -> Described:
    """Read a description; its keys are the attributes of `Architecture` and of its parts.

    Args:
        document: What the file holds.
        name: What to call the model.
        where: How a message names the file.

    Raises:
        InputError: If a key is missing, unknown or of the wrong type.
    """
    own = {each.name for each in fields(Architecture)} - {"name"} | set(SECTIONS)
    keys = _keys(document, own, where)
    section = {
        each: _section(document, each, where) for each in SECTIONS if document.get(each) is not None
    }
    if "attention" not in section:
        raise InputError(f"{where} has no section [attention]. Add it.")
    n_layers = keys.count("n_layers")
    n_dense = 0 if "experts" in section else n_layers
    model = Architecture(
        name=name,
        n_layers=n_layers,
        d_model=keys.count("d_model"),
        vocabulary=keys.count("vocabulary"),
        attention=_attention(section["attention"], f"{where} [attention]"),
        ffn=_ffn(section["ffn"], f"{where} [ffn]") if "ffn" in section else None,
        experts=_experts(section["experts"], f"{where} [experts]")
        if "experts" in section
        else None,
        n_dense_layers=keys.count("n_dense_layers", n_dense, least=0),
        tied=keys.flag("tied", default=False),
        norms_per_layer=keys.count("norms_per_layer", 2, least=0),
        n_mtp_layers=keys.count("n_mtp_layers", 0, least=0),
        n_window_layers=keys.count("n_window_layers", 0, least=0),
        window=keys.count_or_none("window"),
        chunked=keys.flag("chunked", default=False),
    )
    said = section.get("published")
    return Described(
        model=model, published=None if said is None else _published(said, f"{where} [published]")
    )


def _section(document: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    value = document[name]
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: {name} must be a section, not {value!r}.")
    return value


def _keys(values: Mapping[str, Any], known: set[str], where: str) -> Keys:
    for key in values:
        checks.one_of(f"key of {where}", key, sorted(known))
    return Keys(values, where)


def _attention(values: Mapping[str, Any], where: str) -> Attention:
    if "kv_rank" in values:
        keys = _keys(values, {each.name for each in fields(Latent)}, where)
        return Latent(
            n_heads=keys.count("n_heads"),
            q_rank=keys.count_or_none("q_rank"),
            kv_rank=keys.count("kv_rank"),
            nope_dim=keys.count("nope_dim"),
            rope_dim=keys.count("rope_dim"),
            value_dim=keys.count("value_dim"),
        )
    keys = _keys(values, {each.name for each in fields(GroupedQuery)}, where)
    norm = checks.one_of(
        f"qk_norm of {where}", keys.text("qk_norm", QkNorm.NONE), [str(each) for each in QkNorm]
    )
    return GroupedQuery(
        n_heads=keys.count("n_heads"),
        n_kv_heads=keys.count("n_kv_heads"),
        head_dim=keys.count("head_dim"),
        qkv_bias=keys.flag("qkv_bias", default=False),
        o_bias=keys.flag("o_bias", default=False),
        qk_norm=QkNorm(norm),
        sinks=keys.flag("sinks", default=False),
    )


def _ffn(values: Mapping[str, Any], where: str) -> FeedForward:
    keys = _keys(values, {each.name for each in fields(FeedForward)}, where)
    return FeedForward(
        width=keys.count("width"),
        gated=keys.flag("gated", default=True),
        bias=keys.flag("bias", default=False),
    )


def _experts(values: Mapping[str, Any], where: str) -> Experts:
    keys = _keys(values, {each.name for each in fields(Experts)}, where)
    return Experts(
        n_experts=keys.count("n_experts"),
        top_k=keys.count("top_k"),
        width=keys.count("width"),
        n_shared=keys.count("n_shared", 0, least=0),
        gated=keys.flag("gated", default=True),
        bias=keys.flag("bias", default=False),
        router_bias=keys.flag("router_bias", default=False),
    )


def _published(values: Mapping[str, Any], where: str) -> Published:
    keys = _keys(values, {each.name for each in fields(Published)}, where)
    sure = checks.one_of(
        f"certainty of {where}", keys.text("sure", Sure.UNCONFIRMED), [str(each) for each in Sure]
    )
    return Published(
        total=keys.text("total"),
        active=keys.text("active"),
        input_embedding=keys.flag("input_embedding", default=True),
        source=keys.text("source"),
        tokens=keys.text_or_none("tokens"),
        sure=Sure(sure),
        checked=keys.text("checked", ""),
        note=keys.text("note", ""),
    )
