"""What a process that dies leaves behind: everything acknowledged, and nothing torn."""

import random
import threading
import time

import httpx
import pytest
from harness.resources import JSON, created, everything, observation, outcome, patient, post, transaction, unique

WRITERS = 6


class Writer(threading.Thread):
    """Creates until it is told to stop, or the gateway dies; keeps what was acknowledged."""

    def __init__(self, gateway, person: str, region: str):
        super().__init__()
        self.client = gateway.client("clinician", region)
        self.person = person
        self.singles: list[str] = []
        self.bundles: list[list[str]] = []
        self.refused: list[str] = []
        self.unsure: list[str] = []
        self.stop = threading.Event()

    def run(self):
        count = 0
        while not self.stop.is_set():
            count += 1
            mark = unique()
            note = observation(self.person, identifier=[{"system": "urn:mark", "value": mark}])
            try:
                if count % 5:
                    answer = self.client.post("/Observation", json=note, headers=JSON)
                    if answer.status_code == 201:
                        self.singles.append(answer.json()["id"])
                else:
                    answer = self.client.post("/", json=transaction(*[post(note) for _ in range(12)]), headers=JSON)
                    if answer.status_code == 200:
                        self.bundles.append([
                            entry["response"]["location"].split("/")[1] for entry in answer.json()["entry"]])
                if answer.status_code >= 400:
                    self.refused.append(answer.text[:200])
            except httpx.TransportError:
                if count % 5 == 0:
                    self.unsure.append(mark)
                return


def one_round(gateway, seed: int) -> int:
    """Kills the gateway in the middle of writes, starts it again, and counts."""
    gateway.start()
    with gateway.client() as client:
        people = [created(client, patient())["id"] for _ in range(WRITERS // 2)]
    writers = [Writer(gateway, people[n % len(people)], ("06", "04")[n % 2]) for n in range(WRITERS)]
    for writer in writers:
        writer.start()
    time.sleep(random.Random(seed).uniform(0.2, 1.0))
    gateway.kill()
    for writer in writers:
        writer.stop.set()
        writer.join()
    gateway.start()
    acknowledged = 0
    with gateway.client() as client:
        for person in people:
            found = notes(client, person)
            ids = {entry["id"] for entry in found}
            marks = [entry["identifier"][0]["value"] for entry in found]
            for writer in (writer for writer in writers if writer.person == person):
                assert not writer.refused, writer.refused[:3]
                said = writer.singles + [entry for bundle in writer.bundles for entry in bundle]
                lost = set(said) - ids
                assert not lost, f"seed {seed}: {len(lost)} acknowledged resources are lost"
                for mark in writer.unsure:
                    assert marks.count(mark) in (0, 12), f"seed {seed}: a torn transaction"
                acknowledged += len(said)
        for writer in writers:
            for entry in writer.singles[-3:]:
                assert client.get(f"/Observation/{entry}").status_code == 200
    gateway.kill()
    return acknowledged


def notes(client, person: str) -> list[dict]:
    return everything(client, f"/Observation?patient={person}&_count=500")


@pytest.mark.kill9
def test_nothing_acknowledged_is_lost(fresh, full):
    gateway = fresh()
    acknowledged = sum(one_round(gateway, seed) for seed in range(20 if full == "kill9" else 3))
    print(f"{acknowledged} acknowledged resources, none lost")
    assert acknowledged > 0


def test_a_killed_transaction_leaves_nothing_and_its_retry_succeeds(fresh):
    gateway = fresh().start()
    with gateway.client() as client:
        person = created(client, patient())["id"]
    sent = transaction(*[post(observation(person)) for _ in range(800)])
    headers = JSON | {"Idempotency-Key": unique()}
    done = []

    def send():
        with gateway.client() as client:
            try:
                done.append(client.post("/", json=sent, headers=headers).status_code)
            except httpx.TransportError:
                pass

    sender = threading.Thread(target=send)
    sender.start()
    time.sleep(0.12)
    gateway.kill()
    sender.join()
    gateway.start()
    with gateway.client() as client:
        count = len(notes(client, person))
        assert count in ((800,) if done else (0, 800)), f"a torn transaction of {count}"
        for _ in range(60):
            again = client.post("/", json=sent, headers=headers)
            if again.status_code not in (409, 503):
                break
            time.sleep(1)
        assert again.status_code == 200, again.text[:500]
        assert len(notes(client, person)) == 800


def test_a_graceful_stop_answers_what_is_under_way(fresh):
    gateway = fresh().start()
    with gateway.client() as client:
        person = created(client, patient())["id"]
    answers = []
    connected = threading.Event()
    sent = transaction(*[post(observation(person)) for _ in range(2000)])

    def send():
        with gateway.client() as client:
            client.get("/metadata")
            connected.set()
            answers.append(client.post("/", json=sent, headers=JSON))

    sender = threading.Thread(target=send)
    sender.start()
    assert connected.wait(10)
    # Under way, and far from done: it takes about a second.
    time.sleep(0.2)
    assert gateway.stop() == 0
    sender.join()
    assert [answer.status_code for answer in answers] == [200]
    gateway.start()
    with gateway.client() as client:
        assert len(notes(client, person)) == 2000


def test_the_log_holds_no_personal_data_and_no_token(fresh):
    gateway = fresh().start()
    with gateway.client() as client:
        made = created(client, patient())
        client.get("/Patient", params={"name": "Tremblay"})
        outcome(client.get("/Patient/never-was"), 404)
    token = gateway.token("clinician")
    assert gateway.stop() == 0
    log = gateway.log.read_text()
    for secret in ("Tremblay", "Aurélie", "1984-06-02", made["identifier"][0]["value"], token):
        assert secret not in log


