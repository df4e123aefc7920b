"""The store: an append-only record of every trial, one journal per job, no locks."""
