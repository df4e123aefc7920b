"""What a job learns from its scheduler; the schedulers' commands here are fakes that print."""

import json
import os
import time
from datetime import datetime

import pytest

from autotune.cli.tune_brake import deadline
from autotune.cli.tune_job import Job, current
from autotune.store.lease import JobRun

SCONTROL = (
    "JobId=77 JobName=a UserId=u(1) JobState=RUNNING Restarts=1 TimeLimit=00:10:00 "
    "StartTime={start} EndTime={end} Command=/a b=c"
)


@pytest.fixture
def answers(tmp_path, monkeypatch):
    """A fake of a scheduler's command, which prints a text and ends with a status."""

    def fake(command, text, status=0):
        path = tmp_path / command
        path.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\nexit {status}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    return fake


def stamp(seconds, form="%Y-%m-%dT%H:%M:%S"):
    return datetime.fromtimestamp(seconds).strftime(form)


def qstat(**fields):
    return json.dumps({"pbs_version": "23.06.06", "Jobs": {"5.pbsnode": fields}})


def test_outside_of_a_job_there_is_no_end_and_the_start_is_the_processs_own():
    job = current({})
    assert (job.run, job.end, job.name) == (None, None, "this run")
    assert 0 < time.time() - job.start < 86400
    assert deadline(job, None, None) is None
    assert current({"AUTOTUNE_JOB_START": "1000.5"}).start == 1000.5


def test_slurm_tells_the_end_by_scontrol_where_its_environment_does_not(answers):
    answers("scontrol", SCONTROL.format(start=stamp(1e9), end=stamp(1e9 + 600)))
    job = current({"SLURM_JOB_ID": "77", "SLURM_CLUSTER_NAME": "c", "SLURM_RESTART_COUNT": "1"})
    assert job == Job(JobRun("slurm:c:77", 1), 1e9, 1e9 + 600)


def test_a_slurm_job_without_a_limit_has_no_end_and_that_is_said(answers):
    answers("scontrol", SCONTROL.format(start=stamp(1e9), end="Unknown"))
    job = current({"SLURM_JOB_ID": "77"})
    assert (job.end, job.said) == (None, "scontrol gave no end")


def test_pbs_tells_the_end_by_walltime_and_start_and_how_often_it_ran(answers):
    start = stamp(1e9, "%a %b %d %H:%M:%S %Y")
    answers("qstat", qstat(stime=start, run_count=2, Resource_List={"walltime": "01:00:20"}))
    assert current({"PBS_JOBID": "5.pbsnode"}) == Job(JobRun("pbs:5.pbsnode", 1), 1e9, 1e9 + 3620)


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("qstat: Unknown Job Id 5", 153, "qstat: qstat: Unknown Job Id 5"),
        ("Job id  Name", 0, "qstat gave no end"),
        (qstat(run_count=1), 0, "it has no walltime"),
        (qstat(run_count=1, Resource_List={"walltime": "soon"}), 0, "it has no walltime"),
        ('{"Jobs": {}}', 0, "qstat gave no end"),
    ],
)
def test_a_pbs_that_gives_no_walltime_is_no_reason_to_fail(answers, text, status, said):
    answers("qstat", text, status)
    job = current({"PBS_JOBID": "5.pbsnode"})
    assert (job.end, job.said) == (None, said)


def test_what_is_given_goes_before_what_the_scheduler_says():
    now = time.time()
    job = Job(JobRun("slurm:c:77", 0), now - 100, now + 500)
    asked, given = deadline(job, None, None), deadline(job, 200.0, 7.0)
    assert asked.end - time.monotonic() == pytest.approx(500, abs=5)
    assert asked.margin == pytest.approx(60, abs=1)
    assert given.end - time.monotonic() == pytest.approx(100, abs=5)
    assert given.margin == 7.0
