"""Jobs without a scheduler: real processes in the background."""

import json
import os
import signal
import time

from cli_run import run
from launching.scheduled import LONG, SIX, Scheduled


class TestLocal(Scheduled):
    where = ("--scheduler", "local")

    def test_a_job_outlives_the_command_that_submitted_it_in_a_session_of_its_own(self, desk):
        desk.submit(*self.where, *LONG)
        record = json.loads((desk.jobs() / "0001.local.json").read_text())
        assert os.getsid(record["pid"]) == record["pid"] != os.getsid(0)
        desk.cancel()
        desk.ended()

    def test_a_job_over_its_time_limit_is_told_to_end_and_called_so(self, desk):
        """By its setup: a search ends by itself where no trial fits into the time that is left."""
        desk.submit(*self.where, *LONG, "--set-site", "setup=sleep 20", "--time", "1s")
        (job,) = desk.ended()["jobs"]
        assert job["state"] == "time limit", desk.logs()
        assert len(desk.ids()) == len(set(desk.ids()))

    def test_a_job_whose_supervisor_was_killed_is_watched_by_its_process(self, desk):
        desk.submit(*self.where, *LONG)
        desk.wait(lambda seen: seen["trials"]["total"] >= 1)
        record = json.loads((desk.jobs() / "0001.local.json").read_text())
        os.kill(record["pid"], signal.SIGKILL)
        time.sleep(0.5)
        assert desk.states() == {"0001.1": "running"}
        desk.cancel()
        (job,) = desk.ended()["jobs"]
        assert (job["state"], job["reason"]) == ("node lost", "its supervisor was killed")

    def test_a_job_waits_for_the_one_it_comes_after(self, desk):
        desk.submit(*self.where, *LONG)
        desk.submit(*self.where, *SIX, "--after", "0001.1")
        desk.wait(lambda seen: seen["trials"]["total"] >= 1)
        assert desk.states() == {"0001.1": "running", "0002.1": "queued"}
        desk.cancel()
        desk.ended()

    def test_a_job_after_one_that_is_not_there_is_refused(self, desk):
        sent = desk.submit(*self.where, *SIX, "--after", "0009.1")
        assert sent.returncode == 2
        assert "no such local job" in sent.stderr
        assert not list(desk.jobs().iterdir())

    def test_status_watches_until_no_job_is_left(self, desk):
        desk.submit(*self.where, *SIX)
        done = run("status", "s", "--storage", desk.storage, "--watch", "--every", "0.2s")
        assert done.returncode == 0
        assert "s: running" in done.stdout
        assert "s: done" in done.stdout


def test_an_array_runs_no_more_tasks_at_once_than_it_may(desk):
    desk.submit("--scheduler", "local", *LONG, "--array", "0-2%2")
    desk.wait(lambda seen: seen["trials"]["total"] >= 1)
    assert sorted(desk.states().values()) == ["queued", "running", "running"]
    desk.cancel()
    desk.ended()
