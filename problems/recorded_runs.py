"""Finished runs of a table, replayed: a trial is a row, and costs nothing but its FLOPs on paper.

For trying out which runs a study would have trained, on runs that are there already:

    autotune study recorded_runs --set runs=gadre2024_c4 --target-flops 1e22 --spend 1e21
"""

from collections.abc import Mapping

import numpy as np
from ConfigSpace import ConfigurationSpace, Integer

from autotune.cli.open_runs import open_runs
from autotune.problem import Problem
from autotune.types import Config, Floats, FloatsLike, Value


def problem(*, runs: str = "gadre2024_c4", where: str = "") -> Problem:
    """Find the row of a table with the least loss.

    Args:
        runs: A CSV or Parquet of finished runs, or a public table of `autotune data`.
        where: Which rows to keep, such as `tokens >= 1B`.
    """
    table = open_runs(runs, where=where).table

    def row(config: Config) -> int:
        return int(config["row"]) - 1

    def objective(config: dict[str, Value]) -> float:
        return float(table.loss[row(config)])

    def law_inputs(columns: Mapping[str, Floats]) -> dict[str, FloatsLike]:
        at = np.asarray(columns["row"]).astype(np.int64) - 1
        sizes = {"n_active": table.n_active, "n_total": table.n_total, "tokens": table.tokens}
        return {name: values[at] for name, values in {**sizes, **table.factors}.items()}

    space = ConfigurationSpace(name="recorded_runs")
    space.add(Integer("row", (1, len(table))))
    return Problem(
        name="recorded_runs",
        summary=f"{len(table)} finished runs of {table.name}, replayed.",
        space=space,
        objective=objective,
        unit="nats/token",
        units={"flops": "FLOPs", "n_active": "parameters", "tokens": "tokens"},
        source=f"the losses recorded in {table.name}",
        derived={
            "flops": lambda config: float(table.flops[row(config)]),
            "n_active": lambda config: float(table.n_active[row(config)]),
            "tokens": lambda config: float(table.tokens[row(config)]),
        },
        law_inputs=law_inputs,
    )
