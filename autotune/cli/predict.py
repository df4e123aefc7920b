"""`autotune predict`: a law's loss at given points."""

import typer


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("predict")(predict)


def predict() -> None:
    """Predict the loss of a law at given points."""
