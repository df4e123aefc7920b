"""Runs on different corpora are not fitted together unless that is asked."""

import math

import pytest
from cli_run import run

FIT = ("fit", "--bootstrap", "0", "--law", "hoffmann")


@pytest.fixture
def runs(tmp_path):
    """Two corpora with the same exponents and different losses."""
    lines = ["n_active,tokens,lr,batch_tokens,corpus,loss"]
    for corpus, entropy in (("code:1a", 1.0), ("web:2b", 2.0)):
        for n in (1e7, 3e7, 1e8, 3e8):
            for d in (1e9, 3e9, 1e10):
                loss = entropy + 400 / n**0.34 + 400 / d**0.28
                lines += [
                    f"{n},{d},{lr},1000,{corpus},{loss + math.log(lr / 1e-3) ** 2}"
                    for lr in (5e-4, 1e-3, 2e-3)
                ]
    path = tmp_path / "runs.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize(
    "command",
    [FIT, ("fit", "--law", "step-lr"), ("fit", "--method", "envelope"), ("compare",)],
    ids=["law", "learning rate", "envelope", "compare"],
)
def test_two_corpora_are_refused_with_how_to_choose_one(runs, command):
    done = run(*command, runs)
    assert done.returncode == 2
    assert "has runs on 2 corpora, whose losses do not compare: code:1a (36), web:2b (36)" in (
        done.stderr
    )
    assert "--where \"corpus == 'code:1a'\"" in done.stderr


def test_one_corpus_is_chosen_by_a_condition_and_two_by_a_flag(runs):
    best = ("--where", "lr == 0.001 and corpus == 'code:1a'")
    assert run(*FIT, runs, *best).returncode < 2
    assert run(*FIT, runs, "--where", "lr == 0.001", "--mixed-corpora").returncode < 2
    assert run("fit", "--law", "step-lr", runs, "--mixed-corpora").returncode < 2
