"""Which short runs to train next: those that make the plan for a large budget surest per FLOP."""
