"""The service as a process: who may open its files, what a worker does, and kill -9 under load."""

import json
import os
import signal
import socket
import stat
import threading
import time
from contextlib import contextmanager, suppress

import cli_run
import pytest
from made_service import order
from patience import PATIENCE
from service_process import Process

from autotune.errors import LaunchError
from autotune.store import study as studies


@contextmanager
def short_umask():
    before = os.umask(0)
    try:
        yield
    finally:
        os.umask(before)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with short_umask():  # the worst case: files are private all the same
        made = Process(tmp_path_factory.mktemp("service")).start()
    yield made
    if made.process.poll() is None:
        made.end()


def mode(path):
    return stat.S_IMODE(path.lstat().st_mode)


def test_the_socket_and_the_token_are_their_owners_alone(service):
    assert (mode(service.socket), mode(service.token)) == (0o600, 0o600)
    with service.client() as client:
        assert client.get()["service"] == "autotune"


def test_a_second_service_does_not_take_the_socket(service):
    done = cli_run.run("serve", "--uds", service.socket, "--token-file", service.token)
    assert done.returncode == 2
    assert "another service listens" in done.stderr
    assert service.answers()


def test_a_head_that_never_ends_is_hung_up_on_and_others_are_answered_meanwhile(service):
    with socket.socket(socket.AF_UNIX) as slow:
        slow.connect(str(service.socket))
        slow.sendall(b"GET / HTTP/1.1\r\nHost:")
        with service.client() as client:
            assert client.get()["read_only"] is False
        slow.settimeout(60)
        assert slow.recv(100) == b""


def test_a_worker_evaluates_trials_until_the_study_is_complete(service):
    done = cli_run.run(
        "worker", "--url", f"unix:{service.socket}", "--token-file", service.token, "--problem",
        "law_coefficients", "--max-evals", 5, "--learner", "random", "--study", "worked", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["counted"], said["kept"], said["failed"]) == (5, 0, 0)
    recorded = studies.read(service.storage / "worked").outcomes
    assert len(recorded) == 5
    assert all(each.timing.worker == f"{said['worker']}/w0" for each in recorded)


SLOW = """
import time
from pathlib import Path
from ConfigSpace import ConfigurationSpace
from autotune import TuningProblem

def objective(point):
    Path({began!r}).touch()
    time.sleep(600)

Problem = TuningProblem(input_space=ConfigurationSpace({{"x": (0.0, 1.0)}}), objective=objective)
"""


def test_a_worker_that_is_ended_gives_its_trial_back_to_the_next(service, tmp_path):
    began, file = tmp_path / "began", tmp_path / "slow.py"
    file.write_text(SLOW.format(began=str(began)))

    over = threading.Event()

    def end():
        while not (began.exists() or over.wait(0.02)):
            pass
        if not over.is_set():
            os.kill(os.getpid(), signal.SIGTERM)

    ender = threading.Thread(target=end)
    ender.start()
    done = cli_run.run(
        "worker", "--url", f"unix:{service.socket}", "--token-file", service.token, "--problem",
        file, "--max-evals", 5, "--learner", "random", "--study", "ended", "--json",
    )  # fmt: skip
    over.set()
    ender.join()
    said = json.loads(done.stdout)
    assert (done.returncode, said["counted"], said["returned"]) == (130, 0, 1)
    with service.client() as client:
        answer = client.post("studies", "ended", "ask", body={"worker": "next"})
    assert [(each["id"], each["attempt"]) for each in answer["trials"]] == [("0001-0000", 2)]
    assert answer["lease_seconds"] == 60


class Load:
    """Workers that note what they were given and what was acknowledged."""

    def __init__(self, service):
        self.service = service
        self.given, self.acknowledged, self.stop = [], [], threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(f"w{i}",)) for i in range(4)]
        for thread in self.threads:
            thread.start()

    def work(self, name):
        with self.service.client(patience=0.0) as client, suppress(LaunchError):
            while not self.stop.is_set():
                self.step(client, name)

    def step(self, client, name):
        body = {"worker": name, "n": 2}
        for trial in client.post("studies", "killed", "ask", body=body)["trials"]:
            self.given.append(trial["id"])
            value = float(len(self.given))
            told = {"trial": trial["id"], "worker": name, "value": value}
            client.post("studies", "killed", "tell", body={"outcomes": [told]})
            self.acknowledged.append((trial["id"], value))

    def join(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def test_what_was_acknowledged_survives_kill_9_and_no_trial_is_given_twice(tmp_path):
    service, given, acknowledged = Process(tmp_path), [], []
    for _ in range(2):
        service.start()
        with service.client() as client:
            client.put("studies", "killed", "desk", body=order(max_evals=100_000))
        load = Load(service)
        while len(load.acknowledged) < 40:
            time.sleep(0.01)
        service.end(signal.SIGKILL)
        load.join()
        given += load.given
        acknowledged += load.acknowledged
    recorded = {
        each.trial.id: each.value for each in studies.read(tmp_path / "studies/killed").outcomes
    }
    assert len(given) == len(set(given))
    assert len(acknowledged) >= 80
    assert {name: recorded.get(name) for name, _ in acknowledged} == dict(acknowledged)


def test_a_service_that_nobody_asks_ends_by_itself_and_leaves_no_socket(service):
    assert service.end()[0] == 0
    assert not service.socket.exists()
    service.start("--idle-exit", "1s")
    said = service.process.communicate(timeout=PATIENCE)[1]
    assert service.process.returncode == 0, said
    assert "ssh -N -L 8765:" in said
    assert not service.socket.exists()
