"""What the outcomes of a study say over time and over its parameters."""
