"""Planning against scipy's optimisers on the same law: time, and how far each ends from the best.

    python benchmarks/plan.py [--repeats 20] [--json]

scipy gets the law's own loss over logarithms of sizes and returns a local minimum or an unproven
global one. The planner's time includes its proof, the near-optimal band and the caveats.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar, shgo

from autotune.laws.catalogue import preset
from autotune.planning.budget import Budget
from autotune.planning.constraints import Constraints
from autotune.planning.planner import plan
from autotune.planning.question import Hold, Question

LAW = preset("generalized-moe")
FLOPS, TOTAL = 1e21, 1e10
BUDGET, CAP = Budget(flops=FLOPS), Constraints(max_total=TOTAL)
U_MOST = -np.log(1e-4)  # sparsity 0.9999
N_MOST = np.log(FLOPS / 6)


@dataclass(frozen=True)
class Contest:
    """One question, put to the planner and to a peer; each answers with its loss."""

    question: str
    peer: str
    ours: Callable[[], float]
    theirs: Callable[[], float]


def loss(n: float, u: float) -> float:
    """The law within the budget at logarithms of size and expansion."""
    size = np.exp(n)
    return float(LAW.loss(size, FLOPS / (6 * size), -np.expm1(-u)))


def capped(x: np.ndarray) -> float:
    """The same under the cap on the total, by a change of variable that keeps to it."""
    n = x[0] * min(N_MOST, np.log(TOTAL))
    return loss(n, x[1] * min(U_MOST, np.log(TOTAL) - n))


def held(u: float) -> float:
    """The loss along n + u = ln(n_total)."""
    return loss(np.log(TOTAL) - u, u)


CONTESTS = (
    Contest(
        "N and D at sparsity 0.9",
        "minimize_scalar",
        lambda: plan(LAW, BUDGET, question=Question(sparsity=0.9)).loss,
        lambda: float(minimize_scalar(lambda n: loss(n, np.log(10)), bounds=(0, N_MOST)).fun),
    ),
    Contest(
        "sparsity at n_total 1e10",
        "minimize_scalar",
        lambda: plan(LAW, BUDGET, question=Question(hold=Hold.TOTAL, n_total=TOTAL)).loss,
        lambda: float(minimize_scalar(held, bounds=(0, U_MOST)).fun),
    ),
    Contest(
        "N, D and sparsity, n_total <= 1e10",
        "shgo",
        lambda: plan(LAW, BUDGET, question=Question(hold=Hold.NOTHING), constraints=CAP).loss,
        lambda: float(shgo(capped, [(0, 1), (0, 1)]).fun),
    ),
)


def measure(contest: Contest, repeats: int) -> dict[str, float | str]:
    """Time both in turns and compare their losses."""
    ours, theirs = [], []
    for _ in range(repeats):
        for answer, times in ((contest.ours, ours), (contest.theirs, theirs)):
            start = time.perf_counter()
            answer()
            times.append(time.perf_counter() - start)
    mine, peers = statistics.median(ours), statistics.median(theirs)
    return {
        "question": contest.question,
        "peer": contest.peer,
        "plan_ms": 1e3 * mine,
        "peer_ms": 1e3 * peers,
        "times_faster": peers / mine,
        "peer_excess_loss": contest.theirs() / contest.ours() - 1,
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = [measure(contest, arguments.repeats) for contest in CONTESTS]
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'question':<36}{'plan':>9}{'peer':>10}{'faster':>8}{'excess loss':>13}  peer")
    for row in rows:
        print(
            f"{row['question']:<36}{row['plan_ms']:>6.2f} ms{row['peer_ms']:>7.2f} ms"
            f"{row['times_faster']:>7.1f}x{row['peer_excess_loss']:>13.1e}  {row['peer']}"
        )


if __name__ == "__main__":
    main()
