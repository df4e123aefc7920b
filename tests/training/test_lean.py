"""The short way through a decoder computes what transformers' own code does, gradients included."""

import pytest

from autotune.training.model_spec import of_architecture, of_config
from autotune.training.small_shape import Mixture, of_widths

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from autotune.training.build import build  # noqa: E402
from autotune.training.lean import Lean, covers  # noqa: E402
from autotune.training.lean_attention import short  # noqa: E402

GROUPED = {
    "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "intermediate_size": 24, "num_local_experts": 4, "num_experts_per_tok": 2, "vocab_size": 50,
    "sliding_window": None,
}  # fmt: skip
SPECS = {
    "qwen3": of_architecture(of_widths(16, 2, heads=2)),
    "qwen3_moe": of_architecture(of_widths(16, 2, mixture=Mixture(n_experts=4))),
    "dots1": of_architecture(of_widths(16, 2, mixture=Mixture(n_experts=4, bias=True))),
} | {
    name: of_config({"model_type": name, **GROUPED}, name=name, where="config.json")
    for name in ("llama", "mixtral")
}


def made(spec):
    """A model none of whose weights is zero or one."""
    model = build(spec, vocabulary=50, context=12)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.numel():
                parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return model


def gradients(model, forward):
    model.zero_grad()
    ids = torch.arange(24).view(2, 12)
    logits = forward(ids)
    torch.nn.functional.cross_entropy(logits.flatten(0, 1), (ids + 7).flatten() % 50).backward()
    return [logits.detach(), *(p.grad for p in model.parameters() if p.numel())]


@pytest.mark.parametrize("family", SPECS)
def test_logits_and_gradients_are_those_of_transformers(family):
    model = made(SPECS[family])
    assert covers(model.inner)
    theirs = [each.clone() for each in gradients(model, model)]
    ours = gradients(model, Lean(model.inner))
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        assert torch.allclose(mine, other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("family", "key"),
    [("llama", {"attention_bias": True}), ("mixtral", {"sliding_window": 4}), ("olmoe", {})],
)
def test_a_model_with_more_in_it_is_left_to_transformers(family, key):
    config = {"model_type": family, "num_experts": 4, **GROUPED, **key}
    spec = of_config(config, name=family, where="config.json")
    assert not covers(build(spec, vocabulary=50, context=12).inner)


@pytest.mark.parametrize("length", [1, 64, 150])
def test_attention_in_blocks_and_its_gradient_are_those_of_one_product(length):
    generator = torch.Generator().manual_seed(0)
    parts = torch.randn(6, 8, length, generator=generator, requires_grad=True)
    grad = torch.randn(2, 8, length, generator=generator)
    mask = torch.full((length, length), -torch.inf).triu(1)
    query, key, value = parts.chunk(3)
    share = torch.softmax(0.3 * query.mT @ key + mask, -1)
    whole = value @ share.mT
    (theirs,) = torch.autograd.grad(whole, parts, grad)
    (ours,) = torch.autograd.grad(short(parts, mask, 0.3), parts, grad)
    assert torch.allclose(short(parts, mask, 0.3), whole, atol=1e-5)
    assert torch.allclose(ours, theirs, atol=1e-5)
