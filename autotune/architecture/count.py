"""Exact parameters of an architecture, by group, total and active per token."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from autotune.architecture.feed_forward import Experts, FeedForward
from autotune.architecture.shape import Architecture


class Group(StrEnum):
    """What a parameter belongs to."""

    INPUT_EMBEDDING = "input embedding"
    OUTPUT_HEAD = "output head"
    ATTENTION = "attention"
    DENSE_FFN = "dense FFN"
    SHARED_EXPERTS = "shared experts"
    ROUTED_EXPERTS = "routed experts"
    ROUTER = "router"
    NORMS = "norms"
    BIASES = "biases"
    SINKS = "attention sinks"
    MTP = "multi-token prediction"


MATRICES = frozenset(
    {Group.ATTENTION, Group.DENSE_FFN, Group.SHARED_EXPERTS, Group.ROUTED_EXPERTS, Group.ROUTER}
)
"""Groups of a layer that tokens are multiplied by; the head is one more."""


@dataclass(frozen=True, slots=True)
class Count:
    """Parameters: all of them, and those that one token uses."""

    total: int
    active: int

    def __add__(self, other: "Count") -> "Count":
        return Count(self.total + other.total, self.active + other.active)

    def __mul__(self, times: int) -> "Count":
        return Count(self.total * times, self.active * times)


Counts = Mapping[Group, Count]
NONE = Count(0, 0)


def by_group(model: Architecture) -> Counts:
    """Parameters of every group; they sum to the whole model, the head of MTP included.

    Where embedding and output head are one matrix, it is counted once, as the head: that is the
    use which multiplies, and which counts of active parameters leave in.
    """
    table = model.vocabulary * model.d_model
    ends = {
        Group.INPUT_EMBEDDING: _all(0 if model.tied else table),
        Group.OUTPUT_HEAD: _all(table),
        Group.NORMS: _all(model.d_model * bool(model.norms_per_layer)),  # the final one
    }
    mtp = total(mtp_module(model)) * model.n_mtp_layers if model.n_mtp_layers else NONE
    counts = _sum(
        ends,
        _times(_attention(model), model.n_layers),
        _times(_dense(model.ffn, model.d_model), model.n_dense_layers),
        _times(_sparse(model.experts, model.d_model), model.n_moe_layers),
        {Group.MTP: mtp},
    )
    return {group: counts.get(group, NONE) for group in Group}


def mtp_module(model: Architecture) -> Counts:
    """One module of the multi-token-prediction head, by group.

    It is a layer like the last one, behind a projection of hidden state and embedding (DeepSeek-V3,
    arXiv:2412.19437, eq. 21); embedding and head are the model's own.
    """
    d = model.d_model
    last = _sparse(model.experts, d) if model.experts else _dense(model.ffn, d)
    extra = {Group.ATTENTION: _all(2 * d * d), Group.NORMS: _all(3 * d)}
    return _sum(_attention(model), last, extra)


def total(counts: Counts) -> Count:
    """The sum over all groups."""
    return sum(counts.values(), NONE)


def _all(n: int) -> Count:
    return Count(n, n)


def _attention(model: Architecture) -> Counts:
    """Attention of one layer, and the norms of the layer."""
    attention, d = model.attention, model.d_model
    return {
        Group.ATTENTION: _all(attention.weights(d)),
        Group.BIASES: _all(attention.biases(d)),
        Group.NORMS: _all(attention.norms + model.norms_per_layer * d),
        Group.SINKS: _all(attention.n_sinks),
    }


def _dense(ffn: FeedForward | None, d: int) -> Counts:
    if ffn is None:
        return {}
    return {Group.DENSE_FFN: _all(ffn.weights(d)), Group.BIASES: _all(ffn.biases(d))}


def _sparse(experts: Experts | None, d: int) -> Counts:
    if experts is None:
        return {}
    expert, n, k = experts.expert, experts.n_experts, experts.top_k
    shared, bias = experts.n_shared, expert.biases(d)
    return {
        Group.ROUTED_EXPERTS: Count(n * expert.weights(d), k * expert.weights(d)),
        Group.SHARED_EXPERTS: _all(shared * expert.weights(d)),
        Group.ROUTER: _all(n * d),
        Group.BIASES: Count((n + shared) * bias, (k + shared) * bias)
        + _all(n * experts.router_bias),
    }


def _times(counts: Counts, times: int) -> Counts:
    return {group: count * times for group, count in counts.items()}


def _sum(*parts: Counts) -> Counts:
    found: dict[Group, Count] = {}
    for part in parts:
        for group, count in part.items():
            found[group] = found.get(group, NONE) + count
    return found
