"""The CLI reference names every verb and option, because it is made from them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_reference_is_what_the_commands_say_of_themselves():
    made = subprocess.run(
        [sys.executable, "-m", "typer", "autotune.cli.main", "utils", "docs", "--name", "autotune"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    recorded = (ROOT / "docs/cli.md").read_text()
    assert recorded.strip() == made.strip(), "run `make docs`"
