"""A FAKE of qsub, qstat and qdel: reads directives strictly, runs scripts as local processes.

It is no PBS. What it prints follows OpenPBS 23.06 as observed: ids, JSON, states, exit statuses.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from job_directives import qsub as directives

HOME = Path(os.environ.get("FAKE_PBS_DIR", "/nonexistent"))
SERVER = "fakepbs"
WALLTIME, TERMINATED = -29, 91


def install(folder):
    """Put programs called qsub, qstat and qdel into a folder, and return their environment."""
    (folder / "bin").mkdir()
    (folder / "server").mkdir()
    for name in ("qsub", "qstat", "qdel"):
        program = folder / "bin" / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" {name} "$@"\n')
        program.chmod(0o755)
    return {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "FAKE_PBS_DIR": str(folder / "server"),
    }


def qsub(arguments):
    after = ""
    if arguments[0] == "-W":
        after = arguments[1].removeprefix("depend=afterany:")
        arguments = arguments[2:]
    options = directives(Path(arguments[0]).read_text())
    number = len(list(HOME.glob("*.script")))
    shutil.copy(arguments[0], HOME / f"{number}.script")  # qsub keeps a copy, as PBS does
    name = f"{number}[].{SERVER}" if "J" in options else f"{number}.{SERVER}"
    for index in tasks(options):
        task = name.replace("[]", f"[{index}]")
        save(task, {"job_state": "H" if after else "Q", "options": options, "index": index})
        run = [sys.executable, __file__, "run", task, str(number), after]
        subprocess.Popen(run, start_new_session=True, cwd=Path.cwd(), **quiet())
    sys.stdout.write(f"{name}\n")


def tasks(options):
    if "J" not in options:
        return [None]
    first, last = options["J"].partition("%")[0].split("-")
    return range(int(first), int(last) + 1)


def quiet():
    return dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)


def path(name):
    return HOME / f"{name}.json"


def save(name, job):
    scratch = path(name).with_suffix(f".{os.getpid()}")
    scratch.write_text(json.dumps(job))
    scratch.replace(path(name))


def load(name):
    return json.loads(path(name).read_text())


def of(name):
    """A job's entries: its own, or those of its tasks."""
    return [name] if "[]" not in name else sorted(
        each.stem for each in HOME.glob(f"{name.partition('[')[0]}[[]*.json")
    )  # fmt: skip


def run(name, number, after):
    """Run one job to its end, once the job before it has ended."""
    while after and any(load(each)["job_state"] not in "FX" for each in of(after)):
        time.sleep(0.05)
    job = load(name)
    if job["job_state"] == "F":
        return
    options = job["options"]
    out = Path(options["o"]) / f"{name}.OU"
    nodes, *resources = options["l:select"].split(":")
    each = dict(part.split("=") for part in resources)
    nodefile = HOME / f"{name}.nodes"
    nodefile.write_text(f"{os.uname().nodename}\n" * int(nodes) * int(each.get("mpiprocs", 1)))
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PBS_")}
    environ |= {"PBS_JOBID": name, "PBS_O_WORKDIR": str(Path.cwd()), "PBS_NODEFILE": str(nodefile)}
    if job["index"] is not None:
        environ["PBS_ARRAY_INDEX"] = str(job["index"])
    with out.open("ab") as file:
        process = subprocess.Popen(
            ["bash", str(HOME / f"{number}.script")],
            env=environ, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
            start_new_session=True,
        )  # fmt: skip
    job |= {"job_state": "R", "substate": 42, "run_count": 1, "pid": process.pid}
    save(name, job | {"stime": time.ctime()})
    job = load(name)
    hours, minutes, seconds = map(int, options.get("l:walltime", "99:00:00").split(":"))
    limit, over = (hours * 60 + minutes) * 60 + seconds, False
    begin = time.monotonic()
    while process.poll() is None:
        if time.monotonic() > begin + limit and not over:
            over = True
            os.killpg(process.pid, signal.SIGTERM)
        time.sleep(0.05)
    end(name, process.returncode, over=over)


def end(name, status, *, over):
    job, code = load(name), status if status >= 0 else 256 - status
    if over:
        job |= {"Exit_status": WALLTIME, "substate": 93, "comment": "exceeded resource walltime"}
    elif job.get("deleted"):
        job |= {"Exit_status": code, "substate": TERMINATED, "comment": "Job run and terminated"}
    else:
        job |= {"Exit_status": code, "substate": 93 if code else 92, "comment": "Job run"}
    save(name, job | {"job_state": "F" if job["index"] is None else "X", "mtime": time.ctime()})


def qstat(arguments):
    names = [each for each in arguments if SERVER in each]
    finished, found = "-x" in arguments, {}
    for name in names:
        for each in of(name):
            if path(each).exists() and (finished or load(each)["job_state"] not in "FX"):
                job = load(each)
                wanted = {"nodect": int(job["options"]["l:select"].split(":")[0])}
                if "l:walltime" in job["options"]:
                    wanted["walltime"] = job["options"]["l:walltime"]
                found[each] = {k: v for k, v in job.items() if k not in {"options", "index"}}
                found[each]["Resource_List"] = wanted
    json.dump({"pbs_server": SERVER, "Jobs": found}, sys.stdout)


def qdel(arguments):
    for each in [task for name in arguments for task in of(name)]:
        job = load(each)
        if job["job_state"] in "FX":
            sys.stderr.write(f"qdel: Job has finished {each}\n")
            raise SystemExit(35)
        save(each, job | {"deleted": True})
        if "pid" in job:
            os.killpg(job["pid"], signal.SIGTERM)
        else:
            save(each, job | {"job_state": "F", "substate": TERMINATED, "comment": "deleted"})


if __name__ == "__main__":
    if sys.argv[1] == "run":
        run(*sys.argv[2:])
    else:
        {"qsub": qsub, "qstat": qstat, "qdel": qdel}[sys.argv[1]](sys.argv[2:])
