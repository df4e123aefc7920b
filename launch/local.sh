#!$shell
# $about

export AUTOTUNE_JOB_START="$$(date +%s)" # --walltime counts from here
$setup

trap : TERM # the program saves when it is told to end, and the shell keeps its exit code
$command
exit "$$?"
