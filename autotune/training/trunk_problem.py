"""The trunks of a ladder as a problem, so that any evaluator can run them.

A trial names a trunk and how many of its token budgets are wanted. Its state is kept in the study's
folder, `trunks/<name>`, so that a later trial of the same trunk continues it; the trial's value is
the loss at its last budget.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ConfigSpace import Categorical, ConfigurationSpace, Constant, Integer

from autotune.architecture.shape import Architecture
from autotune.ladder.description import Description
from autotune.ladder.trunk import Trunk
from autotune.problem import Problem
from autotune.training.outcome import outcome
from autotune.training.small_shape import Mixture, of_size
from autotune.types import Value

if TYPE_CHECKING:
    from autotune.training.run import TrainingRun

TRUNKS, CORPUS = "trunks", "corpus"
"""Folders in that of the study: one run in each trunk's, and the prepared corpus."""
MOST_ATTEMPTS = 99
TRIAL_DIR = "AUTOTUNE_TRIAL_DIR"


def problem(*, description: str) -> Problem:
    """Train the trunks of a ladder.

    Args:
        description: The ladder, as `Description.to_json` writes it.
    """
    ladder = Description.from_json(description)
    trunks = {trunk.name: trunk for trunk in ladder.trunks(shape_of)}
    space = ConfigurationSpace(name="ladder")
    space.add(
        _choice("trunk", list(trunks)),
        _count("budgets", len(ladder.tokens)),
        _count("attempt", MOST_ATTEMPTS),
    )

    def objective(config: dict[str, Value]) -> Mapping[str, float]:
        trunk = trunks[str(config["trunk"])]
        tokens = trunk.tokens[: int(config["budgets"])]
        return trained(replace(trunk, tokens=tokens), ladder, study_folder())

    return Problem(
        name="ladder",
        summary=f"{len(trunks)} trunks of {len(ladder.tokens)} token budgets.",
        space=space,
        objective=objective,
        unit="nats/token",
        source="training runs",
    )


def shape_of(size: float, experts: int, top_k: int) -> Architecture:
    """A model of a size by the trainer's rules; one expert is dense."""
    return of_size(size, Mixture(n_experts=experts, top_k=top_k) if experts > 1 else None)


def study_folder() -> Path:
    """The folder of the study whose trial this process runs."""
    return Path(os.environ[TRIAL_DIR]).parent.parent


def training_run(trunk: Trunk, ladder: Description, folder: Path) -> "TrainingRun":
    """The run of a trunk, in its folder of a study."""
    from autotune.training.model_spec import of_architecture
    from autotune.training.run import TrainingRun
    from autotune.training.settings import Settings

    return TrainingRun(
        model=of_architecture(trunk.model),
        tokens=trunk.tokens,
        seed=trunk.seed,
        settings=Settings(
            context=ladder.context, sequences=ladder.sequences, windows=ladder.windows
        ),
        device="cuda" if ladder.device == "cuda" else "cpu",
        out=folder / TRUNKS / trunk.name,
    )


def trained(trunk: Trunk, ladder: Description, folder: Path) -> Mapping[str, float]:
    """Train a trunk's budgets that have no result, and return the last loss."""
    from autotune.training.corpus import open_corpus

    last = outcome(training_run(trunk, ladder, folder), open_corpus([folder / CORPUS]))
    assert last.loss is not None  # `outcome` raises where there is none
    return {"objective": last.loss, "tokens": last.tokens, "flops": last.flops}


def _choice(name: str, values: list[str]) -> Any:  # noqa: ANN401 - ConfigSpace's classes
    return Categorical(name, values) if len(values) > 1 else Constant(name, values[0])


def _count(name: str, most: int) -> Any:  # noqa: ANN401 - ConfigSpace's classes
    return Integer(name, (1, most)) if most > 1 else Constant(name, 1)
