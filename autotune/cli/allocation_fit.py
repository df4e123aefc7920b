"""`autotune fit` by isoflop or envelope: the best split of a budget, without a law."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from autotune import checks
from autotune.cli import console
from autotune.cli.fit_request import N, group_labels
from autotune.cli.fit_view import talk_mapping
from autotune.cli.open_runs import open_runs
from autotune.errors import InputError
from autotune.fitting.allocation import DEFAULTS, AllocationFit, AllocationSettings
from autotune.fitting.envelope import envelope
from autotune.fitting.isoflop import isoflop
from autotune.runs.read import ReadRuns

METHODS = ("parametric", "isoflop", "envelope")

PARAMETRIC = (
    "law",
    "sparsity",
    "fix",
    "bounds",
    "objective",
    "delta",
    "emphasis",
    "near",
    "resample",
    "profile",
)
SAVING = ("save", "storage", "force")


@dataclass(frozen=True, slots=True)
class AllocationRequest:
    """What a call asks: which runs, by which method, how, what a run is, and on what corpora."""

    runs: str
    where: str
    method: str
    settings: AllocationSettings
    group: str | None
    mixed_corpora: bool


@dataclass(frozen=True, slots=True)
class FittedAllocation:
    """A fit, and the runs it is of."""

    result: AllocationFit
    runs: ReadRuns

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of the runs and of the fit; what ends a command with status 1 comes last."""
        return (*self.runs.warnings, *self.result.warnings, *self.result.caveats)


def read(given: Mapping[str, Any], *, stated: frozenset[str]) -> AllocationRequest:
    """Turn options into what is to be fitted, and how.

    Args:
        given: The options' values by name.
        stated: The options that the user wrote.

    Raises:
        InputError: If a value cannot be read, or an option has no meaning here.
    """
    method = checks.one_of("--method", given["method"], METHODS)
    _refuse(method, stated)
    if "n" in given:
        checks.one_of("--n", given["n"], N)
    tolerance = given.get("tolerance", DEFAULTS.tolerance)
    checks.positive("--tolerance", tolerance, hint="0.1 means within 10 %.")
    hint = "0.95 means 95 %."
    checks.positive("--level", given["level"], hint=hint)
    checks.fraction("--level", given["level"], hint=hint)
    checks.at_least("--bootstrap", given["bootstrap"], 0, hint="0 makes no intervals.")
    checks.at_least("--seed", given["seed"], 0, hint="0 is a seed.")
    settings = AllocationSettings(
        n=cast("Any", given.get("n", "active")),
        tolerance=tolerance,
        bootstrap=given["bootstrap"],
        level=given["level"],
        seed=given["seed"],
    )
    return AllocationRequest(
        given["runs"],
        given["where"],
        method,
        settings,
        given.get("group"),
        mixed_corpora=given["mixed_corpora"],
    )


def open_table(request: AllocationRequest) -> ReadRuns:
    """Read the runs.

    Raises:
        InputError: If they cannot be read.
    """
    return open_runs(request.runs, where=request.where, mixed_corpora=request.mixed_corpora)


def answer(request: AllocationRequest, runs: ReadRuns) -> FittedAllocation:
    """Fit.

    Raises:
        InputError: If the runs cannot feed the method.
        FitError: If no power law can be told.
    """
    if request.method == "isoflop":
        return FittedAllocation(isoflop(runs.table, request.settings), runs)
    if request.group is None:
        return FittedAllocation(envelope(runs.table, request.settings), runs)
    groups, values = group_labels(runs.table, request.group)
    labels = tuple(f"{request.group} {value}" for value in values)
    made = envelope(runs.table, request.settings, groups=groups, labels=labels)
    return FittedAllocation(made, runs)


def _refuse(method: str, stated: frozenset[str]) -> None:
    for name in PARAMETRIC:
        if name in stated:
            raise InputError(f"--{name} is of no use with --method {method}: it fits no law.")
    for name in SAVING:
        if name in stated:
            raise InputError(
                f"--{name} is of no use with --method {method}: `plan` needs a law of the loss, "
                "and this is a rule for N and D alone. Keep it with --json, or save a fit of a law."
            )
    if method == "isoflop" and "group" in stated:
        raise InputError(
            "--group is of no use with --method isoflop, which takes one row per finished run. "
            "For checkpoints, use --method envelope."
        )
    if method == "envelope" and "tolerance" in stated:
        raise InputError("--tolerance is of no use with --method envelope: it needs no budgets.")


def run(given: Mapping[str, Any], *, stated: frozenset[str]) -> int:
    """Fit, print, and return the exit status: 1 if the result has a caveat.

    Raises:
        InputError: If the options or the runs cannot be used.
        FitError: If no power law can be told.
    """
    from autotune.cli import allocation_view

    request = read(given, stated=stated)
    runs = open_table(request)
    talk_mapping(runs.table.name, runs.mapping, runs.dropped)
    fitted = answer(request, runs)
    if given["json"]:
        console.emit_json(allocation_view.document(fitted))
    else:
        console.say(allocation_view.text(fitted))
    return 1 if fitted.result.caveats else 0
