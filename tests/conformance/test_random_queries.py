"""Random searches over Synthea's people against a brute-force evaluation (tests/oracle)."""

import bz2
import json
from collections import Counter
from pathlib import Path

import pytest
from harness.gateway import Gateway
from harness.resources import everything
from harness.synthea import bundles, load
from oracle.parameters import PARAMETERS
from oracle.questions import Asker
from oracle.records import Records, Search

SEED = 20210710
QUERIES, QUERIES_FULL = 60, 1000
PEOPLE = 3
INCLUDED_MAX = 1000


def entries(paths: list[Path]) -> Counter:
    kinds = Counter()
    for path in paths:
        for entry in json.loads(bz2.open(path).read())["entry"]:
            kinds[entry["resource"]["resourceType"]] += 1
    return kinds


@pytest.fixture(scope="module")
def loaded(tmp_path_factory, full):
    """A gateway with the set loaded, a client, and the records as it gives them."""
    paths = bundles(None if full == "random-queries" else PEOPLE)
    gateway = Gateway(tmp_path_factory.mktemp("synthea")).start()
    load(gateway, paths)
    with gateway.client(token=gateway.machine()) as client:
        resources = [one for kind in PARAMETERS for one in everything(client, f"/{kind}?_count=1000")]
        held, sent = Counter(one["resourceType"] for one in resources), entries(paths)
        assert all(held[kind] == sent[kind] for kind in PARAMETERS), f"read {held}, loaded {sent}"
        yield client, Records(resources)
    gateway.stop()


def answered(client, search: Search) -> tuple[list[str], set[str], str | None, bool]:
    """Matches in their order, what was included, what is wrong with the pages, and whether a page
    said that it does not show all that would be included."""
    matched, included, cut = [], set(), False
    answer = client.get(f"/{search.type}", params=search.parameters() + [("_count", "500")])
    while True:
        if answer.status_code != 200:
            return [], set(), f"{answer.status_code} {answer.text[:300]}", cut
        bundle = answer.json()
        for entry in bundle.get("entry", []):
            if entry["search"]["mode"] == "outcome":
                cut = True
                continue
            key = f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
            if entry["search"]["mode"] == "match":
                matched.append(key)
            elif entry["search"]["mode"] == "include":
                included.add(key)
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
        if url is None:
            return matched, included, None, cut
        answer = client.get(url)


def fault(client, records: Records, search: Search) -> str | None:
    """What is wrong with the answer to a search, if anything."""
    matched, included, broken, cut = answered(client, search)
    if broken:
        return broken
    expected = records.found(search)
    if len(matched) != len(set(matched)):
        return "a match came twice"
    if set(matched) != expected:
        return f"missed {sorted(expected - set(matched))[:3]}, found {sorted(set(matched) - expected)[:3]}"
    wanted = records.included(search, expected)
    known = {key for key in included if key.split("/")[0] in PARAMETERS} - expected
    # What a page does not include it must say, and then it includes as much as it may.
    told = cut and search.includes and known <= wanted and len(included) >= INCLUDED_MAX
    if known != wanted and not told:
        return f"not included {sorted(wanted - known)[:3]}, included {sorted(known - wanted)[:3]}"
    return records.out_of_order(search, matched) if search.sort else None


@pytest.mark.random_queries
def test_random_searches_answer_as_brute_force_does(loaded, full, capsys):
    client, records = loaded
    asker = Asker(records, SEED)
    faults, sorts = [], Counter()
    for number in range(QUERIES_FULL if full == "random-queries" else QUERIES):
        search = asker.next()
        names = [name for name, _ in search.parameters()]
        sorts.update({"chained": any("." in name for name in names), "_has": any(name.startswith("_has") for name in names),
                      "with includes": bool(search.includes), "sorted": bool(search.sort), "all": True,
                      "with results": bool(records.found(search))})
        if wrong := fault(client, records, search):
            query = "&".join(f"{name}={value}" for name, value in search.parameters())
            faults.append(f"{number}: {search.type}?{query}: {wrong}")
    with capsys.disabled():
        total = sum(map(len, records.by_type.values()))
        print(f"\nseed {SEED}, {total} resources, searches: {dict(sorts)}, {len(faults)} faults")
    assert not faults, "\n".join(faults[:40])


def test_the_brute_force_sees_differences(loaded):
    """The comparison is no formality: a search with one filter left out is told apart."""
    _, records = loaded
    asker = Asker(records, SEED + 1)
    searches = [asker.next() for _ in range(100)]
    wider = [Search(one.type, one.filters[:-1]) for one in searches]
    assert any(records.found(one) != records.found(other) for one, other in zip(searches, wider))
    assert all(records.found(one) <= records.found(other) for one, other in zip(searches, wider))
