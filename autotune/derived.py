"""Quantities that follow from a configuration, such as the tokens that a budget leaves."""

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from autotune.errors import ProblemError
from autotune.types import Config, Value

Rule: TypeAlias = Callable[[Config], float]
"""Computes one quantity from the parameters and, by name, from the other quantities."""


class Known(Mapping[str, Value]):
    """A configuration together with its derived quantities, each computed when first asked for.

    Raises:
        ProblemError: On access, if a rule fails or needs itself; the message names it.
    """

    def __init__(self, config: Config, rules: Mapping[str, Rule]) -> None:
        self._values: dict[str, Value] = dict(config)
        self._rules = rules
        self._open: list[str] = []

    def __getitem__(self, name: str) -> Value:
        """A parameter's value, or a derived quantity."""
        if name not in self._values:
            if name not in self._rules:
                raise KeyError(name)
            self._values[name] = self._derive(name)
        return self._values[name]

    def __contains__(self, name: object) -> bool:
        """Whether it is an active parameter or a derived quantity."""
        return name in self._values or name in self._rules

    def __iter__(self) -> Iterator[str]:
        """The parameters, then the derived quantities."""
        return iter(dict.fromkeys([*self._values, *self._rules]))

    def __len__(self) -> int:
        """How many names there are."""
        return len(set(self._values) | set(self._rules))

    def _derive(self, name: str) -> float:
        if name in self._open:
            way = " -> ".join([*self._open, name])
            raise ProblemError(f"derived quantity {name} needs itself: {way}.")
        self._open.append(name)
        try:
            return float(self._rules[name](self))
        except ProblemError:
            raise
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
            raise ProblemError(f"derived quantity {name} cannot be computed: {text}.") from error
        finally:
            self._open.pop()
