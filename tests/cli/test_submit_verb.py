"""`autotune submit`, `status`, `cancel`: what is refused before a job waits, what is kept."""

import json
from pathlib import Path

import pytest
from cli_run import run
from job_directives import sbatch

PROBLEM = ("moe_budget", "--max-evals", "20", "--study", "s")


@pytest.fixture
def submit(tmp_path, monkeypatch):
    """`autotune submit tune moe_budget ...` from an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: run("submit", "tune", *arguments)


def test_a_dry_run_prints_the_script_and_leaves_nothing_behind(submit, tmp_path):
    done = submit(*PROBLEM, "--scheduler", "slurm", "--time", "30m", "--dry-run")
    assert done.returncode == 0
    assert sbatch(done.stdout)["time"] == "00:30:00"
    assert list(tmp_path.iterdir()) == []
    assert (
        done.stdout == submit(*PROBLEM, "--scheduler", "slurm", "--time", "30m", "--dry-run").stdout
    )


def test_tune_options_pass_through_in_their_order_and_the_storage_becomes_absolute(
    submit, tmp_path
):
    given = [
        "moe_budget",
        "--set",
        "flops=1e22",
        "--storage",
        "here",
        "--learner=RF",
        "--seed",
        "3",
    ]
    done = submit(*given, "--scheduler", "local", "--dry-run", "--json")
    (tmp_path / "here").mkdir()
    arguments = json.loads(done.stdout)["job"]["arguments"]
    kept = ["moe_budget", "--set", "flops=1e22", "--learner=RF", "--seed", "3"]
    assert arguments == [*kept, "--storage", str(tmp_path / "here")]
    assert json.loads(done.stdout)["job"]["seed"] == 3


def test_files_of_the_working_folder_are_not_taken_for_templates_or_sites(submit, tmp_path):
    told = submit(*PROBLEM, "--scheduler", "slurm", "--dry-run").stdout
    for name in ("slurm.sh", "slurm", "slurm.toml"):
        (tmp_path / name).write_text("not ours")
    assert submit(*PROBLEM, "--scheduler", "slurm", "--dry-run").stdout == told


def test_a_job_on_one_node_with_one_rank_needs_no_mpi(submit):
    told = submit(*PROBLEM, "--scheduler", "slurm", "--workers", "8", "--dry-run").stdout
    assert "srun" not in told.split("trap")[-1]
    assert "mpi4py" not in told
    assert sbatch(told)["cpus-per-task"] == "8"


def test_on_several_nodes_the_site_says_how_many_ranks(submit):
    site = ("--site", "frontier", "--account", "llm", "--time", "1h")
    told = submit(*PROBLEM, *site, "--nodes", "2", "--dry-run").stdout
    assert sbatch(told)["ntasks-per-node"] == "8"
    assert "-m mpi4py -m autotune tune" in told


STUDY = ("recorded_runs", "--target-flops", "1e22", "--spend", "1e21", "--law", "hoffmann")


def test_a_study_of_the_closed_loop_is_a_job_as_a_search_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    slurm = ("--scheduler", "slurm", "--nodes", "2", "--ranks-per-node", "4", "--time", "1h")
    done = run("submit", "study", *STUDY, *slurm, "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "-m mpi4py -m autotune study recorded_runs" in told["script"]
    assert sbatch(told["script"])["ntasks-per-node"] == "4"
    storage = str(tmp_path / "results/local")
    assert told["job"]["arguments"] == [*STUDY, "--storage", storage, "--walltime", "3600"]
    assert told["folder"] == f"{storage}/recorded_runs"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["recorded_runs", "--spend", "1e21"], "--target-flops is missing"),
        ([*STUDY, "--max-evals", "3"], "study: No such option: --max-evals"),
        ([*STUDY, "--array", "0-3"], "decides one round after the other"),
        (["moe_budget", *STUDY[1:], "--law", "hofmann"], "Did you mean 'hoffmann'"),
        (["law_coefficients", *STUDY[1:]], "law_inputs"),
    ],
)
def test_a_study_that_cannot_run_is_refused_before_a_job_waits(
    tmp_path, monkeypatch, arguments, says
):
    monkeypatch.chdir(tmp_path)
    done = run("submit", "study", *arguments, "--scheduler", "local")
    assert done.returncode == 2
    assert says in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_one_process_on_a_node_with_gpus_has_a_worker_for_each(submit):
    site = ("--site", "frontier", "--account", "llm", "--time", "1h", "--dry-run")
    assert "--workers 8" in submit(*PROBLEM, *site).stdout
    assert "--workers 2" in submit(*PROBLEM, *site, "--workers", "2").stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["no_such", "--scheduler", "local"], "no problems file 'no_such'"),
        (["moe_budget", "--set", "flop=1", "--scheduler", "local"], "Did you mean 'flops'"),
        (["moe_budget", "--max-eval", "3", "--scheduler", "local"], "--max-evals"),
        (["moe_budget", "--max-evals", "x", "--scheduler", "local"], "--max-evals"),
        (["moe_budget"], "--site NAME"),
        (["moe_budget", "--site", "slurm", "--scheduler", "slurm"], "--site NAME"),
        (["moe_budget", "--site", "polari"], "Did you mean 'polaris'"),
        (["moe_budget", "--scheduler", "sge"], "slurm or pbs or local"),
        (["moe_budget", "--site", "polaris"], "--account PROJECT --time 30m"),
        (["moe_budget", "--scheduler", "slurm", "--set-site", "lunch=x"], "'launch'"),
        (["moe_budget", "--scheduler", "slurm", "--set-site", "mpi"], "--set-site mpi=pmi2"),
        (["moe_budget", "--scheduler", "slurm", "--array", "x"], "0-7%4 (four at once)"),
        (["moe_budget", "--scheduler", "slurm", "--nodes", "0"], "--nodes must be 1 or more"),
        (["moe_budget", "--scheduler", "slurm", "--time", "soon"], "duration"),
        (["moe_budget", "--scheduler", "pbs", "--qos", "x"], "--queue"),
        (["moe_budget", "--study", "a b", "--scheduler", "slurm"], "cannot hold the path"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_before_anything_is_submitted(submit, tmp_path, arguments, says):
    done = submit(*arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_study_of_another_problem_is_refused_before_the_job_waits(submit):
    run("tune", *PROBLEM, "--max-evals", "1", "--learner", "random", "--workers", "0")
    done = submit(*PROBLEM, "--set", "flops=3e22", "--scheduler", "slurm")
    assert done.returncode == 2
    assert "is of another problem: option flops: " in done.stderr


def test_a_scheduler_that_is_not_here_is_one_line_and_no_script_is_kept(
    submit, monkeypatch, tmp_path
):
    monkeypatch.setenv("PATH", "/nonexistent")
    done = submit(*PROBLEM, "--scheduler", "pbs")
    assert done.returncode == 2
    assert done.stderr.strip() == "autotune submit: qsub: no qsub on PATH"
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_chain_that_is_cut_short_keeps_what_was_submitted(submit, monkeypatch, tmp_path):
    """sbatch takes the first job and refuses the second."""
    program = tmp_path / "bin" / "sbatch"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\ncase "$*" in *afterany:7*) echo no more >&2; exit 1;; esac\necho 7\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    done = submit(*PROBLEM, "--scheduler", "slurm", "--chain", "3")
    assert done.returncode == 2
    assert "sbatch: no more" in done.stderr
    record = json.loads((tmp_path / "results/local/s/jobs/0001.json").read_text())
    assert record["ids"] == ["7"]
    assert (tmp_path / "results/local/s/jobs/0001.sh").is_file()


def test_a_user_may_edit_the_kept_script_and_the_next_submission_has_a_number_of_its_own(
    submit, monkeypatch, tmp_path
):
    program = tmp_path / "bin" / "sbatch"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 7\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    for _ in range(2):
        assert submit(*PROBLEM, "--scheduler", "slurm").returncode == 0
    jobs = tmp_path / "results/local/s/jobs"
    assert sorted(path.name for path in jobs.iterdir()) == [
        "0001.json", "0001.sh", "0002.json", "0002.sh",
    ]  # fmt: skip
    assert (jobs / "0001.sh").read_text() == (jobs / "0002.sh").read_text()


def test_status_of_a_study_without_jobs_is_what_its_journal_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run("tune", *PROBLEM, "--max-evals", "3", "--learner", "random", "--workers", "0")
    told = json.loads(run("status", "s", "--json").stdout)
    assert (told["state"], told["trials"]["total"], told["trials"]["wanted"]) == ("done", 3, 3)
    assert told["jobs"] == []
    assert "s: done" in run("status", "s").stdout
    assert run("status").stdout.splitlines()[-1].split()[:2] == ["s", "done"]


def test_status_and_cancel_of_an_unknown_study_name_the_nearest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(
        "tune",
        *PROBLEM,
        "--max-evals",
        "1",
        "--learner",
        "random",
        "--study",
        "moe",
        "--workers",
        "0",
    )
    for verb in ("status", "cancel"):
        done = run(verb, "mo")
        assert done.returncode == 2
        assert "Did you mean 'moe'" in done.stderr


def test_a_damaged_record_of_a_submission_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("results/local/s/jobs/0001.json")
    path.parent.mkdir(parents=True)
    path.write_text("{")
    done = run("status", "s")
    assert done.returncode == 2
    assert "jobs/0001.json" in done.stderr
