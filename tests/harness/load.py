"""A steady load on one door: so many reads a second over connections that are kept, every answer looked at."""

import http.client
import threading
import time
from contextlib import contextmanager

import httpx


class Load:
    """What came of it. Nothing is tried again: a request that fails has failed."""

    def __init__(self, port: int, path: str, token: str, per_second: int, connections: int = 16):
        self.port, self.path = port, path
        self.headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        self.pause = connections / per_second
        self.stop = threading.Event()
        self.answered = 0
        self.failures: list[str] = []
        self.longest_s = 0.0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=(self.pause * n / connections,)) for n in range(connections)]

    def run(self, delay: float) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        due = time.monotonic() + delay
        while not self.stop.is_set():
            time.sleep(max(0.0, due - time.monotonic()))
            due += self.pause
            began, failed = time.monotonic(), None
            try:
                connection.request("GET", self.path, headers=self.headers)
                answer = connection.getresponse()
                body = answer.read()
                if answer.status != 200 or b'"resourceType"' not in body:
                    failed = f"{answer.status} {body[:200]!r}"
            except (OSError, http.client.HTTPException) as error:
                failed = repr(error)
                connection.close()
            with self.lock:
                self.answered += failed is None
                self.longest_s = max(self.longest_s, time.monotonic() - began)
                if failed:
                    self.failures.append(failed)
        connection.close()

    def told(self, seconds: float) -> str:
        return (f"{self.answered} answers in {seconds:.1f} s ({self.answered / seconds:.0f}/s), "
                f"{len(self.failures)} failures, longest {self.longest_s * 1000:.0f} ms")


@contextmanager
def under_load(port: int, path: str, token: str, per_second: int = 500):
    """Runs what is inside under load, and gives the load to look at."""
    load = Load(port, path, token, per_second)
    began = time.monotonic()
    for thread in load.threads:
        thread.start()
    try:
        yield load
    finally:
        load.stop.set()
        for thread in load.threads:
            thread.join()
        print(load.told(time.monotonic() - began))


def settled(gateway) -> None:
    """Waits until all that was accepted is published."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        figures = {line.split("{")[0]: line.rsplit(" ", 1)[1] for line in
                   httpx.get(f"{gateway.admin('06')}/metrics").text.splitlines() if line.startswith("dossier_ledger")}
        if float(figures["dossier_ledger_size"]) > 0 and float(figures["dossier_ledger_lag_milliseconds"]) < 1500:
            return
        time.sleep(0.2)
    raise AssertionError(f"the ledger does not catch up: {figures}")
