"""Conditional read, create, update and delete (R4 §3.1.0.1.4, §3.1.0.4.3, §3.1.0.7.1, §3.1.0.8.1); X-Provenance."""

import json

import pytest
from harness.resources import FILE_SYSTEM, JSON, created, matches, observation, outcome, patient, unique


def by(value: str, name: str = "Patient") -> str:
    return f"/{name}?identifier={FILE_SYSTEM}%7C{value}"


def identified(value: str, **more) -> dict:
    return patient(identifier=[{"system": FILE_SYSTEM, "value": value}], **more)


def test_an_update_by_criteria_creates_then_updates(clinician):
    value = unique()
    first = clinician.put(by(value), json=identified(value), headers=JSON)
    assert first.status_code == 201, first.text
    second = clinician.put(by(value), json=identified(value, gender="other"), headers=JSON)
    assert (second.status_code, second.headers["etag"]) == (200, 'W/"2"'), second.text
    assert second.json()["id"] == first.json()["id"]


def test_an_update_by_criteria_creates_under_the_id_of_the_body(clinician):
    value = unique()
    made = clinician.put(by(value), json=identified(value, id=f"own-{value}"), headers=JSON)
    assert (made.status_code, made.json()["id"]) == (201, f"own-{value}"), made.text


def test_an_update_by_criteria_with_another_id_is_refused(clinician, person):
    value = person["identifier"][0]["value"]
    answer = clinician.put(by(value), json=identified(value, id="another"), headers=JSON)
    outcome(answer, 400)


def test_an_update_by_criteria_that_several_match_is_refused(clinician, person):
    for _ in range(2):
        created(clinician, observation(person["id"]))
    url = f"/Observation?patient={person['id']}&code=718-7"
    outcome(clinician.put(url, json=observation(person["id"]), headers=JSON), 412)


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_change_without_id_and_criteria_is_refused(clinician, method):
    answer = clinician.request(method, "/Patient", json=patient(), headers=JSON)
    outcome(answer, 412, "Patient/id")


def test_an_unknown_criterion_is_refused(clinician):
    answer = clinician.put("/Patient?colour=red", json=patient(), headers=JSON)
    outcome(answer, 400, "colour")
    outcome(clinician.delete("/Patient?colour=red"), 400, "colour")


def test_a_deletion_by_criteria_deletes_the_one_that_matches(clinician, person):
    value = person["identifier"][0]["value"]
    assert clinician.delete(by(value)).status_code == 204
    assert clinician.get(f"/Patient/{person['id']}").status_code == 410
    assert clinician.delete(by(value)).status_code in (200, 204)


def test_a_deletion_by_criteria_that_several_match_is_refused(clinician, person):
    for _ in range(2):
        created(clinician, observation(person["id"]))
    outcome(clinician.delete(f"/Observation?patient={person['id']}&code=718-7"), 412)


def test_if_none_match_star_is_for_what_is_not_there(clinician):
    place = f"/Patient/absent-{unique()}"
    body = patient(id=place.rsplit("/", 1)[1])
    wanted = JSON | {"If-None-Match": "*"}
    assert clinician.put(place, json=body, headers=wanted).status_code == 201
    outcome(clinician.put(place, json=body | {"gender": "other"}, headers=wanted), 412)
    outcome(clinician.put(place, json=body, headers=JSON | {"If-None-Match": 'W/"1"'}), 400)


def test_a_conditional_create_meets_what_is_there(clinician, person):
    value = person["identifier"][0]["value"]
    headers = JSON | {"If-None-Exist": f"identifier={FILE_SYSTEM}%7C{value}"}
    answer = clinician.post("/Patient", json=identified(value), headers=headers)
    assert answer.status_code == 200 and answer.json()["id"] == person["id"], answer.text
    outcome(clinician.post("/Patient", json=patient(), headers=JSON | {"If-None-Exist": "?"}), 400)


def test_a_conditional_read_of_what_the_caller_has_is_304(clinician, person):
    place = f"/Patient/{person['id']}"
    first = clinician.get(place)
    assert clinician.get(place, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    since = {"If-Modified-Since": first.headers["last-modified"]}
    assert clinician.get(place, headers=since).status_code == 304
    assert clinician.get(place, headers={"If-None-Match": 'W/"9"'} | since).status_code == 200


def test_a_change_to_an_instance_takes_no_parameters(clinician, person):
    answer = clinician.put(f"/Patient/{person['id']}?colour=red", json=person, headers=JSON)
    outcome(answer, 400, "colour")


def test_unchanged_content_makes_no_version(clinician, person):
    answer = clinician.put(f"/Patient/{person['id']}", json=person, headers=JSON)
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"1"'), answer.text


SENT = {"resourceType": "Provenance", "recorded": "2026-01-31T13:00:00Z",
        "agent": [{"who": {"display": "Import"}}]}


def test_x_provenance_is_stored_with_the_change(clinician):
    made = clinician.post("/Patient", json=patient(), headers=JSON | {"X-Provenance": json.dumps(SENT)})
    assert made.status_code == 201, made.text
    found = matches(clinician.get(f"/Provenance?target=Patient/{made.json()['id']}"))
    sent = [one for one in found if one["agent"][0]["who"].get("display") == "Import"]
    assert len(sent) == 1, found
    assert sent[0]["target"][0]["reference"].startswith(f"Patient/{made.json()['id']}")


@pytest.mark.parametrize("value, at", [
    ("{", None),
    (json.dumps({"resourceType": "Patient"}), "X-Provenance.resourceType"),
    (json.dumps(SENT | {"target": [{"reference": "Patient/1"}]}), "X-Provenance.target"),
    (json.dumps({"resourceType": "Provenance", "agent": SENT["agent"]}), "X-Provenance.recorded"),
])
def test_x_provenance_that_is_wrong_is_refused_and_nothing_stored(clinician, value, at):
    value_of = unique()
    headers = JSON | {"X-Provenance": value}
    answer = clinician.post("/Patient", json=identified(value_of), headers=headers)
    assert answer.status_code in (400, 422), answer.text
    if at:
        assert answer.json()["issue"][0]["expression"] == [at]
    assert matches(clinician.get(by(value_of))) == []


def test_return_operation_outcome_tells_what_was_done(clinician):
    headers = JSON | {"Prefer": "return=OperationOutcome", "Accept-Language": "en"}
    body = observation("nobody-there")
    answer = clinician.post("/Observation", json=body, headers=headers)
    told = answer.json()
    assert (answer.status_code, told["resourceType"]) == (201, "OperationOutcome"), answer.text
    assert told["issue"][0]["severity"] == "information"
