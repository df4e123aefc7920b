"""Tune any training script: its settings go into a command line, its loss comes out of its print.

Every `{name}` in the command, outside of quotes, is replaced by the value of that parameter, as one
word whatever is in it. The loss is the last number that `result` finds in what the script prints,
or with an empty `result` the last line that is JSON, as for the problem `command`. A loss that is
not finite is a run that diverged, and `out of memory` in an error message is told apart from a
crash.

With `fidelity`, that parameter sets how much is trained (iterations, tokens): smaller values are
cheaper, and the loss is wanted at its largest.

    autotune tune train_command --set 'command=train.py --lr={lr}' --set params=lr:float:1e-4:1:log
"""

import math
import re
import string
from collections.abc import Mapping
from dataclasses import replace

from autotune import checks, problem_file
from autotune.errors import InputError
from autotune.problem import Problem
from autotune.types import Value

NANOGPT = r"val loss ([0-9.]+|nan|inf)"
"""What nanoGPT prints at each evaluation: `step 250: train loss 1.9411, val loss 2.0012`."""
KEPT = "launcher"
"""A place in the command that is not a parameter's: the words that start a trial's ranks."""
MEMORY = re.compile("out of memory|OutOfMemory", re.IGNORECASE)


def problem(
    *,
    command: str,
    params: str = "",
    space: str = "",
    result: str = NANOGPT,
    fidelity: str = "",
    timeout: str = "1d",
    unit: str = "nats/token",
) -> Problem:
    """Minimise the loss that a training script prints.

    Args:
        command: The script with its arguments; `{name}` stands for a parameter.
        params: The space in short, as for the problem `command`.
        space: Instead of `params`, a file written by ConfigSpace's `to_json`.
        result: A regular expression whose group is the loss; its last match counts. Empty for
            JSON.
        fidelity: A parameter that makes trials cheaper, such as the number of iterations.
        timeout: When to end a trial, such as 90s, 30m or 6h.
        unit: Unit of the loss.
    """
    given = {"params": params, "space": space, "result": result, "timeout": timeout}
    filled, names = _filled(command)
    made = problem_file.load("command", {"command": filled, "unit": unit, **given})
    for name in names:
        checks.one_of("parameter in the command", name, made.space)
    unused = [name for name in made.space if name not in names]
    if unused and names:
        raise InputError(f"parameter {unused[0]} is not in the command: write {{{unused[0]}}}.")
    if fidelity:
        checks.one_of("fidelity", fidelity, made.space)

    def objective(config: dict[str, Value]) -> float | Mapping[str, float]:
        try:
            answer = made.objective(config)
        except RuntimeError as error:
            if MEMORY.search(str(error)):
                raise MemoryError(str(error)) from error
            raise
        loss = answer["objective"] if isinstance(answer, Mapping) else answer
        if not math.isfinite(loss):
            raise FloatingPointError(f"the loss is {loss}")
        return answer

    return replace(
        made,
        name="train_command",
        summary=f"Least loss that {command!r} prints.",
        objective=objective,
        source="the training script",
        fidelity=fidelity,
    )


def _filled(command: str) -> tuple[str, list[str]]:
    """The command with its places made references to the environment, and their names."""
    names = []
    filled = ""
    try:
        for text, name, _, _ in string.Formatter().parse(command):
            filled += text
            if name == KEPT:
                filled += f"{{{KEPT}}}"
            elif name is not None:
                names.append(name)
                filled += f'"${_variable(name)}"'
    except ValueError as error:
        raise InputError(
            f"cannot read the command {command!r}: {error}. Write {{{{ for a brace of its own."
        ) from error
    return filled, names


def _variable(name: str) -> str:
    """How the problem `command` calls a parameter's variable."""
    return "AUTOTUNE_P_" + re.sub(r"\W", "_", name).upper()
