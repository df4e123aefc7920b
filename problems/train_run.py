"""Real training runs of many sizes and lengths: what `autotune study` learns a scaling law from.

A trial trains one small dense model. Token budgets double; with `branches`, one run gives several
of them, each from a cooldown branch of one trunk (WSD), recorded as metrics `loss@TOKENS`.

Size is counted as training FLOPs per token over 6, as DeepSeek-AI (2024, arXiv:2401.02954) count
theirs: 6 n_active tokens then is the exact compute, which at this scale six FLOPs per parameter
miss by up to 90 %. `n_layers` of the model is what the trainer's rules give its size.

    autotune study train_run --target-flops 1e13 --spend 1e12 --workers 2
"""

from collections.abc import Mapping
from functools import cache

import numpy as np
from ConfigSpace import ConfigurationSpace, Constant, Integer, OrdinalHyperparameter

from autotune import checks
from autotune.architecture.conventions import CONVENTIONS
from autotune.architecture.flops import per_token
from autotune.architecture.shape import Architecture
from autotune.errors import InputError
from autotune.problem import Problem
from autotune.training.at_budget import UNITS, source
from autotune.training.small_shape import of_size
from autotune.types import Floats, FloatsLike, Value

SIZE_STEP = 2**0.5
COOLDOWN = 0.2
EXACT = CONVENTIONS["exact"]


def problem(
    *,
    smallest: float = 3e3,
    largest: float = 3e5,
    fewest_tokens: float = 1e5,
    most_tokens: float = 3.2e6,
    branches: int = 1,
    corpus: str = "",
    context: int = 128,
) -> Problem:
    """Train small dense models to learn how loss falls with size and tokens.

    Args:
        smallest: Parameters in layers of the smallest model.
        largest: Parameters in layers of the largest model.
        fewest_tokens: Least training tokens.
        most_tokens: Most training tokens; budgets halve down from it.
        branches: Token budgets that one run gives a loss at.
        corpus: A file or folder of text; empty for Python's standard library.
        context: Tokens of a sequence.
    """
    sizes = _doubling(smallest, largest, SIZE_STEP, what="smallest and largest")
    tokens = _doubling(fewest_tokens, most_tokens, 2.0, what="fewest_tokens and most_tokens")
    checks.at_least("branches", branches, 1, hint="1 gives the loss at the end alone.")

    @cache
    def shape(size: float) -> Architecture:
        return of_size(size)

    @cache
    def n_active(size: float) -> float:
        return per_token(shape(size), EXACT, seq_len=context).training / 6

    def law_inputs(columns: Mapping[str, Floats]) -> dict[str, FloatsLike]:
        found = [n_active(float(size)) for size in columns["size"]]
        return {"n_active": np.array(found), "tokens": np.asarray(columns["tokens"], np.float64)}

    def objective(config: dict[str, Value]) -> dict[str, float]:
        budgets = (*earlier(config), float(config["tokens"]))
        return _trained(shape(float(config["size"])), budgets, int(config["seed"]), corpus, context)

    def earlier(config: Mapping[str, Value]) -> tuple[float, ...]:
        """Token counts of the branches, the fewest first."""
        halves = (float(config["tokens"]) / 2**i for i in reversed(range(1, branches)))
        return tuple(each for each in halves if each >= fewest_tokens * (1 - 1e-9))

    def flops(config: Mapping[str, Value]) -> float:
        """Of the trunk, and of the cooldown of each branch."""
        tokens = float(config["tokens"]) + COOLDOWN * sum(earlier(config))
        return 6 * n_active(float(config["size"])) * tokens

    space = ConfigurationSpace(name="train_run")
    space.add(_ordered("size", sizes), _ordered("tokens", tokens), Integer("seed", (0, 99)))
    return Problem(
        name="train_run",
        summary=f"Dense models of {smallest:g} to {largest:g} parameters on up to "
        f"{most_tokens:g} tokens.",
        space=space,
        objective=objective,
        unit="nats/token",
        units={**UNITS, "size": "parameters in layers", "n_active": "FLOPs per token / 6"},
        source=source(corpus),
        derived={
            "n_active": lambda config: n_active(float(config["size"])),
            "flops": flops,
        },
        law_inputs=law_inputs,
        branches=earlier,
    )


def _trained(
    shape: Architecture, tokens: tuple[float, ...], seed: int, corpus: str, context: int
) -> dict[str, float]:
    from autotune.training.corpus import open_corpus
    from autotune.training.loop import train
    from autotune.training.model_spec import of_architecture
    from autotune.training.result import RunState
    from autotune.training.run import TrainingRun
    from autotune.training.settings import Settings
    from autotune.training.watch import Watch

    run = TrainingRun(
        model=of_architecture(shape), tokens=tokens, seed=seed, settings=Settings(context=context)
    )
    results = list(train(run, open_corpus([corpus] if corpus else []), Watch()))
    last = results[-1]
    if last.state is not RunState.COMPLETED or last.loss is None:
        raise FloatingPointError(f"{last.state}: {last.detail}")
    earlier = zip(tokens[:-1], results[:-1], strict=True)
    return {f"loss@{budget:.12g}": each.loss for budget, each in earlier if each.loss} | {
        "objective": last.loss,
        "cpu_seconds": sum(each.cost.cpu_seconds for each in results),
    }


def _doubling(low: float, high: float, ratio: float, *, what: str) -> list[float]:
    checks.positive(what, [low, high], hint="They are counts.")
    if low > high:
        raise InputError(f"{what} must rise, not {low:g} to {high:g}.")
    steps = int(np.log(high / low) / np.log(ratio) + 1e-9)
    return [float(round(high / ratio**i)) for i in range(steps, -1, -1)]


def _ordered(name: str, values: list[float]) -> OrdinalHyperparameter | Constant:
    return OrdinalHyperparameter(name, values) if len(values) > 1 else Constant(name, values[0])
