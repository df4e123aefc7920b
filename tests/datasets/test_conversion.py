"""Converters, on small files of the published forms, made by the tests."""

import csv
import gzip
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.datasets import convert


def converted(converter, *files):
    return list(csv.DictReader(io.StringIO(convert.to_csv(converter(files)))))


def test_chinchilla_rows_without_a_loss_or_a_size_are_left_out(tmp_path):
    path = tmp_path / "svg.csv"
    path.write_text(
        "x,Model Size,Training FLOP,loss\n1,1e8,6e18,3.5\n2,,1e20,3\n3,1e9,1e20,\n4,2e8,6e19,3.1\n"
    )
    rows = converted(convert.chinchilla, path)
    assert [float(row["tokens"]) for row in rows] == [1e10, 5e10]
    assert [row["loss"] for row in rows] == ["3.5", "3.1"]


@given(ratios=st.lists(st.floats(0.01, 100), min_size=6, max_size=20, unique=True))
def test_the_five_runs_of_fewest_tokens_per_parameter_are_marked(ratios, tmp_path_factory):
    path = tmp_path_factory.mktemp("svg") / "svg.csv"
    body = "".join(f"1e8,{6e8 * ratio * 1e8!r},3\n" for ratio in ratios)
    path.write_text("Model Size,Training FLOP,loss\n" + body)
    marked = [row["besiroglu_outlier"] == "1" for row in converted(convert.chinchilla, path)]
    fewest = sorted(ratios)[:5]
    assert marked == [ratio in fewest for ratio in ratios]


CHECKPOINT = {
    "hyper_id": 10, "step": 0, "loss_c4": 3.0, "loss_validation": 2.9, "num_experts": 8,
    "d_model": 512, "num_blocks": 8, "flop_increase": 1.0, "k": 2, "router_type": "Hash",
    "seed": 42, "routing_frequency": 0.5, "total_parameter_count": 8e8,
    "dense_parameter_count": 2e8, "flops_per_step": 1e13, "model_size_label": "25M",
}  # fmt: skip


def test_the_last_checkpoint_of_a_run_is_taken_whatever_the_order(tmp_path):
    checkpoints = [
        CHECKPOINT | {"step": 20, "loss_validation": 2.5},
        CHECKPOINT | {"hyper_id": 9, "step": 5, "num_experts": 1, "k": 1},
        CHECKPOINT | {"step": 100, "loss_validation": 2.25},
        CHECKPOINT | {"step": 30, "loss_validation": 2.4},
    ]
    path = tmp_path / "curves.csv.gz"
    with gzip.open(path, "wt", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=CHECKPOINT)
        writer.writeheader()
        writer.writerows(checkpoints)
    dense, routed = converted(convert.routed, path)
    assert (dense["run_id"], routed["run_id"]) == ("9", "10")
    assert routed["loss"] == "2.25"
    assert int(routed["tokens"]) == 100 * 256 * 2048
    assert float(routed["sparsity"]) == 0.75
    assert float(routed["expert_sparsity"]) == 0.75
    assert (dense["main_grid"], routed["main_grid"]) == ("1", "0")


def model(name, tokens, loss):
    results = [
        {"val_data": [f"training/{folder}x.tar"], "loss": loss + i,
         "loss_tokens_lower_95": loss + i - 0.1, "loss_tokens_upper_95": loss + i + 0.1}
        for i, folder in enumerate(convert.GADRE_EVALUATIONS.values())
    ]  # fmt: skip
    return {
        "name": name,
        "dataset_name": "c4_original",
        "hyperparameters": {"params": 10**8, "params_no_embed": 9 * 10**7, "tokens": tokens,
                            "lr": 0.003, "wd": 0.033, "global_bs": 64},
        "results": results[::-1],
    }  # fmt: skip


def test_gadres_models_are_sorted_by_compute_and_evaluations_found_by_folder(tmp_path):
    files = []
    for name, tokens, loss in (("large", 4 * 10**9, 3.0), ("small", 2 * 10**9, 3.5)):
        files.append(tmp_path / f"{name}.json")
        files[-1].write_text(json.dumps(model(name, tokens, loss)))
    small, large = converted(convert.gadre, *files)
    assert (small["run_id"], large["run_id"]) == ("small", "large")
    assert float(small["flops"]) == 6 * 1e8 * 2e9
    assert float(small["tokens_per_param"]) == 20
    assert float(small["loss"]) == float(small["loss_c4_val"]) == 4.5
    assert float(large["loss_openlm"]) == 3.0
    assert float(large["lo95_de_en"]) == pytest.approx(9.9)
    assert large["global_bs"] == "64"
