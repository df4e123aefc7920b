"""Tables of sweeps: which columns they need, what is derived, and which cells are refused."""

import numpy as np
import pytest

from autotune.errors import InputError
from autotune.laws.catalogue import HYPERPARAMETER_FORMS
from autotune.runs.sweeps import read_sweep

HEADER = "n_active,tokens,lr,batch_tokens,loss"
ROWS = "1e8,2e9,1e-3,128,2.9\n1e8,2e9,2e-3,128,2.8\n4e8,8e9,1e-3,256,2.5\n"


def table(tmp_path, header, rows=ROWS):
    path = tmp_path / "sweep.csv"
    path.write_text(f"{header}\n{rows}")
    return path


def read(tmp_path, header, form="step-lr", rows=ROWS, **options):
    return read_sweep(table(tmp_path, header, rows), HYPERPARAMETER_FORMS[form], **options)


def test_names_in_wide_use_are_understood_and_flops_follow(tmp_path):
    made = read(tmp_path, "params,tokens,learning_rate,batch_tokens,val_loss", "deepseek-lr")
    assert made.sweep.settings["lr"].tolist() == [1e-3, 2e-3, 1e-3]
    assert made.sweep.inputs["flops"] == pytest.approx(
        6 * np.array([1e8 * 2e9, 1e8 * 2e9, 4e8 * 8e9])
    )
    assert made.mapping["flops"] == "derived: 6 n_active tokens"
    assert made.mapping["lr"] == "learning_rate"
    assert made.sweep.loss.tolist() == [2.9, 2.8, 2.5]


def test_tokens_follow_from_flops_and_size(tmp_path):
    made = read(tmp_path, "n_active,flops,lr,batch_tokens,loss")
    assert made.sweep.inputs["tokens"] == pytest.approx([2e9 / 6e8, 2e9 / 6e8, 8e9 / 2.4e9])


def test_sequences_become_tokens_with_their_length(tmp_path):
    rows = "\n".join(f"{row},2048" for row in ROWS.split())
    made = read(tmp_path, "n_active,tokens,lr,batch_size,loss,seq_len", "step-batch", rows)
    assert made.sweep.settings["batch_tokens"].tolist() == [128 * 2048, 128 * 2048, 256 * 2048]
    assert made.mapping["batch_tokens"] == "derived: batch_sequences seq_len"


def test_a_batch_size_of_unknown_unit_is_refused_only_where_it_matters(tmp_path):
    header = "n_active,tokens,lr,batch_size,loss"
    with pytest.raises(InputError, match=r"does not say of what.*batch_tokens.*seq_len"):
        read(tmp_path, header, "step-batch")
    made = read(tmp_path, header, "step-lr")
    assert "only ratios are used" in made.mapping["batch_tokens"]


def test_a_table_without_a_loss_is_of_optima(tmp_path):
    made = read(tmp_path, "n_active,tokens,lr,batch_tokens,note")
    assert made.sweep.loss is None


def test_rows_are_kept_by_a_condition_and_the_others_said(tmp_path):
    made = read(tmp_path, "n_active,tokens,lr,batch_tokens,loss", where="lr < 1.5e-3")
    assert len(made.sweep) == 2
    assert made.dropped == ["1 of 3 rows, for which lr < 1.5e-3 does not hold (lines 3)"]


def test_the_same_numbers_have_the_same_hash_and_others_another(tmp_path):
    header = "n_active,tokens,lr,batch_tokens,loss"
    one = read(tmp_path, header).data_hash
    assert read(tmp_path, header).data_hash == one
    assert read(tmp_path, header, rows=ROWS.replace("2.9", "2.91")).data_hash != one


@pytest.mark.parametrize(
    ("header", "form", "rows", "said"),
    [
        (
            "n_active,tokens,rate,batch_tokens,loss",
            "step-lr",
            ROWS,
            r"lacks the column lr.*learning_rate",
        ),
        (
            "n_active,tokens,lr,b,loss",
            "step-batch",
            ROWS,
            "lacks the column batch_tokens or batch_sequences",
        ),
        ("size,tokens,lr,batch_tokens,loss", "step-lr", ROWS, "lacks the column n_active"),
        ("size,tokens,lr,batch_tokens,loss", "deepseek-lr", ROWS, "flops is not there.*n_active"),
        (HEADER, "ludziejewski-lr", ROWS, "lacks the column n_experts"),
        (
            HEADER,
            "step-lr",
            ROWS.replace("2e-3", "-2e-3"),
            "line 3, column lr, value -0.002.*rate, finite and > 0",
        ),
        (HEADER, "step-lr", ROWS.replace("2e-3", "high"), "column lr, value 'high'"),
        (HEADER, "step-lr", ROWS.replace("2.8", "nan"), "column loss, value nan.*diverged"),
        (HEADER, "step-lr", ROWS.replace("128", "0"), "column batch_tokens, value 0"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, header, form, rows, said):
    with pytest.raises(InputError, match=rf"(?s){said}"):
        read(tmp_path, header, form, rows)
