"""Compute-optimal mixture of experts: active parameters, experts and top-k for a budget.

Training tokens are what the budget pays for at the active size, D = C / (6 N_active), so every
configuration costs exactly the budget. Experts and top-k are integers and set the sparsity
through the share of active parameters that sit in experts:
n_total = n_active (1 - share + share n_experts / top_k), sparsity = 1 - n_active / n_total.
A cap on total parameters (memory) keeps the best sparsity inside its range: with a free size
every published sparse law asks for as many experts as it may have.

Loss is in nats per token of the law's own corpus: do not compare it across laws.
"""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from ConfigSpace import ConfigurationSpace, Constant, Float, Integer

from autotune import checks, problem_parts
from autotune.errors import InfeasibleError, InputError
from autotune.laws.base import ScalingLaw
from autotune.laws.trading import law_for
from autotune.problem import Constraint, Problem, Reference
from autotune.types import Config, Floats, Value

LAYOUT = ("n_experts", "top_k", "granularity")
MAX_GRANULARITY = 16


def problem(
    *,
    flops: float = 1e21,
    law: str = "generalized-moe",
    max_total: float = 1e10,
    expert_share: float = 2 / 3,
    max_experts: int = 256,
    max_top_k: int = 16,
) -> Problem:
    """Find the sparse model with the least predicted loss for a budget and a memory cap.

    Args:
        flops: Training compute in FLOPs, 6 per active parameter and token.
        law: A preset of `autotune laws` with a sparsity term.
        max_total: Cap on total parameters.
        expert_share: Share of the active parameters that sit in experts, in (0, 1].
        max_experts: Most experts per layer.
        max_top_k: Most experts that a token passes through.
    """
    model = SparseModel(law_for(law, factors=LAYOUT, sparsity=0.5), flops, expert_share)
    low, high = _sizes(flops, max_total)
    for name, most in (("max_experts", max_experts), ("max_top_k", max_top_k)):
        checks.at_least(name, most, 1, hint="1 is a dense model.")
    space = ConfigurationSpace(name="moe_budget")
    space.add(
        Float("n_active", (low, high), log=True),
        _integer("n_experts", max_experts, log=True),
        _integer("top_k", max_top_k, log=False),
    )
    if "granularity" in model.law.factors:
        space.add(_integer("granularity", MAX_GRANULARITY, log=True))
    layouts = _layouts(max_experts, max_top_k, granular="granularity" in space)
    return Problem(
        name="moe_budget",
        summary=f"Sparse model of least loss for {flops:g} FLOPs and at most {max_total:g} "
        f"total parameters by {law}.",
        space=space,
        objective=model.measure,
        unit=model.law.source.loss_unit,
        units=problem_parts.UNITS,
        source=problem_parts.provenance(model.law),
        constraints=(
            Constraint("top_k <= n_experts", lambda c: float(c["top_k"]) <= float(c["n_experts"])),
            Constraint(f"n_total <= {max_total:g}", lambda c: float(c["n_total"]) <= max_total),
        ),
        derived=problem_parts.model_of(model.tokens, model.n_total),
        best_known=lambda: replace(
            model.best(layouts, low=low, high=high, max_total=max_total),
            command=_command(model, law, max_total=max_total, max_experts=max_experts),
        ),
        law_inputs=model.law_inputs,
    )


class SparseModel:
    """A law at a budget, as a function of active size and expert layout."""

    def __init__(self, law: ScalingLaw, flops: float, expert_share: float) -> None:
        if not 0 < expert_share <= 1:
            raise InputError(f"expert_share must lie in (0, 1], not {expert_share:g}.")
        self.law = law
        self.flops = flops
        self.expert_share = expert_share

    def loss(self, n_active: Floats, layout: dict[str, Floats]) -> Floats:
        """Predict the loss of models, shape (m,); `layout` has an array per name."""
        return self.law.loss(
            n_active,
            problem_parts.tokens_for(self.flops, n_active),
            1 - 1 / self.expansion(layout),
            **{name: layout[name] for name in self.law.factors},
        )

    def expansion(self, layout: dict[str, Floats]) -> Floats:
        """n_total / n_active."""
        return problem_parts.expansion(
            layout["n_experts"], layout["top_k"], expert_share=self.expert_share
        )

    def tokens(self, config: Config) -> float:
        """Training tokens that the budget pays for."""
        return float(problem_parts.tokens_for(self.flops, float(config["n_active"])))

    def n_total(self, config: Config) -> float:
        """Total parameters of a configuration."""
        return float(config["n_active"]) * float(self.expansion(_layout(config)))

    def law_inputs(self, columns: Mapping[str, Floats]) -> dict[str, Floats]:
        """What a law needs of configurations, an array of shape (m,) per name."""
        n_active = columns["n_active"]
        layout = {name: columns[name] for name in LAYOUT if name in columns}
        return {
            "n_active": n_active,
            "tokens": problem_parts.tokens_for(self.flops, n_active),
            "sparsity": 1 - 1 / self.expansion(layout),
            **layout,
        }

    def measure(self, config: dict[str, Value]) -> dict[str, float]:
        """The objective: loss, and how far it extrapolates."""
        n_active = float(config["n_active"])
        n_total = self.n_total(config)
        return {
            "objective": float(self.loss(np.asarray(n_active), _layout(config))),
            **problem_parts.beyond(self.law, n_active, self.tokens(config), n_total),
        }

    def best(
        self, layouts: dict[str, Floats], *, low: float, high: float, max_total: float
    ) -> Reference:
        """Enumerate every layout, each with its best active size under the cap."""
        seen = np.stack([self.expansion(layouts), *(layouts[name] for name in self.law.factors)])
        _, first = np.unique(seen, axis=1, return_index=True)
        fits = first[seen[0, first] * low <= max_total]
        layout = {name: values[fits] for name, values in layouts.items()}
        cap = np.minimum(high, max_total * (1 - 1e-12) / seen[0, fits])
        n_active, loss = problem_parts.least(
            lambda n: self.loss(n, layout), np.full(len(fits), low), cap
        )
        i = int(loss.argmin())
        config = {name: int(values[i]) for name, values in layout.items()}
        return Reference(
            float(loss[i]),
            {"n_active": float(n_active[i]), **config},
            "exact: every expert layout, each with its 1-D minimum in n_active",
        )


def _sizes(flops: float, max_total: float) -> tuple[float, float]:
    low, high = problem_parts.sizes_for(flops)
    checks.positive("max_total", max_total, hint="A cap is in parameters, such as 1e10.")
    if max_total <= low:
        raise InfeasibleError(
            f"max_total = {max_total:g} leaves no model: the smallest considered for "
            f"{flops:g} FLOPs has {low:g} active parameters. Raise the cap or lower the budget."
        )
    return low, min(high, max_total)


def _command(model: SparseModel, law: str, *, max_total: float, max_experts: int) -> str:
    """The plan with any sparsity that a layout could have; none for laws that want a layout."""
    if model.law.factors:
        return ""
    most = {"n_experts": np.asarray(float(max_experts)), "top_k": np.asarray(1.0)}
    sparsest = 1 - 1 / float(model.expansion(most))
    return problem_parts.plan_command(
        model.flops, law, sparsity_range=f"0,{sparsest:.6f}", max_total=max_total
    )


def _integer(name: str, most: int, *, log: bool) -> Any:  # noqa: ANN401 - two classes
    """An integer from 1; ConfigSpace has no range of a single value."""
    return Integer(name, (1, most), log=log) if most > 1 else Constant(name, 1)


def _layout(config: Config) -> dict[str, Floats]:
    return {name: np.asarray(float(config[name])) for name in LAYOUT if name in config}


def _layouts(max_experts: int, max_top_k: int, *, granular: bool) -> dict[str, Floats]:
    """Every expert layout with top_k <= n_experts, an array of shape (m,) per name."""
    rows = [
        row
        for row in itertools.product(
            range(1, max_experts + 1),
            range(1, max_top_k + 1),
            range(1, MAX_GRANULARITY + 1) if granular else (1,),
        )
        if row[1] <= row[0]
    ]
    columns = np.array(rows, dtype=np.float64).T
    names = LAYOUT if granular else LAYOUT[:2]
    return dict(zip(names, columns, strict=False))
