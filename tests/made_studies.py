"""Studies made in memory, for tests of what is shown of them."""

from pathlib import Path

from hypothesis import strategies as st

from autotune.store.study import Header, Study
from autotune.trials import Completed, Failed, FailureKind, Timing, Trial

NASTY = "<script>window.pwned = 1</script>"
"""A name that a page must show and must not run."""
SPACE = {
    "hyperparameters": [
        {"type": "uniform_float", "name": "lr", "lower": 1e-5, "upper": 1.0, "log": True},
        {"type": "uniform_int", "name": "depth", "lower": 1, "upper": 9},
        {"type": "categorical", "name": NASTY, "choices": ["$a_b$", "<b>bold</b>"]},
        {"type": "constant", "name": "same", "value": 3},
    ]
}
configs = st.fixed_dictionaries(
    {"lr": st.floats(1e-5, 1.0), "depth": st.integers(1, 9), "same": st.just(3)},
    optional={NASTY: st.sampled_from(["$a_b$", "<b>bold</b>"])},
)
values = st.floats(-1e6, 1e6)


@st.composite
def outcomes(draw, least=0, most=12):
    """Outcomes by time of finishing, of one to three workers of one job."""
    made, end = [], 1e9
    for i in range(draw(st.integers(least, most))):
        seconds = draw(st.floats(0, 100))
        end += draw(st.floats(0, 200))
        timing = Timing(seconds, f"w{draw(st.integers(0, 2))}", end - seconds, end)
        trial = Trial(f"0001-{i:04d}", draw(configs))
        kind = draw(st.none() | st.sampled_from(list(FailureKind)))
        made.append(
            Completed(trial, draw(values), timing)
            if kind is None
            else Failed(trial, kind, NASTY, timing, f"</script>{NASTY}\nlog of {trial.id}")
        )
    return made


def study_of(made, name="made", **header):
    """A study with outcomes."""
    fields = {"space": SPACE, "unit": "nats per token", "file": "moe_budget"} | header
    own = Header(problem=f"problem {NASTY}", options={"flops": 1e22, "text": NASTY}, **fields)
    job = {"at": 1e9, "search": {"seed": 7}}
    return Study(Path("somewhere") / name, own, made, jobs=[job], notes=[f"note {NASTY}"])


def line_of_trials(n, worker=lambda i: f"w{i % 2}", failed=lambda _: False):
    """n trials, one after the other on each of two workers, ten seconds each."""
    made = []
    for i in range(n):
        end = 1e9 + 10.0 * (i // 2 + 1)
        timing = Timing(10.0, worker(i), end - 10, end)
        config = {"lr": 10.0 ** -(1 + i % 5), "depth": 1 + i % 9, "same": 3}
        config[NASTY] = "$a_b$" if i % 2 else "<b>bold</b>"
        trial = Trial(f"0001-{i:04d}", config)
        made.append(
            Failed(trial, FailureKind.CRASHED, f"error {NASTY}", timing, f"</script>{NASTY}")
            if failed(i)
            else Completed(trial, 2 + (i % 5) + 0.01 * (n - i), timing, {"tokens": 2e10})
        )
    return made
