"""What a newcomer does first: a clean clone with make, and a wheel without the checkout."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("installation")]


def run(*command, cwd, **environment):
    """Run a command with an environment free of this one's Python."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        command,
        cwd=cwd,
        env=clean | environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone of what is committed, or in a tree without git, of what git would hold."""
    target = tmp_path_factory.mktemp("fresh") / "autotune"
    run("git", "clone", "--quiet", str(ROOT), str(target), cwd=ROOT)
    return target


def test_make_demo_in_a_clean_clone_prints_the_answer_and_where_it_was_recorded(clone):
    printed = run("make", "demo", f"PYTHON={sys.executable}", cwd=clone)
    assert "best known" in printed
    assert "results/local/demo" in printed
    assert list((clone / "results/local/demo").glob("journal-*.jsonl"))


def test_a_wheel_in_place_of_the_checkout_holds_all_that_the_command_needs(clone, tmp_path_factory):
    """In the environment of the demo, which holds what the project declares and no more."""
    place = tmp_path_factory.mktemp("bare")
    build = ("-m", "build", "--wheel", "--no-isolation", "--outdir", str(place), str(clone))
    run(sys.executable, *build, cwd=place)
    (wheel,) = place.glob("autotune_llm-*.whl")
    pip = [str(clone / ".venv/bin/python"), "-m", "pip", "install", "--quiet"]
    run(*pip, "--force-reinstall", "--no-deps", str(wheel), cwd=place)
    shown = run(str(clone / ".venv/bin/python"), "-c", "import autotune as a; print(a)", cwd=place)
    assert "site-packages" in shown
    command = str(clone / ".venv/bin/autotune")
    assert "moe_budget" in run(command, "problems", "list", cwd=place)
    assert "deepseek-v3" in run(command, "count", "--list", cwd=place)
    run(
        command, "tune", "moe_budget", "--max-evals", "3", "--learner", "random",
        "--study", "bare", cwd=place,
    )  # fmt: skip
    assert "bare" in run(command, "results", "list", cwd=place)
    assert (place / "results/local/bare/study.json").is_file()
