"""Tables of (architecture, loss) runs: what is read, what stands in, and what is refused."""

import numpy as np
import pytest
from made_surface import csv, runs

from autotune.errors import InputError
from autotune.runs.shapes import read_shapes

HEADER = "flops,n_layers,n_dense_layers,d_model,expert_width,n_heads,head_dim,loss"
ROW = "3e20,16,2,1896,664,16,128,2.1"
OTHER = "3e20,16,1,2200,528,16,128,2.11"


def read(tmp_path, *rows, header=HEADER, **options):
    path = tmp_path / "runs.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return read_shapes(path, **options)


def test_rows_of_the_papers_table_cost_what_it_says(tmp_path):
    """Section 4 of the reconstruction of arXiv:2603.21862: two rows of phase 2 at 3e20."""
    found = read(tmp_path, ROW, OTHER)
    assert found.runs.triad.flops_per_token == pytest.approx([5.972e9, 5.992e9], rel=1e-3)
    assert found.runs.triad.density == pytest.approx([8.216, 8.205], rel=1e-3)
    assert found.runs.triad.expansion == pytest.approx([21.37, 21.04], rel=1e-3)
    assert found.mapping["n_experts"] == "derived: 288 (the paper's)"
    assert found.mapping["n_kv_heads"] == "derived: half of n_heads"
    assert found.runs.lr is None
    assert found.warnings == ()


def test_what_was_made_is_what_is_read(tmp_path):
    stack, made = runs(budgets=(1e18, 1e19), whole=True)
    path = tmp_path / "made.csv"
    path.write_text(csv(stack, made))
    found = read_shapes(path)
    for name in ("flops", "d_model", "middle", "loss", "lr", "batch_tokens"):
        assert getattr(found.runs, name) == pytest.approx(getattr(made, name), rel=1e-9)
    assert found.runs.numbers()["M"] == pytest.approx(made.numbers()["M"])
    assert found.runs.held == made.held
    assert found.mapping["batch_tokens"] == "derived: batch_sequences seq_len"


def test_names_of_config_files_are_understood(tmp_path):
    header = (
        "tokens,num_hidden_layers,first_k_dense_replace,hidden_size,moe_intermediate_size,"
        "num_attention_heads,head_dim,num_key_value_heads,n_routed_experts,num_experts_per_tok,"
        "n_shared_experts,seq_length,val_loss,learning_rate"
    )
    found = read(tmp_path, "50B,16,2,1896,664,16,128,4,64,6,2,4096,2.1,3e-4", header=header)
    held = found.runs.held[0]
    assert (held.n_experts, held.top_k, held.n_shared, held.seq_len) == (64, 6, 2, 4096)
    assert held.attention.n_kv_heads == 4
    assert found.runs.flops == pytest.approx(50e9 * found.runs.triad.flops_per_token)
    assert found.mapping["flops"] == "derived: M tokens"
    assert found.runs.lr == pytest.approx([3e-4])


def test_flops_that_model_and_tokens_do_not_spend_are_named_and_kept(tmp_path):
    found = read(tmp_path, f"{ROW},50e9", f"{OTHER},60e9", header=f"{HEADER},tokens")
    assert len(found.warnings) == 1
    assert "1 rows state FLOPs more than 5 % off" in found.warnings[0]
    assert "line 3: 3e+20 beside 3.595e+20" in found.warnings[0]
    assert found.runs.flops == pytest.approx([3e20, 3e20])


def test_a_condition_chooses_rows(tmp_path):
    found = read(tmp_path, ROW, OTHER, where="d_model < 2000")
    assert len(found.runs) == 1
    assert "1 of 2 rows" in found.dropped[0]


def test_the_hash_is_of_the_numbers(tmp_path):
    one, other = read(tmp_path, ROW), read(tmp_path, ROW.replace("3e20", "300e18"))
    assert one.data_hash == other.data_hash != read(tmp_path, OTHER).data_hash


def test_parquet_reads_as_csv_does(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    cells = [float(cell) for cell in ROW.split(",")]
    path = tmp_path / "runs.parquet"
    columns = dict(zip(HEADER.split(","), ([cell] for cell in cells), strict=True))
    parquet.write_table(arrow.table(columns), path)
    assert np.array_equal(
        read_shapes(path).runs.numbers()["M"], read(tmp_path, ROW).runs.numbers()["M"]
    )


@pytest.mark.parametrize(
    ("rows", "header", "says"),
    [
        ([ROW.replace("16,2", "16.5,2")], HEADER, "line 2, column n_layers, value 16.5"),
        ([ROW.replace("16,2", "1,0")], HEADER, "layers in all, a whole number of 2 or more"),
        ([ROW, OTHER.replace("2200", "wide")], HEADER, "line 3, column d_model, value wide"),
        ([ROW.replace("2.1", "nan")], HEADER, "line 2, column loss"),
        ([ROW, ROW.replace("16,2,", "2,2,")], HEADER, "1 rows have no .*line 3, 2 dense of 2"),
        ([f"{ROW},64", f"{OTHER},128"], f"{HEADER},n_experts", "2 values of n_experts .64 to 128."),
        ([f"{ROW},3"], f"{HEADER},n_kv_heads", "line 2: 16 query heads cannot share 3"),
        ([f"{ROW},8"], f"{HEADER},n_experts", "line 2: a sparse model routes to fewer experts"),
        (["1"], "loss", "lacks the column flops or tokens, n_layers"),
        ([f"{ROW},-1"], f"{HEADER},lr", "lr is the learning rate, finite and > 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(tmp_path, rows, header, says):
    with pytest.raises(InputError, match=says) as refused:
        read(tmp_path, *rows, header=header)
    assert "\n" not in str(refused.value)
