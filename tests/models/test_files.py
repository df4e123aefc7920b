"""Files that describe a model, ours and Hugging Face's, and how one is found."""

import pytest

from autotune.architecture.attention import GroupedQuery, QkNorm
from autotune.architecture.feed_forward import Experts, FeedForward
from autotune.architecture.published import Sure
from autotune.architecture.shape import Architecture
from autotune.errors import InputError
from autotune.models import catalogue, files

OURS = """
n_layers = 4
d_model = 64
vocabulary = 1000
n_dense_layers = 1
tied = true
n_window_layers = 2
window = 128
chunked = true

[attention]
n_heads = 4
n_kv_heads = 2
head_dim = 16
qk_norm = "head"
sinks = true

[ffn]
width = 192
gated = false

[experts]
n_experts = 8
top_k = 2
width = 48
n_shared = 1
"""
PUBLISHED = """
[published]
total = "3B"
active = "1B"
source = "a report"
"""


def test_our_description_says_every_attribute(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OURS)
    assert files.read(path).model == Architecture(
        name="mine", n_layers=4, d_model=64, vocabulary=1000, n_dense_layers=1, tied=True,
        n_window_layers=2, window=128, chunked=True, ffn=FeedForward(width=192, gated=False),
        attention=GroupedQuery(
            n_heads=4, n_kv_heads=2, head_dim=16, qk_norm=QkNorm.HEAD, sinks=True
        ),
        experts=Experts(n_experts=8, top_k=2, width=48, n_shared=1),
    )  # fmt: skip


def test_what_a_report_says_is_read_with_its_certainty(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(OURS + PUBLISHED)
    said = files.read(path).published
    assert (said.total, said.active, said.source) == ("3B", "1B", "a report")
    assert (said.tokens, said.sure, said.note) == (None, Sure.UNCONFIRMED, "")
    path.write_text(OURS + PUBLISHED + 'tokens = "2T"\nsure = "primary source"\nnote = "so"\n')
    said = files.read(path).published
    assert (said.tokens, said.sure, said.note) == ("2T", Sure.PRIMARY, "so")
    path.write_text(OURS + PUBLISHED + 'sure = "primary"\n')
    with pytest.raises(InputError, match=r"certainty of .*Did you mean 'primary source'"):
        files.read(path)


def test_a_description_without_experts_is_dense(tmp_path):
    path = tmp_path / "dense.toml"
    path.write_text(OURS.partition("[experts]")[0].replace("n_dense_layers = 1\n", ""))
    model = files.read(path).model
    assert (model.n_dense_layers, model.experts) == (4, None)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("d_model = 64\n", "", r"mine.toml has no key 'd_model'"),
        ("d_model", "d_modle", r"unknown key of .*mine.toml 'd_modle'. Did you mean 'd_model'"),
        ("top_k = 2\n", "", r"mine.toml \[experts\] has no key 'top_k'"),
        ("top_k = 2", "top_k = 9", r"mine: top_k must be 0 to 8, not 9"),
        ('"head"', '"heads"', r"unknown qk_norm .*'heads'. Did you mean 'head'"),
        ("[attention]", "[atention]", r"unknown key of .*'atention'. Did you mean"),
        ("[attention]", "[attention", r"cannot read .*mine.toml"),
        ("n_heads = 4", 'n_heads = "four"', r"n_heads must be a whole number, not 'four'"),
        ("n_layers = 4", "n_layers = 4\npublished = 3", r"published must be a section, not 3"),
    ],
)  # fmt: skip
def test_a_mistake_in_our_description_is_named(tmp_path, old, new, says):
    path = tmp_path / "mine.toml"
    assert old in OURS
    path.write_text(OURS.replace(old, new, 1))
    with pytest.raises(InputError, match=says):
        files.read(path)


def test_a_description_without_attention_is_refused(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("n_layers = 4\nd_model = 64\nvocabulary = 1000\n")
    with pytest.raises(InputError, match=r"mine.toml has no section \[attention\]"):
        files.read(path)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("config.json", "{", "cannot read .*config.json"),
        ("config.json", "[1]", "must hold an object with keys, not a list"),
        ("model.yaml", "", "ends neither in .toml .* nor in .json"),
        ("config.json", '{"model_type": 3}', "model_type must be a string, not 3"),
    ],
)
def test_what_is_no_description_is_refused_in_one_line(tmp_path, name, text, says):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=says):
        catalogue.find(str(tmp_path / name))


def test_a_folder_and_a_missing_file_are_said_to_be_that(tmp_path):
    with pytest.raises(InputError, match=r"is a folder\. Give the file in it"):
        catalogue.find(str(tmp_path))
    with pytest.raises(InputError, match=r"there is no file .*absent\.json"):
        catalogue.find(str(tmp_path / "absent.json"))


def test_a_config_json_is_called_by_its_folder(tmp_path):
    folder = tmp_path / "Some-Model"
    folder.mkdir()
    (folder / "config.json").write_text(
        '{"model_type": "llama", "hidden_size": 8, "num_hidden_layers": 1, "vocab_size": 9,'
        ' "num_attention_heads": 2, "intermediate_size": 16}'
    )
    assert catalogue.find(str(folder / "config.json")).model.name == "Some-Model"
