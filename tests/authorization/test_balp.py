"""Every kind of access gives AuditEvents that conform to the BALP profiles they claim."""

import copy
from urllib.parse import quote

import pytest
from harness.balp import PROFILE, PROFILES, faults
from harness.resources import JSON, created, everything, matches, observation, patient, post, transaction
from harness.withheld import consent

HIV = {"security": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}]}


@pytest.fixture(scope="module")
def events(gateway) -> list[dict]:
    """The AuditEvents of one person's chart, after every kind of access to it."""
    with gateway.client("clinician") as clinician, gateway.client("auditor") as auditor, \
            gateway.client("system") as system, \
            gateway.client(token=gateway.signed("clinician", function="nurse")) as nurse:
        stored = created(clinician, patient())
        person = stored["id"]
        place = f"/Patient/{person}"
        hidden = created(clinician, observation(person, meta=HIV))["id"]
        created(clinician, consent(person))
        seen = created(clinician, observation(person))["id"]
        for path in (place, f"{place}/_history/1", f"{place}/_history", f"{place}/$everything",
                     f"/Observation?patient={person}", f"/Patient?_id={person}", "/Observation/_history?_count=5",
                     "/_history?_count=5", f"{place}/Observation", f"/Observation/$lastn?patient={person}", "/Organization?name=nobody"):
            assert clinician.get(path).status_code == 200, path
        assert system.get(f"/Observation/{seen}").status_code == 200
        assert nurse.get(f"/Observation/{hidden}").status_code == 404
        emergency = {"Emergency-Reason": quote("Patiente inconsciente à l'arrivée")}
        assert nurse.get(f"/Observation/{hidden}", headers=emergency).status_code == 200
        assert clinician.put(place, json=stored | {"multipleBirthInteger": 2}, headers=JSON).status_code == 200
        change = [{"op": "add", "path": "/multipleBirthInteger", "value": 3}]
        patched = clinician.patch(place, json=change, headers={"Content-Type": "application/json-patch+json"})
        assert patched.status_code == 200, patched.text
        both = transaction(post(observation(person)), post(observation(person)))
        assert clinician.post("/", json=both, headers=JSON).status_code == 200
        with_key = JSON | {"If-None-Exist": "identifier=urn:nobody|none"}
        made = clinician.post("/Observation", json=observation(person), headers=with_key)
        assert made.status_code == 201, made.text
        assert clinician.delete(f"/Observation/{seen}").status_code in (200, 204)
        created(clinician, {"resourceType": "Organization", "name": "Clinique"})
        with gateway.client("patient", patient=person) as own:
            assert own.get(f"{place}/$access-log").status_code == 200
        found = everything(auditor, f"/AuditEvent?patient={person}&_count=100")
        found += matches(auditor.get("/AuditEvent?date=ge2020-01-01&_count=300"))
    return found


def test_every_event_conforms_to_the_profiles_that_it_claims(events):
    wrong = {event["id"]: (event["subtype"], faults(event)) for event in events if faults(event)}
    assert not wrong, wrong


def test_every_profile_is_claimed(events):
    claimed = {profile for event in events for profile in event.get("meta", {}).get("profile", [])}
    needed = {PROFILE + name for name in (
        "PatientRead", "PatientQuery", "PatientCreate", "PatientUpdate", "PatientDelete", "AuthZconsent",
        "Create", "Query",
    )}
    assert needed <= claimed, needed - claimed
    assert claimed <= set(PROFILES)


def test_what_succeeded_claims_a_profile(events):
    for event in events:
        if event["type"]["code"] == "rest" and event.get("outcome") == "0" and "entity" in event:
            data = [one for one in event["entity"] if one.get("role", {}).get("code") in ("4", "24")]
            ours = any(coding["code"] in ("batch", "transaction") or coding["display"] == "examen d'un accès"
                       for coding in event["subtype"])
            assert event.get("meta", {}).get("profile") or not data or ours, event


def test_what_failed_claims_none(events):
    failed = [event for event in events if event.get("outcome", "0") != "0" and event["type"]["code"] == "rest"]
    assert failed, "the nurse was refused"
    for event in failed:
        assert "meta" not in event, event
        assert event.get("outcomeDesc") or event["outcome"] == "4", event


def changed(event: dict, path: tuple, value) -> dict:
    """The event with one element set, or removed when the value is None."""
    mutant = copy.deepcopy(event)
    held = mutant
    for step in path[:-1]:
        held = held[step]
    if value is None:
        held.pop(path[-1])
    else:
        held[path[-1]] = value
    return mutant


def mutants(event: dict):
    """The event with one thing wrong at a time, which every profile forbids."""
    yield "type", changed(event, ("type", "code"), "other")
    yield "subtype", changed(event, ("subtype",), [])
    yield "action", changed(event, ("action",), "X")
    yield "outcome", changed(event, ("outcome",), "99")
    yield "recorded", changed(event, ("recorded",), None)
    yield "observer", changed(event, ("source", "observer"), None)
    for at, agent in enumerate(event["agent"]):
        yield f"agent {at} twice", changed(event, ("agent",), event["agent"] + [agent])
        yield f"agent {at} who", changed(event, ("agent", at, "who"), None)
        yield f"agent {at} media", changed(event, ("agent", at, "media"), {"code": "110030"})
    for at, entity in enumerate(event["entity"]):
        code = (entity["type"]["system"], entity["type"]["code"])
        if code[0].endswith("audit-entity-type"):
            yield f"entity {at} twice", changed(event, ("entity",), event["entity"] + [entity])
            yield f"entity {at} role", changed(event, ("entity", at, "role", "code"), "99")
            yield f"entity {at} gone", changed(event, ("entity",), [o for o in event["entity"] if o is not entity])
        if code[1] == "XrequestId":
            yield f"entity {at} value", changed(event, ("entity", at, "what", "identifier", "value"), "")


def test_a_mutated_event_fails(events):
    tried = 0
    by_profile = {profile: event for event in events for profile in event.get("meta", {}).get("profile", [])}
    assert len(by_profile) >= 8
    for profile, event in by_profile.items():
        for what, mutant in mutants(event):
            assert faults(mutant), f"{profile}: {what} was not found"
            tried += 1
    print(f"{tried} mutants of {len(by_profile)} profiles, all found; {len(events)} events conform")
    assert tried > 100
