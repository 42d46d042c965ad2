"""The ledger under load and under death: every access is in it once, and every alteration is found."""

import http.client
import random
import subprocess
import threading
import time

import pytest
from authorization.test_ledger import WITNESS, run
from harness.gateway import DOSSIER, ROOT, Gateway, free_port
from harness.resources import created, patient

READERS = 12
ACCESSES, ACCESSES_FULL = 600, 100_000
ALTERATIONS, ALTERATIONS_FULL = 100, 10_000
KILLS, KILLS_FULL = 3, 200


class Reader(threading.Thread):
    """Reads one person's record again and again; keeps the ids of requests that were answered."""

    def __init__(self, gateway, person: str, name: str, most: int):
        super().__init__()
        self.headers = {"Authorization": f"Bearer {gateway.token('clinician')}", "Accept": "application/fhir+json"}
        self.port, self.path, self.name_, self.most = gateway.ports["06"], f"/fhir/Patient/{person}", name, most
        self.answered: list[str] = []

    def run(self):
        door = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        for number in range(self.most):
            mark = f"{self.name_}-{number:06}"
            try:
                door.request("GET", self.path, headers=self.headers | {"X-Request-Id": mark})
                answer = door.getresponse()
                answer.read()
            except OSError:
                return
            if answer.status == 200:
                self.answered.append(mark)


def times_in(entries: str, marks: list[str]) -> dict[str, int]:
    """How often each request's entry is among the exported ones."""
    # An entry holds the id with its length before it.
    written = {bytes([len(mark)]).hex() + mark.encode().hex(): mark for mark in marks}
    length = len(next(iter(written), ""))
    found = dict.fromkeys(marks, 0)
    for line in entries.splitlines():
        for at in range(0, len(line) - length):
            if (mark := written.get(line[at:at + length])) is not None:
                found[mark] += 1
    return found


def published(gateway, key: str, at_least: int) -> str:
    """What `dossier verify log` says once the log holds so much."""
    until = time.monotonic() + 120
    while True:
        done = run(DOSSIER, "verify", "log", "--log", f"{gateway.origin('06')}/ledger/06", "--key", key, check=False)
        if done.returncode == 0 and int(done.stdout.split(": ")[1].split()[0]) >= at_least:
            return done.stdout
        assert time.monotonic() < until, done.stdout + done.stderr
        time.sleep(0.5)


@pytest.mark.ledger
def test_all_of_a_load_is_in_the_log_and_each_alteration_is_found(tmp_path, full):
    thorough = full == "ledger"
    port = free_port()
    witness = run(WITNESS, "key", "witness.example/w1", "--out", tmp_path / "w1.key").stdout.strip()
    gateway = Gateway(tmp_path / "data", regions=("06",), arguments=["--witness", f"http://127.0.0.1:{port},{witness}"]).start()
    key = (gateway.data / "ledger/06.vkey").read_text().strip()
    process = subprocess.Popen(
        [str(WITNESS), "serve", "--key", str(tmp_path / "w1.key"), "--log", key, "--state", str(tmp_path / "seen"),
         "--listen", f"127.0.0.1:{port}"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with gateway.client() as client:
            person = created(client, patient())["id"]
        accesses = ACCESSES_FULL if thorough else ACCESSES
        began = time.monotonic()
        readers = [Reader(gateway, person, f"load{number:02}", accesses // READERS) for number in range(READERS)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        marks = [mark for reader in readers for mark in reader.answered]
        took = time.monotonic() - began
        assert len(marks) == accesses // READERS * READERS
        told = published(gateway, key, len(marks) + 1)
        time.sleep(12)  # A witness that was late is asked again.
        out = tmp_path / "audit"
        run(DOSSIER, "ledger", "export", "--data", gateway.data, "--region", "06", "--out", out)
        run(DOSSIER, "verify", "log", "--log", out / "06", "--key", key, "--witness", witness)
        agreed = run(DOSSIER, "verify", "record", out, "--key", key)
        assert "agree" in agreed.stdout
        found = times_in((out / "06/entries.ndjson").read_text(), marks)
        assert set(found.values()) == {1}, [mark for mark, times in found.items() if times != 1][:5]
        print(f"{len(marks)} accesses in {took:.0f} s, each in the log once: {told.splitlines()[0]}")
        altered = run(
            "cargo", "run", "--quiet", "--locked", "--release", "-p", "ledger", "--example", "alterations", "--", out / "06",
            gateway.data / "ledger/06.key", witness, ALTERATIONS_FULL if thorough else ALTERATIONS, timeout=3600)
        print(altered.stdout.strip())
        assert "all found" in altered.stdout
    finally:
        process.terminate()
        process.wait(10)
        gateway.kill()


@pytest.mark.ledger
def test_a_sequencer_that_dies_loses_and_doubles_nothing(tmp_path, full):
    chance = random.Random(11)
    gateway = Gateway(tmp_path / "data", regions=("06",)).start()
    with gateway.client() as client:
        person = created(client, patient())["id"]
    marks, kills = [], KILLS_FULL if full == "ledger" else KILLS
    for number in range(kills):
        readers = [Reader(gateway, person, f"k{number:04}r{one}", 1_000_000) for one in range(3)]
        for reader in readers:
            reader.start()
        # A round of the sequencer begins every second: the death falls anywhere in it.
        time.sleep(chance.uniform(0.3, 1.4))
        gateway.kill()
        for reader in readers:
            reader.join()
        marks += [mark for reader in readers for mark in reader.answered]
        gateway.start()
    key = (gateway.data / "ledger/06.vkey").read_text().strip()
    try:
        told = published(gateway, key, len(marks) + 1)
        out = tmp_path / "audit"
        run(DOSSIER, "ledger", "export", "--data", gateway.data, "--region", "06", "--out", out)
        assert "agree" in run(DOSSIER, "verify", "record", out, "--key", key).stdout
        found = times_in((out / "06/entries.ndjson").read_text(), marks)
        assert set(found.values()) == {1}, [mark for mark, times in found.items() if times != 1][:5]
        print(f"{kills} deaths, {len(marks)} answered accesses, each in the log once: {told.splitlines()[0]}")
    finally:
        gateway.kill()
