"""Released models: exact totals, and the figures that their reports print."""

import math

import pytest

from autotune.architecture.conventions import CONVENTIONS, counted, published
from autotune.architecture.count import Group, by_group, total
from autotune.architecture.flops import per_token
from autotune.errors import InputError
from autotune.models import catalogue
from autotune.quantities import parse_count

EXACT = {
    # total, active, active without the input embedding, total without both embeddings
    "mixtral-8x7b": (46702792704, 12879925248, 12748853248, 46440648704),
    "mixtral-8x22b": (140630071296, 39161468928, 38960142336, 140227418112),
    "deepseek-moe-16b": (16375728128, 2828650496, 2618935296, 15956297728),
    "deepseek-v2-lite": (15706484224, 2661150208, 2451435008, 15287053824),
    "deepseek-v2": (235741434880, 21375800320, 20851512320, 234692858880),
    "deepseek-v3": (671026419200, 37552297472, 36625618432, 669173061120),
    "kimi-k2": (1026408232448, 32861500928, 31687095808, 1024059422208),
    "olmoe-1b-7b": (6919161856, 1282017280, 1178994688, 6713116672),
    "qwen3-30b-a3b": (30532122624, 3353032704, 3041867776, 29909792768),
    "qwen3-235b-a22b": (235093634560, 22190763520, 21568433664, 233848974848),
    "gpt-oss-20b": (20914757184, 4187440704, 3608307264, 19756490304),
    "gpt-oss-120b": (116829156672, 5711982912, 5132849472, 115670889792),
    "ling-mini-2.0": (16255643392, 1432973056, 1111060224, 15611817728),
}
"""Integer arithmetic over the released configurations; the MTP head of DeepSeek-V3 left out."""

HOLISTIC = {
    # N_a and N in billions, M in GFLOP at 8192 tokens
    "mixtral-8x7b": (12.616, 46.439, 82.14),
    "deepseek-moe-16b": (2.406, 15.953, 17.25),
    "deepseek-v2": (20.278, 234.644, 182.07),
    "deepseek-v3": (35.591, 669.066, 274.95),
    "kimi-k2": (30.347, 1023.893, 212.78),
    "olmoe-1b-7b": (1.074, 6.711, 8.05),
    "qwen3-30b-a3b": (2.718, 29.897, 25.97),
    "qwen3-235b-a22b": (20.896, 233.799, 163.23),
    "gpt-oss-20b": (3.026, 19.747, 22.99),
    "gpt-oss-120b": (4.539, 115.617, 34.48),
}


def test_every_model_of_the_catalogue_has_its_exact_count_here():
    assert set(catalogue.names()) == set(EXACT)


def test_every_shape_but_one_was_compared_with_a_public_description():
    without = [name for name in EXACT if not catalogue.read(name).published.checked]
    assert without == ["deepseek-moe-16b"]


@pytest.mark.parametrize("name", EXACT)
def test_released_models_count_exactly(name):
    model = catalogue.read(name).model
    within, without = (
        total(counted(model, published(input_embedding=flag))) for flag in (True, False)
    )
    ends = {Group.INPUT_EMBEDDING, Group.OUTPUT_HEAD, Group.MTP}
    inner = sum(count.total for group, count in by_group(model).items() if group not in ends)
    assert (within.total, within.active, without.active, inner) == EXACT[name]


@pytest.mark.parametrize("name", EXACT)
def test_counts_agree_with_the_figures_printed_in_the_report(name):
    """To one unit of the last printed digit: some reports round, some cut."""
    found = catalogue.read(name)
    said = found.published
    count = total(counted(found.model, published(input_embedding=said.input_embedding)))
    for text, value in ((said.total, count.total), (said.active, count.active)):
        digits = len(text[:-1].partition(".")[2])
        unit = parse_count("1" + text[-1]) / 10**digits
        slack = 2 if name == "kimi-k2" and text == said.total else 1  # "1.04T" counts 1.026T
        assert math.isclose(parse_count(text), value, abs_tol=slack * unit), (text, value)


@pytest.mark.parametrize("name", HOLISTIC)
def test_released_models_in_the_holistic_convention(name):
    model, convention = catalogue.read(name).model, CONVENTIONS["holistic"]
    n = total(counted(model, convention))
    m = per_token(model, convention, seq_len=8192).training
    n_active, n_total, gflop = HOLISTIC[name]
    assert n.active / 1e9 == pytest.approx(n_active, abs=6e-4)
    assert n.total / 1e9 == pytest.approx(n_total, abs=6e-4)
    assert m / 1e9 == pytest.approx(gflop, abs=6e-3)


def test_a_prediction_head_of_deepseek_v3_is_beside_its_published_total():
    """One layer with experts, a projection of 2 d to d, and three norms."""
    counts = by_group(catalogue.read("deepseek-v3").model)
    layer = 187_105_280 + 2 * 7168 + 257 * 3 * 7168 * 2048 + 256 * 7168 + 256 + 1536 + 512
    assert counts[Group.MTP].total == layer + 2 * 7168**2 + 3 * 7168


def test_an_unknown_name_is_met_with_the_nearest():
    with pytest.raises(InputError, match=r"'deepseek-v4'\. Did you mean 'deepseek-v\d"):
        catalogue.read("deepseek-v4")
