"""Names in the folder of a run, for those who only look whether it is one."""

from pathlib import Path

TRUNK, LATEST = "trunk.pt", "latest.pt"
IDENTITY, RESULTS = "run.json", "results.jsonl"


def has_run(path: Path) -> bool:
    """Whether a run was begun in this folder."""
    return (path / IDENTITY).exists()
