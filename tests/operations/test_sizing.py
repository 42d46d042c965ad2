"""What a request costs at DynamoDB: units counted on the way to the store, by kind; docs/sizing.md has the table."""

import os
import re
import shutil
import time

import httpx
import pytest
from harness.gateway import ROOT, Gateway, Store
from harness.metered import MeteredWay, item_bytes, units
from harness.resources import JSON, created, observation, patient, post, transaction, unique

# Per million request units, on demand, US East, since 1 November 2024 (docs/sizing.md has the source).
WRITE_PRICE = float(os.environ.get("DOSSIER_WRITE_PRICE", "0.625"))
READ_PRICE = float(os.environ.get("DOSSIER_READ_PRICE", "0.125"))
TIMES = 25
# So long after the last request everything of it is indexed and published.
SETTLED_S = 3.5
IDLE_S = 10
KINDS = ["read by id", "Patient?identifier", "Observation?patient&code", "create", "update", "transaction of 12"]


def test_sizes_are_counted_as_the_documentation_counts_them():
    assert item_bytes({"pk": {"S": "é"}, "b": {"B": "AAAA"}, "n": {"N": "1700000000000"}, "l": {"L": [{"N": "0"}]}}) == 23
    assert [units(size, 1024) for size in (0, 1, 1024, 1025)] == [1, 1, 1, 2]


@pytest.fixture(scope="module")
def metered(tmp_path_factory, gateway):
    folder = tmp_path_factory.mktemp("metered")
    store = Store(folder / "store").start()
    way = MeteredWay(store.port)
    env = store.env | {"AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{way.port}"}
    running = Gateway(folder / "data", regions=("06",), env=env)
    shutil.copytree(gateway.data / "compiled", running.data / "compiled")
    running.start()
    yield running, way
    running.stop()
    way.close()
    store.stop()


def trips(running) -> float:
    metrics = httpx.get(f"{running.admin('06')}/metrics").text
    return sum(float(value) for value in re.findall(r"^dossier_store_round_trips_total\{.*\} (\S+)$", metrics, re.MULTILINE))


def test_what_each_kind_of_request_costs(metered):
    running, way = metered
    with running.client() as client:
        mark = unique()
        person = created(client, patient(identifier=[{"system": "urn:mark", "value": mark}]))["id"]
        notes = [created(client, observation(person)) for _ in range(20)]
        code = notes[0]["code"]["coding"][0]
        asks = {
            "read by id": lambda n: client.get(f"/Observation/{notes[n % 20]['id']}"),
            "Patient?identifier": lambda n: client.get(f"/Patient?identifier=urn:mark|{mark}"),
            "Observation?patient&code": lambda n: client.get(
                f"/Observation?patient={person}&code={code['system']}|{code['code']}&_count=20"),
            "create": lambda n: client.post("/Observation", json=observation(person), headers=JSON),
            "update": lambda n: client.put(f"/Observation/{notes[n % 20]['id']}",
                                           json=notes[n % 20] | {"note": [{"text": f"{n}"}]}, headers=JSON),
            "transaction of 12": lambda n: client.post(
                "/", json=transaction(*[post(observation(person)) for _ in range(12)]), headers=JSON),
        }
        assert list(asks) == KINDS
        time.sleep(SETTLED_S)
        before, asked = way.charged.copy(), trips(running)
        time.sleep(IDLE_S)
        idle, idle_trips = way.charged - before, trips(running) - asked
        print(f"\nan idle door: {idle.writes / IDLE_S:.1f} write and {idle.reads / IDLE_S:.1f} read units a second")
        rows = {}
        for kind, ask in asks.items():
            before, asked, began = way.charged.copy(), trips(running), time.monotonic()
            for n in range(TIMES):
                assert ask(n).status_code in (200, 201), kind
            time.sleep(SETTLED_S)
            share = (time.monotonic() - began) / IDLE_S
            spent = way.charged - before
            writes, reads = (spent.writes - share * idle.writes) / TIMES, (spent.reads - share * idle.reads) / TIMES
            waits = (trips(running) - asked - share * idle_trips) / TIMES
            rows[kind] = writes, reads, waits
            print(f"| {kind} | {waits:.1f} | {writes:.1f} | {reads:.1f} | "
                  f"{writes * WRITE_PRICE + reads * READ_PRICE:.2f} |")
    # A read is journaled, so it writes; alone, since nobody shares its write here.
    assert 0.5 < rows["read by id"][0] < 12
    # Four items in one transaction, two units each, and the entry on its way through the journal.
    assert 8 <= rows["create"][0] < 30
    assert rows["transaction of 12"][0] / 12 < rows["create"][0], "a bundle costs more than its resources alone"


def test_the_guide_has_a_row_for_each_kind():
    guide = (ROOT / "docs/sizing.md").read_text()
    for kind in KINDS:
        assert re.search(rf"^\| {re.escape(kind)} \|( [\d.,]+ \|)+$", guide, re.MULTILINE), kind
