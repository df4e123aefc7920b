"""A bowl whose trials misbehave where the options say so, by the trial's id."""

import ctypes
import os
import signal
import time
from pathlib import Path

from ConfigSpace import ConfigurationSpace, Float

from autotune import Problem


def stop_supervisor(study):
    """The first time; the trial is run again."""
    if not (study / "stopped").exists():
        (study / "stopped").write_text(str(os.getppid()))
        os.kill(os.getppid(), signal.SIGSTOP)


def kill_supervisor(study):
    """The first time, too."""
    if not (study / "killed").exists():
        (study / "killed").write_text("")
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)


def wake_supervisor(study):
    while not (study / "stopped").exists():
        time.sleep(0.01)
    os.kill(int((study / "stopped").read_text()), signal.SIGCONT)


ACTIONS = {
    "segfault": lambda _: ctypes.string_at(0),
    "memory": lambda _: os.kill(os.getpid(), signal.SIGKILL),
    "hang": lambda _: time.sleep(60),
    "kill rank": kill_supervisor,
    "kill every rank": lambda _: os.kill(os.getppid(), signal.SIGKILL),
    "stop rank": stop_supervisor,
    "wake rank": wake_supervisor,
}


def problem(*, acts: str = "", seconds: float = 0.0, where: float = 0.3):
    """A bowl.

    Args:
        acts: `<trial>:<action>`, separated by commas.
        seconds: How long a trial sleeps.
        where: The best point.
    """
    wanted = dict(act.split(":") for act in acts.split(",") if act)

    def objective(config):
        folder = Path(os.environ["AUTOTUNE_TRIAL_DIR"])
        if folder.name in wanted:
            ACTIONS[wanted[folder.name]](folder.parent.parent)
        time.sleep(seconds)
        return (config["x"] - where) ** 2

    space = ConfigurationSpace()
    space.add(Float("x", (0.0, 1.0)))
    return Problem(name="bowl", summary="A bowl.", space=space, objective=objective)
