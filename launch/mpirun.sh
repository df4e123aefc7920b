#!$shell
# $about
# Run it on a workstation, or in an allocation that salloc or `qsub -I` gave.

export AUTOTUNE_JOB_START="$$(date +%s)" # --walltime counts from here
$setup

# Three programs are called mpiexec, and each has its own way to say "this many on each node".
case "$$(mpiexec --version 2>&1)" in
*HYDRA* | *'Intel(R) MPI'*) place="-ppn $ranks_per_node" ;;
*'Open MPI'* | *OpenRTE*) place="--map-by ppr:$ranks_per_node:node:oversubscribe" ;;
*) place="--ppn $ranks_per_node" ;; # Cray PALS
esac
trap : TERM # the program saves when it is told to end, and the shell keeps its exit code
# shellcheck disable=SC2086 # the placement is several words
mpiexec -n $ranks $$place \
    $program
exit "$$?"
