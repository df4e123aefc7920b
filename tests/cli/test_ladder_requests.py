"""What `autotune ladder` refuses before it trains anything, each in one line."""

import json

import pytest
from cli_run import run


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (("--preset", "big"), 2, "unknown preset 'big'"),
        (("--budget", "soon"), 2, "cannot read the budget 'soon'"),
        (("--budget", "0"), 2, "--budget must be finite and > 0"),
        (("--budget", "1e6"), 3, "the budget is too small for any run"),
        (("--budget", "1s"), 3, "the budget is too small for any run"),
        (("--sizes", "many"), 2, "cannot read 'many' as a count"),
        (("--sizes", "10"), 2, "no shape has about 10 active parameters"),
        (("--experts", "1,2.5"), 2, "--experts takes whole numbers"),
        (("--experts", "4", "--top-k", "5"), 2, "top_k must be 1 to 4 experts, not 5"),
        (("--workers", "0"), 2, "--workers must be finite and >= 1"),
        (("--device", "tpu"), 2, "unknown device 'tpu'"),
        (("--name", "a/b"), 2, "a study's name is one folder's name"),
        (("--corpus", "nowhere"), 2, "no corpus at nowhere"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_option_is_one_line(tmp_path, options, status, says):
    done = run("ladder", "--preset", "smoke", *options, "--storage", tmp_path, cwd=tmp_path)
    assert done.returncode == status
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x7fELF\x00", "is not UTF-8 text"),
        (b"", "is too small"),
        (b"short text. " * 10, "fewer than one batch of 4 x 64"),
        (b"short text. " * 200, "would repeat"),
    ],
    ids=["binary", "empty", "shorter than a batch", "repeated"],
)
def test_a_corpus_that_cannot_feed_the_ladder_is_refused_before_it_begins(tmp_path, data, says):
    (tmp_path / "text").write_bytes(data)
    done = run("ladder", "--preset", "smoke", "--corpus", "text", "--storage", "s", cwd=tmp_path)
    assert done.returncode == 2
    assert says in done.stderr
    assert not (tmp_path / "s").exists()


def test_the_plan_is_a_document(tmp_path):
    done = run("ladder", "--experts", "1,8", "--dry-run", "--json", "--workers", 2, cwd=tmp_path)
    made = json.loads(done.stdout)
    assert made["runs"] == sum(len(each["tokens"]) for each in made["trunks"])
    assert made["expected_seconds"] <= 600
    assert made["flops"] == pytest.approx(sum(each["flops"] for each in made["trunks"]))
