#!$shell
# $about
$directives

export AUTOTUNE_JOB_START="$$(date +%s)" # --walltime counts from here
$setup

# Slurm warns with USR1 before the time limit, and ends, requeues or preempts with TERM: the program
# then saves and says "to be continued". The shell only has to wait for it and keep its exit code.
trap 'kill -USR1 "$$pid"' USR1
trap : TERM
$command &
pid=$$!
while kill -0 "$$pid" 2>/dev/null; do wait "$$pid"; done # a signal ends a wait early
wait "$$pid"
exit "$$?"
