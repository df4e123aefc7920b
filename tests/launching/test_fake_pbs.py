"""PBS on a FAKE qsub, qstat and qdel: our side of the conversation, not theirs."""

import fake_pbs
import pytest
from launching.scheduled import SIX, Scheduled


class TestFakePbs(Scheduled):
    where = ("--scheduler", "pbs")

    @pytest.fixture(autouse=True)
    def programs(self, tmp_path_factory, monkeypatch):
        for name, value in fake_pbs.install(tmp_path_factory.mktemp("fake_pbs")).items():
            monkeypatch.setenv(name, value)

    def test_the_fake_ends_a_job_at_its_walltime(self, desk):
        """By its setup: a search ends by itself where no trial fits into the time that is left."""
        sent = desk.submit(*self.where, *SIX, "--set-site", "setup=sleep 20", "--time", "4s")
        assert sent.returncode == 0, sent.stderr
        (job,) = desk.ended()["jobs"]
        assert (job["state"], job["exit_code"]) == ("time limit", -29)

    def test_the_fake_has_no_job_of_a_refused_script(self, desk):
        sent = desk.submit(*self.where, *SIX, "--set-site", "directives=-Z nonsense")
        assert sent.returncode == 2
        assert "qsub" in sent.stderr
        assert not list(desk.jobs().iterdir())
