"""Array jobs: `0-7%4` as the tasks it stands for, and how many may run at once."""

import re
from dataclasses import dataclass

from autotune.errors import InputError

MOST_TASKS = 100_000
_RANGE = re.compile(r"(\d{1,9})(?:-(\d{1,9})(?::(\d{1,9}))?)?")


@dataclass(frozen=True, slots=True)
class TaskArray:
    """The tasks of an array job.

    Attributes:
        tasks: Task numbers, in the order given.
        at_once: How many may run at once; 0 for no limit.
        ranges: How many comma-separated ranges it was written with.
    """

    tasks: tuple[int, ...]
    at_once: int
    ranges: int

    @classmethod
    def parse(cls, text: str) -> "TaskArray":
        """Read `0-7`, `0-7%4`, `0-30:10` or `1,3,5-7`.

        Raises:
            InputError: If the text is none of these, or a task comes twice.
        """
        listed, percent, limit = text.partition("%")
        matches = [_RANGE.fullmatch(part) for part in listed.split(",")]
        if not all(matches) or (percent and not re.fullmatch(r"[1-9]\d{0,8}", limit)):
            raise InputError(
                f"cannot read the array {text!r}. Write it as 0-7, 0-7%4 (four at once) or 1,3,5-7."
            )
        tasks: list[int] = []
        for match in filter(None, matches):
            first, last, step = int(match[1]), int(match[2] or match[1]), int(match[3] or 1)
            span = range(first, last + 1, step) if step else range(0)
            if not span or len(tasks) + len(span) > MOST_TASKS:
                raise InputError(
                    f"the array {text!r} must count up, and hold 1 to {MOST_TASKS} tasks."
                )
            tasks += span
        if len(set(tasks)) < len(tasks):
            raise InputError(f"the array {text!r} has a task twice.")
        return cls(tuple(tasks), int(limit or 0), len(matches))
