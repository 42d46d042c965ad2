"""Every access is proven: published within seconds, checked by public keys alone, cosigned by a witness."""

import os
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from harness.gateway import DOSSIER, ROOT, Gateway, free_port
from harness.resources import created, matches, observation, patient

WITNESS = Path(os.environ.get("WITNESS_BINARY", DOSSIER.parent / "dossier-witness"))
PUBLISHED_WITHIN_S = 5


def run(*command, check=True, timeout=120):
    return subprocess.run([str(part) for part in command], cwd=ROOT, check=check, capture_output=True, text=True, timeout=timeout)


@pytest.fixture(scope="module")
def witness(tmp_path_factory):
    """A witness of region 06, once the region's key is known: (start, address and key)."""
    folder, port, processes = tmp_path_factory.mktemp("witness"), free_port(), []
    key = run(WITNESS, "key", "witness.example/w1", "--out", folder / "w1.key").stdout.strip()

    def start(log: str):
        processes.append(subprocess.Popen(
            [str(WITNESS), "serve", "--key", str(folder / "w1.key"), "--log", log, "--state", str(folder / "seen"), "--listen", f"127.0.0.1:{port}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    yield start, f"http://127.0.0.1:{port},{key}", key
    for process in processes:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="module")
def house(tmp_path_factory, witness):
    """A gateway with a witness: (gateway, the log's key, the witness's key)."""
    start, given, key = witness
    gateway = Gateway(tmp_path_factory.mktemp("ledger"), arguments=["--witness", given]).start()
    log = (gateway.data / "ledger/06.vkey").read_text().strip()
    start(log)
    yield gateway, log, key
    gateway.kill()


def checkpoint(gateway) -> str:
    answer = httpx.get(f"{gateway.origin('06')}/ledger/06/checkpoint")
    return answer.text if answer.status_code == 200 else ""


def proof(client, event: str) -> str:
    """The proof of an AuditEvent, as soon as there is one."""
    until = time.monotonic() + 3 * PUBLISHED_WITHIN_S
    while True:
        answer = client.get(f"/AuditEvent/{event}/$proof")
        if answer.status_code != 503 or time.monotonic() > until:
            assert answer.status_code == 200, answer.text[:300]
            return answer.text
        assert answer.headers["retry-after"]
        time.sleep(0.2)


@pytest.fixture(scope="module")
def told(house):
    """A person, and the events of what was done to their record."""
    gateway, *_ = house
    with gateway.client("clinician") as client:
        person = created(client, patient())
        created(client, observation(person["id"]))
        assert client.get(f"/Patient/{person['id']}").status_code == 200
    with gateway.client("auditor") as auditor:
        events = matches(auditor.get("/AuditEvent", params={"patient": person["id"], "_count": "50"}))
    assert len(events) >= 3
    return person, events


def test_what_is_accepted_is_published_in_time(house, told):
    gateway, *_ = house
    began = time.monotonic()
    with gateway.client("auditor") as auditor:
        proof(auditor, told[1][0]["id"])
    assert time.monotonic() - began < PUBLISHED_WITHIN_S


def test_the_person_proves_an_access_offline(house, told, tmp_path):
    gateway, log, _ = house
    person, events = told
    with gateway.client("patient", patient=person["id"]) as own:
        text = proof(own, events[0]["id"])
    assert text.startswith("c2sp.org/tlog-proof@v1\n")
    file = tmp_path / "entry.tlog-proof"
    file.write_text(text)
    done = run(DOSSIER, "verify", "proof", file, "--key", log)
    assert done.stdout.rstrip().endswith("proven") and person["id"] in done.stdout
    # One letter changed anywhere in what is proven proves nothing.
    lines = text.split("\n")
    for number in (1, 3):
        bent = list(lines)
        bent[number] = bent[number][:-6] + ("A" if bent[number][-6] != "A" else "B") + bent[number][-5:]
        file.write_text("\n".join(bent))
        assert run(DOSSIER, "verify", "proof", file, "--key", log, check=False).returncode == 1


def test_nobody_else_gets_the_proof(house, told):
    gateway, *_ = house
    _, events = told
    with gateway.client("patient", patient="somebody-else") as other:
        assert other.get(f"/AuditEvent/{events[0]['id']}/$proof").status_code in (403, 404)
    with gateway.client(role=None) as anybody:
        assert anybody.get(f"/AuditEvent/{events[0]['id']}/$proof").status_code == 401
    with gateway.client("auditor") as auditor:
        assert auditor.get("/AuditEvent/never-was/$proof").status_code == 404


def test_the_files_are_public_and_hold_nothing(house, told):
    gateway, *_ = house
    with gateway.client("auditor") as auditor:
        proof(auditor, told[1][0]["id"])
    origin, size = checkpoint(gateway).split("\n")[:2]
    assert origin == "dossier.invalid/ledger/06" and int(size) >= 3
    width = int(size) % 256
    tile = httpx.get(f"{gateway.origin('06')}/ledger/06/tile/entries/000.p/{width}")
    assert tile.status_code == 200 and len(tile.content) == 35 * width
    assert "immutable" in tile.headers["cache-control"]
    assert "immutable" not in httpx.get(f"{gateway.origin('06')}/ledger/06/checkpoint").headers["cache-control"]
    for path in ("06/tile/0/000.p/0", "06/tile/9/000", "06/other", "99/checkpoint", "06/tile/0/999"):
        assert httpx.get(f"{gateway.origin('06')}/ledger/{path}").status_code == 404, path


def test_the_witness_cosigns_and_the_whole_log_verifies(house, told):
    gateway, log, key = house
    until = time.monotonic() + 20
    while "witness.example/w1" not in checkpoint(gateway) and time.monotonic() < until:
        time.sleep(0.5)
    done = run(DOSSIER, "verify", "log", "--log", f"{gateway.origin('06')}/ledger/06", "--key", log, "--witness", key)
    assert "complete and consistent" in done.stdout and "cosigned by witness.example/w1" in done.stdout


def test_log_and_record_agree_and_a_missing_entry_is_found(house, told, tmp_path):
    gateway, log, _ = house
    with gateway.client("auditor") as auditor:
        proof(auditor, told[1][0]["id"])
    time.sleep(3)
    run(DOSSIER, "ledger", "export", "--data", gateway.data, "--region", "06", "--out", tmp_path / "audit")
    done = run(DOSSIER, "verify", "record", tmp_path / "audit", "--key", log)
    assert "agree" in done.stdout
    entries = tmp_path / "audit/06/entries.ndjson"
    lines = entries.read_text().splitlines(keepends=True)
    entries.write_text("".join(lines[1:]))
    failed = run(DOSSIER, "verify", "record", tmp_path / "audit", "--key", log, check=False)
    assert failed.returncode == 1 and "has no entry" in failed.stderr
