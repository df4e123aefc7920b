"""How far a plan lies beyond the runs that its law was fitted on."""

from autotune.laws.base import ScalingLaw

VARIABLES = ("n_active", "n_total", "tokens", "sparsity", "flops")


def factors(law: ScalingLaw, **plan: float) -> dict[str, float | None]:
    """Say for each variable how many times it lies past the nearest end of the fitted range.

    Runs of a dense law had n_total = n_active, so a range of one is a range of both.

    Args:
        law: The law whose source states the range.
        **plan: Values by name, `VARIABLES` all of them.

    Returns:
        1 inside, 12.3 for 12.3 times past the end, None where the source states no range.
        Sparsity is measured by n_total/n_active.
    """
    seen = law.source.range
    times = {name: float(x) for name, x in seen.times_outside(**plan).items()}
    if law.dense and "n_total" not in times and "n_active" in times:
        times["n_total"] = float(seen.times_outside(n_active=plan["n_total"])["n_active"])
    return {name: times.get(name) for name in VARIABLES}
