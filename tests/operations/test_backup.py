"""A copy of the record, the record lost, the copy put back: equal, whole, and the ledger verifies."""

import base64
import json
import shutil
import signal
import subprocess
import threading
import time

import pytest
from harness.gateway import DOSSIER, ROOT, Gateway, Store, dossier
from harness.load import settled
from harness.resources import JSON, created, everything, matches, observation, patient, post, transaction, unique

BUNDLE = 12


def demonstrated(gateway, people: int = 20) -> None:
    """The demonstration's people, through a door."""
    dossier("demo", "--people", str(people), "--seed", "7", "--region", "06", "--ports", gateway.ports_text(),
            data=gateway.data)


def manifest(folder) -> dict:
    return json.loads((folder / "manifest.json").read_text())


def digest(printed: str) -> str:
    [line] = [line for line in printed.splitlines() if line.startswith("manifest ")]
    return line.split()[1]


def failed(*arguments, data, env=None) -> str:
    ended = dossier(*arguments, data=data, check=False, env=env)
    assert ended.returncode != 0, ended.stdout
    return ended.stderr


@pytest.fixture(scope="module")
def copied(tmp_path_factory, gateway):
    """A stopped gateway with the demonstration's people, and a copy of what it holds."""
    folder = tmp_path_factory.mktemp("copied")
    running = Gateway(folder / "data")
    shutil.copytree(gateway.data / "compiled", running.data / "compiled")
    running.start()
    demonstrated(running)
    time.sleep(1)
    settled(running)
    running.stop()
    said = dossier("backup", "--out", str(folder / "copy"), data=running.data).stdout
    return running, folder / "copy", digest(said)


class Writer(threading.Thread):
    """Writes single resources and transactions until it is told to stop."""

    def __init__(self, gateway, person: str):
        super().__init__()
        self.gateway, self.person = gateway, person
        self.acknowledged: list[str] = []
        self.marks: list[str] = []
        self.stop = threading.Event()

    def run(self):
        with self.gateway.client() as client:
            while not self.stop.is_set():
                mark = unique()
                note = observation(self.person, identifier=[{"system": "urn:mark", "value": mark}])
                self.marks.append(mark)
                answer = client.post("/", json=transaction(*[post(note) for _ in range(BUNDLE)]), headers=JSON)
                assert answer.status_code == 200, answer.text
                self.acknowledged += [entry["response"]["location"].split("/")[1] for entry in answer.json()["entry"]]
                self.acknowledged.append(created(client, observation(self.person))["id"])


def test_a_copy_taken_while_people_write_loses_nothing_acknowledged_and_tears_nothing(fresh, tmp_path):
    gateway = fresh().start()
    with gateway.client() as client:
        people = [created(client, patient())["id"] for _ in range(4)]
    writers = [Writer(gateway, person) for person in people]
    for writer in writers:
        writer.start()
    time.sleep(1)
    before = {writer.person: list(writer.acknowledged) for writer in writers}
    dossier("backup", "--out", str(tmp_path / "copy"), data=gateway.data)
    time.sleep(0.5)
    for writer in writers:
        writer.stop.set()
        writer.join()
    rehearsed = dossier("restore", "--from", str(tmp_path / "copy"), "--rehearse", data=gateway.data).stdout
    assert "equal:" in rehearsed and "ledger verified to size" in rehearsed, rehearsed
    gateway.stop()
    shutil.move(gateway.data / "store", tmp_path / "lost")
    said = dossier("restore", "--from", str(tmp_path / "copy"), data=gateway.data).stdout
    assert "equal:" in said
    gateway.start()
    held = 0
    with gateway.client() as client:
        for writer in writers:
            found = everything(client, f"/Observation?patient={writer.person}&_count=500")
            lost = set(before[writer.person]) - {entry["id"] for entry in found}
            assert not lost, f"{len(lost)} acknowledged before the copy was begun are lost"
            marks = [entry["identifier"][0]["value"] for entry in found if "identifier" in entry]
            for mark in writer.marks:
                assert marks.count(mark) in (0, BUNDLE), "half of a transaction"
            for entry in found:
                assert client.get(f"/Observation/{entry['id']}").status_code == 200
            held += len(found)
        # The record goes on from there.
        created(client, observation(people[0]))
    acknowledged = sum(map(len, before.values()))
    print(f"{acknowledged} acknowledged before the copy, {held} in it, none torn")
    assert acknowledged > 0 and held < sum(len(writer.acknowledged) for writer in writers)


def test_copy_wipe_restore_equal(copied, tmp_path):
    gateway, copy, said = copied
    data = tmp_path / "data"
    data.mkdir()
    put_back = dossier("restore", "--from", str(copy), "--digest", said, data=data).stdout
    print(put_back)
    again = tmp_path / "again"
    dossier("backup", "--out", str(again), data=data)
    assert manifest(again)["record"] == manifest(copy)["record"]
    for table in ("record", "access"):
        assert manifest(copy)[table]["items"] > 20
    # That it was put back, and copied again, is told since: in the journals of both open regions.
    assert manifest(again)["access"]["items"] > manifest(copy)["access"]["items"]


def test_who_copied_and_who_put_back_is_told(copied, tmp_path, gateway):
    _, copy, said = copied
    data = tmp_path / "data"
    shutil.copytree(gateway.data / "compiled", data / "compiled")
    dossier("restore", "--from", str(copy), "--by", "nuit", data=data)
    subprocess.run([str(DOSSIER), "ledger", "export", "--data", str(data), "--out", str(tmp_path / "audit"),
                    "--region", "06", "--by", "enquête"],
                   cwd=ROOT, capture_output=True, check=True)
    running = Gateway(data).start()
    try:
        for region in ("06", "04"):
            with running.client("auditor", region) as auditor:
                events = matches(auditor.get("/AuditEvent", params={"_count": "1000"}))
            told = [(event["type"]["code"], event["action"], agent["name"], event["source"]["observer"]["identifier"]["value"])
                    for event in events for agent in event["agent"] if event["type"]["code"] in ("110106", "110107")
                    and "name" in agent]
            assert {act[:3] for act in told if act[3] == region} >= {
                ("110107", "C", "nuit"), ("110106", "R", "enquête")}, told
            copies = [name for code, _, name, _ in told if code == "110106"]
            assert len(copies) >= 2, "the backup tells of itself"
            restored = next(event for event in events if event["type"]["code"] == "110107")
            asked = [base64.b64decode(entity["query"]).decode() for entity in restored["entity"] if "query" in entity]
            assert any(said in query for query in asked), asked
    finally:
        running.stop()


def test_a_rehearsal_proves_the_copy_and_leaves_its_outcome(copied):
    gateway, copy, said = copied
    told = dossier("restore", "--from", str(copy), "--rehearse", "--live", data=gateway.data).stdout
    print(told)
    items = manifest(copy)["record"]["items"] + manifest(copy)["access"]["items"]
    assert f"equal: {items} items" in told and "06: ledger verified to size" in told
    left = json.loads((gateway.data / "operations/restore-06.json").read_text())
    assert left["region"] == "06" and left["backup"] == said
    assert left["equal"] is True and left["ledger"] == "verified" and left["ledger_size"] > 0
    assert left["restored_at"].endswith("Z")
    assert not list((gateway.data / "operations").glob("rehearsal-*")), "a copy of the record is left lying about"


def test_a_rehearsal_with_another_logs_key_is_no_proof(copied, tmp_path):
    gateway, copy, _ = copied
    other = subprocess.run([str(DOSSIER), "ledger", "key", "dossier.invalid/ledger/06", "--out", str(tmp_path / "k")],
                           capture_output=True, text=True, check=True).stdout.strip()
    left = gateway.data / "operations/restore-06.json"
    left.unlink(missing_ok=True)
    assert "checkpoint" in failed("restore", "--from", str(copy), "--rehearse", "--key", other, data=gateway.data)
    assert not left.exists()


def test_an_altered_copy_is_refused_and_nothing_is_written(copied, tmp_path):
    _, copy, said = copied
    assert "as they were written" in dossier("backup", "verify", str(copy), "--digest", said, data=tmp_path).stdout
    altered = tmp_path / "altered"
    shutil.copytree(copy, altered)
    victim = sorted(altered.glob("record-*.segment"))[0]
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    for command in (["backup", "verify", str(altered)], ["restore", "--from", str(altered)]):
        assert "is not as it was written" in failed(*command, data=tmp_path / "data")
    # Whoever alters the manifest as well is found by the digest that was said.
    honest = json.loads((altered / "manifest.json").read_text())
    (altered / "manifest.json").write_text(json.dumps(honest | {"taken_at": "2030-01-01T00:00:00.000Z"}))
    assert "another one" in failed("restore", "--from", str(altered), "--digest", said, data=tmp_path / "data")
    (altered / "manifest.json").unlink()
    assert "never finished" in failed("restore", "--from", str(altered), data=tmp_path / "data")
    # The tables are empty still: the good copy goes in.
    assert "equal:" in dossier("restore", "--from", str(copy), data=tmp_path / "data").stdout


def test_tables_that_hold_something_are_never_written_over(copied):
    gateway, copy, _ = copied
    assert "not empty" in failed("restore", "--from", str(copy), data=gateway.data)
    assert "holds a copy already" in failed("backup", "--out", str(copy), data=gateway.data)


def test_a_restore_that_was_killed_goes_on_and_no_door_opens_meanwhile(copied, tmp_path, gateway):
    _, copy, _ = copied
    data = tmp_path / "data"
    command = [str(DOSSIER), "restore", "--data", str(data), "--from", str(copy)]
    for delay in (0.4, 0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03):
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir()
        running = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        running.send_signal(signal.SIGKILL)
        running.wait()
        if running.returncode == -signal.SIGKILL and (data / "store").exists():
            shutil.copytree(gateway.data / "compiled", data / "compiled", dirs_exist_ok=True)
            opened = subprocess.Popen([str(DOSSIER), "up", "--data", str(data), "--region", "06"], cwd=ROOT,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            try:
                refusal = opened.communicate(timeout=5)[1]
            except subprocess.TimeoutExpired:
                # It was killed before its first write; tables that are empty may open.
                opened.kill()
                opened.wait()
                continue
            assert "being put back" in refusal, refusal
            break
    else:
        raise AssertionError("no restore was killed between its first write and its last")
    assert "equal:" in dossier("restore", "--from", str(copy), data=data).stdout


def test_a_table_service_is_copied_when_nobody_writes_and_not_when_somebody_does(copied, tmp_path):
    _, copy, _ = copied
    store = Store(tmp_path / "store").start()
    try:
        said = dossier("restore", "--from", str(copy), "--store", "dynamodb", data=tmp_path, env=store.env).stdout
        assert "equal:" in said
        dossier("backup", "--out", str(tmp_path / "quiet"), "--store", "dynamodb", data=tmp_path, env=store.env)
        assert manifest(tmp_path / "quiet")["point"] == "unchanged"
        assert manifest(tmp_path / "quiet")["record"]["sum"] == manifest(copy)["record"]["sum"]
        assert manifest(tmp_path / "quiet")["access"]["items"] > manifest(copy)["access"]["items"]
        gateway = Gateway(tmp_path / "data", regions=("06",), env=store.env)
        shutil.copytree(copied[0].data / "compiled", gateway.data / "compiled")
        gateway.start()
        with gateway.client() as client:
            person = created(client, patient())["id"]
        writer = Writer(gateway, person)
        writer.start()
        try:
            why = failed("backup", "--out", str(tmp_path / "busy"), "--store", "dynamodb", data=tmp_path, env=store.env)
        finally:
            writer.stop.set()
            writer.join()
            gateway.stop()
        assert "point-in-time" in why and not (tmp_path / "busy/manifest.json").exists()
    finally:
        store.stop()
