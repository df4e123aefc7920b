"""Public run tables: where they are, how they are fetched, checked and converted."""
