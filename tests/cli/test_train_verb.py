"""`autotune train`: what it prints, keeps and refuses, and the table that a fit reads."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from cli_run import run
from small_runs import OWN, WORDS

from autotune.runs.read import read

pytest.importorskip("torch")
pytest.importorskip("transformers")


@pytest.fixture
def call(tmp_path):
    """`autotune train` of a tiny model of the user's on a few words."""
    (tmp_path / "own.py").write_text(OWN.format(first="pass"))
    for i in range(20):
        (tmp_path / "text").mkdir(exist_ok=True)
        (tmp_path / "text" / f"{i}.txt").write_text("".join(WORDS[i % 7 :]) * 20 + str(i))

    def made(*arguments, model=("--build", tmp_path / "own.py:build")):
        return run(
            "train", *model, "--corpus", tmp_path / "text", "--context", 16, "--sequences", 4,
            *arguments,
        )  # fmt: skip

    return made


def test_budgets_are_rows_of_a_table_that_fits_read(call, tmp_path):
    done = call("--tokens", "2k,4k", "--out", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    assert "2 rows in" in done.stdout
    runs = read(tmp_path / "run/runs.csv").table
    assert list(runs.tokens) == [31 * 64, 62 * 64]
    again = call("--tokens", "2k,4k", "--out", tmp_path / "run", "--resume")
    assert again.returncode == 0
    assert len(read(tmp_path / "run/runs.csv").table) == 2


def test_json_has_every_result_and_progress_stays_on_stderr(call):
    done = call("--tokens", "2k", "--json", model=("--shape", "8x1", "--experts", 4))
    (result,) = json.loads(done.stdout)["results"]
    assert result["state"] == "completed"
    assert result["size"]["n_experts"] == 4
    assert "training loss" in done.stderr


def test_flops_buy_the_tokens_that_they_pay_for(call):
    done = call("--flops", "3e7", "--json", model=("--shape", "8x1"))
    (result,) = json.loads(done.stdout)["results"]
    assert result["flops"] == pytest.approx(3e7, rel=0.02)


def test_a_run_that_diverged_has_no_loss_and_status_3(call):
    done = call("--tokens", "2k", "--lr-multiplier", "1e5")
    assert done.returncode == 3
    assert "diverged: at step" in done.stdout


def test_a_config_json_keeps_its_shape_and_takes_the_vocabulary_of_the_text(call, tmp_path):
    config = {
        "model_type": "llama", "hidden_size": 8, "num_hidden_layers": 1, "vocab_size": 999,
        "num_attention_heads": 2, "num_key_value_heads": 1, "intermediate_size": 12,
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    done = call("--tokens", "2k", "--json", model=("--config", tmp_path / "config.json"))
    assert "the vocabulary of" in done.stderr
    (result,) = json.loads(done.stdout)["results"]
    assert result["size"]["n_active"] == 3 * 8 * 8 + 3 * 8 * 12


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--shape", "16x2x3", "--tokens", "20k"], "width 16 is not divisible by 3 heads"),
        (["--shape", "16x2", "--experts", "2", "--top-k", "3", "--tokens", "20k"], "not 3 of 2"),
        (["--shape", "16", "--tokens", "20k"], "WIDTHxLAYERS"),
        (["--shape", "16x2"], "--tokens or --flops"),
        (["--tokens", "20k"], "to say what to train, not none"),
        (["--shape", "8x1", "--n-active", "1k", "--tokens", "1k"], "not --n-active and --shape"),
        (["--build", "nothing", "--tokens", "20k"], "names no function"),
        (["--shape", "16x2", "--tokens", "20k", "--resume"], "Give --out"),
        (["--shape", "16x2", "--tokens", "20k", "--device", "cuda"], "finds no CUDA device"),
        (["--shape", "16x2", "--tokens", "20k", "--device", "tpu"], "unknown device 'tpu'"),
        (["--shape", "16x2", "--tokens", "20k", "--corpus", "EMPTY"], "EMPTY"),
        (["--shape", "16x2", "--tokens", "20k", "--corpus", "BINARY"], "BINARY"),
        (["--shape", "16x2", "--tokens", "20k", "--corpus", "SHORT"], "SHORT"),
    ],
)
def test_bad_input_is_one_line_and_status_2(arguments, says, tmp_path):
    import torch

    if "cuda" in arguments and torch.cuda.is_available():
        pytest.skip("there is a CUDA device")
    (tmp_path / "EMPTY").mkdir()
    (tmp_path / "BINARY").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "SHORT").write_text("a few words\n" * 20)
    places = {name: str(tmp_path / name) for name in ("EMPTY", "BINARY", "SHORT")}
    done = run("train", *[places.get(each, each) for each in arguments])
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.usefixtures("call")
def test_a_term_signal_ends_a_run_with_a_checkpoint_and_status_130(tmp_path):
    (tmp_path / "slow.py").write_text(OWN.format(first="__import__('time').sleep(0.02)"))
    line = [
        sys.executable, "-m", "autotune", "train", "--build", str(tmp_path / "slow.py:build"),
        "--corpus", str(tmp_path / "text"), "--context", "16", "--sequences", "4",
        "--tokens", "40k", "--out", str(tmp_path / "run"),
    ]  # fmt: skip
    with subprocess.Popen(
        line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert "step 1 " in process.stderr.readline()
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert "saving" in process.stderr.read()
    assert process.returncode == 130
    assert (tmp_path / "run/latest.pt").exists()
