"""The service as a process of its own."""

import signal
import socket
import subprocess
import sys
import time

from patience import PATIENCE

from autotune.remote import token
from autotune.remote.client import Client


class Process:
    """A service on a socket file or a port, which may be killed and started again."""

    def __init__(self, folder, *, port=None):
        self.folder, self.port = folder, port
        self.socket, self.token = folder / "socket", folder / "token"
        self.storage = folder / "studies"

    def start(self, *more):
        command = [
            sys.executable, "-m", "autotune", "serve", "--storage", self.storage,
            "--token-file", self.token, "--allow-submit", *self.where(), *more,
        ]  # fmt: skip
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + PATIENCE
        while not self.answers():
            assert self.process.poll() is None, self.process.stderr.read()
            assert time.monotonic() < end
            time.sleep(0.05)
        return self

    def where(self):
        return ["--uds", self.socket] if self.port is None else ["--port", str(self.port)]

    def answers(self):
        if self.port is not None:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0
        with socket.socket(socket.AF_UNIX) as probe:
            return self.socket.exists() and probe.connect_ex(str(self.socket)) == 0

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        said = self.process.communicate(timeout=PATIENCE)[1]
        return self.process.returncode, said

    def client(self, patience=60.0):
        url = f"unix:{self.socket}" if self.port is None else f"http://127.0.0.1:{self.port}"
        return Client(url, token.read(self.token), patience=patience)
