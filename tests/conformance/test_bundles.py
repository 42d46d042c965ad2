"""batch and transaction with every interaction (R4 §3.1.0.11)."""

import base64
import json
import uuid

import pytest
from harness.resources import (FILE_SYSTEM, JSON, created, matches, observation, outcome, patient, post, transaction,
                               unique)


def entry(method: str, url: str, resource: dict | None = None, full_url: str | None = None, **request) -> dict:
    made = {"request": {"method": method, "url": url} | request}
    if resource is not None:
        made["resource"] = resource
    if full_url:
        made["fullUrl"] = full_url
    return made


def batch(*entries: dict) -> dict:
    return {"resourceType": "Bundle", "type": "batch", "entry": list(entries)}


def answers(client, bundle: dict, **headers) -> list[dict]:
    answer = client.post("/", json=bundle, headers=JSON | headers)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["type"] == f"{bundle['type']}-response"
    assert len(body.get("entry", [])) == len(bundle["entry"])
    return body.get("entry", [])


def statuses(entries: list[dict]) -> list[str]:
    return [one["response"]["status"][:3] for one in entries]


def json_patch(*operations: dict) -> dict:
    data = base64.b64encode(json.dumps(operations).encode()).decode()
    return {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}


GENDER = {"op": "replace", "path": "/gender", "value": "other"}
FHIRPATH = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
    {"name": "type", "valueCode": "replace"}, {"name": "path", "valueString": "Patient.gender"},
    {"name": "value", "valueCode": "unknown"}]}]}


@pytest.mark.parametrize("make", [batch, transaction])
def test_every_interaction_is_an_entry(clinician, make):
    read, put, gone, patched, by_path = (created(clinician, patient()) for _ in range(5))
    value = unique()
    bundle = make(
        entry("GET", f"Patient/{read['id']}"),
        entry("HEAD", f"Patient/{read['id']}"),
        entry("GET", f"Patient/{read['id']}/_history/1"),
        entry("GET", f"Patient/{read['id']}/_history"),
        entry("GET", f"Patient?_id={read['id']}"),
        entry("GET", f"Patient/{read['id']}/$everything"),
        entry("PATCH", f"Patient/{patched['id']}", json_patch(GENDER)),
        entry("PATCH", f"Patient/{by_path['id']}", FHIRPATH),
        entry("PUT", f"Patient/{put['id']}", put | {"gender": "other"}, ifMatch='W/"1"'),
        entry("PUT", f"Patient?identifier={FILE_SYSTEM}%7C{value}",
              patient(identifier=[{"system": FILE_SYSTEM, "value": value}])),
        entry("POST", "Patient", patient()),
        entry("DELETE", f"Patient/{gone['id']}"),
    )
    told = answers(clinician, bundle)
    assert statuses(told) == ["200"] * 9 + ["201", "201", "204"], [one["response"] for one in told]
    assert told[0]["resource"]["id"] == read["id"] and told[0]["response"]["etag"] == 'W/"1"'
    assert told[0]["response"]["lastModified"]
    assert "resource" not in told[1]
    assert told[3]["resource"]["type"] == "history" and told[4]["resource"]["type"] == "searchset"
    assert told[6]["response"]["etag"] == 'W/"2"'
    assert clinician.get(f"/Patient/{patched['id']}").json()["gender"] == "other"
    assert clinician.get(f"/Patient/{by_path['id']}").json()["gender"] == "unknown"
    assert clinician.get(f"/Patient/{gone['id']}").status_code == 410


def test_reads_see_what_the_transaction_did(clinician, person):
    told = answers(clinician, transaction(
        entry("GET", f"Observation?patient={person['id']}"),
        post(observation(person["id"])),
    ))
    assert len(told[0]["resource"]["entry"]) == 1


def test_references_between_entries_in_any_order(clinician):
    who = f"urn:uuid:{uuid.uuid4()}"
    told = answers(clinician, transaction(
        post(observation("x") | {"subject": {"reference": who}}), post(patient(), full_url=who)))
    made = told[0]["response"]["location"].split("/_history")[0]
    person = told[1]["response"]["location"].split("/_history")[0]
    assert clinician.get(f"/{made}").json()["subject"]["reference"] == person


def test_conditions_of_entries_hold_or_fail_the_transaction(clinician, person):
    place = f"Patient/{person['id']}"
    late = transaction(post(patient()), entry("PUT", place, person | {"gender": "other"}, ifMatch='W/"9"'))
    answer = clinician.post("/", json=late, headers=JSON)
    outcome(answer, 412)
    assert answer.json()["issue"][0]["expression"][0].startswith("Bundle.entry[1]")
    absent = transaction(entry("PUT", place, person | {"gender": "other"}, ifNoneMatch="*"))
    outcome(clinician.post("/", json=absent, headers=JSON), 412)
    told = answers(clinician, batch(
        entry("GET", place, ifNoneMatch='W/"1"'),
        entry("GET", place, ifModifiedSince="2199-01-01T00:00:00Z"),
        entry("PUT", place, person | {"gender": "other"}, ifMatch='W/"9"'),
        entry("POST", "Patient", person, ifNoneExist=f"identifier={FILE_SYSTEM}%7C{person['identifier'][0]['value']}"),
    ))
    assert statuses(told) == ["304", "304", "412", "200"], told


def test_two_entries_of_one_resource_are_refused(clinician, person):
    place = f"Patient/{person['id']}"
    twice = transaction(entry("PUT", place, person | {"gender": "other"}), entry("DELETE", place))
    answer = clinician.post("/", json=twice, headers=JSON)
    assert answer.status_code in (400, 422), answer.text
    outcome(answer, answer.status_code)
    assert clinician.get(f"/{place}").headers["etag"] == 'W/"1"'


def test_the_order_of_the_standard_not_of_the_entries(clinician, person):
    """A deletion comes before a creation of the same identity, wherever it stands."""
    value = person["identifier"][0]["value"]
    told = answers(clinician, transaction(
        entry("GET", f"Patient?identifier={FILE_SYSTEM}%7C{value}"),
        entry("POST", "Patient", patient(identifier=person["identifier"])),
        entry("DELETE", f"Patient/{person['id']}"),
    ))
    assert statuses(told) == ["200", "201", "204"]
    found = told[0]["resource"]["entry"]
    assert len(found) == 1 and found[0]["resource"]["id"] != person["id"]


def test_in_a_batch_each_entry_stands_alone(clinician, person):
    told = answers(clinician, batch(
        entry("GET", "Patient/never-was"),
        {"request": {"method": "JUMP", "url": "Patient"}},
        {"resource": patient()},
        entry("POST", "Pateint", patient()),
        entry("POST", "Patient", patient(gender="purple")),
        entry("GET", "metadata"),
        entry("GET", f"Patient/{person['id']}"),
        entry("POST", f"Patient/{person['id']}/$validate", FHIRPATH),
        entry("GET", "AuditEvent?date=2026"),
        entry("PATCH", f"Patient/{person['id']}", patient()),
    ))
    assert statuses(told)[6] == "200"
    for at, one in enumerate(told):
        if at == 6:
            continue
        assert one["response"]["status"][0] == "4", one
        issue = one["response"]["outcome"]["issue"][0]
        assert issue["severity"] == "error" and len(issue["diagnostics"]) >= 20


@pytest.mark.parametrize("broken, at", [
    ({"resource": {"resourceType": "Patient"}}, "request"),
    ({"request": {"method": "PUT", "url": "Patient"}, "resource": {"resourceType": "Patient"}}, "request.url"),
    ({"request": {"method": "DELETE", "url": "Patient"}}, "request.url"),
    ({"request": {"method": "POST", "url": "Patient/1"}, "resource": {"resourceType": "Patient"}}, "request.url"),
    ({"request": {"method": "POST", "url": "Patient"}}, "resource"),
    ({"request": {"method": "POST", "url": "Patient"}, "resource": {"resourceType": "Group"}}, "resource.resourceType"),
    ({"request": {"method": "PATCH", "url": "Patient/1"}, "resource": {"resourceType": "Patient"}}, "resource"),
    ({"request": {"method": "PATCH", "url": "Patient/1"}, "resource": {
        "resourceType": "Binary", "contentType": "application/json-patch+json", "data": "e30="}}, "resource.data"),
    ({"request": {"method": "PATCH", "url": "Patient/1"}, "resource": {
        "resourceType": "Binary", "contentType": "text/plain", "data": "W10="}}, "resource.contentType"),
    ({"request": {"method": "GET", "url": "Patient/1", "ifMatch": 'W/"1"'}}, "request.ifMatch"),
    ({"request": {"method": "DELETE", "url": "Patient/1", "ifNoneExist": "a=b"}}, "request.ifNoneExist"),
    ({"request": {"method": "PUT", "url": "Patient/1", "ifNoneMatch": 'W/"1"'},
      "resource": {"resourceType": "Patient", "id": "1"}}, "request.ifNoneMatch"),
    ({"request": {"method": "PUT", "url": "Patient/1"}, "resource": {"resourceType": "Patient", "id": "2"}}, "resource.id"),
    ({"fullUrl": "Patient/1", "request": {"method": "GET", "url": "Patient/1"}}, "fullUrl"),
    ({"fullUrl": "http://x.example/Patient/1/_history/2", "request": {"method": "GET", "url": "Patient/1"}}, "fullUrl"),
    ({"fullUrl": "http://x.example/fhir/Patient/9", "request": {"method": "PUT", "url": "Patient/1"},
      "resource": {"resourceType": "Patient", "id": "1"}}, "fullUrl"),
    ({"colour": "red", "request": {"method": "GET", "url": "Patient/1"}}, "colour"),
])
def test_a_transaction_with_a_wrong_entry_is_refused_where_it_is(clinician, broken, at):
    answer = clinician.post("/", json=transaction(post(patient()), broken), headers=JSON)
    outcome(answer, 400)
    assert answer.json()["issue"][0]["expression"] == [f"Bundle.entry[1].{at}"]


@pytest.mark.parametrize("broken, at", [
    ({"request": {"method": "POST"}, "resource": {"resourceType": "Patient"}}, "request.url"),
    ({"request": {"method": "JUMP", "url": "Patient"}}, "request.method"),
    ({"request": {"method": "GET", "url": "Patient/1", "ifModifiedSince": "soon"}}, "request.ifModifiedSince"),
])
def test_an_entry_is_of_its_structure(clinician, broken, at):
    answer = clinician.post("/", json=transaction(post(patient()), broken), headers=JSON)
    outcome(answer, 422)
    assert answer.json()["issue"][0]["expression"] == [f"Bundle.entry[1].{at}"]


def test_prefer_decides_what_is_told(clinician):
    minimal = answers(clinician, transaction(post(patient())))[0]
    assert "resource" not in minimal and "outcome" not in minimal["response"]
    whole = answers(clinician, transaction(post(patient())), Prefer="return=representation")[0]
    assert whole["resource"]["resourceType"] == "Patient"
    told = answers(clinician, transaction(post(patient())), Prefer="return=OperationOutcome")[0]
    assert told["response"]["outcome"]["issue"][0]["severity"] == "information"
    for one in (minimal, whole, told):
        assert {"status", "location", "etag", "lastModified"} <= set(one["response"])


def test_a_provenance_header_goes_with_a_transaction_and_not_with_a_batch(clinician):
    value = json.dumps({"resourceType": "Provenance", "recorded": "2026-01-31T13:00:00Z",
                        "agent": [{"who": {"display": "Lot"}}]})
    told = answers(clinician, transaction(post(patient()), post(patient())), **{"X-Provenance": value})
    made = told[1]["response"]["location"].split("/_history")[0]
    found = matches(clinician.get(f"/Provenance?target={made}"))
    assert any(one["agent"][0]["who"].get("display") == "Lot" and len(one["target"]) == 2 for one in found), found
    answer = clinician.post("/", json=batch(post(patient())), headers=JSON | {"X-Provenance": value})
    outcome(answer, 400)
