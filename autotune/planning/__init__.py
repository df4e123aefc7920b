"""Plans: the best configuration for a budget, under constraints, with its near-optimal band."""
