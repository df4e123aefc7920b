"""Released models in (M/N_a, N/N_a), beside the flat zone."""

import pytest

from autotune.architecture.attention import GroupedQuery
from autotune.architecture.feed_forward import FeedForward
from autotune.architecture.shape import Architecture
from autotune.errors import InputError
from autotune.models import catalogue
from autotune.planning.flat_zone import Side, place

PLACED = {
    # M/N_a, N/N_a, active FFN width over hidden size, where N/N_a lies
    "mixtral-8x7b": (6.51, 3.68, 7.00, Side.SHORT),
    "deepseek-moe-16b": (7.17, 6.63, 5.50, Side.SHORT),
    "deepseek-v2": (8.98, 11.57, 2.40, Side.SHORT),
    "deepseek-v3": (7.73, 18.80, 2.57, Side.INSIDE),
    "kimi-k2": (7.01, 33.74, 2.57, Side.PAST),
    "olmoe-1b-7b": (7.50, 6.25, 4.00, Side.SHORT),
    "qwen3-30b-a3b": (9.56, 11.00, 3.00, Side.SHORT),
    "qwen3-235b-a22b": (7.81, 11.19, 3.00, Side.SHORT),
    "gpt-oss-20b": (7.60, 6.53, 4.00, Side.SHORT),
    "gpt-oss-120b": (7.60, 25.47, 4.00, Side.PAST),
}
"""Integer arithmetic over released configurations at 8192 tokens (section 8 of the domain)."""


@pytest.mark.parametrize("name", PLACED)
def test_a_released_model_is_placed_by_the_paper_s_ratios(name):
    found = place(catalogue.read(name).model, seq_len=8192, tokens=None)
    density, expansion, ratio, side = PLACED[name]
    assert found.density == pytest.approx(density, abs=6e-3)
    assert found.expansion == pytest.approx(expansion, abs=6e-3)
    assert found.width_ratio == pytest.approx(ratio, abs=6e-3)
    assert found.side is side
    assert 1 < found.expansion < found.max_expansion
    assert found.advised_density is None


def test_with_its_tokens_a_model_is_beside_the_law_at_its_budget():
    found = place(catalogue.read("deepseek-v3").model, seq_len=8192, tokens=14.8e12)
    assert found.flops == pytest.approx(274.95e9 * 14.8e12, rel=1e-4)
    assert found.advised_density == pytest.approx(6 + 1348.1 * found.flops**-0.13722)


def test_a_dense_model_has_no_place():
    dense = Architecture(
        name="dense", n_layers=1, d_model=8, vocabulary=9, n_dense_layers=1,
        attention=GroupedQuery(n_heads=1, n_kv_heads=1, head_dim=8), ffn=FeedForward(width=8),
    )  # fmt: skip
    with pytest.raises(InputError, match="dense is dense, so that N/N_a is 1"):
        place(dense, seq_len=8192, tokens=None)
