"""How long a test waits for what must happen."""

# Ends a test that hangs, and nothing else: six programs that start at once on two busy cores
# take half a minute each.
PATIENCE = 300.0  # seconds
