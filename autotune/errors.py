"""Every exception autotune raises on purpose, and the exit status it ends a command with.

AutotuneError
├── InputError(ValueError)   2   the caller passed something that cannot be right
├── ProblemError             2   a problem file cannot be loaded or is inconsistent
├── StoreError               2   recorded results are unreadable or cannot be written
├── InfeasibleError          3   the constraints leave nothing to choose from
├── FitError                 3   a fit has no usable estimate at all
└── LaunchError              2   the scheduler refused the job, or is not installed

A trial that failed, or a plan at a bound, is *not* an error: it is a state of the result.
"""


class AutotuneError(Exception):
    """Base class: `except AutotuneError` catches whatever autotune raises."""

    exit_status = 2


class InputError(AutotuneError, ValueError):
    """An argument has the wrong shape, sign, unit or name."""


class ProblemError(AutotuneError):
    """A problem file cannot be loaded, or does not define a usable problem."""


class StoreError(AutotuneError):
    """Recorded results are unreadable, cannot be written, or belong to something else."""


class InfeasibleError(AutotuneError):
    """No configuration satisfies the constraints; the message names the two that clash."""

    exit_status = 3


class FitError(AutotuneError):
    """No finite estimate came out of any start."""

    exit_status = 3


class LaunchError(AutotuneError):
    """The scheduler refused the job, or is not installed."""
