"""The pilot report: what was asked at the doors is what it tells, after a restart and from several
gateways, in both languages, and nothing about a person."""

import json
import re
import time

import httpx
import pytest
from harness.gateway import Gateway, Store, dossier
from harness.resources import JSON, created, observation, patient

FAMILY = "Zwartkruis"


def figures(gateway: Gateway, region: str, **query) -> dict:
    """What the admin port tells of a region."""
    answer = httpx.get(f"{gateway.admin(region)}/pilot", params={"format": "json"} | query, timeout=30)
    assert answer.status_code == 200, answer.text
    return next(held for held in answer.json()["regions"] if held["place"]["code"] == region)


def of(region: dict, establishment: str) -> dict:
    return next(held for name, _, held in region["establishments"] if name == establishment)


def used(gateway: Gateway) -> dict:
    """Some use of both doors. Returns the person."""
    with gateway.client("clinician") as client:
        person = created(client, patient(name=[{"family": FAMILY, "given": ["Aurélie"]}]))
        held = created(client, observation(person["id"]))
        for _ in range(5):
            assert client.get(f"/Patient/{person['id']}").status_code == 200
        assert client.get("/Patient/nobody-at-all").status_code == 404
        stale = client.put(f"/Observation/{held['id']}", json=held, headers=JSON | {"If-Match": 'W/"9"'})
        assert stale.status_code == 412
        emergency = {"Emergency-Reason": "unconscious on arrival, no relative"}
        assert client.get(f"/Patient/{person['id']}", headers=emergency).status_code == 200
    with gateway.client(None) as nobody:
        assert nobody.get("/Patient").status_code == 401
    with gateway.client("patient", patient=person["id"]) as own:
        assert own.put(f"/Patient/{person['id']}", json=person, headers=JSON).status_code == 403
    with gateway.client("clinician", region="04") as other:
        assert other.get(f"/Patient/{person['id']}").status_code == 200
    return person


def told(gateway: Gateway, factor: int = 1) -> None:
    """What the report must say after `used`, so many times."""
    montreal = figures(gateway, "06")
    care = of(montreal, "demo-06-nim")
    # Two creates, five reads, one not found, one stale, one emergency.
    assert care["requests"] == 10 * factor, care
    assert care["refusals"] == {"not-found": factor, "precondition": factor}
    assert (care["conflicts"], care["changes"], care["emergencies"]) == (factor, 3 * factor, factor)
    p50, p95, p99 = care["latency_us"]
    assert 50 < p50 <= p95 <= p99 < 60_000_000
    others = of(montreal, "")
    assert others["refusals"]["token-missing"] == factor
    assert others["refusals"].keys() & {"scope", "forbidden", "other-person"}, others
    assert montreal["total"]["requests"] == sum(held["requests"] for _, _, held in montreal["establishments"])
    assert of(figures(gateway, "04"), "demo-04-mcq")["requests"] == factor


@pytest.fixture(scope="module")
def pilot(tmp_path_factory):
    running = Gateway(tmp_path_factory.mktemp("report")).start()
    running.person = used(running)
    yield running
    running.stop()


def test_what_was_asked_is_told_by_establishment(pilot):
    told(pilot)


def test_it_is_told_after_a_restart_and_on_the_command_line(fresh):
    gateway = fresh().start()
    used(gateway)
    assert gateway.stop() == 0
    printed = dossier("report", "--format", "json", data=gateway.data)
    offline = json.loads(printed.stdout)
    gateway.start()
    used(gateway)
    told(gateway, factor=2)
    montreal = next(held for held in offline["regions"] if held["place"]["code"] == "06")
    assert of(montreal, "demo-06-nim")["requests"] == 10
    # A period before all of it is empty and says so.
    past = figures(gateway, "06", **{"from": "2020-01-01", "to": "2020-01-31"})
    assert past["total"]["requests"] == 0 and past["verdict"] == "not-enough"


def test_gateways_over_one_store_are_told_together(tmp_path, fresh):
    store = Store(tmp_path / "store").start()
    try:
        issuer = tmp_path / "gateway"
        doors = [fresh(data=issuer, regions=("06",), env=store.env) for _ in range(2)]
        person = None
        for door in doors:
            door.start()
            with door.client("clinician") as client:
                person = person or created(client, patient())
                for _ in range(3):
                    assert client.get(f"/Patient/{person['id']}").status_code == 200
            assert door.stop() == 0
        doors[1].start()
        assert of(figures(doors[1], "06"), "demo-06-nim")["requests"] == 7
        doors[1].stop()
    finally:
        store.stop()


def test_the_page_is_in_both_languages_and_needs_nothing_else(pilot):
    for origin in (pilot.origin("06"), pilot.admin("06")):
        for query, accept, tag, words in [
            ("?lang=fr", "en", "fr", "Est-il assez rapide?"),
            ("?lang=en", "fr", "en", "Is it fast enough?"),
            ("", "en-CA,fr;q=0.5", "en", "Error budget"),
            ("", "", "fr", "Budget d’erreur"),
        ]:
            headers = {"Accept-Language": accept} if accept else {}
            with httpx.Client(headers=headers) as client:
                client.headers.pop("accept-language", None) if not accept else None
                answer = client.get(f"{origin}/pilot{query}", timeout=30)
            assert answer.status_code == 200 and answer.headers["content-language"] == tag
            assert f'<html lang="{tag}">' in answer.text and words in answer.text
            assert answer.headers["content-type"] == "text/html; charset=utf-8"
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert not re.search(r"<script|<link|\bsrc=|url\(|https?://", answer.text)
            assert answer.text.count("<svg") == 4, "two plots of each region"


def test_nothing_of_a_person_is_told(pilot):
    secrets = [FAMILY, "Aurélie", pilot.person["id"], "unconscious", pilot.person["identifier"][0]["value"]]
    for form in ("html", "json", "md"):
        for origin in (pilot.origin("06"), pilot.admin("06")):
            page = httpx.get(f"{origin}/pilot", params={"format": form}, timeout=30).text
            assert "06" in page and not [secret for secret in secrets if secret in page]


def test_the_public_is_told_less_than_operators(pilot):
    public = httpx.get(f"{pilot.origin('06')}/pilot", params={"format": "json"}, timeout=30).json()
    assert public["audience"] == "public"
    montreal = next(held for held in public["regions"] if held["place"]["code"] == "06")
    assert montreal["total"]["emergencies"] == {"below": 5}
    narrow = {"format": "json", "from": "2026-01-05T10:00:00Z", "to": "2026-01-05T10:01:00Z"}
    public = httpx.get(f"{pilot.origin('06')}/pilot", params=narrow, timeout=30).json()
    assert public["to_ms"] - public["from_ms"] == 86_400_000


@pytest.mark.parametrize("query", ["?from=tomorrow", "?lang=de", "?format=pdf", "?from=2026-02-01&to=2026-01-01"])
def test_what_cannot_be_told_says_what_to_ask(pilot, query):
    answer = httpx.get(f"{pilot.origin('06')}/pilot{query}", headers={"Accept-Language": "en"})
    assert answer.status_code == 400 and "from=2026-11-01" in answer.text


def test_only_reading_is_possible(pilot):
    assert httpx.post(f"{pilot.origin('06')}/pilot").status_code == 404


def test_emergencies_that_nobody_reviewed_are_told(fresh):
    gateway = fresh().start()
    reviewer = gateway.signed("auditor", scope="user/AuditEvent.rus", sub="reviewer-1")
    with gateway.client() as client:
        person = created(client, patient())["id"]
        for _ in range(2):
            answer = client.get(f"/Patient/{person}", headers={"Emergency-Reason": "unconscious on arrival"})
            assert answer.status_code == 200
    with gateway.client(token=reviewer) as client:
        until = time.monotonic() + 20
        while True:
            found = client.get("/AuditEvent/$review-queue", params={"rule": "break-glass"}).json()["entry"]
            tasks = [held["resource"] for held in found if held["resource"]["resourceType"] == "Task"]
            if len(tasks) == 2:
                break
            assert time.monotonic() < until
            time.sleep(0.3)
        body = {"resourceType": "Parameters", "parameter": [
            {"name": "outcome", "valueCode": "justified"}, {"name": "note", "valueString": "Seen with the head of service."}]}
        assert client.post(f"/{tasks[0]['focus']['reference']}/$review", json=body, headers=JSON).status_code == 200
    # The count is of each hour, and of each process's first minute.
    assert gateway.stop() == 0
    gateway.start()
    assert gateway.stop() == 0
    report = json.loads(dossier("report", "--format", "json", data=gateway.data).stdout)
    montreal = next(held for held in report["regions"] if held["place"]["code"] == "06")
    answer = next(held for held in montreal["answers"] if held["question"] == "emergencies-reviewed")
    assert (answer["verdict"], answer["figure"]) == ("no", {"share": {"part": 1, "whole": 2}})


def test_loads_and_verifications_are_in_the_report(fresh):
    gateway = fresh().start()
    ports = gateway.ports_text()
    dossier("demo", "--people", "2", "--region", "06", "--ports", ports, data=gateway.data)
    key, log = str(gateway.data / "ledger/06.vkey"), f"{gateway.origin('06')}/ledger/06"
    until = time.monotonic() + 15
    while httpx.get(f"{log}/checkpoint").status_code != 200 and time.monotonic() < until:
        time.sleep(0.2)
    dossier("verify", "log", "--log", log, "--key", key, data=gateway.data)
    montreal = figures(gateway, "06")
    [load] = montreal["loads"]
    assert load["balanced"] and load["refused"] == 0
    assert load["read"] == load["created"] + load["updated"] + load["there"] > 10
    [verification] = montreal["verifications"]
    assert verification["whole"] and verification["what"] == "log"
    answers = {held["question"]: held["verdict"] for held in montreal["answers"]}
    assert answers["loaded"] == "yes" and answers["verified"] == "yes"
    assert answers["used"] == "not-enough", "a minute is no pilot"
