"""Parameters and FLOPs of what is trained: by the shape where it is known, else by the module."""

from torch import nn

from autotune.architecture.conventions import CONVENTIONS, counted
from autotune.architecture.count import by_group, total
from autotune.architecture.flops import per_token
from autotune.architecture.shape import Architecture
from autotune.training.result import Size
from autotune.training.roles import Role, roles

OUTSIDE = frozenset({Role.EMBEDDING, Role.HEAD, Role.VECTOR})
ATTENTION = ("attention", "attn")  # in the name of a class
HEADS = ("n_head", "n_heads", "num_heads", "num_attention_heads")
EACH = ("head_dim", "head_size", "d_head")
WIDTH = ("n_embd", "embed_dim", "hidden_size", "d_model")
UNTOLD = (
    "FLOPs leave out attention scores: the model has no module named attention, or one that does "
    "not tell its heads and their size (num_heads and head_dim) or width (n_head and n_embd)"
)


def of_architecture(model: Architecture, *, context: int) -> Size:
    """Exact counts; FLOPs of the scores are of the keys that a causal mask shows."""
    layers = total(counted(model, CONVENTIONS["kaplan"]))
    experts = model.experts
    return Size(
        n_active=layers.active,
        n_total=layers.total,
        n_params=total(by_group(model)).total,
        flops_per_token=per_token(model, CONVENTIONS["exact"], seq_len=context).training,
        n_experts=experts.n_experts if experts else None,
        top_k=experts.top_k if experts else None,
        granularity=4 * model.d_model / experts.width if experts else None,
    )


def of_module(model: nn.Module, *, context: int) -> Size:
    """Counts of the user's own module, as if it were dense.

    FLOPs are six per parameter that multiplies, a tied head among them, and those of scores over
    the keys that a causal mask shows where attention tells its width; `untold` says if not.
    """
    parameters = dict(model.named_parameters())
    found = roles(model)
    matrices = sum(parameters[n].numel() for n, role in found.items() if role not in OUTSIDE)
    head = sum(parameters[n].numel() for n, role in found.items() if role is Role.HEAD)
    scores = (context + 1) * sum(width or 0 for width in score_widths(model))
    return Size(
        n_active=matrices,
        n_total=matrices,
        n_params=sum(p.numel() for p in parameters.values()),
        flops_per_token=6.0 * (matrices + head + _tied(model) + scores),
    )


def untold(model: nn.Module) -> str | None:
    """What is missing in the FLOPs of the user's own module, in one line; None if nothing is."""
    widths = score_widths(model)
    return None if widths and None not in widths else UNTOLD


def score_widths(module: nn.Module) -> list[int | None]:
    """Heads times their size of each attention in a module; None for one that does not tell."""
    named = any(word in type(module).__name__.lower() for word in ATTENTION)
    width = _width(module) if named else None
    if width is not None:
        return [width]
    inside = [found for child in module.children() for found in score_widths(child)]
    return inside or [None] * named


def _width(module: nn.Module) -> int | None:
    """By its attributes or those of its `config`, under the names in wide use."""
    if hasattr(module, "v_head_dim"):  # latent attention: keys and values differ in size
        return None
    heads, each, width = (_number(module, names) for names in (HEADS, EACH, WIDTH))
    if heads is None:
        return None
    return heads * each if each is not None else width


def _number(module: nn.Module, names: tuple[str, ...]) -> int | None:
    for holder in (module, getattr(module, "config", None)):
        for name in names:
            value = getattr(holder, name, None)
            if isinstance(value, int):
                return value
    return None


def _tied(model: nn.Module) -> int:
    """Parameters of heads that share an embedding's: they multiply, and the embedding does not."""
    embeddings = {id(each.weight) for each in model.modules() if isinstance(each, nn.Embedding)}
    linear = (each.weight for each in model.modules() if isinstance(each, nn.Linear))
    return sum(weight.numel() for weight in linear if id(weight) in embeddings)
