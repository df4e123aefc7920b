"""What a trial sees of MPI and of GPUs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune import problem_file
from autotune.errors import InputError
from autotune.evaluators.mpi_environment import gpu_binding, trial_environment, trial_launcher


def program(folder, name):
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)


def test_a_trial_sees_nothing_of_the_job_that_it_is_a_part_of():
    ours = {"PMI_RANK": "1", "PMIX_RANK": "1", "OMPI_COMM_WORLD_SIZE": "3", "PALS_RANKID": "1"}
    kept = {"HOME": "/h", "SLURM_JOB_ID": "5", "OMPI_ALLOW_RUN_AS_ROOT": "1"}
    seen = trial_environment(ours | kept, ranks=1, host="n1", local_rank=0)
    assert seen == kept | {"AUTOTUNE_TRIAL_RANKS": "1", "AUTOTUNE_TRIAL_LAUNCHER": ""}


def test_ranks_of_a_trial_start_on_its_own_node(tmp_path):
    environ = {"PATH": str(tmp_path)}
    with pytest.raises(InputError, match="a trial of 4 ranks needs srun, mpiexec or mpirun"):
        trial_launcher(environ, ranks=4, host="n1")
    program(tmp_path, "mpirun")
    assert trial_launcher(environ, ranks=4, host="n1") == "mpirun -n 4"
    program(tmp_path, "mpiexec")
    program(tmp_path, "srun")
    assert trial_launcher(environ, ranks=4, host="n1") == "mpiexec -n 4"
    slurm = environ | {"SLURM_JOB_ID": "5"}
    assert trial_launcher(slurm, ranks=4, host="n1") == "srun --overlap -N1 -n4 --nodelist=n1"
    assert trial_launcher(slurm, ranks=1, host="n1") == ""


@given(st.integers(1, 12), st.integers(1, 12), st.sampled_from(["", "reverse"]))
def test_supervisors_of_a_node_share_its_gpus_evenly(gpus, ranks, order):
    environ = {"AUTOTUNE_GPUS_PER_NODE": str(gpus), "AUTOTUNE_GPU_ORDER": order}
    each = min(ranks, gpus)
    counts = dict.fromkeys(range(gpus), 0)
    for local_rank in range(gpus):
        shown = gpu_binding(environ, ranks=ranks, local_rank=local_rank)["CUDA_VISIBLE_DEVICES"]
        names = [int(name) for name in shown.split(",")]
        assert len(set(names)) == each
        for name in names:
            counts[name] += 1
    assert set(counts.values()) == {each}


def test_a_site_names_variable_and_order():
    polaris = {"AUTOTUNE_GPUS_PER_NODE": "4", "AUTOTUNE_GPU_ORDER": "reverse"}
    assert gpu_binding(polaris, ranks=1, local_rank=1) == {"CUDA_VISIBLE_DEVICES": "2"}
    aurora = {
        "AUTOTUNE_GPUS_PER_NODE": "4",
        "AUTOTUNE_GPU_VARIABLE": "ZE_AFFINITY_MASK",
        "AUTOTUNE_GPU_ORDER": "0.0,0.1,1.0,1.1",
    }
    assert gpu_binding(aurora, ranks=2, local_rank=1) == {"ZE_AFFINITY_MASK": "1.0,1.1"}
    assert gpu_binding({}, ranks=1, local_rank=1) == {}


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"AUTOTUNE_GPUS_PER_NODE": "four"}, "AUTOTUNE_GPUS_PER_NODE must be a number"),
        (
            {"AUTOTUNE_GPUS_PER_NODE": "4", "AUTOTUNE_GPU_ORDER": "0,1"},
            "AUTOTUNE_GPU_ORDER='0,1' names 2 GPUs, AUTOTUNE_GPUS_PER_NODE 4",
        ),
    ],
)
def test_what_cannot_be_read_is_named(environ, said):
    with pytest.raises(InputError, match=said):
        gpu_binding(environ, ranks=1, local_rank=0)


def test_the_command_problem_without_ranks_leaves_the_place_of_the_launcher_empty():
    given = {"command": "{launcher} echo 3", "params": "x:float:0:1"}
    assert problem_file.load("command", given).objective({"x": 0.5}) == 3


def test_the_command_problem_puts_the_launcher_before_a_command_that_has_no_place_for_it(
    monkeypatch,
):
    monkeypatch.setenv("AUTOTUNE_TRIAL_LAUNCHER", "env RANKS=4")
    given = {"command": "echo $RANKS", "params": "x:float:0:1"}
    assert problem_file.load("command", given).objective({"x": 0.5}) == 4
