"""Strict readers of job directives, written from the manual pages of sbatch and qsub."""

import re

CLOCK = r"\d{2,}:[0-5]\d:[0-5]\d"
WORD = r"[A-Za-z0-9][A-Za-z0-9_.@+:-]*"
RANGES = r"\d+(-\d+(:\d+)?)?(,\d+(-\d+(:\d+)?)?)*(%\d+)?"
SBATCH = {
    "job-name": WORD,
    "account": WORD,
    "partition": WORD,
    "qos": WORD,
    "nodes": r"[1-9]\d*",
    "ntasks-per-node": r"[1-9]\d*",
    "cpus-per-task": r"[1-9]\d*",
    "gpus-per-node": r"[1-9]\d*",
    "time": CLOCK,
    "array": RANGES,
    "signal": r"(B:)?(USR1|USR2|TERM)@\d+",
    "requeue": None,
    "open-mode": "append|truncate",
    "output": r"/[^\s\"']+",
    "constraint": WORD,
    "S": r"\d+",
}
"""Long options of sbatch, and -S of Frontier's; None takes no value."""
CHUNK = r"\d+(:(ncpus|mpiprocs|ngpus|ompthreads)=\d+|:system=\w+)*"
RESOURCES = {
    "select": CHUNK,
    "walltime": CLOCK,
    "place": "scatter|pack|free|excl|scatter:excl",
    "filesystems": r"\w+(:\w+)*",
}
QSUB = {
    "N": r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,229}",
    "A": WORD,
    "q": WORD,
    "J": r"\d+-\d+(:\d+)?(%[1-9]\d*)?",
    "j": "oe|eo|n",
    "o": r"/[^\s\"']+",
    "k": "d?(oe|o|e|n)|n",
    "r": "y|n",
}


def head(script):
    """The lines that a scheduler reads: comments after the first line, up to the first command."""
    first, *lines = script.split("\n")
    assert re.fullmatch(r"#!/bin/(ba)?sh( -l)?", first), first
    found = []
    for line in lines:
        if line and not line.startswith("#"):
            break
        found.append(line)
    late = [line for line in lines[len(found) :] if re.match(r"#(SBATCH|PBS)", line)]
    assert not late, f"directives after the first command are not read: {late}"
    return found


def sbatch(script):
    """The `#SBATCH` options of a script by name; AssertionError for what sbatch would refuse."""
    options = {}
    for line in head(script):
        if not line.startswith("#SBATCH"):
            continue
        match = re.fullmatch(r"#SBATCH (?:--([a-z-]+)(?:=(\S+))?|-([A-Z]) (\S+))", line)
        assert match, f"not a directive: {line!r}"
        name, value = match[1] or match[3], match[2] if match[1] else match[4]
        assert name in SBATCH, f"sbatch has no {name}"
        assert name not in options, f"{name} is given twice"
        pattern = SBATCH[name]
        assert (value is None) == (pattern is None), line
        assert pattern is None or re.fullmatch(pattern, value), line
        options[name] = value
    return options


def qsub(script):
    """The `#PBS` options of a script; resources as `l:NAME`."""
    options = {}
    for line in head(script):
        if not line.startswith("#PBS"):
            continue
        match = re.fullmatch(r"#PBS -([A-Za-z]) (\S+)", line)
        assert match, f"not a directive: {line!r}"
        name, value = match[1], match[2]
        pattern = QSUB.get(name)
        if name == "l":
            resource, _, value = value.partition("=")
            name, pattern = f"l:{resource}", RESOURCES.get(resource)
        assert pattern, f"qsub has no {name}"
        assert name not in options, f"{name} is given twice"
        assert re.fullmatch(pattern, value), line
        options[name] = value
    return options
