"""An objective that does what its configuration says, however bad."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
from ConfigSpace import Categorical, ConfigurationSpace

from autotune import Problem
from autotune.errors import InfeasibleError

SLEEP = [sys.executable, "-S", "-c", "import time; time.sleep(60)"]


def here():
    return Path(os.environ["AUTOTUNE_TRIAL_DIR"])


def say(text):
    sys.stdout.write(text + "\n")


def raise_(error):
    say("about to raise")
    raise error


def spawn(*, new_session):
    """Start a process that outlives the objective, and put its id on record."""
    pid = subprocess.Popen(SLEEP, start_new_session=new_session).pid
    (here().parent / f"pid-{here().name}-{int(new_session)}").write_text(str(pid))


def hang():
    say("hanging")
    spawn(new_session=False)
    spawn(new_session=True)
    time.sleep(60)


def ignore_term_and_hang():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)


def hang_in_c():
    ctypes.PyDLL(None).sleep(60)  # PyDLL keeps the interpreter's lock


def write(text):
    (here() / "file").write_text(text)
    return 1.0


def change(config):
    config["do"] = "changed"
    os.chdir("/")
    return 1.0


def count_files():
    return float(len([path for path in here().iterdir() if path.name != "log.txt"]))


def count_inherited_descriptors():
    os.system('ls /proc/self/fd > "$AUTOTUNE_TRIAL_DIR/fds"')  # subprocess would close them
    return float(len((here() / "fds").read_text().split()))


def warn_threads():
    """A signal to each thread, as the one to a process may reach any of them."""
    for thread in threading.enumerate():
        signal.pthread_kill(thread.ident, signal.SIGUSR1)


ACTIONS = {
    "one": lambda: 1,
    "half": lambda: np.float32(0.5),
    "array": lambda: np.array([2.5]),
    "metrics": lambda: {"objective": 2.0, "n_active": np.int64(7), "grad": float("nan")},
    "bad metric": lambda: {"objective": 2.0, "name": "x"},
    "pid": lambda: float(os.getpid()),
    "print": lambda: say("hello from the trial") or 1.0,
    "nan": lambda: float("nan"),
    "inf": lambda: float("-inf"),
    "text": lambda: "0.5",
    "none": lambda: None,
    "true": lambda: True,
    "two": lambda: np.ones(2),
    "no objective": lambda: {"loss": 1.0},
    "raise": lambda: raise_(ValueError("by design\nsecond line")),
    "exit": lambda: sys.exit(3),
    "memory": lambda: raise_(MemoryError()),
    "timeout": lambda: raise_(TimeoutError("own limit")),
    "diverge": lambda: raise_(FloatingPointError("loss is nan")),
    "infeasible": lambda: raise_(InfeasibleError("no such shape")),
    "write": lambda: write("x"),
    "count": count_files,
    "descriptors": count_inherited_descriptors,
    "cwd": lambda: float(len(str(Path.cwd()))),
    "hang": hang,
    "ignore TERM": ignore_term_and_hang,
    "hang in C": hang_in_c,
    "nap": lambda: time.sleep(0.3) or 1.0,
    "leave a process": lambda: spawn(new_session=False) or 1.0,
    "SIGKILL": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "SIGUSR2": lambda: os.kill(os.getpid(), signal.SIGUSR2),
    "SIGTERM": lambda: os.kill(os.getpid(), signal.SIGTERM) or 1.0,
    "SIGSEGV": lambda: ctypes.string_at(0),
    "_exit": lambda: os._exit(3),
    "close": lambda: os.closerange(3, 100) or warn_threads() or time.sleep(60),
}


def objective(config):
    return change(config) if config["do"] == "change" else ACTIONS[config["do"]]()


space = ConfigurationSpace()
space.add(Categorical("do", [*ACTIONS, "change"]))
problem = Problem(name="misbehaves", summary="", space=space, objective=objective)
