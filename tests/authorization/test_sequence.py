"""The function `sequence`: a turn of the ledger's sequencer, for the operator of the door and nobody else."""

import base64
import threading
import time

import httpx
import pytest
from harness.resources import created, patient

TURN = "/ledger/$sequence"


def ask(gateway, token: str | None, **how) -> httpx.Response:
    headers = {"Accept-Language": how.pop("language", "en")} | ({"Authorization": f"Bearer {token}"} if token else {})
    return httpx.request(how.pop("method", "POST"), gateway.origin("06") + TURN, headers=headers, timeout=30, **how)


def operator(gateway) -> str:
    return gateway.signed("clinician", function="operator", scope="user/Basic.rs")


def told(answer: httpx.Response) -> dict:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["resourceType"] == "Parameters"
    return {held["name"]: held.get("valueDecimal", held.get("valueBoolean")) for held in body["parameter"]}


def test_an_operator_is_told_how_far_the_ledger_is(gateway, clinician):
    created(clinician, patient())
    until = time.monotonic() + 10
    while True:
        progress = told(ask(gateway, operator(gateway)))
        assert set(progress) == {"appended", "size", "published", "more"}
        if progress["size"] > 0 and progress["published"] == progress["size"]:
            break
        # The gateway's own keeper signs: it has the key.
        assert time.monotonic() < until, progress
        time.sleep(0.1)


def test_a_turn_is_no_access(gateway):
    """Else each turn would make the next one's work."""
    token = operator(gateway)
    while told(ask(gateway, token))["more"]:
        pass
    time.sleep(2.5)
    size = told(ask(gateway, token))["size"]
    for _ in range(5):
        ask(gateway, token)
    time.sleep(2.5)
    assert told(ask(gateway, token))["size"] == size


@pytest.mark.parametrize("role", ["clinician", "auditor", "system"])
def test_others_are_refused_and_the_refusal_is_journaled(gateway, role):
    answer = ask(gateway, gateway.token(role))
    assert answer.status_code == 403 and "operator" in answer.text
    with gateway.client("auditor") as auditor:
        events = auditor.get("/AuditEvent", params={"_count": "50"}).json()["entry"]
    asked = base64.b64encode(b"$sequence").decode()
    refused = [event["resource"] for event in events if event["resource"].get("outcomeDesc") == "operator"]
    assert refused and all(asked in str(event) for event in refused)


def test_french(gateway):
    answer = ask(gateway, gateway.token("clinician"), language="fr")
    assert "exploite la passerelle" in answer.text


def test_without_a_token_or_with_another_method_nothing_is_done(gateway):
    assert ask(gateway, None).status_code == 401
    for method in ("GET", "PUT", "DELETE"):
        assert ask(gateway, operator(gateway), method=method).status_code in (404, 405), method


def test_an_operator_opens_no_chart_and_reads_no_access(gateway, person):
    with gateway.client(token=gateway.signed("clinician", function="operator", scope="user/*.cruds")) as client:
        assert client.get(f"/Patient/{person['id']}").status_code == 403
        assert client.get(f"/AuditEvent?patient={person['id']}").status_code == 403


def test_many_turns_at_once_append_everything_once(gateway, clinician):
    """The keeper of the gateway sequences as well."""
    for _ in range(10):
        created(clinician, patient())
    answers, token = [], operator(gateway)
    threads = [threading.Thread(target=lambda: answers.append(ask(gateway, token))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answer.status_code == 200 for answer in answers), [answer.text for answer in answers]
    sizes = [told(answer)["size"] for answer in answers]
    assert max(sizes) <= told(ask(gateway, token))["size"]
