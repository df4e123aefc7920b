"""A client waits for a service that is away, and passes on what it refuses."""

import socket

import pytest

from autotune.errors import InputError, LaunchError
from autotune.remote.client import Client


@pytest.mark.parametrize(
    "url", ["", "localhost:8765", "ftp://x", "http://", "http://x/path", "http://x:port"]
)
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(InputError, match="--url is http://HOST:PORT"):
        Client(url, "t", patience=0.0)


def test_a_service_that_is_away_is_waited_for_and_then_given_up():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said, slept = [], []
    client = Client(
        f"http://127.0.0.1:{port}", "t", patience=0.02, say=said.append, sleep=slept.append
    )
    with pytest.raises(LaunchError, match=r"did not answer for 0\.02 s .* Start it"):
        client.get()
    assert slept[:2] == [0.2, 0.5]
    assert len(said) == 1
    assert "is away" in said[0]
