"""ytopt's flags that mean something else here, or nothing: a word, or a refusal with the reason."""

from autotune import checks
from autotune.cli import console
from autotune.errors import InputError

EVALUATORS = ("subprocess", "ray")


def say_evaluator(evaluator: str | None, redis_address: str | None, *, workers: int) -> None:
    """Say what runs the trials in place of ytopt's evaluator.

    Raises:
        InputError: If the evaluator is none of ytopt's, or a Ray cluster is asked for.
    """
    if redis_address is not None:
        raise InputError(
            "--redis-address names a Ray cluster, and trials do not run on Ray here. Leave it out, "
            "and start one job per node with the same --study: jobs share a study's folder."
        )
    if evaluator is not None:
        checks.one_of("evaluator", evaluator, EVALUATORS)
        how = f"in {workers} worker processes" if workers else "in this process"
        how = "in 1 worker process" if workers == 1 else how
        console.talk(f"--evaluator {evaluator}: trials run {how} (--workers)")


def trial_seconds(trial_timeout: str | None, eval_timeout_minutes: float | None) -> float | None:
    """The time limit of a trial, from either flag.

    Raises:
        InputError: If both are given, or one is no time.
    """
    from autotune.quantities import parse_seconds

    if eval_timeout_minutes is None:
        return parse_seconds(trial_timeout) if trial_timeout else None
    if trial_timeout is not None:
        raise InputError("--trial-timeout and --eval-timeout-minutes are the same: give one.")
    if not 0 < eval_timeout_minutes < float("inf"):
        raise InputError(f"--eval-timeout-minutes must be > 0, not {eval_timeout_minutes:g}.")
    return 60 * eval_timeout_minutes
