#!/bin/bash -l
# autotune: 2 nodes x 12 MPI ranks, for the site aurora (as of 2026-08).
# Edit it if you like: `qsub` takes it as it is, and again.
#PBS -N moe-1e22
#PBS -A llm
#PBS -q debug
#PBS -l select=2
#PBS -l walltime=01:30:00
#PBS -l filesystems=flare
#PBS -j oe
#PBS -o /project/llm/studies/moe-1e22/jobs/
#PBS -l place=scatter
#PBS -k doe
#PBS -r y

export AUTOTUNE_JOB_START="$(date +%s)" # --walltime counts from here
module load frameworks
export AUTOTUNE_GPUS_PER_NODE=12
export AUTOTUNE_GPU_VARIABLE=ZE_AFFINITY_MASK
export AUTOTUNE_GPU_ORDER=0.0,0.1,1.0,1.1,2.0,2.1,3.0,3.1,4.0,4.1,5.0,5.1
cd /project/llm || exit 2

# PBS sends no warning: the program watches --walltime itself. At the end, or when the job is run
# again, PBS sends TERM to everyone: the program saves, and the shell waits to keep its exit code.
trap : TERM
mpiexec -n 24 --ppn 12 --depth 8 --cpu-bind depth \
    /project/llm/venv/bin/python -m mpi4py -m autotune tune moe_budget --set flops=1e22 \
    --set max_total=50B --max-evals 200 --study moe-1e22 --storage /project/llm/studies \
    --walltime 5400
exit "$?"
