#!$shell
# $about
$directives

export AUTOTUNE_JOB_START="$$(date +%s)" # --walltime counts from here
$setup

# PBS sends no warning: the program watches --walltime itself. At the end, or when the job is run
# again, PBS sends TERM to everyone: the program saves, and the shell waits to keep its exit code.
trap : TERM
$command
exit "$$?"
