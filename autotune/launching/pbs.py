"""PBS Professional and OpenPBS: qsub, qstat and qdel."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from autotune.errors import LaunchError
from autotune.launching import pbs_json
from autotune.launching.job import JobSpec
from autotune.launching.scheduler import Answer, call, must
from autotune.launching.states import JobView, whole

ENDED = ("finished", "unknown job")


class Pbs:
    """The `Scheduler` port on PBS."""

    def submit(self, script: Path, job: JobSpec) -> Iterator[str]:
        """Hand in a script, each time after the end of the time before."""
        after = job.after
        for _ in range(job.chain):
            waits = ["-W", f"depend=afterany:{after}"] if after else []
            lines = must("qsub", *waits, str(script)).strip().splitlines()
            if not lines:
                raise LaunchError(
                    "qsub printed no job id. A routing queue may drop a job over its limits in "
                    "silence: look with `qstat -u $USER`."
                )
            after = lines[-1]
            yield after

    def poll(self, ids: Sequence[str]) -> Answer:
        """Ask qstat, with ended jobs where the server keeps them."""
        views: list[JobView] = []
        notes: list[str] = []
        for flags in (("-x", "-t"), ("-t",), ()):
            missing = [each for each in ids if not _among(each, views)]
            if missing:
                said = call("qstat", *flags, "-f", "-F", "json", *missing)
                try:
                    views += _without_parents(pbs_json.views(said.out))
                    notes = []
                except ValueError:
                    notes = [f"qstat: {said.complaint}"]
        return Answer(views, notes)

    def cancel(self, ids: Sequence[str]) -> None:
        """End jobs; one that has ended by now is no error."""
        said = call("qdel", *ids)
        if said.status and not any(word in said.error.lower() for word in ENDED):
            raise LaunchError(f"qdel: {said.complaint}")


def _among(name: str, views: Sequence[JobView]) -> bool:
    return any(whole(view.id) == whole(name) for view in views)


def _without_parents(views: Sequence[JobView]) -> list[JobView]:
    """An array whose tasks are listed is not listed besides."""
    tasks = {whole(view.id) for view in views if "[" in view.id and "[]" not in view.id}
    return [view for view in views if "[]" not in view.id or whole(view.id) not in tasks]
