#!/bin/sh
# The main job: find the compute-optimal mixture-of-experts model at 1e21 FLOPs whose total
# parameters fit a memory cap, check it against the exact optimum, and browse the record.
# usage: launch/demo.sh [folder that holds the autotune command]
set -eu
autotune="${1:+$1/}autotune"
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold='\033[1m' plain='\033[0m'; else bold='' plain=''; fi

run() {
    printf "\n${bold}\$ autotune %s${plain}\n" "$*"
    "$autotune" "$@"
}

run plan --flops 1e21 --hold n-total --n-total 10B --law generalized-moe
run tune moe_budget --set flops=1e21 --set max_total=10B --max-evals 50 --seed 0 --study demo
run results show demo
run results best demo --top 3
