#!/bin/bash
# autotune: 1 node x 1 process, no MPI, for the site pbs (as of 2026-11).
# Edit it if you like: `qsub` takes it as it is, and again.
#PBS -N moe-1e22
#PBS -l select=1:ncpus=1:mpiprocs=1
#PBS -l walltime=01:30:00
#PBS -J 0-7%4
#PBS -j oe
#PBS -o /project/llm/studies/moe-1e22/jobs/
#PBS -r y

export AUTOTUNE_JOB_START="$(date +%s)" # --walltime counts from here
cd /project/llm || exit 2

# PBS sends no warning: the program watches --walltime itself. At the end, or when the job is run
# again, PBS sends TERM to everyone: the program saves, and the shell waits to keep its exit code.
trap : TERM
/project/llm/venv/bin/python -m autotune tune moe_budget --set flops=1e22 --set max_total=50B \
    --max-evals 200 --study moe-1e22 --storage /project/llm/studies --walltime 5400 \
    --seed "$((12345 + ${PBS_ARRAY_INDEX:-0}))"
exit "$?"
