#!$shell
# $about

$setup

trap : TERM # the program saves when it is told to end, and the shell keeps its exit code
$command
exit "$$?"
