"""Runs that follow a known law of every form, on a design that tells its coefficients apart."""

from dataclasses import replace

import numpy as np

from autotune.fitting.runs import RunTable
from autotune.laws.base import ScalingLaw
from autotune.laws.catalogue import PRESETS
from autotune.laws.coupled import CoupledLaw
from autotune.laws.effective import EffectiveLaw
from autotune.laws.interaction import InteractionLaw
from autotune.laws.kumar import KumarLaw

INVENTED = replace(PRESETS["hoffmann2022"].source, where="invented")
"""Of the forms whose coefficients nobody printed: these numbers are ours."""

_DENSE = {"E": 1.8, "A": 400.0, "alpha": 0.35, "B": 2000.0, "beta": 0.37}
_INVENTED: tuple[ScalingLaw, ...] = (
    KumarLaw(**_DENSE, gamma_w=2.5, gamma_a=2.2, gamma_kv=0.9, C_T=0.03, gamma_D=0.5, gamma_N=0.5,
             gamma_post=0.6, source=INVENTED),
    EffectiveLaw(**_DENSE, t=0.4, source=INVENTED),
    InteractionLaw(**_DENSE, t=0.4, C=-3e4, source=INVENTED),
    CoupledLaw(E=1.8, a=200.0, delta=0.6, c=150.0, h=2e4, alpha=0.35, B=2000.0, beta=0.37,
               source=INVENTED),
)  # fmt: skip
PLANTED = {law.form: law for law in [*PRESETS.values(), *_INVENTED]} | {
    "generalized": PRESETS["generalized-moe"]
}
LEVELS = {
    "n_experts": [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    "top_k": [1, 2, 4, 8, 16],
    "granularity": [1, 2, 4, 8, 16],
    "shared_share": [0, 0.1, 0.25, 0.5],
    "bits_weights": [3, 4, 6, 8, 16],
    "bits_activations": [3, 4, 6, 8, 16],
    "bits_kv": [1, 2, 4, 8, 16],
    "bits_post": [2, 3, 4, 6, 8],
}


def planted(law: ScalingLaw, *, noise: float = 0.0, seed: int = 0, size: int = 160) -> RunTable:
    """Runs of a law; `noise` is the standard deviation of their log loss."""
    rng = np.random.default_rng(seed)
    n_active = 10 ** rng.uniform(7.5, 10, size)
    tokens = 10 ** rng.uniform(9, 11.5, size)
    sparsity = rng.choice([0, 0.5, 0.75, 0.9, 0.95], size)
    if law.fixed_tokens:
        tokens = np.full(size, law.fixed_tokens)
    if law.dense or not law.reads_sparsity:
        sparsity = np.zeros(size)
    factors = {
        name: tokens / rng.choice([0.5, 1, 4, 16, 64], size)
        if name == "unique_tokens"
        else rng.choice(np.array(LEVELS[name], dtype=float), size)
        for name in law.factors
    }
    loss = law.loss(n_active, tokens, sparsity, **factors)
    return RunTable(
        n_active=n_active,
        n_total=n_active / (1 - sparsity),
        tokens=tokens,
        loss=loss * np.exp(noise * rng.standard_normal(size)),
        flops=6 * n_active * tokens,
        weight=np.ones(size),
        factors=factors,
        lines=np.arange(2, size + 2),
        name="planted",
    )
