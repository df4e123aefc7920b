"""Files that describe a model, and the catalogue of released ones."""
