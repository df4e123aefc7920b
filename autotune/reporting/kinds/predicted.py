"""Predicted against measured loss, and the residuals."""

import numpy as np

from autotune.errors import InputError
from autotune.fitting.predict import predict
from autotune.reporting import numbers
from autotune.reporting.chart import Axis, Cell, Chart, Panel, Scale, Table
from autotune.reporting.marks import Line, Points, Rule
from autotune.reporting.records import FitWithRuns
from autotune.reporting.words import LISTED, counted


def chart(given: FitWithRuns) -> Chart:
    """Every run, and its residual over compute.

    Raises:
        InputError: If the runs were not given, or are too many or too few for the fit.
    """
    runs, fit = given.runs, given.fit
    if runs is None:
        why = f": {given.why}" if given.why else "."
        raise InputError(
            f"the {fit.result.n_runs} runs of {fit.id} (SHA-256 {fit.data_hash[:12]}) are not at "
            f"hand{why} Give them with {given.wanted}."
        )
    result = fit.result
    guess = predict(result.law, runs, result.convention)
    residual = np.log(guess / runs.loss)
    unit = result.law.source.loss_unit
    ends = np.array([min(runs.loss.min(), guess.min()), max(runs.loss.max(), guess.max())])
    texts = tuple(
        f"line {line}: {r:+.2%}" for line, r in zip(runs.lines.tolist(), residual, strict=True)
    )
    other = "" if given.same else " These are not the rows that were fitted: their hash differs."
    rms = float(np.sqrt((residual**2).mean()))
    return Chart(
        kind="predicted", subject=fit.id, title=f"{fit.id}: predicted and measured loss",
        caption=f"{counted(len(runs), 'run')} of {runs.name}; rms log residual {rms:.2e}. Law form "
        f"{result.law.form}, N is {result.convention.n} parameters.{other}",
        panels=(
            Panel(
                x=Axis(label=f"measured loss ({unit})"), y=Axis(label=f"predicted loss ({unit})"),
                marks=(Points(name="runs", x=runs.loss, y=guess, text=texts),
                       Line(name="equal", x=ends, y=ends, style=None)),
            ),
            Panel(
                x=Axis(label="training compute (FLOP)", scale=Scale.FLOPS, log=True),
                y=Axis(label="log(predicted/measured)"),
                marks=(Points(name="runs", x=runs.flops, y=residual, text=texts),
                       Rule(name="", at=0.0, upright=False)),
            ),
        ),
        table=_table(given, guess, residual),
    )  # fmt: skip


def _table(given: FitWithRuns, guess: np.ndarray, residual: np.ndarray) -> Table:
    runs = given.runs
    assert runs is not None
    worst = np.argsort(-np.abs(residual), kind="stable")[:LISTED]
    rows: list[tuple[Cell, ...]] = [
        (
            int(runs.lines[i]), _count(runs.n_active[i]), _count(runs.n_total[i]),
            _count(runs.tokens[i]), f"{runs.loss[i]:.5g}", f"{guess[i]:.5g}", f"{residual[i]:+.2e}",
        )
        for i in worst
    ]  # fmt: skip
    headers = (
        "line", "active parameters", "all parameters", "tokens", "measured", "predicted",
        "log residual",
    )  # fmt: skip
    left = len(runs) - len(rows)
    note = f"The {left} runs of least residual are left out." if left else "Largest residual first."
    return Table(headers=headers, rows=rows, note=note)


def _count(value: float) -> str:
    return numbers.tick(float(value), Scale.COUNT, digits=4)
