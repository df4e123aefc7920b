#!/bin/bash
# autotune: 16 nodes x 8 MPI ranks, for the site frontier (as of 2026-07).
# Edit it if you like: `sbatch` takes it as it is, and again.
#SBATCH --job-name=moe-1e22
#SBATCH --account=llm
#SBATCH --partition=batch
#SBATCH --nodes=16
#SBATCH --ntasks-per-node=8
#SBATCH --time=01:30:00
#SBATCH --signal=B:USR1@300
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=/project/llm/studies/moe-1e22/jobs/%x-%j.out
#SBATCH -S 8

export AUTOTUNE_JOB_START="$(date +%s)" # --walltime counts from here
cd /project/llm || exit 2

# Slurm warns with USR1 before the time limit, and ends, requeues or preempts with TERM: the program
# then saves and says "to be continued". The shell only has to wait for it and keep its exit code.
trap 'kill -USR1 "$pid"' USR1
trap : TERM
srun -N 16 -n 128 -c 7 --gpus-per-task=1 --gpu-bind=closest --kill-on-bad-exit=1 \
    sh -c 'trap "" USR1; exec "$@"' sh \
    /project/llm/venv/bin/python -m mpi4py -m autotune tune moe_budget --set flops=1e22 \
    --set max_total=50B --max-evals 200 --study moe-1e22 --storage /project/llm/studies \
    --walltime 5400 &
pid=$!
while kill -0 "$pid" 2>/dev/null; do wait "$pid"; done # a signal ends a wait early
wait "$pid"
exit "$?"
