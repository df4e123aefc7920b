"""Files that matplotlib draws: known formats, the same bytes each time, names as text."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_studies import NASTY, line_of_trials, study_of

pytest.importorskip("matplotlib")

from autotune.reporting import catalogue, numbers, static
from autotune.reporting.chart import Scale
from autotune.reporting.pages.trial_view import literal, literals
from autotune.reporting.palette import STYLES


@pytest.fixture(scope="module")
def chart():
    study = study_of(line_of_trials(12, failed=lambda i: i == 3), name="$\\frac{1}$ & <b>")
    return catalogue.OF_STUDY["slices"](study)


@pytest.mark.parametrize(("format_", "start"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_a_file_begins_as_its_format_does(format_, start):
    chart = catalogue.OF_STUDY["failures"](study_of(line_of_trials(2)))
    assert static.render(chart, format_, titled=False).startswith(start)


def test_an_svg_is_the_same_each_time_and_holds_names_as_they_are(chart):
    """A dollar sign begins no formula, and a tag no element."""
    first = static.render(chart, "svg")
    assert first == static.render(chart, "svg")
    text = "".join(ET.fromstring(first).itertext())
    assert "$\\frac{1}$ & <b>" in text
    assert NASTY in text.replace("\n", "")
    assert b"<script" not in first


@pytest.mark.parametrize("titled", [True, False])
def test_every_word_of_a_picture_lies_inside_it(chart, titled):
    """A legend under the axes too, where no caption follows it."""
    picture = ET.fromstring(static.render(chart, "svg", titled=titled))
    _, _, width, height = map(float, picture.get("viewBox").split())
    words = [each for each in picture.iter() if each.tag.endswith("}text")]
    assert {"completed", "failed"} <= {"".join(each.itertext()) for each in words}
    for each in words:
        assert 0 < float(each.get("x")) < width
        assert 0 < float(each.get("y")) < height


def test_styles_differ_without_colour():
    assert len({style.dash for style in STYLES}) == len(STYLES)
    assert len({style.marker for style in STYLES}) == len(STYLES)
    assert len({style.symbol for style in STYLES}) == len(STYLES)


def test_ticks_without_a_unit_stay_short():
    written = [numbers.tick(x, Scale.PLAIN) for x in (-2.5, 0.0001, 5000, 250000)]
    assert written == ["−2.5", "0.0001", "5000", "250 k"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(5.76e23, "576 ZFLOP"), (1e24, "1 YFLOP"), (999.96e18, "1 ZFLOP"), (0.0, "0 FLOP")],
)
def test_budgets_have_si_prefixes(value, text):
    assert numbers.flops(value) == text


@pytest.mark.parametrize(
    ("value", "unit", "shown", "said"),
    [
        (9.80385e8, "parameters", "980.4M", "980.4M parameters"),
        (96_000_000_000, "tokens", "96B", "96B tokens"),
        (5.76e24, "FLOPs", "5.76 YFLOP", "5.76 YFLOP"),
        (2.5e9, "FLOPs per token", "2.5 GFLOP", "2.5 GFLOP per token"),
        (720.0, "s", "12.0 min", "12.0 min"),
        (70_270, "bytes", "70.27 kB", "70.27 kB"),
        (2.123456789, "nats per token", "2.12346", "2.12346 nats per token"),
        (-1e9, "parameters", "-1B", "-1B parameters"),
        (float("nan"), "parameters", "–", "– parameters"),
        (True, "tokens", "True", "True tokens"),
    ],
)
def test_a_value_is_written_in_its_unit(value, unit, shown, said):
    assert numbers.in_unit(value, unit) == shown
    assert numbers.said(value, unit) == said


def test_names_that_mean_one_thing_everywhere_have_their_unit_without_being_told():
    given = {"n_active": 9.80385e8, "flops": 1e22, "lr": 1e-3, "mode": "fast"}
    assert numbers.options(given, {}) == "n_active=980.4M, flops=10 ZFLOP, lr=0.001, mode=fast"
    assert numbers.options({"n_active": 1e9}, {"n_active": "nats"}) == "n_active=1e+09"


def test_ticks_of_counts_have_the_letters_of_the_command_line():
    assert numbers.tick(2e9, Scale.COUNT) == "2B"
    assert numbers.tick(0.25, Scale.PERCENT) == "25 %"


@settings(max_examples=20)
@given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans() | st.floats(-9, 9)))
def test_a_configuration_in_a_command_reads_back_as_it_was(config):
    assert eval(literals(config)) == config
    assert all(eval(literal(name)) == name for name in config)
