"""What is shown of a closed loop: its charts, and the sentences that say what changed."""

import numpy as np
import pytest
from chart_checks import check, made
from hypothesis import given, settings
from hypothesis import strategies as st
from made_loop import FIRST_ROUNDS, RUNS, TARGET, loop
from made_studies import line_of_trials, study_of

pytest.importorskip("matplotlib")

from autotune.errors import InputError
from autotune.reporting import catalogue, changes
from autotune.reporting.kinds.placed import LABEL, _isoflops
from autotune.reporting.marks import Labels, Line, Points
from autotune.suggestion.recorded import decisions, placed


def charts(study):
    return {chart.kind: chart for chart in made(catalogue.OF_LOOP, study)}


@settings(max_examples=12)
@given(rounds=st.integers(1, 14), regret=st.sampled_from([0.0, 1e-9, 0.1]), lost=st.integers(0, 3))
def test_a_loop_of_any_rounds_has_sound_charts_and_a_sentence_for_each(rounds, regret, lost):
    study = loop(rounds, regret=regret, failed=lambda i: i % 4 < lost, settle=0.01)
    for chart in charts(study).values():
        check(chart)
    said = changes.sentences(decisions(study.jobs))
    assert len(said) == rounds
    assert all(line.startswith(f"Round {i}: ") for i, line in enumerate(said, 1))
    assert all(line.endswith(".") for line in said)


def test_every_loss_is_on_the_map_where_its_run_lies_and_in_its_round():
    study = loop(5)
    found = placed(decisions(study.jobs), study.outcomes)
    assert {each.outcome.trial.id for each in found} == {o.trial.id for o in study.outcomes}
    assert [each.number for each in found if each.loss != 3.1] == [
        k for k in range(1, 5) for _ in range(RUNS)
    ]
    drawn = charts(study)["placed"].panels[0].marks
    runs = {mark.name: mark for mark in drawn if isinstance(mark, Points)}
    assert runs["round 1"].x.size == 2 * RUNS  # the end, and half the tokens
    assert runs["failed"].x.size == 1
    for mark in drawn:
        if isinstance(mark, Line):  # all are iso-compute lines
            assert np.ptp(np.log(mark.x * mark.y)) < 1e-9
    best = runs["recommended"]
    assert 6 * best.x[0] * best.y[0] == pytest.approx(TARGET)


def test_labels_of_the_map_stand_clear_of_each_other():
    x, y = (1e4, 1e12), (1e8, 1e9)  # lines of nine decades begin at the upper edge
    labels = next(m for m in _isoflops(x, y, most=1e30) if isinstance(m, Labels))
    lines = [m for m in _isoflops(x, y, most=1e30) if isinstance(m, Line)]
    assert 1 < len(labels.text) < len(lines)
    at = np.log(np.stack([labels.x / x[0], labels.y / y[0]]).T)
    at /= np.log([x[1] / x[0], y[1] / y[0]])
    for i, one in enumerate(at):
        assert (np.abs(at[:i] - one) >= LABEL).any(axis=1).all()


def test_what_was_promised_stands_over_what_the_next_round_found():
    found, promised = (
        mark for mark in charts(loop(6))["spend"].panels[0].marks if isinstance(mark, Points)
    )
    assert promised.x.tolist() == found.x[1:].tolist()
    np.testing.assert_allclose(promised.y, found.y[:-1] / 2)


def test_the_sentence_of_a_round_names_what_moved_and_by_which_law():
    said = changes.sentences(decisions(loop(5).jobs))
    assert "nothing is trained yet" in said[0]
    assert "too few for laws" in said[FIRST_ROUNDS - 1]
    assert "suffice for laws, which recommend 200M active parameters" in said[FIRST_ROUNDS]
    assert "size moves from 200M to 233.3M" in said[3]
    assert "falls from 0.033 to 0.025 nats per token, where 0.017 was promised" in said[3]
    assert "the law b is believed 75% instead of 67%" not in said[3]
    assert said[4].endswith("it ends, because the spend is gone.")


def test_a_search_has_no_charts_of_a_loop_and_a_young_loop_says_what_it_lacks():
    search = study_of(line_of_trials(3))
    assert catalogue.of_study(search) is catalogue.OF_STUDY
    assert list(catalogue.of_study(loop())) == [*catalogue.OF_LOOP, *catalogue.OF_STUDY]
    assert list(charts(loop())) == list(catalogue.OF_LOOP)
    with pytest.raises(InputError, match="laws need at least 8 losses"):
        catalogue.OF_LOOP["spend"](loop(FIRST_ROUNDS))
