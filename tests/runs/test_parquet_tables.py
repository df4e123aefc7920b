"""A Parquet file and a CSV of the same runs are one table."""

import numpy as np
import pytest

from autotune.errors import InputError
from autotune.runs.read import read

arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")

COLUMNS = {
    "Model Size": [10**9, 2 * 10**9, 4 * 10**9],
    "tokens": ["20B", "2e10", "40000000000"],
    "loss": [2.5, 2.4, 2.25],
    "router": ["Hash", None, "Dense"],
    "main": [True, False, None],
}


def test_numbers_texts_booleans_and_nulls_are_those_of_the_csv(tmp_path):
    parquet.write_table(arrow.table(COLUMNS), tmp_path / "runs.parquet")
    (tmp_path / "runs.csv").write_text(
        "Model Size,tokens,loss,router,main\n"
        "1000000000,20B,2.5,Hash,1\n2000000000,2e10,2.4,,0\n4000000000,40000000000,2.25,Dense,\n"
    )
    one, other = read(tmp_path / "runs.parquet"), read(tmp_path / "runs.csv")
    assert one.data_hash == other.data_hash
    assert one.mapping == other.mapping
    for name, values in other.table.columns.items():
        np.testing.assert_array_equal(one.table.columns[name], values)
    assert one.table.lines.tolist() == [1, 2, 3]


def test_a_bad_cell_of_parquet_is_named_by_row(tmp_path):
    columns = COLUMNS | {"loss": [2.5, None, 2.3]}
    parquet.write_table(arrow.table(columns), tmp_path / "runs.parquet")
    with pytest.raises(InputError, match=r"first: row 2, column loss, value nan\)"):
        read(tmp_path / "runs.parquet")


def test_parquet_without_rows_is_refused(tmp_path):
    empty = arrow.table({name: values[:0] for name, values in COLUMNS.items()})
    parquet.write_table(empty, tmp_path / "runs.parquet")
    with pytest.raises(InputError, match="has no rows"):
        read(tmp_path / "runs.parquet")
