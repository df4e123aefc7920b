"""Slurm: sbatch, squeue, sacct, scontrol and scancel."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from autotune.launching import slurm_json, slurm_text
from autotune.launching.job import JobSpec
from autotune.launching.scheduler import Answer, call, must
from autotune.launching.states import JobView, whole


class Slurm:
    """The `Scheduler` port on Slurm."""

    def submit(self, script: Path, job: JobSpec) -> Iterator[str]:
        """Hand in a script, each time after the end of the time before."""
        after = job.after
        for _ in range(job.chain):
            waits = [f"--dependency=afterany:{after}"] if after else []
            printed = must("sbatch", "--parsable", *waits, str(script))
            after = printed.strip().splitlines()[-1].partition(";")[0]
            yield after

    def poll(self, ids: Sequence[str]) -> Answer:
        """Ask squeue, then sacct for jobs it has forgotten, then scontrol where sacct is off."""
        views, notes = _queue(ids)
        missing = _missing(ids, views)
        if missing:
            columns = ",".join(slurm_text.SACCT)
            said = call("sacct", "-n", "-P", "-D", "-X", "-j", ",".join(missing), "-o", columns)
            if said.status:
                notes.append(f"sacct: {said.complaint}")
            views += _of(missing, slurm_text.accounted(said.out))
        for each in _missing(ids, views):
            said = call("scontrol", "show", "job", each)
            views += _of([each], slurm_text.shown(said.out))
            if said.status:
                notes.append(f"scontrol: job {each}: {said.complaint}")
        return Answer(views, notes)

    def cancel(self, ids: Sequence[str]) -> None:
        """End jobs; Slurm sends TERM, and KILL after its KillWait."""
        must("scancel", *ids)


def _queue(ids: Sequence[str]) -> tuple[list[JobView], list[str]]:
    """What the controller has in memory: from squeue as JSON, or else from scontrol."""
    said = call("squeue", "--json", "-u", str(os.getuid()))
    try:
        return _of(ids, slurm_json.views(said.out)), []
    except ValueError as error:
        note = f"squeue --json: {said.complaint if said.error.strip() else error}"
    said = call("scontrol", "show", "job")
    return _of(ids, slurm_text.shown(said.out)), [] if said.status == 0 else [note]


def _of(ids: Sequence[str], views: Sequence[JobView]) -> list[JobView]:
    return [view for view in views if whole(view.id) in ids]


def _missing(ids: Sequence[str], views: Sequence[JobView]) -> list[str]:
    known = {whole(view.id) for view in views}
    return [each for each in ids if each not in known]
