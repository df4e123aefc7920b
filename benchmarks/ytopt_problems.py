"""Every problem file of a checkout of ytopt, loaded unchanged and run for a few evaluations.

    git clone https://github.com/ytopt-team/ytopt
    python benchmarks/ytopt_problems.py ytopt [--evals 3] [--out results/reference/ytopt_problems]

Each file is tuned by `autotune tune` in a process of its own, from its own folder, with the
checkout on Python's path as an installed ytopt would be. Compilers and launchers are stubs, put
first on PATH: the executables that they make do nothing, so objective values mean nothing here.
Objectives write `tmp_files` beside themselves, as under ytopt, and their scripts are made
executable, as some are not in the repository: give a checkout of your own.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from evidence import Record, manifest, write, write_manifest

from autotune.cli.console import table as lay_out
from autotune.store import study as studies
from autotune.trials import Failed

DEFINES = re.compile(r"^(\w+ *= *)?TuningProblem\(", re.MULTILINE)
COMPILERS = (
    "cc", "CC", "gcc", "g++", "clang", "clang++", "mpicc", "mpic++", "mpicxx", "mpif90", "ftn",
    "nvcc", "xlc", "xlc++",
)  # fmt: skip
COMPILER = """#!/bin/sh
# Writes an executable that does nothing where -o says.
while [ $# -gt 0 ]; do
  if [ "$1" = -o ]; then printf '#!/bin/sh\\nexit 0\\n' > "$2" && chmod +x "$2"; fi
  shift
done
"""
LAUNCHERS = ("aprun", "jsrun", "srun", "mpirun", "mpiexec")
LAUNCHER = "#!/bin/sh\necho 'Runtime: 1.5'\n"
"""What the applications print, and their scripts look for."""
MEASURING = """#!/bin/sh
for word in "$@"; do
  if [ "$before" = --geopm-report ]; then
    printf 'Application Totals:\\n package-energy: 100.0\\n dram-energy: 10.0\\n' > "$word"
  fi
  before=$word
done
"""
INVOKING = """#!/bin/sh
case "$1" in *clang|*xlc++|*time_benchmark.sh) ;; *) shift ;; esac
exec "$@"
"""
SECONDS = 120


def stubs(folder: Path) -> None:
    """Write the stub compilers and launchers."""
    scripts = dict.fromkeys(COMPILERS, COMPILER) | dict.fromkeys(LAUNCHERS, LAUNCHER)
    scripts |= {"geopmlaunch": MEASURING, "invoke_test": INVOKING}
    for name, text in scripts.items():
        path = folder / name
        path.write_text(text)
        path.chmod(0o755)


def problem_files(checkout: Path) -> list[Path]:
    """The files that make a TuningProblem, ytopt's own search aside."""
    found = (path for path in sorted(checkout.rglob("*.py")) if path.is_file())
    return [path for path in found if DEFINES.search(path.read_text(errors="replace"))]


def tried(path: Path, checkout: Path, folder: Path, evals: int) -> Record:
    """Tune one file, and say how far it came."""
    (folder / "bin").mkdir()
    stubs(folder / "bin")
    environment = os.environ | {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(checkout),
        "PYTHONWARNINGS": "ignore",
        "COLUMNS": "1000",
    }
    command = [
        sys.executable, "-m", "autotune", "tune", path.name, "--max-evals", str(evals), "--workers",
        "0", "--learner", "DUMMY", "--storage", str(folder), "--study", "tried",
    ]  # fmt: skip
    record: Record = {"file": str(path.relative_to(checkout)), "parameters": 0, "loaded": "no"}
    try:
        done = subprocess.run(
            command, cwd=path.parent, env=environment, capture_output=True, text=True,
            timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        said = done.stderr.strip().splitlines()
    except subprocess.TimeoutExpired:
        said = [f"not done after {SECONDS} s"]
    if not (folder / "tried").is_dir():
        return record | {"completed": 0, "why_not": short(said[-1] if said else "", checkout)}
    study = studies.read(folder / "tried")
    failed = [outcome for outcome in study.outcomes if isinstance(outcome, Failed)]
    why = failed[0].detail if failed else "" if len(study.completed) == evals else said[-1]
    return record | {
        "parameters": len(study.header.parameters),
        "loaded": "yes",
        "completed": len(study.completed),
        "why_not": short(why, checkout),
    }


def short(text: str, checkout: Path) -> str:
    """An error without this machine's folders."""
    text = re.sub(rf"{re.escape(str(checkout))}/[^\s:]*/", "", text)
    return text.removeprefix("autotune tune: ")[:160]


def main() -> None:
    """Print a row for each file and the totals; write them with --out."""
    parser = argparse.ArgumentParser(description="The problem files of a checkout of ytopt.")
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--evals", type=int, default=3)
    parser.add_argument("--commit", default="", help="of the checkout, for the record")
    parser.add_argument("--out", type=Path, help="folder for problems.csv, .txt, manifest.json")
    arguments = parser.parse_args()
    made_by = manifest(evaluations=arguments.evals, ytopt=arguments.commit)
    checkout = arguments.checkout.resolve()
    for script in (*checkout.rglob("*.pl"), *checkout.rglob("*.sh")):
        script.chmod(0o755)
    records: list[Record] = []
    for path in problem_files(checkout):
        with tempfile.TemporaryDirectory() as folder:
            records.append(tried(path, checkout, Path(folder), arguments.evals))
        print(*records[-1].values(), sep="  ", file=sys.stderr)
    rows = [[str(value) for value in record.values()] for record in records]
    ran = sum(record["completed"] == arguments.evals for record in records)
    loaded = sum(record["loaded"] == "yes" for record in records)
    total = f"{len(records)} files, {loaded} loaded, {ran} ran all {arguments.evals} evaluations"
    text = "\n".join([lay_out(list(records[0]), rows, left=(0, 2, 4)), "", total])
    print(text)
    reasons = Counter(str(record["why_not"]) for record in records if record["why_not"])
    for why, count in reasons.most_common():
        print(f"{count:3}  {why}")
    if arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        write(arguments.out / "problems.csv", records)
        (arguments.out / "problems.txt").write_text(text + "\n")
        made_by["command"] = str(made_by["command"]).replace(str(arguments.checkout), "ytopt")
        write_manifest(arguments.out / "manifest.json", made_by)


if __name__ == "__main__":
    main()
