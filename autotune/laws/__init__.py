"""Scaling laws: pure, vectorised functions of a model, its data and its sparsity."""
