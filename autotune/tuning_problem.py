"""ytopt's problem class, under the name that its problem files import."""

from typing import Any

from autotune.problem import Objective


class TuningProblem:
    """The problem class of ytopt's files, so that they run unchanged.

    Both published signatures are taken, by position and by keyword:
    `(task_space, input_space, output_space, objective, constraints, model, name)` and
    `(input_space, parameter_space, output_space, objective, constraints, models, name,
    constants)`. What is tuned is the second argument either way. As in ytopt, everything but
    that space and the objective is kept and not used.

    Attributes:
        tuned: The space that is searched.
    """

    def __init__(
        self,
        task_space: Any = None,  # noqa: ANN401 - ytopt's files pass whatever they like
        input_space: Any = None,  # noqa: ANN401
        output_space: Any = None,  # noqa: ANN401
        objective: Objective | None = None,
        constraints: Any = None,  # noqa: ANN401
        model: Any = None,  # noqa: ANN401
        name: str | None = None,
        constants: Any = None,  # noqa: ANN401
        *,
        parameter_space: Any = None,  # noqa: ANN401
        models: Any = None,  # noqa: ANN401
        **further: Any,  # noqa: ANN401
    ) -> None:
        tuned = input_space if parameter_space is None else parameter_space
        if objective is None or tuned is None:
            raise TypeError("TuningProblem needs an input_space and an objective")
        self.tuned = tuned
        self.task_space = task_space
        self.input_space = input_space
        self.parameter_space = parameter_space
        self.output_space = output_space
        self.objective = objective
        self.constraints = constraints
        self.model = model
        self.models = models
        self.name = name
        self.constants = constants
        self.further = further

    def update_input_space(self, input_space: Any) -> None:  # noqa: ANN401
        """Replace the space of the tasks, or of the parameters where they are one."""
        if self.tuned is self.input_space:
            self.tuned = input_space
        self.input_space = input_space
