"""`autotune doctor`: what it finds here, and that it sees what stands in the way."""

import json
import os
import subprocess
import sys


def doctor(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "autotune", "doctor", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environment,
    )


def findings(*arguments, **environment):
    done = doctor(*arguments, "--json", **environment)
    told = json.loads(done.stdout)
    assert told["ok"] == (done.returncode == 0)
    return {each["what"]: each for each in told["findings"]}


def test_a_sound_installation_has_no_problem(tmp_path):
    found = findings("--storage", tmp_path / "not" / "there")
    assert found["autotune"]["state"] == "ok"
    assert "from autotune-llm at" in found["autotune"]["detail"]
    assert found["numpy"]["state"] == "ok"
    assert "ms to sync a record" in found["storage"]["detail"]
    assert "cores usable" in found["machine"]["detail"]
    assert list(tmp_path.iterdir()) == []


def test_a_missing_extra_is_absent_with_the_command_that_installs_it(tmp_path):
    found = findings("--storage", tmp_path)
    for name, extra in (("torch", "train"), ("mpi4py", "mpi"), ("plotly", "report")):
        if found[name]["state"] != "ok":
            assert found[name] == {
                "what": name,
                "state": "absent",
                "detail": f"pip install 'autotune-llm[{extra}]'",
            }


def test_a_second_distribution_of_the_same_name_is_a_problem(tmp_path):
    """What pip leaves behind after installing the other `autotune` of PyPI."""
    info = tmp_path / "autotune-0.0.3.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: autotune\nVersion: 0.0.3\n")
    (info / "top_level.txt").write_text("autotune\n")
    (info / "RECORD").write_text("autotune/__init__.py,,\n")
    done = doctor("--storage", tmp_path, PYTHONPATH=str(tmp_path))
    assert done.returncode == 1
    assert "provided by autotune and autotune-llm, which overwrite each other" in done.stdout
    assert "pip uninstall autotune;" in done.stdout
    assert done.stdout.strip().endswith("1 problem")


def test_a_storage_that_cannot_be_written_is_a_problem(tmp_path):
    (tmp_path / "file").write_text("")
    found = findings("--storage", tmp_path / "file")
    assert found["storage"]["state"] == "problem"
    assert "Choose another --storage" in found["storage"]["detail"]


def test_launchers_and_schedulers_are_found_on_the_path(tmp_path):
    for name in ("mpiexec", "sbatch", "qsub"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho HYDRA 4.2\n")
        program.chmod(0o755)
    found = findings("--storage", tmp_path, PATH=f"{tmp_path}:/usr/bin:/bin")
    assert found["MPI launcher"]["detail"] == f"{tmp_path}/mpiexec: HYDRA 4.2"
    assert found["Slurm"] == {"what": "Slurm", "state": "ok", "detail": f"{tmp_path}/sbatch"}
    assert found["PBS"]["state"] == "ok"
    nothing = findings("--storage", tmp_path, PATH="/nonexistent")
    assert nothing["MPI launcher"]["state"] == nothing["Slurm"]["state"] == "absent"


def test_on_a_cluster_it_names_the_launcher_and_its_way_to_place_ranks(tmp_path):
    said = {"mpiexec": "mpirun (Open MPI) 5.0.11", "mpirun": "something else 1.0"}
    for name, line in said.items():
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho '{line}'\n")
        program.chmod(0o755)
    found = findings("--hpc", "--storage", tmp_path, PATH=f"{tmp_path}:/nonexistent:/bin")
    assert found["mpiexec"]["state"] == "ok"
    assert "--map-by ppr:4:node" in found["mpiexec"]["detail"]
    assert found["mpirun"]["state"] == "problem"
    assert found["shared files"]["state"] == found["clocks"]["state"] == "ok"


def test_a_scheduler_that_does_not_answer_is_a_problem(tmp_path):
    for name in ("qsub", "qstat"):
        program = tmp_path / name
        program.write_text("#!/bin/sh\necho 'cannot connect to server pbs' >&2\nexit 15\n")
        program.chmod(0o755)
    found = findings("--hpc", "--storage", tmp_path, PATH=str(tmp_path))
    assert found["scheduler"]["state"] == "problem"
    assert "cannot connect to server pbs" in found["scheduler"]["detail"]
    nothing = findings("--hpc", "--storage", tmp_path, PATH="/nonexistent")
    assert nothing["scheduler"]["state"] == "absent"


def test_without_hpc_no_launcher_is_asked_for(tmp_path):
    assert "shared files" not in findings("--storage", tmp_path)
