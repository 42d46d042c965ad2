"""Paging through 1,000 results while others add and delete: none twice, none missed that was there throughout."""

import threading
import time

import pytest
from harness.resources import JSON, created, next_link, observation, patient, post, transaction, unique

RESULTS = 1000
PAGE = 40
PER_TRANSACTION = 250


def keys(bundle: dict) -> list[str]:
    return [entry["resource"]["id"] for entry in bundle.get("entry", []) if entry["search"]["mode"] == "match"]


class Writer(threading.Thread):
    """Adds matches and deletes what it added, through the other region, until it is stopped."""

    def __init__(self, gateway, make):
        super().__init__()
        self.gateway, self.make = gateway, make
        self.done, self.added, self.deleted = threading.Event(), 0, 0

    def run(self):
        with self.gateway.client("clinician", "04") as client:
            mine = []
            while not self.done.is_set():
                resource = self.make(self.added)
                made = client.post(f"/{resource['resourceType']}", json=resource, headers=JSON)
                if made.status_code == 201:
                    mine.append(f"/{resource['resourceType']}/{made.json()['id']}")
                    self.added += 1
                if len(mine) > 5:
                    self.deleted += client.delete(mine.pop(0)).status_code == 204


def paged(client, gateway, url: str, make) -> tuple[list[str], Writer]:
    """All pages of a search, with a writer at work from the first to the last."""
    writer = Writer(gateway, make)
    writer.start()
    found, pages = [], 0
    try:
        while url:
            answer = client.get(url)
            assert answer.status_code == 200, answer.text[:400]
            page = keys(answer.json())
            assert len(page) <= PAGE
            found += page
            url = next_link(answer.json())
            # The writer gets a turn between any two pages.
            pages += 1
            until = time.monotonic() + 5
            while writer.added < min(2 * pages, 12) and time.monotonic() < until:
                time.sleep(0.005)
    finally:
        writer.done.set()
        writer.join()
    return found, writer


def stored(client, resources: list[dict]) -> list[str]:
    """Creates them in transactions; their ids."""
    ids = []
    for at in range(0, len(resources), PER_TRANSACTION):
        answer = client.post("/", json=transaction(*map(post, resources[at:at + PER_TRANSACTION])), headers=JSON)
        assert answer.status_code == 200, answer.text[:400]
        ids += [entry["response"]["location"].split("/_history")[0].split("/")[-1] for entry in answer.json()["entry"]]
    return ids


@pytest.fixture(scope="module")
def chart(gateway):
    """A chart of 1,000 observations over some days, some of them at one instant."""
    with gateway.client() as client:
        person = created(client, patient())["id"]
        days = [observation(person, effectiveDateTime=f"2026-01-{1 + at % 28:02}T{at % 24:02}:00:00Z") for at in range(RESULTS)]
        yield person, stored(client, days)


@pytest.mark.parametrize("sort", ["", "&_sort=date", "&_sort=-date", "&_sort=-_lastUpdated", "&_sort=code,-date"])
def test_pages_of_a_chart(gateway, clinician, chart, sort):
    person, throughout = chart
    make = lambda at: observation(person, effectiveDateTime=f"2026-01-{1 + at % 28:02}T12:30:00Z")
    found, writer = paged(clinician, gateway, f"/Observation?patient={person}&_count={PAGE}{sort}", make)
    assert writer.added > 5 and writer.deleted > 0, "the writer wrote next to nothing: the test shows nothing"
    assert len(found) == len(set(found)), "a result came twice"
    assert set(throughout) <= set(found), f"{len(set(throughout) - set(found))} results were missed"


@pytest.mark.parametrize("sort", ["", "&_sort=birthdate"])
def test_pages_across_people(gateway, clinician, sort):
    family = f"Desgagné{unique()}"
    named = lambda at: patient(name=[{"family": family}], birthDate=f"19{50 + at % 50}-02-03")
    throughout = stored(clinician, [named(at) for at in range(PER_TRANSACTION)])
    found, writer = paged(clinician, gateway, f"/Patient?family={family}&_count={PAGE}{sort}", named)
    assert writer.added > 1
    assert len(found) == len(set(found)), "a result came twice"
    assert set(throughout) <= set(found), f"{len(set(throughout) - set(found))} results were missed"
