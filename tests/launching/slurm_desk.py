"""The desk of the tests on a real Slurm: it can requeue, and wait for what Slurm does."""

import time

from launching.conftest import Desk
from patience import PATIENCE


class SlurmDesk(Desk):
    """A desk beside a cluster."""

    def __init__(self, folder, cluster):
        super().__init__(folder)
        self.cluster = cluster

    def send(self, *arguments, study="s"):
        """Submit, and return the id of the one job."""
        sent = self.submit("--scheduler", "slurm", *arguments, study=study)
        assert sent.returncode == 0, sent.stderr
        return sent.stdout.split()[1]

    def begin_now(self, job):
        """A requeued job waits for two minutes; wait until it is queued, and do not wait longer.

        A few seconds pass first: Slurm 22.05 loses the end of a run that begins in the second of
        its requeue, and shows it as running until the time limit.
        """
        end = time.monotonic() + PATIENCE
        while self.state(job) != "PENDING":
            assert time.monotonic() < end, f"{job} is {self.state(job)}\n{self.logs()}"
            time.sleep(0.3)
        time.sleep(3)
        while self.cluster.ask("scontrol", "update", f"jobid={job}", "StartTime=now") is None:
            assert time.monotonic() < end
            time.sleep(0.3)

    def state(self, job):
        """Slurm's own word."""
        return self.cluster.ask("squeue", "-h", "-t", "all", "-j", job, "-o", "%T")

    def accounted(self, job):
        """State and exit code of every run of a job that has ended, as sacct has them.

        What is accounted follows what squeue says, by a moment that nothing bounds.
        """
        ask = ("sacct", "-n", "-P", "-D", "-X", "-j", job, "-o", "State,ExitCode")
        end = time.monotonic() + PATIENCE
        while True:
            runs = [tuple(line.split("|")) for line in self.cluster.ask(*ask).splitlines()]
            if time.monotonic() > end or not {"PENDING", "RUNNING"} & {state for state, _ in runs}:
                return runs
            time.sleep(0.3)
