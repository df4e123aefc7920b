#!/bin/bash
# autotune: 1 node x 1 process, no MPI, for the site local (as of 2026-11).
# Edit it if you like: `bash` takes it as it is, and again.

export AUTOTUNE_JOB_START="$(date +%s)" # --walltime counts from here
cd /project/llm || exit 2

trap : TERM # the program saves when it is told to end, and the shell keeps its exit code
/project/llm/venv/bin/python -m autotune tune moe_budget --set flops=1e22 --set max_total=50B \
    --max-evals 200 --study moe-1e22 --storage /project/llm/studies --walltime 5400
exit "$?"
