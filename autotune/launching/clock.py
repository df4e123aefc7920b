"""Time limits as schedulers write them."""


def clock(seconds: int) -> str:
    """Write a duration as `HH:MM:SS`, which Slurm and PBS both read; hours may pass 24."""
    minutes, left = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{left:02d}"


def seconds_of(text: str) -> int | None:
    """Read `[days-]hours:minutes:seconds`, `minutes:seconds` or `minutes`; None for anything else.

    These are the forms in which squeue, sacct, scontrol and qstat print limits.
    """
    days, dash, rest = text.strip().partition("-")
    if not dash:
        days, rest = "0", days
    parts = rest.split(":")
    if not days.isdecimal() or len(parts) > 3 or not all(part.isdecimal() for part in parts):
        return None
    numbers = [int(part) for part in parts]
    if len(numbers) == 1:
        numbers = [0, numbers[0], 0] if not dash else [numbers[0], 0, 0]
    elif len(numbers) == 2:
        numbers = [0, *numbers] if not dash else [*numbers, 0]
    hours, minutes, left = numbers
    return ((int(days) * 24 + hours) * 60 + minutes) * 60 + left
