"""The best sparsity of a model, where it must be said what is held fixed.

The second direction of the generalized law. Three different questions with three different
answers, all at a fixed budget C = 6 N_active D:

* `hold=n-total`: the memory is fixed; more sparsity means fewer active parameters and more
  tokens. A law that penalises few active parameters has its optimum inside.
* `hold=tokens`: active size and tokens are fixed; more sparsity is more total parameters for
  free. The published laws then always end at the upper bound.
* `hold=nothing`: the active size is chosen anew for each sparsity. Again at the upper bound.

Loss is in nats per token of the law's own corpus: do not compare it across laws.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
from ConfigSpace import ConfigurationSpace, Float

from autotune import checks, problem_parts
from autotune.derived import Rule
from autotune.laws.base import ScalingLaw
from autotune.laws.trading import law_for
from autotune.problem import Problem, Reference
from autotune.types import Config, Floats, Value

Hold = Literal["n-total", "tokens", "nothing"]


def problem(
    *,
    flops: float = 1e21,
    law: str = "generalized-moe",
    hold: Hold = "n-total",
    n_total: float = 1e10,
    n_active: float = 1e9,
    max_sparsity: float = 0.99,
) -> Problem:
    """Find the sparsity with the least predicted loss.

    Args:
        flops: Training compute in FLOPs, 6 per active parameter and token.
        law: A preset of `autotune laws` with a sparsity term.
        hold: What stays fixed while sparsity varies.
        n_total: Total parameters, used by `hold=n-total`.
        n_active: Active parameters, used by `hold=tokens`; tokens follow from the budget.
        max_sparsity: Upper bound of the sparsity, in (0, 1).
    """
    checks.fraction("max_sparsity", max_sparsity, hint="It is 1 - n_active / n_total.")
    checks.positive("max_sparsity", max_sparsity, hint="A range from 0 to 0 has no choice in it.")
    checks.positive("n_total", n_total, hint="It is in parameters, such as 1e10.")
    checks.positive("n_active", n_active, hint="It is in parameters, such as 1e9.")
    low, high = problem_parts.sizes_for(flops)
    choice = Choice(law_for(law, sparsity=max_sparsity), flops, hold, n_total, n_active)
    space = ConfigurationSpace(name="best_sparsity")
    space.add(Float("sparsity", (0.0, max_sparsity)))
    if hold == "nothing":
        space.add(Float("n_active", (low, high), log=True))
    held = {"n-total": f"{n_total:g} total parameters", "tokens": f"{n_active:g} active parameters"}
    return Problem(
        name="best_sparsity",
        summary=f"Sparsity of least loss for {flops:g} FLOPs and {held.get(hold, 'any size')} "
        f"by {law}.",
        space=space,
        objective=choice.measure,
        unit=choice.law.source.loss_unit,
        units=problem_parts.UNITS,
        source=problem_parts.provenance(choice.law),
        derived=choice.derived(),
        best_known=lambda: replace(
            choice.best(low, high, max_sparsity),
            command=problem_parts.plan_command(
                flops,
                law,
                hold=hold,
                n_total=n_total if hold == "n-total" else 0,
                n_active=n_active if hold == "tokens" else 0,
                sparsity_range=f"0,{max_sparsity!r}",
            ),
        ),
        law_inputs=choice.law_inputs,
    )


class Choice:
    """A law at a budget, as a function of sparsity with something held."""

    def __init__(
        self, law: ScalingLaw, flops: float, hold: Hold, n_total: float, n_active: float
    ) -> None:
        self.law = law
        self.flops = flops
        self.hold = hold
        self._held_total = n_total
        self._held_active = n_active

    def size(self, sparsity: Floats) -> Floats:
        """Active parameters at a sparsity, with total or active ones held."""
        if self.hold == "n-total":
            return np.asarray(self._held_total * (1 - sparsity))
        return np.full_like(sparsity, self._held_active)

    def loss(self, n_active: Floats, sparsity: Floats) -> Floats:
        """Predict the loss of models that spend the budget."""
        return self.law.loss(n_active, problem_parts.tokens_for(self.flops, n_active), sparsity)

    def law_inputs(self, columns: Mapping[str, Floats]) -> dict[str, Floats]:
        """What a law needs of configurations, an array of shape (m,) per name."""
        sparsity = columns["sparsity"]
        n_active = columns.get("n_active", self.size(sparsity))
        tokens = problem_parts.tokens_for(self.flops, n_active)
        return {"n_active": n_active, "tokens": tokens, "sparsity": sparsity}

    def active(self, config: Config) -> float:
        """Active parameters of a configuration, chosen or held."""
        if "n_active" in config:
            return float(config["n_active"])
        return float(self.size(np.asarray(float(config["sparsity"]))))

    def derived(self) -> dict[str, Rule]:
        """What follows from a configuration; the active size only where it is not chosen."""
        rules: dict[str, Rule] = {
            "tokens": lambda c: float(problem_parts.tokens_for(self.flops, float(c["n_active"]))),
            "n_total": lambda c: float(c["n_active"]) / (1 - float(c["sparsity"])),
        }
        if self.hold == "nothing":
            return rules
        return rules | {"n_active": lambda c: float(self.size(np.asarray(float(c["sparsity"]))))}

    def measure(self, config: dict[str, Value]) -> dict[str, float]:
        """The objective: loss, and how far it extrapolates."""
        sparsity, n_active = float(config["sparsity"]), self.active(config)
        tokens = float(problem_parts.tokens_for(self.flops, n_active))
        return {
            "objective": float(self.loss(np.asarray(n_active), np.asarray(sparsity))),
            **problem_parts.beyond(self.law, n_active, tokens, n_active / (1 - sparsity)),
        }

    def best(self, low: float, high: float, max_sparsity: float) -> Reference:
        """Minimise over the kept share 1 - S, with the best size inside if it is free."""

        def sizes(kept: Floats) -> tuple[Floats, Floats]:
            sparsity = 1 - kept
            if self.hold != "nothing":
                return self.size(sparsity), self.loss(self.size(sparsity), sparsity)
            shape = np.ones_like(kept)
            return problem_parts.least(lambda n: self.loss(n, sparsity), low * shape, high * shape)

        kept, loss = problem_parts.least(
            lambda share: sizes(share)[1], np.array([1 - max_sparsity]), np.array([1.0])
        )
        sparsity = min(float(1 - kept[0]), max_sparsity)
        config: dict[str, Value] = {"sparsity": sparsity}
        if self.hold == "nothing":
            config["n_active"] = float(sizes(kept)[0][0])
        at = " at the upper bound" if np.isclose(sparsity, max_sparsity, rtol=1e-12) else ""
        return Reference(float(loss[0]), config, f"exact: nested 1-D minima{at}")
