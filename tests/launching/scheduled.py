"""What holds on every scheduler: `local`, a fake PBS, a real PBS and a real Slurm."""

from itertools import pairwise

import pytest

SIX = ("--max-evals", 6)
LONG = ("--max-evals", 500, "--set", "pause=0.2")


class Scheduled:
    """Subclasses give `desk` and name the scheduler's arguments."""

    where = ()

    def test_a_job_runs_to_its_end_and_the_study_is_done(self, desk):
        sent = desk.submit(*self.where, *SIX)
        assert sent.returncode == 0, sent.stderr
        seen = desk.ended()
        assert seen["state"] == "done", desk.logs()
        assert (seen["trials"]["total"], seen["trials"]["wanted"]) == (6, 6)
        (job,) = seen["jobs"]
        assert (job["state"], job["exit_code"]) == ("completed", 0)

    def test_a_program_that_fails_is_a_failed_job_with_its_exit_code(self, desk):
        """The problem is changed while the first job runs: the study is not the second one's."""
        sent = desk.submit(*self.where, "--max-evals", 3, "--set", "pause=3600", "--chain", 2)
        assert sent.returncode == 0, sent.stderr
        desk.wait(lambda seen: seen["trials"]["running"])
        text = (desk.folder / "square.py").read_text()
        (desk.folder / "square.py").write_text(text.replace("-4.0", "-5.0"))
        desk.go()
        ends = [(job["state"], job["exit_code"]) for job in desk.ended()["jobs"]]
        assert ends == [("completed", 0), ("failed", 2)], desk.logs()

    def test_a_chain_runs_one_job_after_the_other(self, desk):
        assert desk.submit(*self.where, *SIX, "--chain", 3).returncode == 0
        jobs = desk.ended()["jobs"]
        assert [job["state"] for job in jobs] == ["completed"] * 3
        starts = sorted((job["started_at"], job["ends_at"]) for job in jobs)
        assert all(end <= start + 1 for (_, end), (start, _) in pairwise(starts))
        assert len(desk.ids()) == len(set(desk.ids())) == 6

    def test_the_tasks_of_an_array_join_one_study_with_seeds_of_their_own(self, desk):
        sent = desk.submit(*self.where, "--max-evals", 60, "--set", "pause=0.1", "--array", "0-1")
        assert sent.returncode == 0, sent.stderr
        seen = desk.ended()
        assert {job["state"] for job in seen["jobs"]} == {"completed"}, desk.logs()
        assert len(seen["jobs"]) == 2
        ids = desk.ids()
        assert len(ids) == len(set(ids))
        assert {name.partition("-")[0] for name in ids} == {"0001", "0002"}
        firsts = [line for line in desk.logs().splitlines() if "seed" in line]
        assert {line.partition("seed ")[2].partition(",")[0] for line in firsts} == {
            "12345",
            "12346",
        }

    def test_a_cancelled_job_ends_and_its_trials_are_kept(self, desk):
        assert desk.submit(*self.where, *LONG, "--chain", 2).returncode == 0
        desk.wait(lambda seen: seen["trials"]["total"] >= 2)
        done = desk.cancel()
        assert done.returncode == 0, done.stderr
        seen = desk.ended()
        assert {job["state"] for job in seen["jobs"]} == {"cancelled"}
        assert seen["state"] == "to be continued"
        assert seen["trials"]["failed"] == 0
        assert 2 <= seen["trials"]["total"] < 500
        again = desk.cancel()
        assert (again.returncode, "no job of s is left" in again.stdout) == (0, True)

    def test_a_running_study_tells_its_rate_its_use_and_its_end(self, desk):
        assert desk.submit(*self.where, *LONG).returncode == 0
        seen = desk.wait(lambda seen: seen["trials"]["total"] >= 5)
        desk.cancel()
        assert seen["state"] == "running"
        assert seen["nodes"] == 1
        assert 0 < seen["progress"]["rate"] < 5
        assert seen["trials"]["running"] <= 1
        assert 0 < seen["progress"]["utilisation"] <= 1
        missing = 500 - seen["trials"]["total"]
        expected = seen["seen_at"] + missing / seen["progress"]["rate"]
        assert seen["expected_end"] == pytest.approx(expected)
        desk.ended()
