"""Problem files: found by name, path or module, executed once, read as a `Problem`.

A file defines a function `problem(*, option: type = default, ...) -> Problem`, or a
module-level `problem` or `Problem` that is one, or one of ytopt's: any object with an
`input_space` (ConfigSpace or skopt) and an `objective`.
"""

import hashlib
import importlib.util
import inspect
import math
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from ConfigSpace import ConfigurationSpace

from autotune import old_configspace, problem_options, share
from autotune.errors import AutotuneError, ProblemError
from autotune.problem import Objective, Problem
from autotune.problem_options import Option
from autotune.types import Value

EXPECTED = (
    "Define a function problem(*, option=default, ...) that returns an autotune.Problem, "
    "or an object Problem with an input_space and an objective"
)


@dataclass(frozen=True, slots=True)
class ProblemFile:
    """A problem file that was executed.

    Attributes:
        path: Where it lies.
        doc: Its docstring.
        options: The options that `build` takes.
        origin: What `read` finds it by from any folder: a shared name, the path, or `path:Name`
            of an object in it.
    """

    path: Path
    doc: str
    options: tuple[Option, ...]
    origin: str
    _make: Callable[[dict[str, Value]], Any]

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.stem

    @property
    def summary(self) -> str:
        """The first line of its docstring."""
        return self.doc.strip().partition("\n")[0]

    def build(self, given: Mapping[str, str]) -> Problem:
        """Make the problem with options as written on the command line.

        Raises:
            InputError: If an option is unknown, of the wrong kind or out of its domain.
            ProblemError: If the file makes something that is not a problem.
        """
        values = problem_options.parse(self.options, given, problem=self.name)
        made = _run(lambda: self._make(values), self.path)
        return replace(_as_problem(made, self), options=values)


def load(name: str, options: Mapping[str, str]) -> Problem:
    """Load a problem by whatever `read` takes.

    Args:
        name: `my/problem.py`, `moe_budget`, or ytopt's way, `problem.Problem`.
        options: Options by name, as text.

    Raises:
        InputError: If there is no such file, or an option is wrong.
        ProblemError: If the file cannot be executed, or does not define a usable problem.
    """
    return read(name).build(options)


def read(name: str) -> ProblemFile:
    """Find and execute a problem file, without building its problem.

    Args:
        name: A path, the name of a shared problem, `path:Name` of an object in a file, or
            `package.module.Name`, looked for in this folder and on Python's path.

    Raises:
        InputError: If there is no such file.
        ProblemError: If the file cannot be executed, or defines no problem.
    """
    path, wanted = _locate(name)
    origin = f"{path}:{wanted}" if wanted else name if path.stem == name else str(path)
    module = _execute(path)
    doc = module.__doc__ or ""
    found = _defined(module, wanted)
    if found is None:
        raise ProblemError(
            f"{path} defines no {wanted or 'problem'}: {_what_it_defines(module)}. {EXPECTED}."
        )
    if not inspect.isfunction(found):
        return ProblemFile(path, doc, (), origin, lambda _: found)
    try:
        options = problem_options.options_of(found)
    except ProblemError as error:
        raise ProblemError(f"{path}: {error}.") from None
    return ProblemFile(path, doc, options, origin, lambda values: found(**values))


def _defined(module: ModuleType, wanted: str) -> Any:  # noqa: ANN401 - whatever the file makes
    """The problem, or the function that makes it; None if there is neither."""
    for name in (wanted,) if wanted else ("problem", "Problem"):
        found = getattr(module, name, None)
        if found is not None and not inspect.isclass(found) and not inspect.ismodule(found):
            return found
    return None


def _locate(name: str) -> tuple[Path, str]:
    """The file that a name stands for, and the object wanted from it if the name says so."""
    before, _, wanted = name.rpartition(":")
    if before.endswith(".py") and wanted.isidentifier():
        return share.find("problems", before, suffix=".py"), wanted
    module, _, wanted = name.rpartition(".")
    parts = module.split(".")
    if module and wanted != "py" and all(part.isidentifier() for part in (*parts, wanted)):
        for folder in dict.fromkeys([".", *sys.path]):
            path = Path(folder, *parts).with_suffix(".py")
            if path.is_file():
                return path.resolve(), wanted
    return share.find("problems", name, suffix=".py"), ""


def _execute(path: Path) -> ModuleType:
    """Run a file as a module of its own; its folder is searched last for what it imports."""
    # Two files of one name may be loaded side by side, and dataclasses look their module up.
    name = f"autotune_problem_{path.stem}_{hashlib.sha256(str(path).encode()).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ProblemError(f"{path} is not a Python file: its name must end in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    if str(path.parent) not in sys.path:
        sys.path.append(str(path.parent))
    loader = spec.loader
    _run(lambda: loader.exec_module(module), path)
    return module


def _run(step: Callable[[], Any], path: Path) -> Any:  # noqa: ANN401 - whatever the file makes
    """Run a user's code; what it raises becomes one line with the file and line.

    What it prints goes to stderr: stdout belongs to results.
    """
    try:
        with redirect_stdout(sys.stderr), old_configspace.accepted():
            return step()
    except AutotuneError:
        raise
    except SyntaxError as error:
        raise ProblemError(f"{error.filename}:{error.lineno}: {error.msg}.") from error
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        line = next((f.lineno for f in reversed(frames) if f.filename == str(path)), "?")
        text = " ".join(str(error).split())
        raise ProblemError(f"{path}:{line}: {type(error).__name__}: {text}") from error


def _as_problem(made: Any, file: ProblemFile) -> Problem:  # noqa: ANN401
    if isinstance(made, Problem):
        return made
    space = getattr(made, "tuned", getattr(made, "input_space", None))
    objective = getattr(made, "objective", None)
    if space is None or not callable(objective):
        raise ProblemError(
            f"{file.path}: its problem is a {type(made).__name__} without an input_space and an "
            f"objective to call. {EXPECTED}."
        )
    if not isinstance(space, ConfigurationSpace):
        from autotune.space import to_configspace

        try:
            space = to_configspace(space)
        except ProblemError as error:
            raise ProblemError(f"{file.path}: {error}") from None
    return Problem(
        name=file.name,
        summary=file.summary or f"The ytopt problem of {file.path.name}.",
        space=space,
        objective=_with_every_name(objective, space),
        source=f"{file.path}{_unused(made)}",
    )


def _with_every_name(objective: Objective, space: ConfigurationSpace) -> Objective:
    """Call an objective as ytopt does: what a condition switches off is not-a-number."""
    if not space.conditions:
        return objective
    absent: dict[str, Value] = dict.fromkeys(space, math.nan)
    return lambda config: objective(absent | config)


def _unused(made: Any) -> str:  # noqa: ANN401
    constraints = getattr(made, "constraints", None)
    return "; its constraints are kept and not enforced, as in ytopt" if constraints else ""


def _what_it_defines(module: ModuleType) -> str:
    names = [
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and not inspect.ismodule(value)
        and getattr(value, "__module__", module.__name__) == module.__name__
    ]
    for name in ("problem", "Problem"):
        if inspect.isclass(getattr(module, name, None)):
            return f"its {name} is a class, not an instance"
    return f"it defines {', '.join(names[:8])}" if names else "it defines nothing"
