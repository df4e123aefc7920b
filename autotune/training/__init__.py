"""Short training runs: corpora, the order of tokens, models, optimizers and the loop."""
