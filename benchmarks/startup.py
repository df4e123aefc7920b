"""Start-up of the command line, as a ratio to `python -c "import numpy"` in the same run.

Login nodes import from slow disks, so a verb may only import what it uses.

    python benchmarks/startup.py [--repeats 15] [--json]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

PEER = [sys.executable, "-c", "import numpy"]
AUTOTUNE = [sys.executable, str(Path(sys.executable).parent / "autotune")]
COMMANDS = {
    "autotune --help": ([*AUTOTUNE, "--help"], 3.0),
    "autotune plan --flops 1e24": ([*AUTOTUNE, "plan", "--flops", "1e24"], 5.0),
}


def seconds(command: list[str]) -> float:
    """Wall time of one run of a command."""
    start = time.perf_counter()
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    return time.perf_counter() - start


def measure(repeats: int) -> list[dict[str, float | str]]:
    """Interleave the peer and the commands; return medians and ratios."""
    times: dict[str, list[float]] = {"import numpy": [], **{name: [] for name in COMMANDS}}
    for _ in range(repeats + 1):
        times["import numpy"].append(seconds(PEER))
        for name, (command, _limit) in COMMANDS.items():
            times[name].append(seconds(command))
    medians = {name: statistics.median(runs[1:]) for name, runs in times.items()}  # first warms up
    return [
        {
            "command": name,
            "seconds": medians[name],
            "ratio": medians[name] / medians["import numpy"],
            "goal": limit,
        }
        for name, (_command, limit) in COMMANDS.items()
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = measure(options.repeats)
    if options.json:
        print(json.dumps({"peer": "python -c 'import numpy'", "rows": rows}, indent=2))
        return
    print(f"{'command':30} {'median s':>9} {'x numpy':>8} {'goal':>5}")
    for row in rows:
        print(f"{row['command']:30} {row['seconds']:9.3f} {row['ratio']:8.2f} {row['goal']:5.1f}")


if __name__ == "__main__":
    main()
