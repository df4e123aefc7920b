"""The scaling ladder: which runs, what they cost, and in which order."""
