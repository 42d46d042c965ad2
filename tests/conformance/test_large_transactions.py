"""Large transactions over several charts whose last entry fails: nothing of them is ever visible."""

import bz2
import json
import threading
import time

import pytest
from harness.resources import JSON, matches, observation, outcome, patient, post, transaction, unique
from harness.synthea import bundles, load

LARGEST = 3419
TAG = "urn:test:large"


def tagged(entry: dict, tag: str) -> dict:
    """The entry with a tag, by which whatever became visible is found."""
    meta = entry["resource"].get("meta", {})
    return entry | {"resource": entry["resource"] | {"meta": meta | {"tag": [{"system": TAG, "code": tag}]}}}


class Watcher(threading.Thread):
    """Searches for what must not be seen, until it is stopped."""

    def __init__(self, gateway, urls: list[str]):
        super().__init__()
        self.gateway, self.urls = gateway, urls
        self.done, self.looks, self.seen = threading.Event(), 0, []

    def run(self):
        with self.gateway.client(token=self.gateway.machine("04"), region="04") as client:
            while not self.done.is_set():
                for url in self.urls:
                    answer = client.get(url)
                    self.looks += answer.status_code == 200
                    self.seen += [url] if answer.status_code == 200 and answer.json().get("entry") else []


def refused_unseen(gateway, client, entries: list[dict], watched: list[str], status: int, counted: list[str]) -> None:
    """Sends a transaction that must be refused, and looks for it meanwhile and afterwards."""
    watcher = Watcher(gateway, watched)
    watcher.start()
    # It looks before, while and after.
    while watcher.looks == 0 and watcher.is_alive():
        time.sleep(0.005)
    try:
        answer = client.post("/", json=transaction(*entries), headers=JSON, timeout=600)
    finally:
        watcher.done.set()
        watcher.join()
    told = outcome(answer, status)
    assert f"entry[{len(entries) - 1}]" in json.dumps(told), told
    assert watcher.looks > 0 and not watcher.seen, watcher.seen
    for url in counted:
        assert matches(client.get(url)) == [], url


def last_entries(client) -> list[tuple[dict, int]]:
    """Entries that fail, each at another stage of a commit."""
    made = client.post("/Patient", json=patient(), headers=JSON).json()
    return [
        (post(observation("x", status="nonsense")), 422),
        ({"resource": made, "request": {"method": "PUT", "url": f"Patient/{made['id']}", "ifMatch": 'W/"99"'}}, 412),
        (post(observation("nobody-has-this-id")), 422),
    ]


@pytest.fixture
def machine(gateway):
    with gateway.client(token=gateway.machine()) as client:
        yield client


def test_several_charts_at_once(gateway, machine):
    for last, status in last_entries(machine):
        value, entries = unique(), []
        for at in range(3):
            url = f"urn:uuid:00000000-0000-4000-8000-00000000000{at}"
            entries.append(post(patient(identifier=[{"system": TAG, "value": f"{value}-{at}"}], name=[{"family": f"Large{value}"}]), url))
            entries += [post(observation("x", subject={"reference": url})) for _ in range(120)]
        entries.append(post({"resourceType": "Organization", "name": f"Large {value}"}))
        watched = [f"/Patient?identifier={TAG}|{value}-{at}" for at in range(3)] + [f"/Organization?name=Large%20{value}"]
        refused_unseen(gateway, machine, [*entries, last], watched, status, [*watched, f"/Patient?family=Large{value}"])


@pytest.mark.large_transactions
def test_the_largest_bundle_with_others_fails_unseen(fresh, full, tmp_path):
    """The bundle of 3,419 entries, then with other people's in one transaction."""
    if full != "large-transactions":
        pytest.skip("scripts/test --full large-transactions")
    gateway = fresh(data=tmp_path / "data").start()
    load(gateway, bundles(0))
    people = sorted((json.loads(bz2.open(path).read())["entry"] for path in bundles()[2:]), key=len)
    largest = people[-1]
    assert len(largest) == LARGEST
    several = [*people[0], *people[1], *people[2]]
    with gateway.client(token=gateway.machine()) as client:
        for entries in (largest, several, [*largest, *people[0]]):
            for last, status in last_entries(client):
                tag = unique()
                kinds = sorted({entry["resource"]["resourceType"] for entry in entries})
                # Provenance is searched by its target, and each of these would be of nothing.
                counted = [f"/{kind}?_tag={TAG}|{tag}" for kind in kinds if kind != "Provenance"]
                sent = [tagged(entry, tag) for entry in entries]
                refused_unseen(gateway, client, [*sent, last], counted[:4], status, counted)
                print(f"{len(sent) + 1} entries refused with {status}: nothing visible by {len(counted)} searches")
        answer = client.post("/", json=transaction(*largest), headers=JSON, timeout=600)
        assert answer.status_code == 200, answer.text[:500]
