"""A job to be killed: tune a cheap objective, and print each trial once it is on record."""

import sys
from pathlib import Path

from autotune.evaluators.serial import SerialEvaluator
from autotune.store.journal import JournalStore
from autotune.store.study import Header
from autotune.tuning import tune


class Line:
    """Proposes the next point of a line that it has not heard of."""

    def __init__(self):
        self.n = 0
        self.heard = set()

    def ask(self):
        self.n += 1
        while self.n / 7 in self.heard:
            self.n += 1
        return {"x": self.n / 7}

    def tell(self, outcome):
        self.heard.add(outcome.trial.config["x"])

    def pending(self, trial):
        self.heard.add(trial.config["x"])


def objective(config):
    if config["x"] > 3:
        raise ValueError("too far")
    return {"objective": config["x"] ** 2, "twice": 2 * config["x"]}


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


folder, n_trials = Path(sys.argv[1]), int(sys.argv[2])
say("ready")
sys.stdin.readline()
with JournalStore.open(folder, Header(problem="line"), start={"seed": 1}) as store:
    tune(
        Line(),
        SerialEvaluator(objective, folder),
        store,
        n_trials=n_trials,
        on_outcome=lambda outcome: say(outcome.trial.id),
    )
say("done")
