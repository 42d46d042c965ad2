"""What a person withholds is absent on every path, and an emergency is conspicuous."""

import random
import re
import uuid
from urllib.parse import quote

import pytest
from harness.resources import JSON, created, matches, observation, post, transaction
from harness.withheld import ACT, Chart, consent

REASON = "Patiente inconsciente à l'arrivée aux urgences"


def requests(chart: Chart, canary: str, hidden: str) -> list[tuple]:
    """Every way to come upon a resource: the same for one that is there and one that is not."""
    person = chart.person
    body = observation(person, code={"text": "other"}, identifier=[{"system": "urn:canary", "value": canary}])
    refers = observation(person, derivedFrom=[{"reference": f"Observation/{hidden}"}])
    get = lambda path: ("GET", path, None, {})
    return [
        get(f"/Observation/{hidden}"),
        get(f"/Observation/{hidden}/_history"),
        get(f"/Observation/{hidden}/_history/1"),
        get(f"/Observation/{hidden}/$meta"),
        get(f"/Observation?_id={hidden}"),
        get(f"/Observation?patient={person}&code={canary}"),
        get(f"/Observation?patient={person}&code={canary}&_summary=count"),
        get(f"/Observation?code={canary}"),
        get(f"/Observation?identifier={canary}&_total=accurate"),
        get(f"/Observation?patient={person}&_security=HIV&_sort=code&_total=accurate"),
        get(f"/Patient?_has:Observation:patient:code={canary}"),
        get(f"/Patient?_id={person}&_revinclude=Observation:patient&_has:Observation:patient:identifier={canary}"),
        get(f"/DiagnosticReport?result:Observation.code={canary}"),
        get(f"/Patient/{person}/Observation?code={canary}"),
        get(f"/Provenance?target=Observation/{hidden}"),
        ("GET", f"/Observation/{hidden}", None, {"If-None-Match": 'W/"1"'}),
        ("PATCH", f"/Observation/{hidden}", [{"op": "remove", "path": "/note"}],
         {"Content-Type": "application/json-patch+json"}),
        ("PUT", f"/Observation/{hidden}", body | {"id": hidden}, {"If-Match": 'W/"1"'} | JSON),
        ("DELETE", f"/Observation/{hidden}", None, {}),
        ("DELETE", f"/Observation?identifier={canary}", None, {}),
        ("POST", "/", transaction(post(refers)), JSON),
        ("POST", "/", {"resourceType": "Bundle", "type": "batch", "entry": [
            {"request": {"method": "GET", "url": f"Observation/{hidden}"}},
            {"request": {"method": "GET", "url": f"Observation?code={canary}"}},
        ]}, JSON),
    ]


def whole(chart: Chart) -> list[tuple]:
    """What shows a chart, without the name of anything that is withheld."""
    person = chart.person
    return [("GET", path, None, {}) for path in (
        f"/Patient/{person}/$everything",
        f"/Observation?patient={person}&_sort=code",
        f"/Observation?patient={person}&_total=accurate&_include=*",
        f"/DiagnosticReport?_id={chart.report}&_include=DiagnosticReport:result",
        f"/Patient?_id={person}&_revinclude=Observation:patient",
        f"/Patient/{person}/*",
        f"/Observation/$lastn?patient={person}",
        "/Observation/_history?_count=50",
        "/_history?_count=50",
        f"/Provenance?patient={person}",
    )]


def asked(client, request: tuple):
    method, path, body, headers = request
    return client.request(method, path, json=body, headers=headers)


def shape(answer, words: list[str]) -> tuple:
    """An answer without what differs from one request to the next."""
    text = answer.text
    for word in words:
        text = text.replace(word, "·")
    text = re.sub(r'"(lastUpdated|timestamp|id|fullUrl|url|lastModified|etag|location)":\s*"[^"]*"', "", text)
    names = sorted(name for name in answer.headers if name not in ("date", "content-length", "x-request-id"))
    return answer.status_code, text, tuple(names)


@pytest.fixture(scope="module")
def charts(gateway, full):
    with gateway.client("clinician") as clinician:
        yield [Chart(clinician) for _ in range(100 if full == "canaries" else 5)]


@pytest.fixture
def nurse(gateway):
    token = gateway.signed("clinician", function="nurse")
    with gateway.client(token=token) as client:
        yield client


def test_those_who_may_see_it_do(charts, clinician):
    for chart in charts[:3]:
        assert chart.canary in clinician.get(f"/Observation/{chart.hidden}").text
        assert chart.canary in clinician.get(f"/Patient/{chart.person}/$everything").text
        assert len(matches(clinician.get("/Observation", params={"code": chart.canary}))) == 1


@pytest.mark.canaries
def test_no_path_shows_what_is_withheld_nor_tells_it_from_what_is_absent(charts, nurse, full):
    rounds = 100_000 if full == "canaries" else 700
    chance, sent = random.Random(4), 0
    while sent < rounds:
        chart = chance.choice(charts)
        for request in whole(chart):
            answer = asked(nurse, request)
            assert answer.status_code == 200, (request, answer.text)
            assert chart.canary not in answer.text, request
            assert f"Observation/{chart.hidden}/_history" not in answer.text, request
            sent += 1
        absent, nothing = f"none{uuid.uuid4().hex}", chart.hidden[:-4] + "0000"
        pairs = zip(requests(chart, chart.canary, chart.hidden), requests(chart, absent, nothing))
        for hidden, missing in pairs:
            one, other = asked(nurse, hidden), asked(nurse, missing)
            words = [chart.canary, chart.hidden, absent, nothing]
            assert shape(one, words) == shape(other, words), (hidden, one.text, other.text)
            sent += 2
    print(f"{sent} requests over {len(charts)} charts: nothing withheld was shown or told from absent")


def test_what_is_withheld_is_not_run_over(charts, nurse, clinician):
    chart = charts[0]
    body = observation(chart.person) | {"id": chart.hidden}
    refused = nurse.put(f"/Observation/{chart.hidden}", json=body, headers=JSON)
    assert refused.status_code == 409
    create = nurse.post(
        "/Observation", json=observation(chart.person),
        headers=JSON | {"If-None-Exist": f"identifier={chart.canary}"},
    )
    assert create.status_code == 409 and create.text == refused.text
    assert chart.canary in clinician.get(f"/Observation/{chart.hidden}").text


def test_an_emergency_opens_it_once_and_is_conspicuous(charts, gateway, nurse):
    chart = charts[0]
    declared = {"Emergency-Reason": quote(REASON)}
    answer = nurse.get(f"/Observation/{chart.hidden}", headers=declared)
    assert answer.status_code == 200 and chart.canary in answer.text
    assert nurse.get(f"/Observation/{chart.hidden}").status_code == 404
    short = nurse.get(f"/Observation/{chart.hidden}", headers={"Emergency-Reason": "vite"})
    assert short.status_code == 403
    with gateway.client("auditor") as auditor:
        events = matches(auditor.get("/AuditEvent", params={"patient": chart.person, "_count": "200"}))
    alerts = [event for event in events if event["type"]["code"] == "110113"]
    broken = [event for event in alerts if event["subtype"][0]["code"] == "110127" and event["outcome"] == "0"]
    assert len(broken) == 1
    assert broken[0]["purposeOfEvent"][0]["coding"][0]["code"] == "ETREAT"
    details = [one for entity in broken[0]["entity"] for one in entity.get("detail", [])]
    assert {"type": "emergency", "valueString": REASON} in details
    assert {"type": "basis", "valueString": "break-glass"} in details
    # The person reads it too.
    with gateway.client("patient", patient=chart.person) as own:
        told = matches(own.get("/AuditEvent", params={"patient": chart.person, "_count": "200"}))
    assert any(event["subtype"][0]["code"] == "110127" for event in told)


def test_a_decision_by_consent_is_told_as_balp_has_it(charts, gateway, nurse):
    chart = charts[1]
    assert nurse.get(f"/Observation/{chart.hidden}").status_code == 404
    with gateway.client("auditor") as auditor:
        events = matches(auditor.get("/AuditEvent", params={"patient": chart.person, "_count": "200"}))
    decided = [event for event in events if event["subtype"][0]["code"] == "AuthZ-Consent"]
    assert decided
    event = decided[0]
    assert event["meta"]["profile"] == [
        "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.AuthZconsent"]
    assert (event["type"]["code"], event["action"]) == ("110113", "E")
    kinds = {agent["type"]["coding"][0]["code"] for agent in event["agent"]}
    assert {"110150", "IRCP", "PROV", "authserver"} <= kinds
    entities = {entity["what"].get("reference", ""): entity for entity in event["entity"] if "what" in entity}
    assert f"Patient/{chart.person}" in entities
    assert f"Consent/{chart.consent}/_history/1" in entities


def test_every_answer_carries_the_same_notice(charts, nurse, clinician):
    for client in (nurse, clinician):
        for path in (f"/Observation/{charts[0].seen}", f"/Observation?patient={charts[0].person}", "/Patient/none"):
            assert client.get(path).headers["dossier-notice"] == "information-may-be-withheld"


def test_a_consent_that_cannot_be_enforced_is_refused(clinician, person):
    vague = consent(person["id"])
    vague["provision"]["actor"][0]["role"]["coding"][0]["system"] = "urn:nobody"
    refused = clinician.post("/Consent", json=vague, headers=JSON)
    assert refused.status_code == 422
    assert refused.json()["issue"][0]["expression"][0].startswith("Consent.provision")
