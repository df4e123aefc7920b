"""What is written is read back, what is missing is derived, and all of it is said."""

import gzip
import io
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.runs import columns
from autotune.runs.names import ALIASES
from autotune.runs.read import read

counts = st.floats(1e6, 1e13)
losses = st.floats(0.5, 9)
rows = st.lists(st.tuples(counts, st.floats(0, 0.99), counts, losses), min_size=1, max_size=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


def written(folder, text, name="runs.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def csv_of(**columns):
    body = zip(*(map(repr, map(float, values)) for values in columns.values()), strict=True)
    return "\n".join([",".join(columns), *map(",".join, body)]) + "\n"


@given(rows=rows)
def test_a_table_that_is_written_is_read_back_exactly(folder, rows):
    n, s, d, loss = map(np.array, zip(*rows, strict=True))
    path = written(folder, csv_of(n_active=n, n_total=n / (1 - s), tokens=d, loss=loss, lr=loss))
    table = read(path).table
    np.testing.assert_array_equal(table.n_active, n)
    np.testing.assert_array_equal(table.n_total, n / (1 - s))
    np.testing.assert_array_equal(table.tokens, d)
    np.testing.assert_array_equal(table.loss, loss)
    np.testing.assert_array_equal(table.columns["lr"], loss)
    np.testing.assert_array_equal(table.lines, np.arange(2, len(rows) + 2))


@given(rows=rows)
def test_what_is_left_out_is_derived_to_the_same_table(folder, rows):
    n, s, d, loss = map(np.array, zip(*rows, strict=True))
    full = read(written(folder, csv_of(n_active=n, n_total=n / (1 - s), tokens=d, loss=loss)))
    for given_ in (
        {"n_active": n, "sparsity": s, "tokens": d},
        {"n_total": n / (1 - s), "sparsity": s, "tokens": d},
        {"n_active": n, "sparsity": s, "flops": 6 * n * d},
    ):
        found = read(written(folder, csv_of(**given_, loss=loss)))
        for name in ("n_active", "n_total", "tokens", "flops"):
            expected = getattr(full.table, name)
            np.testing.assert_allclose(getattr(found.table, name), expected, rtol=1e-12)
            assert found.mapping[name].startswith("derived: ") == (name not in given_)


@given(rows=rows, data=st.data())
def test_the_hash_is_that_of_the_numbers_and_not_of_how_they_are_written(folder, rows, data):
    n, _, d, loss = map(np.array, zip(*rows, strict=True))
    one = read(written(folder, csv_of(n_active=n, tokens=d, loss=loss)))
    renamed = read(written(folder, csv_of(val_loss=loss, D=d, params=n, note=loss)))
    assert one.data_hash == renamed.data_hash
    i = data.draw(st.integers(0, len(rows) - 1))
    loss[i] = np.nextafter(loss[i], 0)
    assert read(written(folder, csv_of(n_active=n, tokens=d, loss=loss))).data_hash != one.data_hash


@pytest.mark.parametrize("ours", sorted({"n_active", "n_total", "tokens", "flops", "loss"}))
def test_every_alias_of_a_column_is_understood_and_named(folder, ours):
    base = {"n_active": "1e9", "tokens": "2e10", "loss": "2.5"}
    swap = {"n_total": "n_active", "flops": "tokens"}
    for alias in ALIASES[ours]:
        cells = {alias if name in (ours, swap.get(ours)) else name: x for name, x in base.items()}
        text = f"{','.join(cells)}\n{','.join(cells.values())}\n"
        assert read(written(folder, text)).mapping[ours] == alias


def test_our_own_name_wins_and_the_other_column_is_kept(folder):
    found = read(written(folder, "params,n_active,tokens,loss,val_loss\n3e9,1e9,2e10,2.5,2.6\n"))
    assert found.mapping["n_active"] == "n_active"
    assert found.mapping["loss"] == "loss"
    assert found.table.columns["params"] == [3e9]
    assert found.table.columns["val_loss"] == [2.6]


def test_a_letter_is_a_name_only_in_the_case_of_the_papers(folder):
    found = read(written(folder, "N,D,L,l,s,c\n1e9,2e10,2.5,24,1000,7\n"))
    assert found.mapping["loss"] == "L"
    assert set(found.table.columns) == {"l", "s", "c"}


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("params,n_total,tokens,loss,sparsity", "the column params is taken as active parameters"),
        ("N,E,tokens,loss,sparsity", "the column N is taken as active parameters"),
        ("n_active,E,tokens,loss,x", "active and total parameters are taken as equal"),
        ("n_total,E,tokens,loss,x", "active and total parameters are taken as equal"),
    ],
)
def test_a_size_that_may_be_active_or_total_is_said(folder, header, said):
    first = {"n_total": 2e9, "E": 8, "tokens": 2e10, "loss": 2.5, "sparsity": 0.5, "x": 0}
    cells = [str(first.get(name, 1e9)) for name in header.split(",")]
    found = read(written(folder, f"{header}\n{','.join(cells)}\n"))
    assert [said in warning for warning in found.warnings] == [True]


def test_names_with_blanks_and_counts_with_suffixes_are_read(folder):
    text = "\ufeff Model Size ,Training Tokens,Val. Loss\n7B,1.4T,1.97\n\n,,\n70B,1.4T,1.9\n"
    found = read(written(folder, text))
    assert found.table.n_active.tolist() == [7e9, 7e10]
    assert found.table.tokens.tolist() == [1.4e12, 1.4e12]
    assert found.table.lines.tolist() == [2, 5]
    assert found.mapping == {
        "n_active": "Model Size",
        "n_total": "derived: n_active, as if dense: no sparsity is given",
        "tokens": "Training Tokens",
        "flops": "derived: 6 n_active tokens",
        "loss": "Val. Loss",
    }


def test_unknown_columns_are_numbers_where_every_cell_is_one_and_text_otherwise(folder):
    text = "n,d,loss,lr,router,note\n1e9,2e10,2.5,0.1,Hash,\n1e9,2e10,2.5, ,Dense,7\n"
    kept = read(written(folder, text)).table.columns
    np.testing.assert_array_equal(kept["lr"], [0.1, np.nan])
    assert kept["router"].tolist() == ["Hash", "Dense"]
    np.testing.assert_array_equal(kept["note"], [np.nan, 7])


def test_a_column_may_turn_to_text_after_many_blocks_of_numbers(folder):
    n_rows = 2 * columns.BLOCK + 5
    body = [f"1e9,{i + 1e9},2.5,{i}\n" for i in range(n_rows)]
    body[-1] = "1e9,2e10,2.5,last\n"
    kept = read(written(folder, "n,d,loss,note\n" + "".join(body))).table.columns["note"]
    assert len(kept) == n_rows
    assert kept[[0, 1, columns.BLOCK, -1]].tolist() == ["0", "1", str(columns.BLOCK), "last"]


def test_two_hundred_thousand_rows_are_read_row_by_row_as_written(folder):
    n_rows = 200_000
    body = (f"{1e9 + i!r},{1e10 + i!r},{2 + i / n_rows!r}\n" for i in range(n_rows))
    table = read(written(folder, "n,d,loss\n" + "".join(body))).table
    i = np.arange(n_rows)
    np.testing.assert_array_equal(table.n_active, 1e9 + i)
    np.testing.assert_array_equal(table.loss, 2 + i / n_rows)
    np.testing.assert_array_equal(table.lines, i + 2)


def test_memory_grows_with_the_rows_and_not_with_their_text(folder):
    def bytes_per_row(n_rows):
        body = (f"run_{i},{1e9 + i!r},{1e10 + i!r},{2 + i / n_rows!r}\n" for i in range(n_rows))
        path = written(folder, "run_id,n,d,loss\n" + "".join(body))
        tracemalloc.start()
        try:
            table = read(path).table
            return tracemalloc.get_traced_memory()[1] / len(table)
        finally:
            tracemalloc.stop()

    small, large = bytes_per_row(columns.BLOCK * 2), bytes_per_row(columns.BLOCK * 6)
    assert large < small, "blocks are what does not grow"
    assert large < 600, "a row of text as Python objects takes more"


def test_factors_and_weights_reach_the_table(folder):
    text = "n,n_total,d,loss,E,k,G,weight,seed\n1e9,8e9,2e10,2.5,8,2,4,0.5,1\n"
    table = read(written(folder, text)).table
    assert {name: x.tolist() for name, x in table.factors.items()} == {
        "n_experts": [8], "top_k": [2], "granularity": [4],
    }  # fmt: skip
    assert table.weight.tolist() == [0.5]
    assert table.expert_sparsity.tolist() == [0.75]
    assert table.columns["seed"].tolist() == [1]


def test_dense_rows_have_one_expert_whatever_top_k_they_state(folder):
    text = "n,n_total,d,loss,E,k\n1e9,8e9,2e10,2.5,8,2\n1e9,1e9,2e10,2.5,1,4\n"
    found = read(written(folder, text))
    assert found.table.factors["top_k"].tolist() == [2, 1]
    assert "1 dense rows (n_experts 1) state a top_k above 1" in found.warnings[0]


def test_gzip_and_standard_input_are_read_as_the_file_itself(folder, monkeypatch):
    text = "n,d,loss\n1e9,2e10,2.5\n"
    path = folder / "runs.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    expected = read(written(folder, text)).data_hash
    assert read(path).data_hash == expected
    monkeypatch.setattr("sys.stdin", io.StringIO("\ufeff" + text))
    found = read("-")
    assert found.data_hash == expected
    assert found.mapping["n_active"] == "n"


def test_a_condition_drops_rows_and_says_how_many_and_which(folder):
    text = "n,d,loss,router\n1e9,2e10,2.5,Hash\n1e9,3e10,2.4,Dense\n1e9,4e10,2.3,Hash\n"
    found = read(written(folder, text), where="tokens > 20B and router == 'Hash'")
    assert found.table.loss.tolist() == [2.3]
    assert found.table.lines.tolist() == [4]
    assert found.table.columns["router"].tolist() == ["Hash"]
    assert found.n_read == 3
    (reason,) = found.dropped
    assert reason.startswith("2 of 3 rows, for which tokens > 20B and router == 'Hash'")
    assert reason.endswith("(lines 2, 3)")
    assert read(written(folder, text)).dropped == []


def test_a_condition_may_use_derived_columns_and_the_names_of_the_file(folder):
    text = "Model Size,flops,loss,E\n1e9,1.2e20,2.5,1\n1e9,6e20,2.4,8\n"
    path = written(folder, text)
    for where in ("tokens < 50B", "Model_Size / tokens > 0.02", "expert_sparsity == 0",
                  "model_size < tokens and n_experts < 2", "n_total * 30 > tokens"):  # fmt: skip
        assert read(path, where=where).table.loss.tolist() == [2.5], where


def test_a_condition_can_leave_out_rows_that_could_not_be_used(folder):
    text = "n,d,loss\n1e9,2e10,diverged\n1e9,-1,2.4\n1e9,4e10,nan\n1e9,4e10,2.3\n"
    kept = read(written(folder, text), where="loss > 0 and tokens > 0")
    assert kept.table.loss.tolist() == [2.3]
