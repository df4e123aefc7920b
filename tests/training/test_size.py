"""FLOPs of modules that only the user's code knows, beside descriptions and torch's counter."""

from dataclasses import replace

import pytest
from small_runs import corpus, own

from autotune.training.model_spec import of_architecture
from autotune.training.small_shape import of_widths

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from torch import nn  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from autotune.training import size  # noqa: E402
from autotune.training.build import build  # noqa: E402
from autotune.training.loop import train  # noqa: E402

TOKENS, WIDTH, IDS = 16, 12, 40


class CausalSelfAttention(nn.Module):
    """Named as in nanoGPT, with scores as plain products, which the counter sees."""

    def __init__(self):
        super().__init__()
        self.n_head, self.n_embd = 3, WIDTH
        self.c_attn = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.c_proj = nn.Linear(WIDTH, WIDTH, bias=False)

    def forward(self, x):
        b, t, _ = x.shape
        parts = self.c_attn(x).split(WIDTH, -1)
        q, k, v = (part.view(b, t, self.n_head, -1).transpose(1, 2) for part in parts)
        out = (q @ k.mT).softmax(-1) @ v
        return self.c_proj(out.transpose(1, 2).reshape(b, t, -1))


class Heads(nn.Module):
    """Attention that says how large a head is."""

    def __init__(self, **attributes):
        super().__init__()
        for name, value in attributes.items():
            setattr(self, name, value)


class Gpt(nn.Module):
    """Two layers of attention between an embedding and a head that shares its weights."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(IDS, WIDTH)
        self.layers = nn.ModuleList(CausalSelfAttention() for _ in range(2))
        self.lm_head = nn.Linear(WIDTH, IDS, bias=False)
        self.lm_head.weight = self.embed.weight

    def forward(self, ids):
        x = self.embed(ids)
        for layer in self.layers:
            x = x + layer(x)
        return self.lm_head(x)


def test_a_module_that_tells_its_heads_costs_the_flops_that_torch_counts():
    """The counter takes the scores that a causal mask hides too."""
    model, counter = Gpt(), FlopCounterMode(display=False)
    with counter:
        model(torch.arange(TOKENS)[None]).sum().backward()
    masked, whole = 6 * (TOKENS + 1) * 2 * WIDTH, 12 * TOKENS * 2 * WIDTH
    found = size.of_module(model, context=TOKENS).flops_per_token
    assert counter.get_total_flops() == TOKENS * (found - masked + whole)
    assert size.untold(model) is None


def test_a_module_of_transformers_costs_what_its_description_does():
    shape = replace(of_widths(16, 2), vocabulary=IDS)
    model = build(of_architecture(shape), vocabulary=IDS, context=TOKENS)
    found, described = (
        size.of_module(model, context=TOKENS), size.of_architecture(shape, context=TOKENS)
    )  # fmt: skip
    assert found == described


@pytest.mark.parametrize(
    ("module", "widths"),
    [
        (nn.MultiheadAttention(8, 2), [8]),
        (type("GroupedAttention", (Heads,), {})(num_heads=3, head_dim=5, d_model=12), [15]),
        (type("LatentAttention", (Heads,), {})(num_heads=3, head_dim=5, v_head_dim=4), [None]),
        (type("SelfAttn", (Heads,), {})(heads="many"), [None]),
        (type("Mixer", (Heads,), {})(n_head=3, n_embd=12), []),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_attention_tells_of_its_width_is_used_and_nothing_is_guessed(module, widths):
    assert size.score_widths(nn.Sequential(module)) == widths


def test_a_result_says_that_scores_are_not_in_its_flops_if_no_module_tells_them(tmp_path):
    result = next(train(own(tmp_path), corpus()))
    assert result.warnings[0] == size.UNTOLD
