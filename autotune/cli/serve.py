"""`autotune serve`: the web service."""

from pathlib import Path
from typing import Annotated

import typer

EPILOG = """examples:

  autotune serve

  autotune serve --storage /scratch/me/results --uds ~/.autotune.sock --idle-exit 30m

  autotune serve --allow-submit --port 8765

  autotune serve --storage postgresql://me@db.example.org/autotune --allow-submit

It prints a link that opens a browser once, and the ssh line for a browser elsewhere. Programs send
the token of the token file, which is made at the first start and only its owner can read: a
machine's loopback is shared by all its users. Without --allow-submit nothing can be changed.

exit status: 0 ended, by a signal or --idle-exit; 2 bad input
"""


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command("serve", epilog=EPILOG)(serve)


def serve(
    storage: Annotated[
        str, typer.Option(help="Folder of studies, or postgresql://USER@HOST/DATABASE.")
    ] = "results/local",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 for a free one.", min=0, max=65535)] = 8765,
    uds: Annotated[
        Path | None, typer.Option(help="Listen on this socket file, mode 0600, and on no port.")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(help="Where the token is.  [default: ~/.config/autotune/token]"),
    ] = None,
    allow_submit: Annotated[
        bool, typer.Option("--allow-submit", help="Let studies, fits and jobs be written.")
    ] = False,
    idle_exit: Annotated[
        str | None, typer.Option(help="End when nobody has asked for this long: 30m.")
    ] = None,
) -> None:
    """Serve studies, plans and fits to browsers and programs, and trials to workers."""
    from autotune.cli import serve_run
    from autotune.quantities import parse_seconds

    serve_run.run(
        serve_run.Service(
            storage=storage,
            host=host,
            port=port,
            uds=uds,
            token_file=token_file,
            allow_submit=allow_submit,
            idle_exit=parse_seconds(idle_exit) if idle_exit else None,
        )
    )
