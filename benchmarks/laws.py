"""Cost of a law's loss beside the bare numpy expression of the same formula.

The law checks its inputs, converts between active and total parameters and gives the result
the broadcast shape. That must not double the time of the formula itself.

    python benchmarks/laws.py [--points 1000000] [--repeats 9] [--json]
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from autotune.laws.abnar import AbnarLaw
from autotune.laws.base import ScalingLaw
from autotune.laws.catalogue import PRESETS
from autotune.laws.clark import ClarkLaw
from autotune.laws.coupled import CoupledLaw
from autotune.laws.effective import EffectiveLaw
from autotune.laws.frantar import FrantarLaw
from autotune.laws.generalized import GeneralizedLaw
from autotune.laws.hoffmann import HoffmannLaw
from autotune.laws.interaction import InteractionLaw
from autotune.laws.kaplan import KaplanLaw
from autotune.laws.krajewski import KrajewskiLaw
from autotune.laws.kumar import KumarLaw
from autotune.laws.ludziejewski import LudziejewskiLaw
from autotune.laws.muennighoff import MuennighoffLaw
from autotune.laws.zhao import ZhaoLaw
from autotune.types import Floats

LIMIT = 2.0


@dataclass(frozen=True, slots=True)
class Points:
    """Inputs of a law: active parameters n, tokens d, sparsity s, and its factors."""

    n: Floats
    d: Floats
    s: Floats
    factors: Mapping[str, Floats]


def _hoffmann(p: HoffmannLaw, x: Points) -> Floats:
    return p.E + p.A / x.n**p.alpha + p.B / x.d**p.beta


def _kaplan(p: KaplanLaw, x: Points) -> Floats:
    return ((p.N_c / x.n) ** (p.alpha_N / p.alpha_D) + p.D_c / x.d) ** p.alpha_D


def _frantar(p: FrantarLaw, x: Points) -> Floats:
    return (p.a_S * (1 - x.s) ** p.b_S + p.c_S) * (1 / x.n) ** p.b_N + (p.a_D / x.d) ** p.b_D + p.c


def _abnar(p: AbnarLaw, x: Points) -> Floats:
    total = x.n / (1 - x.s)
    sparse = p.c / (1 - x.s) ** p.lambda_ + p.d / ((1 - x.s) ** p.delta * total**p.gamma)
    return p.e + p.a / total**p.alpha + p.b / x.d**p.beta + sparse


def _saturated(p: ClarkLaw | LudziejewskiLaw, x: Points) -> Floats:
    k = 1 / (1 / p.E_start - 1 / p.E_max)
    return 1 / (1 / (x.factors["n_experts"] - 1 + k) + 1 / p.E_max)


def _clark(p: ClarkLaw, x: Points) -> Floats:
    log_n, log_h = np.log10(x.n), np.log10(_saturated(p, x))
    return 10.0 ** np.asarray(p.a * log_n + p.b * log_h + p.c * log_n * log_h + p.d)


def _krajewski(p: KrajewskiLaw, x: Points) -> Floats:
    size = p.g / x.factors["granularity"] ** p.gamma + p.a
    return p.c + size / (x.n / (1 - x.s)) ** p.alpha + p.b / x.d**p.beta


def _ludziejewski(p: LudziejewskiLaw, x: Points) -> Floats:
    h = _saturated(p, x)
    log_h = np.log(h)
    size = p.a * h**p.delta * x.n ** (p.alpha + p.gamma * log_h)
    return size + p.b * h**p.omega * x.d ** (p.beta + p.zeta * log_h) + p.c


def _zhao(p: ZhaoLaw, x: Points) -> Floats:
    g, share, total = x.factors["top_k"], x.factors["shared_share"], x.n / (1 - x.s)
    shape = p.e * g + p.f / g + p.m * share**2 + p.n * share
    sizes = 1 / total**p.alpha + p.k / x.n**p.alpha + p.h * x.n / total
    return shape * sizes + p.a / total**p.alpha + p.b / x.d**p.beta + p.c / x.n**p.alpha + p.epsilon


def _muennighoff(p: MuennighoffLaw, x: Points) -> Floats:
    unique = x.factors["unique_tokens"]
    fed = (p.alpha * p.A / (p.beta * p.B) * unique**p.beta) ** (1 / p.alpha)
    used_n, used_d = np.minimum(x.n, fed), np.minimum(x.d, unique)
    n_eff = used_n + used_n * p.R_N * (1 - np.exp(-(x.n / used_n - 1) / p.R_N))
    d_eff = used_d + used_d * p.R_D * (1 - np.exp(-(x.d / used_d - 1) / p.R_D))
    loss: Floats = p.E + p.A / n_eff**p.alpha + p.B / d_eff**p.beta
    return loss


def _kumar(p: KumarLaw, x: Points) -> Floats:
    kept = (
        (1 - np.exp(-x.factors["bits_weights"] / p.gamma_w))
        * (1 - np.exp(-x.factors["bits_activations"] / p.gamma_a))
        * (1 - np.exp(-x.factors["bits_kv"] / p.gamma_kv))
    )
    after = p.C_T * x.d**p.gamma_D / x.n**p.gamma_N * np.exp(-x.factors["bits_post"] / p.gamma_post)
    loss: Floats = p.A / (x.n * kept) ** p.alpha + p.B / x.d**p.beta + p.E + after
    return loss


def _generalized(p: GeneralizedLaw, x: Points) -> Floats:
    size = p.a * (1 - x.s) ** p.alpha + p.c * x.s
    return p.e * (1 - x.s) ** p.gamma + size / x.n**p.alpha + p.b / x.d**p.beta


def _effective(p: EffectiveLaw, x: Points) -> Floats:
    return p.E + p.A / (x.n * (1 - x.s) ** -p.t) ** p.alpha + p.B / x.d**p.beta


def _interaction(p: InteractionLaw, x: Points) -> Floats:
    size, data = (x.n * (1 - x.s) ** -p.t) ** p.alpha, x.d**p.beta
    return p.E + p.A / size + p.B / data + p.C / (size * data)


def _coupled(p: CoupledLaw, x: Points) -> Floats:
    size = p.a * (1 - x.s) ** p.delta + p.c
    both = p.h / (x.n**p.alpha * x.d**p.beta)
    return p.E + size / x.n**p.alpha + both + p.B / x.d**p.beta


BARE: Mapping[str, Callable[[Any, Points], Floats]] = {
    "hoffmann": _hoffmann,
    "kaplan": _kaplan,
    "frantar": _frantar,
    "abnar": _abnar,
    "clark": _clark,
    "krajewski": _krajewski,
    "ludziejewski": _ludziejewski,
    "zhao": _zhao,
    "muennighoff": _muennighoff,
    "kumar": _kumar,
    "generalized": _generalized,
    "effective": _effective,
    "interaction": _interaction,
    "coupled": _coupled,
}

FACTOR_BOXES = {
    "n_experts": (1, 512),
    "top_k": (1, 16),
    "granularity": (1, 16),
    "shared_share": (0, 0.5),
    "unique_tokens": (1e9, 1e11),
    "bits_weights": (2, 16),
    "bits_activations": (2, 16),
    "bits_kv": (2, 16),
    "bits_post": (2, 16),
}


def sample(law: ScalingLaw, size: int, *, seed: int = 0) -> Points:
    """Draw points at which the law may be evaluated, over more decades than any fit saw."""
    rng = np.random.default_rng(seed)
    n = np.exp(rng.uniform(np.log(1e7), np.log(1e11), size))
    d = np.exp(rng.uniform(np.log(1e9), np.log(1e13), size))
    s = rng.uniform(0, 0.99, size)
    if law.fixed_tokens:
        d = np.full(size, law.fixed_tokens)
    if law.dense:
        s = np.zeros(size)
    factors = {name: rng.uniform(*FACTOR_BOXES[name], size) for name in law.factors}
    return Points(n, d, s, factors)


def measure(law: ScalingLaw, *, points: int, repeats: int) -> tuple[float, float]:
    """Median seconds of the bare expression and of the law, in turn."""
    x, bare = sample(law, points), BARE[law.form]
    calls: tuple[Callable[[], Floats], ...] = (
        lambda: bare(law, x),
        lambda: law.loss(x.n, x.d, x.s, **x.factors),
    )
    seconds: tuple[list[float], list[float]] = ([], [])
    for round_ in range(repeats + 1):
        for call, record in zip(calls, seconds, strict=True):
            start = time.perf_counter()
            call()
            if round_:  # the first round warms up
                record.append(time.perf_counter() - start)
    return median(seconds[0]), median(seconds[1])


def main() -> int:
    """Print the table; the exit status says whether every law meets the limit."""
    parser = argparse.ArgumentParser(description="Cost of a law beside its bare expression.")
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for name, law in PRESETS.items():
        bare, full = measure(law, points=args.points, repeats=args.repeats)
        rows.append({"law": name, "bare_s": bare, "law_s": full, "ratio": full / bare})
    if args.json:
        print(json.dumps({"points": args.points, "limit": LIMIT, "rows": rows}, indent=2))
    else:
        print(f"{'law':<30}{'bare ms':>9}{'law ms':>9}{'ratio':>7}")
        for row in rows:
            times = f"{row['bare_s'] * 1e3:>9.1f}{row['law_s'] * 1e3:>9.1f}"
            print(f"{row['law']:<30}{times}{row['ratio']:>7.2f}")
    return 0 if max(row["ratio"] for row in rows) <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
