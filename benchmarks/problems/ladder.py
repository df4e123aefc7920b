"""A ladder of real training runs, replayed from the public table of Clark et al. (2022).

Router, model size and number of experts span a grid of 158 sparse models (of 162: four were
not trained), each trained on 131 billion tokens. Asked is the least validation loss of a model
with at most 1e9 total parameters, 70 of them; how large a model is, is known before it is
trained.
"""

import csv
from pathlib import Path

from ConfigSpace import Categorical, ConfigurationSpace, OrdinalHyperparameter

from autotune.datasets.fetch import fetch
from autotune.datasets.registry import dataset
from autotune.errors import InputError
from autotune.problem import Constraint, Problem, Reference
from autotune.types import Value
from problems.bench import UnavailableError

TABLE = "routed_clark2022"
MOST_PARAMETERS = 1e9
ROUTERS = ["S-Base", "Hash", "RL-R"]
SIZES = ["15M", "25M", "55M", "130M", "370M", "1.3B"]
EXPERTS = [2**i for i in range(1, 10)]


def problem() -> Problem:
    """The sparse model of least loss within 1e9 total parameters.

    Raises:
        UnavailableError: If the table cannot be had.
    """
    try:
        runs = _grid(fetch(dataset(TABLE)).path)
    except (InputError, OSError) as error:
        raise UnavailableError(str(error)) from error
    fits = {at: loss for at, (loss, n_total) in runs.items() if n_total <= MOST_PARAMETERS}
    best = min(fits, key=fits.__getitem__)
    space = ConfigurationSpace(name="ladder")
    space.add(
        Categorical("router", ROUTERS),
        OrdinalHyperparameter("size", SIZES),
        OrdinalHyperparameter("n_experts", EXPERTS),
    )
    return Problem(
        name="ladder",
        summary="Trained sparse model of least loss with at most 1e9 parameters.",
        space=space,
        objective=lambda config: runs[_at(config)][0],
        unit="nats per token",
        source="Clark et al. (2022), arXiv:2202.01169; the runs of their fit",
        constraints=(
            Constraint("it was trained", lambda config: _at(config) in runs),
            Constraint(f"n_total <= {MOST_PARAMETERS:g}", lambda config: _at(config) in fits),
        ),
        best_known=lambda: Reference(
            fits[best],
            dict(zip(("router", "size", "n_experts"), best, strict=True)),
            "least of the table",
        ),
    )


def _at(config: dict[str, Value]) -> tuple[str, str, int]:
    return str(config["router"]), str(config["size"]), int(config["n_experts"])


def _grid(path: Path) -> dict[tuple[str, str, int], tuple[float, float]]:
    """Loss and total parameters of each run of the authors' fit with a router of the grid."""
    with path.open(newline="") as file:
        return {
            (row["router_type"], row["model_size_label"], int(row["n_experts"])): (
                float(row["loss"]),
                float(row["n_total"]),
            )
            for row in csv.DictReader(file)
            if row["main_grid"] == "1" and row["router_type"] in ROUTERS
        }
