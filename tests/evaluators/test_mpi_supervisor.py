"""What a rank above 0 does while its child works."""

from autotune.evaluators.mpi_supervisor import WATCH_SECONDS, Supervisor

PROBLEM = """import time
from ConfigSpace import ConfigurationSpace, Float
from autotune import Problem
space = ConfigurationSpace()
space.add(Float("seconds", (0.0, 1.0)))
def objective(config):
    time.sleep(config["seconds"])
    return config["seconds"]
problem = Problem(name="sleeps", summary="", space=space, objective=objective)
"""


class Outbox:
    """The world of a rank, as far as it sends."""

    rank = 1

    def __init__(self):
        self.sent = []

    def send(self, rank, message):
        assert rank == 0
        self.sent.append(message)


def answered(supervisor, outbox, *trials):
    """Run trials, and count how often the supervisor looked at its messages meanwhile."""
    expected = len(outbox.sent) + len(trials)
    supervisor.take({"trials": trials})
    looks = 0
    while len(outbox.sent) < expected:
        supervisor.step(nap=0.0)
        looks += 1
    return looks


def test_a_rank_sleeps_while_its_child_works_and_wakes_as_soon_as_it_answers(tmp_path):
    """Hundreds of ranks that look for messages every few milliseconds take whole cores."""
    (tmp_path / "sleeps.py").write_text(PROBLEM)
    outbox = Outbox()
    welcome = {
        "problem": str(tmp_path / "sleeps.py"), "options": {}, "trial_timeout": None,
        "folder": str(tmp_path), "ranks": 1, "beat": 60.0, "patience": 600.0,
    }  # fmt: skip
    supervisor = Supervisor(outbox, welcome)
    try:
        answered(supervisor, outbox, ["t-0", {"seconds": 0.0}])
        looks = answered(supervisor, outbox, ["t-1", {"seconds": 0.5}])
    finally:
        supervisor.close()
    assert [each["outcomes"][0]["value"] for each in outbox.sent] == [0.0, 0.5]
    assert looks <= 2 * outbox.sent[1]["outcomes"][0]["seconds"] / WATCH_SECONDS + 5
