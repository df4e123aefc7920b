#!/bin/bash
# autotune: 1 node x 5 MPI ranks, for the site local (as of 2026-11).
# Edit it if you like: `bash` takes it as it is, and again.
# Run it on a workstation, or in an allocation that salloc or `qsub -I` gave.

export AUTOTUNE_JOB_START="$(date +%s)" # --walltime counts from here
cd /project/llm || exit 2

# Three programs are called mpiexec, and each has its own way to say "this many on each node".
case "$(mpiexec --version 2>&1)" in
*HYDRA* | *'Intel(R) MPI'*) place="-ppn 5" ;;
*'Open MPI'* | *OpenRTE*) place="--map-by ppr:5:node:oversubscribe" ;;
*) place="--ppn 5" ;; # Cray PALS
esac
trap : TERM # the program saves when it is told to end, and the shell keeps its exit code
# shellcheck disable=SC2086 # the placement is several words
mpiexec -n 5 $place \
    /project/llm/venv/bin/python -m mpi4py -m autotune tune moe_budget --set flops=1e22 \
    --set max_total=50B --max-evals 200 --study moe-1e22 --storage /project/llm/studies \
    --walltime 5400
exit "$?"
