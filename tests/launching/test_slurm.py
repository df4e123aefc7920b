"""A real Slurm: limits, requeues, preemption, lost nodes; nothing is lost and nothing doubled."""

import json
import sys
from pathlib import Path

import pytest
from launching.cluster import missing
from launching.scheduled import SIX, Scheduled

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.slow,
    pytest.mark.xdist_group("slurm"),
    pytest.mark.skipif(bool(missing()), reason=missing() or "Slurm can be brought up"),
]
FORTY = ("--max-evals", 40, "--set", "pause=1")


@pytest.fixture
def desk(slurm_desk):
    return slurm_desk


class TestSlurm(Scheduled):
    where = ("--scheduler", "slurm", "--time", "10m")


def same_as_undisturbed(desk):
    """Every trial is there once, and they are those of a run that nothing disturbed."""
    ids = desk.ids()
    assert len(ids) == len(set(ids)) == 40
    desk.tune(*FORTY[:2], study="undisturbed")
    assert desk.configs() == desk.configs("undisturbed")


def test_a_requeued_job_continues_with_the_same_result(desk):
    job = desk.send(*FORTY)
    before = desk.wait(lambda seen: seen["trials"]["total"] >= 3)["trials"]["total"]
    assert desk.cluster.ask("scontrol", "requeue", job) is not None
    desk.go()
    desk.begin_now(job)
    seen = desk.ended()
    assert [(each["state"], each["restarts"]) for each in seen["jobs"]] == [("completed", 1)]
    assert seen["trials"]["total"] == 40 > before
    same_as_undisturbed(desk)


def test_a_preempted_job_makes_room_and_continues_with_the_same_result(desk):
    here = ("--set-site", "directives=--exclusive", "--set-site", "directives=--nodelist=n1")
    job = desk.send(*FORTY, "--queue", "preempt", *here)
    desk.wait(lambda seen: seen["trials"]["total"] >= 3)
    other = desk.send("--max-evals", 2, *here, study="urgent")
    desk.wait(lambda _: desk.state(job) == "PENDING")
    desk.ended(study="urgent")
    assert desk.accounted(other) == [("COMPLETED", "0:0")]
    desk.go()
    desk.begin_now(job)
    desk.ended()
    assert [state for state, _ in desk.accounted(job)] == ["PREEMPTED", "COMPLETED"]
    same_as_undisturbed(desk)


@pytest.mark.long
def test_a_job_on_a_lost_node_is_requeued_and_completes_when_the_node_is_back(desk):
    job = desk.send(*FORTY, "--set-site", "directives=--nodelist=n3")
    before = desk.wait(lambda seen: seen["trials"]["total"] >= 3)["trials"]["total"]
    desk.cluster.do("kill-node", "n3")
    try:
        desk.wait(lambda seen: seen["jobs"][0]["state"] == "queued")
    finally:
        desk.cluster.do("revive-node", "n3")
    desk.go()
    desk.begin_now(job)
    seen = desk.ended()
    assert [state for state, _ in desk.accounted(job)] == ["NODE_FAIL", "COMPLETED"]
    assert seen["trials"]["total"] == 40 > before
    same_as_undisturbed(desk)


def test_a_chain_under_a_short_limit_ends_by_its_own_clock_and_completes(desk):
    """The program is told of 30 s, and Slurm ends what runs longer than a minute there."""
    chain = ("--queue", "short", "--time", "30s", "--chain", 2)
    desk.submit("--scheduler", "slurm", *FORTY, *chain)
    seen = desk.wait(lambda seen: seen["jobs"][0]["state"] == "completed")
    assert seen["jobs"][0]["exit_code"] == 0
    assert 0 < seen["trials"]["total"] < 40
    desk.go()
    seen = desk.ended()
    assert {(job["state"], job["exit_code"]) for job in seen["jobs"]} == {("completed", 0)}
    same_as_undisturbed(desk)


def test_sacct_shows_the_programs_own_exit_code(desk):
    job = desk.send(*SIX)
    desk.ended()
    assert desk.accounted(job) == [("COMPLETED", "0:0")]
    text = (desk.folder / "square.py").read_text()
    (desk.folder / "square.py").write_text(text.replace("return config", "return 1 / 0, config"))
    job = desk.send("--max-evals", 2, study="broken")
    desk.ended(study="broken")
    assert desk.accounted(job) == [("FAILED", "3:0")]  # every trial failed


def test_a_refused_job_is_one_line_and_leaves_nothing_behind(desk):
    sent = desk.submit("--scheduler", "slurm", *SIX, "--queue", "nowhere")
    assert sent.returncode == 2
    assert "sbatch: " in sent.stderr
    assert "nowhere" in sent.stderr or "partition" in sent.stderr
    assert not list(desk.jobs().iterdir())


def test_without_accounting_the_state_comes_from_the_controller(plain_desk):
    good = plain_desk.send(*SIX)
    bad = plain_desk.send("--max-evals", 2, "--learner", "GP", "--acq", "EI", "--set", "pause=0.1",
                          study="other")  # fmt: skip
    seen = plain_desk.ended()
    assert [(job["id"], job["state"]) for job in seen["jobs"]] == [(good, "completed")]
    assert [job["id"] for job in plain_desk.ended(study="other")["jobs"]] == [bad]
    record = plain_desk.jobs() / "0001.json"
    record.write_text(record.read_text().replace(f'"{good}"', '"99999"'))
    seen = plain_desk.status()
    assert [(job["id"], job["state"]) for job in seen["jobs"]] == [("99999", "unknown")]
    assert any("accounting storage is disabled" in note for note in seen["notes"])
    assert seen["state"] == "done"  # the journal knows


def test_a_controller_that_is_gone_is_a_note_and_the_journal_tells_the_rest(desk, monkeypatch):
    desk.send(*SIX)
    desk.ended()
    elsewhere = desk.folder / "slurm.conf"  # a port at which nobody listens
    told = Path(desk.cluster.environ["SLURM_CONF"]).read_text()
    told = told.replace(f"SlurmctldPort={desk.cluster.port}", "SlurmctldPort=9")
    told = told.replace("AccountingStorageType=accounting_storage/slurmdbd", "")
    elsewhere.write_text(f"{told}MessageTimeout=2\n")
    monkeypatch.setenv("SLURM_CONF", str(elsewhere))
    seen = desk.status()
    assert [job["state"] for job in seen["jobs"]] == ["unknown"]
    assert seen["state"] == "done"
    assert seen["trials"]["total"] == 6
    assert any("squeue" in note for note in seen["notes"])


def test_the_doctor_asks_every_node_of_an_allocation(desk):
    doctor = (
        sys.executable,
        "-m",
        "autotune",
        "doctor",
        "--hpc",
        "--json",
        "--storage",
        desk.folder,
    )
    told = json.loads(desk.cluster.do("run", "salloc", "-N", "2", *doctor))
    found = {each["what"]: each for each in told["findings"]}
    assert "sacct answers" in found["scheduler"]["detail"]
    assert "debug, preempt, short" in found["scheduler"]["detail"]
    assert "srun -N 2 -n 8 --ntasks-per-node 4" in found["srun"]["detail"]
    assert "n1, n2" in found["shared files"]["detail"]
    assert {found[what]["state"] for what in ("srun", "shared files", "clocks")} == {"ok"}
    assert [path.name for path in desk.folder.iterdir()] == ["square.py"]
