"""The native engine: Gaussian processes and forests made for the spaces of scaling-law problems."""
