"""The web service under load, on loopback: pages of a large study, and asking and telling.

    python benchmarks/serve.py [--trials 100000] [--seconds 20] [--out results/reference/serve]

Pages are asked for at a steady rate, and a latency counts from the moment a request was due, so
that a slow answer delays those behind it. Client and service share the machine.
"""

import argparse
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from evidence import Record, manifest, write, write_manifest

from autotune.remote import token
from autotune.remote.client import Client
from autotune.store.journal import JournalStore
from autotune.store.study import Header
from autotune.trials import Completed, Timing

ROOT = Path(__file__).resolve().parent.parent
N_PARAMETERS, N_METRICS, PAGE = 6, 3, 100
RATE = 20.0
API = "/api/studies/large"
ROUNDS = 4000
SPACE = {
    "name": "bench",
    "hyperparameters": [
        {
            "type": "uniform_float",
            "name": f"p{i}",
            "lower": 0.0,
            "upper": 1.0,
            "default_value": 0.5,
            "log": False,
            "meta": None,
        }
        for i in range(N_PARAMETERS)
    ],
    "conditions": [],
    "forbiddens": [],
    "python_module_version": "1.2.1",
    "format_version": 0.4,
}


def make_study(folder: Path, n: int) -> int:
    """Record a study of so many trials; return the bytes of its journal."""
    draw = random.Random(0)
    with JournalStore.open(folder, Header(problem="bench", space=SPACE), start={}) as store:
        for begin in range(0, n, 1000):
            outcomes = []
            for i in range(begin, min(n, begin + 1000)):
                trial = store.trial({f"p{j}": draw.random() for j in range(N_PARAMETERS)})
                metrics = {f"m{j}": draw.random() for j in range(N_METRICS)}
                timing = Timing(1.0, f"w{i % 64}", float(i), float(i) + 1.0)
                outcomes.append(Completed(trial, draw.random(), timing, metrics))
            store.append(*outcomes)
    return sum(path.stat().st_size for path in folder.glob("journal-*"))


class Service:
    """A service in a process of its own, on a port of loopback."""

    def __init__(self, storage: str, scratch: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.token = scratch / "token"
        command = [
            sys.executable, "-m", "autotune", "serve", "--storage", storage, "--port",
            str(self.port), "--token-file", str(self.token), "--allow-submit",
        ]  # fmt: skip
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        while not self._answers():
            if self.process.poll() is not None:
                raise SystemExit("the service did not start")
            time.sleep(0.05)

    def client(self) -> Client:
        """A client of it."""
        return Client(f"http://127.0.0.1:{self.port}", token.read(self.token), patience=30.0)

    def usage(self) -> tuple[float, float]:
        """Its memory in MB (resident), and its CPU seconds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        ticks = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        cpu = (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")
        return int(resident.split()[1]) / 1024, cpu

    def end(self) -> None:
        """End it in order."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0 and self.token.exists()


@contextmanager
def running(storage: str, scratch: Path) -> Iterator[Service]:
    """A service that ends with the block."""
    made = Service(storage, scratch)
    try:
        yield made
    finally:
        made.end()


def steady(ask: Callable[[int], object], *, rate: float, seconds: float) -> list[float]:
    """Latencies in ms of requests at a steady rate, each from when it was due."""
    found = []
    begin = time.perf_counter()
    for i in range(round(rate * seconds)):
        due = begin + i / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        ask(i)
        found.append(1e3 * (time.perf_counter() - due))
    return found


def pages(service: Service, n: int, seconds: float) -> list[Record]:
    """Latencies of the pages of a large study."""
    rows: list[Record] = []
    with service.client() as client:
        before, begin = service.usage(), time.perf_counter()
        client.get("studies", "large")
        first = time.perf_counter() - begin
        rows.append(row("first request: the journal is read", n, first_s=first))
        rows[-1]["rss_mb"] = service.usage()[0]
        rows[-1]["rss_before_mb"] = before[0]
        queries = {
            "page of 100 trials": lambda i: f"{API}/trials?limit={PAGE}&offset={(7919 * i) % n}",
            "page of the newest 100": lambda _: f"{API}/trials?limit={PAGE}&descending=true",
            "page of 100 by value": lambda i: (
                f"{API}/trials?limit={PAGE}&order=value&offset={i % n}"
            ),
            "the study, as JSON": lambda _: API,
            "the study's page": lambda _: "/studies/large",
        }
        for name, path in queries.items():
            rate = RATE if "value" not in name else RATE / 10
            cpu = service.usage()[1]
            taken = steady(lambda i, p=path: get(service, p(i)), rate=rate, seconds=seconds)
            spent = service.usage()[1] - cpu
            rows.append(row(name, n, rate=rate, latencies=taken, cpu_ms=1e3 * spent / len(taken)))
        rows[-1]["rss_mb"] = service.usage()[0]
    return rows


def get(service: Service, path: str) -> None:
    """One request for a page of the large study, on a connection of its own."""
    with closing(http.client.HTTPConnection("127.0.0.1", service.port)) as link:
        link.request(
            "GET",
            path,
            headers={"Authorization": f"Bearer {token.read(service.token)}"},
        )
        answer = link.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"{path}: HTTP status {answer.status}")


def row(
    what: str,
    n: int,
    *,
    rate: float = 0.0,
    latencies: Sequence[float] = (),
    cpu_ms: float = 0.0,
    first_s: float = 0.0,
) -> Record:
    """A row of the table of pages."""
    p50, p99 = np.percentile(latencies, [50, 99]) if len(latencies) else (0.0, 0.0)
    return {
        "what": what,
        "trials": n,
        "requests_per_s": rate,
        "requests": len(latencies),
        "p50_ms": float(p50),
        "p99_ms": float(p99),
        "most_ms": max(latencies, default=0.0),
        "cpu_ms": cpu_ms,
        "first_s": first_s,
        "rss_mb": 0.0,
        "rss_before_mb": 0.0,
    }


def ask_tell(service: Service, storage: str, *, workers: int, rounds: int) -> Record:
    """Round trips per second: a trial asked for, evaluated in no time, and told durably."""
    study = f"rounds-{workers}"
    header = {"problem": "bench", "space": SPACE}
    order = {"header": header, "search": {"learner": "random"}, "max_evals": 10**6}
    with service.client() as client:
        client.put("studies", study, "desk", body=order)
    each = rounds // workers
    threads = [
        threading.Thread(target=work, args=(service, study, f"w{i}", each)) for i in range(workers)
    ]
    cpu, begin = service.usage()[1], time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - begin
    with service.client() as client:
        total = client.get("studies", study)["trials"]["total"]
    if total != each * workers:
        raise SystemExit(f"{each * workers} were told, and {total} are recorded")
    return {
        "storage": storage,
        "workers": workers,
        "round_trips": total,
        "per_s": total / taken,
        "cpu_ms": 1e3 * (service.usage()[1] - cpu) / total,
    }


def work(service: Service, study: str, name: str, rounds: int) -> None:
    """One worker."""
    with service.client() as client:
        for _ in range(rounds):
            asked = client.post("studies", study, "ask", body={"worker": name, "n": 1})
            (trial,) = asked["trials"]
            told = {"trial": trial["id"], "worker": name, "value": 1.0}
            client.post("studies", study, "tell", body={"outcomes": [told]})


def main() -> None:
    """Measure, print, and record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--trials", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--postgres", default="", help="postgresql://... to measure that too")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    trips: list[Record] = []
    with tempfile.TemporaryDirectory(dir=options.out or ROOT) as name:
        scratch = Path(name)
        size = make_study(scratch / "studies" / "large", options.trials)
        print(f"journal of {options.trials} trials: {size / 1e6:.1f} MB")
        with running(str(scratch / "studies"), scratch) as service:
            table = pages(service, options.trials, options.seconds)
        for storage in filter(None, ["journal", options.postgres and "postgresql"]):
            where = options.postgres if storage == "postgresql" else str(scratch / "rounds")
            with running(where, scratch) as service:
                for workers in (1, 8):
                    trips.append(ask_tell(service, storage, workers=workers, rounds=options.rounds))
                    print(trips[-1])
    for each in table:
        print(each)
    if options.out:
        write(options.out / "pages.csv", table)
        write(options.out / "round_trips.csv", trips)
        made_by = manifest(trials=options.trials, cores=os.cpu_count(), journal_bytes=size)
        write_manifest(options.out / "manifest.json", made_by)


if __name__ == "__main__":
    main()
