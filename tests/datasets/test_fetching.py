"""Originals come from a folder, the cache or the network, and are checked each time."""

import functools
import gzip
import hashlib
import http.server
import threading
from dataclasses import replace

import pytest

from autotune.datasets.fetch import fetch
from autotune.datasets.registry import DATASETS
from autotune.datasets.source import Original, Place
from autotune.errors import InputError

TEXT = b"Model Size,Training FLOP,loss\n1e8,6e18,3.5\n2e8,6e19,3.1\n"
pytestmark = pytest.mark.usefixtures("cache")

SHA256 = hashlib.sha256(TEXT).hexdigest()


class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        if self.server.body is None:
            super().do_GET()
            return
        self.send_response(200)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *words):
        """Say nothing."""


@pytest.fixture
def server(tmp_path):
    """A server of this machine that has one study at one commit."""
    file = tmp_path / "served/some/study/abc/data/points.csv"
    file.parent.mkdir(parents=True)
    file.write_bytes(TEXT)
    handler = functools.partial(Handler, directory=tmp_path / "served")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.asked = []
        server.file = file
        server.body, server.headers = None, {}
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def study(server, *, places=None, sha256=SHA256, **changes):
    host = f"http://127.0.0.1:{server.server_port}"
    here = Place("some/study", "abc", "data/points.csv", host)
    original = Original(sha256, places(host) if places else (here,))
    return replace(DATASETS["chinchilla_epoch"], originals=(original,), **changes)


def test_a_download_is_checked_converted_and_kept(server, cache):
    got = fetch(study(server))
    assert got.path == cache / "chinchilla_epoch.csv"
    assert got.path.read_text().count("\n") == 3
    assert "some/study" in got.origin
    first = got.path.read_text()
    assert fetch(study(server)).path.read_text() == first
    assert server.asked == ["/some/study/abc/data/points.csv"]


def test_nothing_but_the_table_and_its_original_is_left_in_the_cache(server, cache):
    fetch(study(server))
    left = sorted(str(path.relative_to(cache)) for path in cache.rglob("*") if path.is_file())
    assert left == ["chinchilla_epoch.csv", "originals/chinchilla_epoch/points.csv"]


def test_a_damaged_original_in_the_cache_is_fetched_again(server, cache):
    fetch(study(server))
    (cache / "originals/chinchilla_epoch/points.csv").write_bytes(TEXT[:-5])
    assert fetch(study(server)).path.read_text().count("\n") == 3
    assert len(server.asked) == 2


def test_other_bytes_than_registered_are_refused_and_not_kept(server, cache):
    with pytest.raises(InputError, match=r"points\.csv has other bytes than those registered"):
        fetch(study(server, sha256="0" * 64))
    assert not (cache / "chinchilla_epoch.csv").exists()


def test_a_file_that_is_compressed_on_its_way_is_checked_as_published(server):
    """GitHub sends text so."""
    server.body, server.headers = gzip.compress(TEXT), {"Content-Encoding": "gzip"}
    assert fetch(study(server)).path.read_text().count("\n") == 3


def test_signs_in_a_path_are_escaped_and_the_file_is_kept_under_its_own_name(server, cache):
    name = "c4_original-d=96_l=8_h=4-0.25.json"
    server.file.with_name(name).write_bytes(TEXT)

    def places(host):
        return (Place("some/study", "abc", f"data/{name}", host),)

    fetch(study(server, places=places))
    assert server.asked == ["/some/study/abc/data/c4_original-d%3D96_l%3D8_h%3D4-0.25.json"]
    assert (cache / "originals/chinchilla_epoch" / name).read_bytes() == TEXT


def test_a_connection_that_ends_early_is_one_line_and_leaves_nothing(server, cache):
    server.body, server.headers = TEXT[:-5], {"Content-Length": str(len(TEXT))}
    with pytest.raises(InputError, match=r"points\.csv.*set AUTOTUNE_DATA") as raised:
        fetch(study(server))
    assert "\n" not in str(raised.value)
    assert not [path for path in cache.rglob("*") if path.is_file()]


def test_a_second_place_serves_where_the_first_does_not(server):
    def places(host):
        return (Place("gone/study", "abc", "data/points.csv", host),
                Place("some/study", "abc", "data/points.csv", host))  # fmt: skip

    assert fetch(study(server, places=places)).path.is_file()
    assert [path.split("/")[1] for path in server.asked] == ["gone", "some"]


def test_an_absent_file_is_one_line_that_names_url_status_and_the_local_way(server):
    def places(host):
        return (Place("gone/study", "abc", "data/points.csv", host),)

    with pytest.raises(InputError, match=r"cannot get http.*points\.csv \(status 404\)") as raised:
        fetch(study(server, places=places))
    assert (
        "set AUTOTUNE_DATA, or give --from, to a folder that has chinchilla_epoch/points.csv"
        in (str(raised.value))
    )


def test_no_network_is_one_line_that_names_the_local_way(server):
    def places(_):
        return (Place("some/study", "abc", "data/points.csv", "http://127.0.0.1:1"),)

    with pytest.raises(InputError, match="AUTOTUNE_DATA") as raised:
        fetch(study(server, places=places))
    assert "\n" not in str(raised.value)


def local(folder, content=TEXT):
    (folder / "chinchilla_epoch").mkdir(parents=True)
    (folder / "chinchilla_epoch/points.csv").write_bytes(content)
    return folder


def test_a_local_folder_comes_before_the_network(server, tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOTUNE_DATA", str(local(tmp_path / "local")))
    assert "local originals" in fetch(study(server)).origin
    assert server.asked == []


def test_the_given_folder_comes_before_that_of_the_environment(server, tmp_path, monkeypatch):
    monkeypatch.setenv("AUTOTUNE_DATA", str(tmp_path / "nowhere"))
    folder = local(tmp_path / "local")
    assert str(folder) in fetch(study(server), folder=folder).origin


def test_a_folder_of_the_environment_that_lacks_the_file_leaves_the_network(
    server, tmp_path, monkeypatch
):
    monkeypatch.setenv("AUTOTUNE_DATA", str(tmp_path))
    assert "public original" in fetch(study(server)).origin


def test_a_given_folder_that_lacks_the_file_is_refused_without_asking_the_network(server, tmp_path):
    with pytest.raises(InputError, match=r"lacks chinchilla_epoch/points\.csv"):
        fetch(study(server), folder=tmp_path)
    assert server.asked == []


def test_a_local_original_that_was_changed_is_refused(server, tmp_path):
    folder = local(tmp_path / "local", TEXT + b"9e9,1e22,2.0\n")
    with pytest.raises(InputError, match="is not the file that was registered: its SHA-256 is"):
        fetch(study(server), folder=folder)


def test_a_normalised_table_serves_where_originals_are_absent(server, tmp_path):
    folder = tmp_path / "local"
    (folder / "chinchilla_epoch").mkdir(parents=True)
    (folder / "chinchilla_epoch/runs.csv").write_bytes(b"n,d,loss\n")
    entry = study(server, normalised_sha256=hashlib.sha256(b"n,d,loss\n").hexdigest())
    got = fetch(entry, folder=folder)
    assert got.path == folder / "chinchilla_epoch/runs.csv"
    assert "normalised there" in got.origin


def test_a_table_without_a_public_original_names_the_folder_it_needs():
    said = r"joint_moe_part has no public original\. Set AUTOTUNE_DATA.*joint_moe_part/runs\.csv"
    with pytest.raises(InputError, match=said):
        fetch(DATASETS["joint_moe_part"])


def test_many_missing_originals_are_counted(tmp_path):
    with pytest.raises(InputError, match=r"and 33 more, or gadre2024_c4/runs\.csv"):
        fetch(DATASETS["gadre2024_c4"], folder=tmp_path)


def test_a_cache_that_cannot_be_written_is_one_line(server, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(InputError, match="Set XDG_CACHE_HOME to a folder of yours"):
        fetch(study(server), folder=local(tmp_path / "local"))
