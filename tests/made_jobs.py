"""The jobs whose scripts are recorded in tests/golden/jobs, one or more for each site."""

from autotune.launching import site as sites
from autotune.launching.job import JobSpec

COMMON = {
    "name": "moe-1e22",
    "arguments": (
        "moe_budget", "--set", "flops=1e22", "--set", "max_total=50B", "--max-evals", "200",
        "--study", "moe-1e22", "--storage", "/project/llm/studies", "--walltime", "5400",
    ),
    "python": "/project/llm/venv/bin/python",
    "folder": "/project/llm/studies/moe-1e22",
    "workdir": "/project/llm",
    "seconds": 5400,
    "seed": 12345,
}  # fmt: skip


def job(**changes):
    return JobSpec(**COMMON | changes)


def site(name, **settings):
    return sites.read(name, {key: [value] for key, value in settings.items()})


MPI = {"nodes": 2, "ranks_per_node": 4}
CASES = {
    "slurm_one_process": (job(workers=8), site("slurm")),
    "slurm_two_nodes": (job(**MPI, account="llm", queue="batch"), site("slurm", mpi="pmi2")),
    "slurm_array": (job(array="0-7%4", workers=4), site("slurm", gpus_per_node="4")),
    "pbs_one_process": (job(workers=8), site("pbs")),
    "pbs_two_nodes": (job(**MPI, queue="workq"), site("pbs", gpus_per_node="4")),
    "pbs_array": (job(array="0-7%4"), site("pbs")),
    "polaris": (
        job(**MPI, account="llm", queue="debug"),
        site("polaris", filesystems="home:eagle"),
    ),
    "polaris_one_process": (
        job(workers=4, account="llm", queue="debug"),
        site("polaris", filesystems="home:eagle"),
    ),
    "aurora": (job(nodes=2, ranks_per_node=12, account="llm", queue="debug"), site("aurora")),
    "frontier": (
        job(nodes=16, ranks_per_node=8, account="llm", queue="batch"),
        site("frontier"),
    ),
    "perlmutter": (job(**MPI, account="llm_g", qos="regular"), site("perlmutter")),
    "local": (job(workers=2), site("local")),
    "local_array": (job(array="0-3%2"), site("local")),
    "mpirun": (job(ranks_per_node=5), site("local")),
}
