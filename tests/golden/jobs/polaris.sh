#!/bin/bash -l
# autotune: 2 nodes x 4 MPI ranks, for the site polaris (as of 2026-08).
# Edit it if you like: `qsub` takes it as it is, and again.
#PBS -N moe-1e22
#PBS -A llm
#PBS -q debug
#PBS -l select=2:system=polaris
#PBS -l walltime=01:30:00
#PBS -l filesystems=home:eagle
#PBS -j oe
#PBS -o /project/llm/studies/moe-1e22/jobs/
#PBS -l place=scatter
#PBS -k doe
#PBS -r y

export AUTOTUNE_JOB_START="$(date +%s)" # --walltime counts from here
module use /soft/modulefiles
module load conda
conda activate
export AUTOTUNE_GPUS_PER_NODE=4
export AUTOTUNE_GPU_VARIABLE=CUDA_VISIBLE_DEVICES
export AUTOTUNE_GPU_ORDER=3,2,1,0
cd /project/llm || exit 2

# PBS sends no warning: the program watches --walltime itself. At the end, or when the job is run
# again, PBS sends TERM to everyone: the program saves, and the shell waits to keep its exit code.
trap : TERM
mpiexec -n 8 --ppn 4 --depth 8 --cpu-bind depth \
    /project/llm/venv/bin/python -m mpi4py -m autotune tune moe_budget --set flops=1e22 \
    --set max_total=50B --max-evals 200 --study moe-1e22 --storage /project/llm/studies \
    --walltime 5400
exit "$?"
