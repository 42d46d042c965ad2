"""A region whose gateway lies, stalls or answers garbage: never a wrong answer, and others go on."""

import time
from contextlib import contextmanager

import httpx
import pytest
from harness.false_peer import LIES, FalsePeer
from harness.resources import JSON, outcome, patient, unique


@contextmanager
def in_place_of_laval(province, shows: str | None = None):
    """Something else where Laval's gateway should be."""
    province.doors["13"].kill()
    false = FalsePeer(province, "13", shows)
    try:
        yield false
    finally:
        false.close()
        province.doors["13"].start()
        for door in ("04", "06"):
            wait_for(province, door, "13", "up")


@pytest.fixture(scope="module")
def imposter(province):
    with in_place_of_laval(province) as false:
        yield false


@pytest.fixture
def laval(province, imposter):
    """It behaved so far: nothing is held against it."""
    imposter.behaviour = "honest"
    with province.doors["04"].client(token=province.doors["13"].token("clinician")) as client:
        until = time.monotonic() + 15
        while client.get("/Basic/1").text != '{"resourceType":"Basic"}':
            assert time.monotonic() < until, "it is not trusted again"
            time.sleep(0.1)
    imposter.asked.clear()
    return imposter


def wait_for(province, door: str, region: str, state: str, within_s: float = 15) -> float:
    """Until a door thinks so of a region; how long that took."""
    started = time.monotonic()
    while f"region {region}: {state}\n" not in httpx.get(f"{province.doors[door].admin(door)}/readyz").text:
        assert time.monotonic() - started < within_s, f"{door} does not take {region} for {state}"
        time.sleep(0.05)
    return time.monotonic() - started


# First, while nothing else has the port.
def test_a_certificate_of_another_region_is_a_region_away(province, person):
    with in_place_of_laval(province, shows="04") as false, province.doors["04"].client(region="13") as client:
        assert client.get(f"/Patient/{person['id']}").json()["id"] == person["id"]
        assert client.post("/Patient", json=patient(), headers=JSON).status_code == 201, "nothing was sent: no harm in another door"
        assert false.asked == []


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_no_answer(province, person, laval, lie):
    laval.behaviour = lie
    token = province.doors["13"].token("clinician")
    with province.doors["04"].client(token=token) as client:
        # A change may have been made: the caller is told, and it is not made again.
        answer = client.post("/Patient", json=patient(), headers=JSON)
        outcome(answer, 502, "no answer that can be trusted", "Idempotency-Key")
        assert "Basic" not in answer.text
        assert len(laval.asked) == 1, "a change without a key was sent twice"
        # A read, and a change with a key, go to who stands in: Montréal.
        assert client.get(f"/Patient/{person['id']}").json()["id"] == person["id"]
        made = client.post("/Patient", json=patient(), headers=JSON | {"Idempotency-Key": unique()})
        assert made.status_code == 201, made.text


def test_a_gateway_that_keeps_lying_is_asked_no_more(province, person, laval):
    laval.behaviour = "speaks_html"
    token = province.doors["13"].token("clinician")
    with province.doors["04"].client(token=token) as client:
        for _ in range(10):
            assert client.get(f"/Patient/{person['id']}").status_code == 200
    assert len(laval.asked) <= 6, "the breaker did not open"
    assert "region 13: answers probes, but not requests" in httpx.get(f"{province.doors['04'].admin('04')}/readyz").text


def test_who_stalls_is_away_within_five_seconds(province, person, laval):
    token = province.doors["13"].token("clinician")
    laval.behaviour = "stalls"
    started = time.monotonic()
    with province.doors["04"].client(token=token) as client:
        assert client.get(f"/Patient/{person['id']}").json()["id"] == person["id"]
        assert time.monotonic() - started < 5
    print(f"\na read that began at a gateway that stalls was answered by another after {time.monotonic() - started:.1f} s")
