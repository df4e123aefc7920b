"""Calls and arguments of ConfigSpace before 1.0, accepted while a problem file is executed.

ytopt's problem files say `CSH.UniformIntegerHyperparameter("n", lower=2, upper=8, q=2)`, and
ConfigSpace 1.0 took `q` away. Inside `accepted()` the step is kept in the parameter's `meta`,
where the search honours it (`problem.step_of`); outside, ConfigSpace is as it was.
"""

import functools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ConfigSpace.hyperparameters import (
    BetaFloatHyperparameter,
    BetaIntegerHyperparameter,
    CategoricalHyperparameter,
    NormalFloatHyperparameter,
    NormalIntegerHyperparameter,
    OrdinalHyperparameter,
    UniformFloatHyperparameter,
    UniformIntegerHyperparameter,
)

from autotune.errors import ProblemError
from autotune.problem import STEP, step_of

UNIFORM = (UniformFloatHyperparameter, UniformIntegerHyperparameter)
OTHERS = (
    NormalFloatHyperparameter,
    NormalIntegerHyperparameter,
    BetaFloatHyperparameter,
    BetaIntegerHyperparameter,
    CategoricalHyperparameter,
    OrdinalHyperparameter,
)
PLACE = 4  # of q among the arguments of a uniform parameter; today `log`, a boolean, is there
RENAMED = {"default": "default_value", "probabilities": "weights"}


@contextmanager
def accepted() -> Iterator[None]:
    """Accept the old calls until the context is left; may be nested."""
    classes: tuple[Any, ...] = (*UNIFORM, *OTHERS)
    kept = [(cls, cls.__init__) for cls in classes]
    with warnings.catch_warnings():
        # add_hyperparameters and its like still work; each call says what to call instead
        warnings.filterwarnings("ignore", message="Please use", category=DeprecationWarning)
        for cls, init in kept:
            cls.__init__ = _accepting(init, positional=cls in UNIFORM)
        try:
            yield
        finally:
            for cls, init in kept:
                cls.__init__ = init


def _accepting(init: Callable[..., None], *, positional: bool) -> Callable[..., None]:
    """An initialiser that takes old names, and `q` by name or, if positional, at its old place."""

    @functools.wraps(init)
    def old(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        for before, now in RENAMED.items():
            if before in kwargs and now not in kwargs:
                kwargs[now] = kwargs.pop(before)
        step = kwargs.pop(STEP, None)
        if positional and len(args) > PLACE and not isinstance(args[PLACE], bool):
            step, args = args[PLACE], (*args[:PLACE], *args[PLACE + 1 :])
        init(self, *args, **kwargs)
        if step is not None:
            _keep(self, step)

    return old


def _keep(parameter: Any, step: Any) -> None:  # noqa: ANN401 - ConfigSpace's classes
    if not hasattr(parameter, "lower"):
        raise TypeError(f"{type(parameter).__name__} {parameter.name} takes no step q")
    parameter.meta = {**(parameter.meta or {}), STEP: step}
    try:
        step_of(parameter)
    except ProblemError as error:
        raise ValueError(str(error).removesuffix(".")) from None
