"""A problem whose trials follow a law, for tests of the closed loop."""

import numpy as np
from ConfigSpace import ConfigurationSpace, Integer, OrdinalHyperparameter

from autotune.laws.catalogue import PRESETS
from autotune.problem import Problem
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial

TRUTH = PRESETS["besiroglu2024"]
SIZES = [float(round(1e7 * 2**i)) for i in range(8)]
TOKENS = [2e9 * 2**i for i in range(8)]
TIMING = Timing(1.0, "w0", 0.0, 1.0)


def problem(*, seeds=False, halves=0):
    space = ConfigurationSpace(name="made")
    space.add(OrdinalHyperparameter("n", SIZES), OrdinalHyperparameter("d", TOKENS))
    if seeds:
        space.add(Integer("seed", (0, 9)))
    return Problem(
        name="made",
        summary="Losses of a law.",
        space=space,
        objective=lambda config: float(TRUTH.loss(config["n"], config["d"])),
        law_inputs=lambda columns: {
            "n_active": np.asarray(columns["n"], dtype=float),
            "tokens": np.asarray(columns["d"], dtype=float),
        },
        branches=(lambda config: branches_of(config, halves)) if halves else None,
    )


def branches_of(config, halves):
    """Token counts that halve, none below the fewest on offer."""
    counts = [config["d"] / 2**i for i in range(1, halves + 1)]
    return [each for each in counts if each >= TOKENS[0]]


def completed(config, *, noise=0.0, metrics=None, name="0-0000"):
    loss = float(TRUTH.loss(config["n"], config["d"])) * np.exp(noise)
    return Completed(Trial(name, config), loss, TIMING, metrics or {})


def failed(config):
    return Failed(Trial("0-0001", config), FailureKind.DIVERGED, "it diverged", TIMING)
