"""Tune any shell command: its configuration goes in as JSON, its result comes out as JSON.

The command gets the configuration as one JSON object on stdin and in the variable
AUTOTUNE_CONFIG, and each parameter in AUTOTUNE_P_<NAME>. The last line of its stdout that is a
JSON number or object is the result: the value to minimise, or an object with the key
`objective` whose other numbers are recorded as metrics. With `result` it is the last number that
a regular expression finds. A status other than 0, or no result, is a failed trial. When the command
ends or its time is up, whatever is left of its process group is ended, and nothing else.

Where a trial has ranks of its own (`autotune tune --ranks-per-trial R` under mpiexec or srun), the
words that start them stand in place of `{launcher}` in the command, or before the whole command
if it has no such place.

    autotune tune command --set 'command=python train.py' --set 'params=lr:float:1e-4:1e-1:log'
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from ConfigSpace import Categorical, ConfigurationSpace, Float, Integer

from autotune.errors import InputError
from autotune.problem import Problem
from autotune.quantities import format_seconds, parse_count, parse_seconds
from autotune.types import Value

TAIL_BYTES = 2000
GRACE_SECONDS = 2.0
LAUNCHER, PLACE = "AUTOTUNE_TRIAL_LAUNCHER", "{launcher}"
EXAMPLE = "lr:float:1e-4:1e-1:log,width:int:64:1024,act:cat:relu|gelu"


def problem(
    *,
    command: str,
    params: str = "",
    space: str = "",
    result: str = "",
    timeout: str = "1d",
    unit: str = "",
) -> Problem:
    """Minimise what a shell command reports.

    Args:
        command: What `/bin/sh -c` runs, in the current folder.
        params: The space in short: `name:float:low:high[:log]`, `name:int:low:high[:log]` or
            `name:cat:a|b|c` (`ord` if the order means something), separated by commas.
        space: Instead of `params`, a file written by ConfigSpace's `to_json`.
        result: A regular expression whose group is the value, such as `val loss ([0-9.]+)`; its
            last match counts. Empty for JSON.
        timeout: When to end the command, such as 90s, 30m or 6h.
        unit: Unit of the value that the command reports.
    """
    configuration_space = _space(params, space)
    names = {_variable(name): name for name in configuration_space}
    if len(names) < len(configuration_space):
        raise InputError(f"parameter names must differ as environment variables: {sorted(names)}.")
    seconds, pattern = parse_seconds(timeout), _pattern(result)

    def objective(config: dict[str, Value]) -> float | Mapping[str, float]:
        said = _run(command, config, seconds)
        return _result(said) if pattern is None else _matched(said, pattern)

    return Problem(
        name="command",
        summary=f"Least value that {command!r} reports.",
        space=configuration_space,
        objective=objective,
        unit=unit,
        source="the command",
    )


def _run(command: str, config: dict[str, Value], timeout: float) -> str:
    """Run the command in a process group of its own; return its stdout."""
    text = json.dumps(config)
    variables = {_variable(name): _text(value) for name, value in config.items()}
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        given.write(text.encode())
        given.seek(0)
        process = subprocess.Popen(
            _words(command),
            stdin=given,
            stdout=out,
            stderr=err,
            env={**os.environ, **variables, "AUTOTUNE_CONFIG": text},
            start_new_session=True,
        )
        try:
            in_time = _ends_within(process.pid, timeout)
            if not in_time:
                _signal_group(process.pid, signal.SIGTERM)
                _ends_within(process.pid, GRACE_SECONDS)
        finally:
            # Its leader has not been waited for, so the group's number is still its own.
            _signal_group(process.pid, signal.SIGKILL)
            status = process.wait()
        complaint = _tail(err)
        print(complaint, end="", file=sys.stderr)  # noqa: T201 - goes to the trial's log
        if not in_time:
            raise TimeoutError(f"the command ran longer than {format_seconds(timeout)}")
        if status:
            ended = f"by signal {-status}" if status < 0 else f"with status {status}"
            last = complaint.strip().splitlines()[-1:] or ["nothing on stderr"]
            raise RuntimeError(f"the command ended {ended}: {last[0]}")
        out.seek(0)
        return out.read().decode(errors="replace")


def _words(command: str) -> list[str]:
    """What runs a command, with what starts its ranks if it has several."""
    launcher = os.environ.get(LAUNCHER, "")
    if PLACE in command:
        return ["/bin/sh", "-c", command.replace(PLACE, launcher)]
    return [*launcher.split(), "/bin/sh", "-c", command]


def _ends_within(pid: int, seconds: float) -> bool:
    """Wait for a child to end, without collecting it; say whether it did."""
    end, pause = time.monotonic() + seconds, 0.001
    while not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        left = end - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(pause, left))
        pause = min(2 * pause, 0.05)
    return True


def _signal_group(leader: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def _tail(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL_BYTES))
    return file.read().decode(errors="replace")


def _result(stdout: str) -> float | Mapping[str, float]:
    """The last line that is a JSON number or object."""
    for line in reversed(stdout.splitlines()):
        with suppress(ValueError):
            found: Any = json.loads(line)
            if isinstance(found, int | float | dict) and not isinstance(found, bool):
                return found
    last = stdout.strip().splitlines()[-1:] or ["nothing"]
    raise ValueError(f"the command printed no JSON number or object; its last line: {last[0]!r}")


def _pattern(text: str) -> "re.Pattern[str] | None":
    """A regular expression with one group, None for an empty text."""
    if not text:
        return None
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise InputError(f"cannot read the result {text!r}: {error}.") from error
    if pattern.groups != 1:
        raise InputError(
            f"the result {text!r} has {pattern.groups} groups, not one: put the number in "
            "parentheses, as in val loss ([0-9.]+)."
        )
    return pattern


def _matched(stdout: str, pattern: "re.Pattern[str]") -> float:
    """The number in the last match."""
    found = pattern.findall(stdout)
    if not found:
        last = stdout.strip().splitlines()[-1:] or ["nothing"]
        raise ValueError(f"no output matches {pattern.pattern!r}; its last line: {last[0]!r}")
    return float(found[-1])


def _space(params: str, file: str) -> ConfigurationSpace:
    if bool(params) == bool(file):
        raise InputError(f"give either params (such as {EXAMPLE}) or space (a JSON file).")
    if file:
        try:
            return ConfigurationSpace.from_json(Path(file))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"cannot read a space from {file}: {error}.") from error
    space = ConfigurationSpace()
    for part in params.split(","):
        try:
            space.add(_parameter(*part.strip().split(":")))
        except (TypeError, ValueError) as error:
            raise InputError(
                f"cannot read the parameter {part!r}: {error}. Write it as in {EXAMPLE}."
            ) from error
    return space


def _parameter(name: str, kind: str, *rest: str) -> Any:  # noqa: ANN401 - ConfigSpace's classes
    if kind in ("cat", "ord"):
        (values,) = rest
        return Categorical(name, _values(values.split("|")), ordered=kind == "ord")
    low, high, *flags = rest
    if flags not in ([], ["log"]):
        raise ValueError(f"{':'.join(flags)!r} is not 'log'")
    ends = parse_count(low), parse_count(high)
    if kind == "float":
        return Float(name, ends, log=bool(flags))
    if kind == "int":
        return Integer(name, (int(ends[0]), int(ends[1])), log=bool(flags))
    raise ValueError(f"{kind!r} is none of float, int, cat, ord")


def _values(words: list[str]) -> list[int] | list[float] | list[str]:
    """Numbers if all of them are, text otherwise."""
    for read in (int, float):
        with suppress(ValueError):
            return [read(word) for word in words]
    return words


def _variable(name: str) -> str:
    return "AUTOTUNE_P_" + re.sub(r"\W", "_", name).upper()


def _text(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)
