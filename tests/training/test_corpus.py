"""Corpora: what is read, in which order, and what tells them apart."""

import json
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autotune.errors import InputError
from autotune.training import prepared
from autotune.training.corpus import open_corpus
from autotune.training.documents import Document, distinct, split

TEXT = "Der Würfel fällt. " * 40
texts = st.lists(st.text(min_size=1), min_size=1, max_size=20, unique=True)


@given(order=st.permutations(range(9)))
def test_the_order_of_documents_does_not_depend_on_the_order_of_files(order):
    documents = [Document(f"{i}", b"%d" % i) for i in range(9)]
    assert distinct(documents) == distinct(documents[i] for i in order)


@given(texts=texts, copies=st.integers(1, 20))
def test_a_split_keeps_every_byte_on_one_side(texts, copies):
    documents = [
        Document(f"{i}", text.encode("utf-8", "replace")) for i, text in enumerate(texts * copies)
    ]
    training, validation = split(documents)
    both = [each.data for each in training + validation]
    assert sum(map(len, both)) == sum(len(each.data) for each in documents)
    for part in training + validation:
        part.data.decode()


def test_a_document_that_comes_twice_counts_once():
    found = distinct([Document("a", b"same"), Document("b", b"same"), Document("c", b"other")])
    assert sorted(each.data for each in found) == [b"other", b"same"]


def test_the_default_corpus_is_the_standard_library_of_this_python():
    corpus = open_corpus()
    assert corpus.name == "python-" + sys.version.split()[0]
    assert corpus.vocabulary == 256
    assert len(corpus.train) > 5e6
    assert 10 < len(corpus.train) / len(corpus.validation) < 25
    assert b"class TestCase(object):" in corpus.train.tobytes() + corpus.validation.tobytes()


def test_a_folder_reads_text_json_lines_and_parquet_alike(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    lines = [f"{i} {TEXT}" for i in range(3)]
    (tmp_path / "a.txt").write_text(lines[0])
    (tmp_path / "b.jsonl").write_text(json.dumps({"text": lines[1]}) + "\n\n")
    parquet.write_table(arrow.table({"text": [lines[2], None]}), tmp_path / "c.parquet")
    (tmp_path / "image.png").write_bytes(b"\x89PNG\x00")
    corpus = open_corpus([tmp_path])
    whole = corpus.train.tobytes() + corpus.validation.tobytes()
    assert all(line[:100].encode() in whole for line in lines)
    assert b"PNG" not in whole


def test_fingerprints_tell_texts_apart_and_nothing_else(tmp_path):
    for name, text in (("one", TEXT), ("same", TEXT), ("other", TEXT.replace("fällt", "rolltt"))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(text)
    one, same, other = (
        open_corpus([tmp_path / name]).fingerprint for name in ("one", "same", "other")
    )
    assert one == same != other


def test_a_prepared_corpus_is_the_same_corpus(tmp_path):
    (tmp_path / "a.txt").write_text(TEXT)
    corpus = open_corpus([tmp_path / "a.txt"])
    prepared.save(corpus, tmp_path / "prepared")
    again = open_corpus([tmp_path / "prepared"])
    assert again.label == corpus.label
    assert again.bytes_per_token == corpus.bytes_per_token
    assert (again.train == corpus.train).all()
    assert isinstance(again.train, np.memmap)


def test_ids_of_nanogpt_are_mapped_and_split_by_file(tmp_path):
    ids = np.arange(4000, dtype="<u2") % 300
    ids[:3000].tofile(tmp_path / "train.bin")
    ids[3000:].tofile(tmp_path / "val.bin")
    corpus = open_corpus([tmp_path])
    assert (len(corpus.train), len(corpus.validation)) == (3000, 1000)
    assert (corpus.vocabulary, corpus.bytes_per_token) == (300, None)
    alone = open_corpus([tmp_path / "train.bin"])
    assert (len(alone.train), len(alone.validation)) == (2813, 187)


def test_a_tokenizer_counts_its_ids_and_the_bytes_they_stand_for(tmp_path):
    tokenizers = pytest.importorskip("tokenizers")
    words = {word: i for i, word in enumerate(["[UNK]", "</s>", "Der", "Würfel", "fällt", "."])}
    model = tokenizers.models.WordLevel(words, unk_token="[UNK]")
    made = tokenizers.Tokenizer(model)
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "a.txt").write_text(TEXT)
    corpus = open_corpus([tmp_path / "a.txt"], tokenizer=tmp_path / "tokenizer.json")
    assert corpus.vocabulary == 6
    assert corpus.train.tolist()[:5] == [2, 3, 4, 5, 2]
    assert corpus.train[-1] == 1
    assert 4 < corpus.bytes_per_token < 6
    corpus.train.astype("<u2").tofile(tmp_path / "train.bin")
    from_ids = open_corpus([tmp_path / "train.bin"], tokenizer=tmp_path / "tokenizer.json")
    assert from_ids.vocabulary == 6


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("binary.txt", b"\x89PNG\r\n\x00", r"binary.txt is not UTF-8 text: byte 0x89 at offset 0"),
        ("nul.txt", b"text\0more", r"a NUL byte at offset 4"),
        ("empty.txt", b"", r"empty.txt is too small: 1 documents with 0 bytes"),
        ("short.txt", b"ten bytes.", r"with 10 bytes in all leave nothing to validate on"),
        ("bad.jsonl", b'{"text": "a"}\n{"txt": 1}\n', r'bad.jsonl, line 2: no field "text"'),
        ("bad2.jsonl", b"nonsense\n", r"bad2.jsonl, line 1: not JSON"),
        ("odd.bin", b"123", r"odd.bin has 3 bytes: it cannot hold uint16 ids"),
        ("val.bin", b"1234", r"val.bin only validates"),
    ],
)
def test_a_file_that_is_no_corpus_is_refused_in_one_line(tmp_path, name, data, said):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=said) as refused:
        open_corpus([tmp_path / name])
    assert "\n" not in str(refused.value)


def test_a_folder_without_text_and_a_path_without_file_are_refused(tmp_path):
    with pytest.raises(InputError, match="has no files"):
        open_corpus([tmp_path])
    (tmp_path / "image.png").write_bytes(b"\x89PNG\x00")
    with pytest.raises(InputError, match="has 1 files that are not UTF-8 text"):
        open_corpus([tmp_path])
    with pytest.raises(InputError, match=r"no corpus at .*nowhere"):
        open_corpus([tmp_path / "nowhere"])


def test_a_damaged_prepared_corpus_is_refused(tmp_path):
    (tmp_path / "a.txt").write_text(TEXT)
    prepared.save(open_corpus([tmp_path / "a.txt"]), tmp_path / "prepared")
    np.save(tmp_path / "prepared" / "train.npy", np.zeros(3, np.uint8))
    with pytest.raises(InputError, match="is damaged: tokens are missing"):
        open_corpus([tmp_path / "prepared"])
