"""The store: an append-only record of every trial."""
