"""Evaluators: run trials in this process or in child processes."""
