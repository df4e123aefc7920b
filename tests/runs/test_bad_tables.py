"""A table that cannot be used is refused in one line: where, what, how many, what to do."""

import gzip
import subprocess
import sys

import pytest

from autotune.errors import InputError
from autotune.runs import columns
from autotune.runs.read import read

HEAD = "n_active,tokens,loss\n"
GOOD = "1e9,2e10,2.5\n"


def refusal(tmp_path, text, where=""):
    path = tmp_path / "runs.csv"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        read(path, where=where)
    said = str(raised.value)
    assert "\n" not in said
    assert str(path) in said or where
    return said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1e9,2e10,oops", "line 3, column loss, value 'oops'). loss is nats per token"),
        ("1e9,2e10,nan", "column loss, value nan). loss is nats per token, finite and > 0"),
        ("1e9,2e10,inf", "column loss, value inf). loss is nats per token, finite and > 0"),
        ("1e9,2e10,", "column loss, value ''). loss"),
        ("1e9,-2e10,2.5", "column tokens, value -2e+10). tokens is training tokens"),
        ("0,2e10,2.5", "column n_active, value 0). n_active is parameters used per token"),
        ("7X,2e10,2.5", "column n_active, value '7X'). n_active"),
    ],
)
def test_a_bad_cell_is_named_by_line_column_and_value_with_a_remedy(tmp_path, row, said):
    found = refusal(tmp_path, f"{HEAD}{GOOD}{row}\n{GOOD}")
    assert "1 cell cannot be used, in 3 rows (first: " in found
    assert said in found
    column = said.split("column ")[1].split(",")[0]
    assert found.endswith(f"--where '0 < {column} < 1e99'")


def test_bad_cells_are_counted_over_all_columns_and_the_first_is_by_line(tmp_path):
    found = refusal(tmp_path, f"{HEAD}{GOOD}\n1e9,x,2.5\nx,2e10,0\n")
    assert "3 cells cannot be used, in 3 rows (first: line 4, column tokens, value 'x')" in found


def test_a_bad_cell_is_found_after_many_good_blocks(tmp_path):
    found = refusal(tmp_path, f"{HEAD}{GOOD * (columns.BLOCK + 7)}1e9,2e10,oops\n")
    assert f"(first: line {columns.BLOCK + 9}, column loss, value 'oops')" in found


def test_only_bad_cells_of_rows_that_are_kept_count(tmp_path):
    text = f"{HEAD}1e9,x,2.5\n1e9,2e10,x\n{GOOD}"
    found = refusal(tmp_path, text, where="tokens > 0")
    assert "1 cell cannot be used, in 2 rows (first: line 3, column loss" in found


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        ("n,n_total,d,loss", "2e9,1e9,1e9,2", "line 2, n_active 2e+09 exceeds n_total 1e+09"),
        ("n,n_total,sparsity,d,loss", "1e9,2e9,0.9,1e9,2", "sparsity 0.9 but 1 - n_active/n_total"),
        ("n,sparsity,d,loss", "1e9,1,1e9,2", "column sparsity, value 1). sparsity is 1 - n_active"),
        ("n,E,d,loss", "1e9,0,1e9,2", "column E, value 0). n_experts is the routed experts"),
        ("n,E,k,d,loss", "1e9,2,4,1e9,2", "top_k must not exceed n_experts"),
        ("n,weight,d,loss", "1e9,0,1e9,2", "column weight, value 0). weight is how much"),
    ],
)
def test_sizes_and_factors_that_cannot_be_are_refused(tmp_path, header, row, said):
    assert said in refusal(tmp_path, f"{header}\n{row}\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty. Give a CSV"),
        ("\n", "is empty. Give a CSV"),
        (HEAD, "has no rows below its header"),
        (f"{HEAD},,\n", "has no rows below its header"),
        ("n_active;tokens;loss\n1;2;3\n", "it looks separated by semicolons. Separate the cells"),
        ("n_active\ttokens\tloss\n1\t2\t3\n", "it looks separated by tabs"),
        ("n_active|tokens|loss\n1|2|3\n", "it looks separated by bars"),
        ("n_active tokens loss\n1 2 3\n", "it looks separated by blanks"),
        ("1e9,2e10,2.5\n2e9,2e10,2.4\n", "starts with numbers. Put the names of the columns"),
        ("n_activ,tokens,loss\n1,2,3\n", "lacks the column n_active or n_total. Its columns are"),
        ("n_active,loss\n1,2\n", "lacks the column tokens or flops. Its columns are: n_active, "),
        ("a,b\n1,2\n", "lacks the column n_active or n_total, tokens or flops, loss."),
        ("n_active,n_active,loss\n1,2,3\n", "has the column 'n_active' twice"),
        (f"{HEAD}1e9,2e10\n{GOOD}1,2,3,4\n", "2 rows do not have the 3 cells of the header (first"),
        (f'{HEAD}1e9,"2e10,2.5\n', "do not have the 3 cells of the header (first: line 2 has 2)"),
    ],
)
def test_a_file_of_the_wrong_form_says_what_it_looks_like(tmp_path, text, said):
    assert said in refusal(tmp_path, text)


def test_a_condition_that_no_row_fulfils_is_refused(tmp_path):
    said = refusal(tmp_path, HEAD + GOOD, where="loss > 9")
    assert said.endswith("no row of 1 has loss > 9. Loosen the condition.")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("no-such.csv", None, "No such file"),
        ("latin.csv", b"n_active,tokens,loss\xff\n", "it is not UTF-8 text"),
        ("plain.csv.gz", b"n_active,tokens,loss\n", "Not a gzipped file"),
        (
            "torn.csv.gz",
            gzip.compress(b"n_active,tokens,loss\n1e9,2e10,2.5\n", mtime=0)[:-9],
            "ended",
        ),
        ("no.parquet", b"n_active", "Give a Parquet or CSV file"),
        ("no-such.parquet", None, "no-such.parquet"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(tmp_path, name, content, said):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=said) as raised:
        read(path)
    assert "\n" not in str(raised.value)


def test_a_folder_is_no_table(tmp_path):
    with pytest.raises(InputError, match="Is a directory"):
        read(tmp_path)


def test_parquet_without_pyarrow_names_the_command_that_installs_it(tmp_path):
    program = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from autotune.errors import InputError\n"
        "from autotune.runs.read import read\n"
        f"try: read({str(tmp_path / 'runs.parquet')!r})\n"
        "except InputError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "needs pyarrow. Run: pip install 'autotune-llm[parquet]'" in done.stdout
    assert done.stderr == ""
