"""Studies of the closed loop made in memory, for tests of what is shown of them."""

from dataclasses import replace

import numpy as np
from made_studies import NASTY, line_of_trials, study_of

from autotune.trials import Completed

TARGET = 1e21
FIRST_ROUNDS, RUNS = 2, 3


def searches(trials, *, regret=0.1, settle=0.0):
    """What first lines of journals say of rounds that asked for these trials, three at a time."""
    rng = np.random.default_rng(0)
    spent, found = 0.0, []
    groups = [trials[i : i + RUNS] for i in range(0, len(trials), RUNS)]
    for number, asked in enumerate([*groups, []], start=1):
        n, d = 10 ** rng.uniform(6, 7, len(asked)), 10 ** rng.uniform(8, 9, len(asked))
        places = [
            {"n_active": a, "n_total": a, "tokens": b, "flops": 6 * a * b}
            for a, b in zip(n.tolist(), d.tolist(), strict=True)
        ]
        step = {
            "trained": RUNS * (number - 1), "spent": spent,
            "why": "regret" if asked else "the spend is gone",
            "runs": [each.trial.config for each in asked], "places": places,
        }  # fmt: skip
        known = _known(number, regret / number) if number > FIRST_ROUNDS else {}
        found.append({"target": TARGET, "settle": settle, "round": step | known})
        spent += sum(place["flops"] for place in places)
    return found


def _known(number, regret):
    size = 1e8 * (1 + number / 3)
    return {
        "best": {"n_active": size, "n_total": size, "tokens": TARGET / (6 * size)},
        "band": [size / 4, size * 4], "band_expected": [size / 3, size * 3],
        "regret": regret, "regret_expected": regret / 2,
        "loss": 2.5, "loss_interval": [2.3, 2.8], "laws": {NASTY: 1 / number, "b": 1 - 1 / number},
    }  # fmt: skip


def loop(rounds=5, *, regret=0.1, failed=lambda i: i == 4, settle=0.0):
    """A study of so many rounds of three trials each; the last of them asks for nothing."""
    trials = line_of_trials(RUNS * (rounds - 1), failed=failed)
    told = searches(trials, regret=regret, settle=settle)
    tokens = [place["tokens"] for each in told for place in each["round"]["places"]]
    trials = [
        replace(each, value=3.0, metrics={f"loss@{at / 2:.12g}": 3.1})
        if isinstance(each, Completed)
        else each
        for each, at in zip(trials, tokens, strict=True)
    ]
    jobs = [{"at": 1e9 + i, "search": search} for i, search in enumerate(told)]
    return replace(study_of(trials), jobs=[{"at": 0.0, "search": {"seed": 7}}, *jobs])
