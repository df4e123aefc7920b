#!/bin/bash
# autotune: 2 nodes x 4 MPI ranks, for the site slurm (as of 2026-11).
# Edit it if you like: `sbatch` takes it as it is, and again.
#SBATCH --job-name=moe-1e22
#SBATCH --account=llm
#SBATCH --partition=batch
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=4
#SBATCH --time=01:30:00
#SBATCH --signal=B:USR1@120
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=/project/llm/studies/moe-1e22/jobs/%x-%j.out

export AUTOTUNE_JOB_START="$(date +%s)" # --walltime counts from here
cd /project/llm || exit 2

# Slurm warns with USR1 before the time limit, and ends, requeues or preempts with TERM: the program
# then saves and says "to be continued". The shell only has to wait for it and keep its exit code.
trap 'kill -USR1 "$pid"' USR1
trap : TERM
srun --ntasks=8 --ntasks-per-node=4 --mpi=pmi2 --kill-on-bad-exit=1 \
    sh -c 'trap "" USR1; exec "$@"' sh \
    /project/llm/venv/bin/python -m mpi4py -m autotune tune moe_budget --set flops=1e22 \
    --set max_total=50B --max-evals 200 --study moe-1e22 --storage /project/llm/studies \
    --walltime 5400 &
pid=$!
while kill -0 "$pid" 2>/dev/null; do wait "$pid"; done # a signal ends a wait early
wait "$pid"
exit "$?"
