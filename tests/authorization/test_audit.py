"""Every access leaves its AuditEvents, there to read as soon as the answer is."""

import base64

import pytest
from harness.resources import JSON, created, matches, observation, patient, unique


@pytest.fixture
def auditor(gateway):
    with gateway.client("auditor") as client:
        yield client


def events(auditor, person: str) -> list[dict]:
    return matches(auditor.get("/AuditEvent", params={"patient": person, "_count": "200"}))


def of(found: list[dict], subtype: str) -> list[dict]:
    return [event for event in found if any(coding["code"] == subtype for coding in event.get("subtype", []))]


def test_a_read_leaves_one_event_with_both_ends_and_the_person(gateway, clinician, auditor, person):
    before = len(of(events(auditor, person["id"]), "read"))
    assert clinician.get(f"/Patient/{person['id']}").status_code == 200
    found = of(events(auditor, person["id"]), "read")
    assert len(found) == before + 1
    event = found[0]
    assert event["resourceType"] == "AuditEvent" and event["type"]["code"] == "rest"
    assert event["action"] == "R" and event["outcome"] == "0"
    ends = {coding["code"] for agent in event["agent"] for coding in agent["type"]["coding"]}
    assert {"110152", "110153"} <= ends
    assert any(agent.get("requestor") for agent in event["agent"])
    named = [entity.get("what", {}).get("reference", "") for entity in event["entity"]]
    assert any(f"Patient/{person['id']}" in reference for reference in named)


def test_each_interaction_leaves_its_event(clinician, auditor, person):
    place = f"/Patient/{person['id']}"
    clinician.get(f"{place}/_history/1")
    clinician.get(f"{place}/_history")
    clinician.get(f"{place}/$everything")
    clinician.put(place, json=person | {"multipleBirthInteger": 2}, headers=JSON)
    entry = created(clinician, observation(person["id"]))
    clinician.delete(f"/Observation/{entry['id']}")
    found = events(auditor, person["id"])
    told = {coding["code"] for event in found for coding in event.get("subtype", [])}
    assert {"create", "vread", "update", "delete"} <= told, told
    assert any(code.startswith("history") for code in told), told
    actions = {event["action"] for event in found}
    assert {"C", "R", "U", "D"} <= actions


def test_a_query_leaves_one_event_for_each_person_returned(clinician, auditor):
    family = f"Gagnon{unique()}"
    people = [created(clinician, patient(name=[{"family": family}])) for _ in range(3)]
    assert len(matches(clinician.get("/Patient", params={"name": family}))) == 3
    for person in people:
        found = of(events(auditor, person["id"]), "search")
        assert len(found) == 1
        queries = [base64.b64decode(entity["query"]).decode() for entity in found[0]["entity"] if "query" in entity]
        assert any(family in query for query in queries), queries
        others = [other["id"] for other in people if other["id"] != person["id"]]
        assert not any(other in str(found[0]) for other in others), "one person's event names another"


def test_a_refused_read_leaves_its_event(gateway, clinician, auditor, person):
    other = created(clinician, patient())
    with gateway.client("patient", patient=other["id"]) as stranger:
        assert stranger.get(f"/Patient/{person['id']}").status_code in (403, 404)
    refused = [event for event in events(auditor, person["id"]) if event["outcome"] != "0"]
    assert refused, "the refusal is not in the journal"


def test_the_patient_sees_who_looked(gateway, clinician, person):
    clinician.get(f"/Patient/{person['id']}")
    with gateway.client("patient", patient=person["id"]) as own:
        found = events(own, person["id"])
    assert of(found, "read") and of(found, "create")


def test_reading_the_audit_is_itself_an_access(auditor, person):
    def requests() -> set[str]:
        entities = [entity for event in events(auditor, person["id"]) for entity in event["entity"]]
        return {entity["what"]["identifier"]["value"] for entity in entities if "identifier" in entity.get("what", {})}

    first, second = requests(), requests()
    assert len(second - first) == 1


def test_the_audit_is_asked_by_date_and_in_pages(clinician, auditor, person):
    for _ in range(7):
        clinician.get(f"/Patient/{person['id']}")
    none = auditor.get("/AuditEvent", params={"patient": person["id"], "date": "lt2020-01-01"})
    assert matches(none) == []
    seen, url = [], f"/AuditEvent?patient={person['id']}&date=ge2020-01-01&_count=3"
    while url:
        answer = auditor.get(url)
        page = [event["id"] for event in matches(answer)]
        assert len(page) <= 3
        seen += page
        url = next((link["url"] for link in answer.json()["link"] if link["relation"] == "next"), None)
    assert len(seen) == len(set(seen)) and len(seen) >= 8


def test_one_event_is_read_by_its_id(auditor, person):
    event = events(auditor, person["id"])[0]
    assert auditor.get(f"/AuditEvent/{event['id']}").json()["id"] == event["id"]


def test_the_audit_is_asked_by_what_was_done_and_by_whom(clinician, auditor, person):
    clinician.get(f"/Patient/{person['id']}")
    base = f"/AuditEvent?patient={person['id']}"
    assert {event["action"] for event in matches(auditor.get(f"{base}&action=C"))} == {"C"}
    assert all(of([event], "read") for event in matches(auditor.get(f"{base}&subtype=read")))
    assert matches(auditor.get(f"{base}&subtype=delete")) == []
    assert matches(auditor.get(f"{base}&outcome=8")) == []
    assert matches(auditor.get(f"{base}&_lastUpdated=lt2020-01-01")) == []
    made = matches(auditor.get(f"{base}&entity=Patient/{person['id']}"))
    assert made, "the person is the entity"
    event = made[0]
    assert [one["id"] for one in matches(auditor.get(f"/AuditEvent?_id={event['id']}"))] == [event["id"]]
    for wrong in ("colour=red", "_sort=date", "_include=AuditEvent:patient", "_page=nonsense"):
        answer = auditor.get(f"{base}&{wrong}")
        assert answer.status_code == 400, f"{wrong}: {answer.status_code} {answer.text[:200]}"


def test_what_a_client_saw_is_kept_and_marked(gateway, clinician, auditor, person):
    sent = {
        "resourceType": "AuditEvent", "recorded": "2026-01-31T13:00:00Z",
        "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"},
        "agent": [{"requestor": True, "who": {"display": "Clinique"}}],
        "source": {"observer": {"display": "Clinique"}},
        "entity": [{"what": {"reference": f"Patient/{person['id']}"}}],
    }
    made = clinician.post("/AuditEvent", json=sent, headers=JSON)
    assert made.status_code == 201, made.text
    stored = made.json()
    assert any(tag["code"] == "foreign" for tag in stored["meta"]["tag"])
    assert stored["id"] in [event["id"] for event in events(auditor, person["id"])]
    assert auditor.get(f"/AuditEvent/{stored['id']}").json()["id"] == stored["id"]
    assert clinician.put(f"/AuditEvent/{stored['id']}", json=stored, headers=JSON).status_code == 403


def test_a_clinician_does_not_read_the_audit_of_the_region(clinician):
    assert clinician.get("/AuditEvent", params={"date": "ge2020-01-01"}).status_code in (400, 403)


def test_nobody_writes_or_deletes_events(gateway, auditor, person):
    event = events(auditor, person["id"])[0]
    for role in ("auditor", "clinician", "system"):
        with gateway.client(role) as client:
            for answer in (client.put(f"/AuditEvent/{event['id']}", json=event, headers=JSON),
                           client.delete(f"/AuditEvent/{event['id']}")):
                assert answer.status_code in (403, 405), f"{role}: {answer.status_code}"
