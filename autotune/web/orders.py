"""What workers send: what is to be tuned, what they ask for, and the outcomes they tell."""

import json
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import Field

from autotune import share
from autotune.desk import LEASE_SECONDS, Desk
from autotune.errors import InputError
from autotune.search.settings import SearchSettings
from autotune.store.study import Header, differences
from autotune.trials import Completed, Failed, FailureKind, Outcome, Timing
from autotune.types import Value
from autotune.web.strict import Strict

if TYPE_CHECKING:
    from ConfigSpace import ConfigurationSpace

    from autotune.problem import Problem

Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[!-~]+$")]
Text: TypeAlias = Annotated[str, Field(max_length=10_000)]
Finite: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]
Plain: TypeAlias = bool | int | Finite | str
Count: TypeAlias = Annotated[int, Field(ge=1, le=10_000_000)]
Seconds: TypeAlias = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class HeaderModel(Strict):
    """What a study tunes, as its `study.json` says it."""

    problem: Text = Field(description="Name of the problem.")
    file: Text = Field("", description="Where it was loaded from, or the name of a shared one.")
    options: dict[str, Plain] = Field({}, description="Options it was built with.")
    space: dict[str, Any] = Field(description="ConfigSpace's `to_serialized_dict()`.")
    unit: Text = ""
    units: dict[str, str] = Field({})
    and_minimize: Text = ""
    fidelity: Text = ""
    target: Plain | None = None
    cost: Text = ""


class SearchModel(Strict):
    """How configurations are proposed; as the options of `autotune tune` of these names."""

    engine: str = "native"
    learner: str = "auto"
    acq: str | None = None
    kappa: Finite = 1.96
    liar: str | None = None
    initial_points: Annotated[int, Field(ge=1, le=100_000)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 12345
    trust_region: bool = False
    workers: Annotated[int, Field(ge=1, le=100_000)] = 1


class DeskModel(Strict):
    """What a desk is opened with."""

    header: HeaderModel
    search: SearchModel = SearchModel()
    max_evals: Count = 100
    noise: Finite | Text = ""
    lease_seconds: Annotated[float, Field(ge=0.1, le=86_400)] = LEASE_SECONDS


class AskModel(Strict):
    """What a worker asks for."""

    worker: Name = Field(description="A name that no other worker has.")
    n: Annotated[int, Field(ge=0, le=1000)] = Field(1, description="Trials it can take at most.")
    holding: Annotated[list[Name], Field(max_length=10_000)] | None = Field(
        None,
        description="Ids of the trials it has, whose leases are renewed. What was leased to it "
        "and is not among them is handed to it again.",
    )


class ReleaseModel(Strict):
    """What a worker gives back."""

    worker: Name = Field(description="Who has them.")
    trials: Annotated[list[Name], Field(min_length=1, max_length=10_000)]


class Told(Strict):
    """The outcome of one trial: a value, or why there is none."""

    trial: Name
    attempt: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    worker: Name = Field(description="Who ran it; told again by the same, it is the same outcome.")
    seconds: Seconds = Field(0.0, description="Wall time of the evaluation.")
    ago: Seconds = Field(0.0, description="Seconds since it ended.")
    value: Finite | None = Field(None, description="The objective; null if the trial failed.")
    metrics: dict[str, Finite | None] = Field({}, description="Further numbers, by name.")
    failed: FailureKind | None = Field(None, description="Why it failed; null if it did not.")
    detail: Text = ""
    log: Annotated[str, Field(max_length=200_000)] = ""

    def outcome(self, desk: Desk) -> Outcome:
        """The outcome, with the configuration that the desk handed out.

        Raises:
            InputError: If it is of no trial, or says neither a value nor a failure.
        """
        trial = desk.trial(self.trial, self.attempt)
        ended = time.time() - self.ago
        timing = Timing(self.seconds, self.worker, ended - self.seconds, ended)
        if (self.value is None) == (self.failed is None):
            raise InputError(f"trial {self.trial}: give a value, or failed, and not both.")
        if self.failed is not None:
            return Failed(trial, self.failed, self.detail, timing, self.log)
        metrics = {name: math.nan if each is None else each for name, each in self.metrics.items()}
        assert self.value is not None
        return Completed(trial, float(self.value), timing, metrics)


class TellModel(Strict):
    """Outcomes."""

    outcomes: Annotated[list[Told], Field(min_length=1, max_length=1000)]


@dataclass(frozen=True, slots=True)
class Order:
    """What a desk is to be opened with, read."""

    header: Header
    settings: SearchSettings
    max_evals: int
    noise: float | str
    lease_seconds: float

    @classmethod
    def of(cls, model: DeskModel) -> "Order":
        """Read an order.

        Raises:
            InputError: If a setting is wrong.
        """
        return cls(
            header=Header(**model.header.model_dump()),
            settings=SearchSettings(**model.search.model_dump()),
            max_evals=model.max_evals,
            noise=model.noise,
            lease_seconds=model.lease_seconds,
        )

    def problem(self) -> "Problem":
        """What the search needs of the problem: never its objective.

        A problem that comes along is loaded, with its constraints. Of any other its space is all
        there is, since nobody's file is executed here.

        Raises:
            InputError: If there is no space, or it is not the problem's.
        """
        header = self.header
        shared = {path.stem for path in share.listing("problems", suffix=".py")}
        made = self._shared() if header.file in shared else _bare(header)
        return replace(self._aimed(made), noise=self.noise)

    def _shared(self) -> "Problem":
        """The problem of this name that comes along, if it is the one that is meant."""
        from autotune import problem_file

        header = self.header
        options = {name: str(value) for name, value in header.options.items()}
        problem = self._aimed(problem_file.load(header.file, options))
        differs = differences(Header.of(problem, header.file), header)
        if differs:
            raise InputError(
                f"{header.file} is another problem here: {'; '.join(differs)}. Use one version "
                "of autotune everywhere."
            )
        return problem

    def _aimed(self, problem: "Problem") -> "Problem":
        """A problem with the aims of the header."""
        header = self.header
        return replace(
            problem,
            and_minimize=header.and_minimize,
            fidelity=header.fidelity,
            cost=header.cost or problem.cost,
        )


def _bare(header: Header) -> "Problem":
    from autotune.problem import Problem

    return Problem(
        name=header.problem,
        summary=f"The problem of {header.file or header.problem}.",
        space=_space(header.space),
        objective=_elsewhere,
        unit=header.unit,
        units=dict(header.units),
    )


def _space(document: Mapping[str, Any]) -> "ConfigurationSpace":
    from ConfigSpace import ConfigurationSpace

    try:
        json.dumps(document, allow_nan=False)
        space = ConfigurationSpace.from_serialized_dict(dict(document))
    except Exception as error:  # noqa: BLE001 - ConfigSpace raises whatever comes
        text = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise InputError(
            f"the space cannot be read ({text}). Send ConfigSpace's to_serialized_dict()."
        ) from None
    if not len(space):
        raise InputError("the space has no parameters. Send ConfigSpace's to_serialized_dict().")
    return space


def _elsewhere(config: Mapping[str, Value]) -> float:
    raise NotImplementedError(f"workers evaluate {config}")
