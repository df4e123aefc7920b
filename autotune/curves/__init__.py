"""What a plan looks like around its optimum: curves and surfaces of its law."""
