"""Searches: ask for a configuration, tell its outcome."""
