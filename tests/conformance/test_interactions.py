"""read, vread, history, create, update, delete and their headers (R4 §3.1.0)."""

import json

import pytest
from harness.resources import JSON, created, observation, outcome, patient


def test_create_answers_with_location_etag_and_the_stored_resource(clinician):
    answer = clinician.post("/Patient", json=patient(), headers=JSON)
    stored = answer.json()
    assert answer.status_code == 201
    assert answer.headers["etag"] == 'W/"1"'
    assert answer.headers["location"].endswith(f"/fhir/Patient/{stored['id']}/_history/1")
    assert "last-modified" in answer.headers
    assert stored["meta"]["versionId"] == "1" and stored["meta"]["lastUpdated"]


def test_prefer_minimal_and_outcome(clinician):
    minimal = clinician.post("/Patient", json=patient(), headers=JSON | {"Prefer": "return=minimal"})
    assert (minimal.status_code, minimal.content) == (201, b"")
    told = clinician.post("/Patient", json=patient(), headers=JSON | {"Prefer": "return=OperationOutcome"})
    assert told.json()["resourceType"] == "OperationOutcome"


def test_read_gives_back_what_was_sent_but_for_what_the_server_assigns(clinician):
    sent = patient(language="fr-CA")
    stored = created(clinician, sent)
    read = clinician.get(f"/Patient/{stored['id']}")
    body = read.json()
    assert read.headers["etag"] == 'W/"1"'
    assert read.headers["cache-control"] == "no-store"
    assert body.pop("id") == stored["id"]
    body.pop("meta")
    assert body == sent


@pytest.mark.parametrize("decimal", ["1.000", "0.10", "100", "-3.50", "1e3", "0.000000000000000001"])
def test_decimals_keep_their_text(clinician, person, decimal):
    text = json.dumps(observation(person["id"])).replace('"value": 131', f'"value": {decimal}')
    made = clinician.post("/Observation", content=text, headers=JSON)
    assert made.status_code == 201, made.text
    read = clinician.get(f"/Observation/{made.json()['id']}").text
    assert f'"value": {decimal},' in read or f'"value":{decimal},' in read, read
    found = clinician.get("/Observation", params={"patient": person["id"]}).text
    assert f'"value": {decimal},' in found or f'"value":{decimal},' in found


def test_update_vread_and_history(clinician, person):
    place = f"/Patient/{person['id']}"
    second = clinician.put(place, json=person | {"gender": "unknown"}, headers=JSON)
    assert (second.status_code, second.headers["etag"]) == (200, 'W/"2"')
    third = clinician.put(place, json=person | {"gender": "other"}, headers=JSON | {"If-Match": 'W/"2"'})
    assert (third.status_code, third.headers["etag"]) == (200, 'W/"3"')
    told = [clinician.get(f"{place}/_history/{version}").json()["gender"] for version in (1, 2, 3)]
    assert told == ["female", "unknown", "other"]
    bundle = clinician.get(f"{place}/_history").json()
    assert bundle["type"] == "history"
    versions = [entry["resource"]["meta"]["versionId"] for entry in bundle["entry"]]
    assert versions == ["3", "2", "1"]
    assert [entry["request"]["method"] for entry in bundle["entry"]] == ["PUT", "PUT", "POST"]


def test_history_in_pages(clinician, person):
    place = f"/Patient/{person['id']}"
    for number in range(4):
        clinician.put(place, json=person | {"multipleBirthInteger": number}, headers=JSON)
    versions, url = [], f"{place}/_history?_count=2"
    while url:
        bundle = clinician.get(url).json()
        versions += [entry["resource"]["meta"]["versionId"] for entry in bundle.get("entry", [])]
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    assert versions == ["5", "4", "3", "2", "1"]


@pytest.mark.parametrize("tag", ['W/"1"', 'W/"99"', 'W/"0"', 'W/"nonsense"'])
def test_if_match_of_another_version_is_refused(clinician, person, tag):
    place = f"/Patient/{person['id']}"
    clinician.put(place, json=person | {"multipleBirthInteger": 2}, headers=JSON)
    refused = clinician.put(place, json=person, headers=JSON | {"If-Match": tag})
    outcome(refused, 412)
    assert clinician.get(place).headers["etag"] == 'W/"2"'


def test_update_creates_under_an_id_of_the_client(clinician):
    sent = patient(id="file-0001.a")
    made = clinician.put("/Patient/file-0001.a", json=sent, headers=JSON)
    assert made.status_code in (200, 201), made.text
    read = clinician.get("/Patient/file-0001.a")
    assert read.json()["id"] == "file-0001.a"


def test_delete_then_gone_then_restored(clinician, person):
    entry = created(clinician, observation(person["id"]))
    place = f"/Observation/{entry['id']}"
    deleted = clinician.delete(place)
    assert deleted.status_code == 204 and deleted.content == b""
    outcome(clinician.get(place), 410)
    outcome(clinician.get(f"{place}/_history/2"), 410)
    assert clinician.get(f"{place}/_history/1").status_code == 200
    assert clinician.delete(place).status_code == 204
    found = clinician.get("/Observation", params={"patient": person["id"]}).json()
    assert "entry" not in found
    methods = [entry["request"]["method"] for entry in clinician.get(f"{place}/_history").json()["entry"]]
    assert methods == ["DELETE", "POST"]
    restored = clinician.put(place, json=entry, headers=JSON)
    assert restored.status_code in (200, 201) and restored.headers["etag"] == 'W/"3"'
    assert clinician.get(place).status_code == 200


def test_what_never_was_is_not_found(clinician, person):
    outcome(clinician.get("/Observation/never-was"), 404)
    outcome(clinician.get(f"/Patient/{person['id']}/_history/7"), 404)
    outcome(clinician.get("/Patient/never-was/_history"), 404)


def test_if_none_match_and_if_modified_since(clinician, person):
    place = f"/Patient/{person['id']}"
    read = clinician.get(place)
    same = clinician.get(place, headers={"If-None-Match": read.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == read.headers["etag"]
    other = clinician.get(place, headers={"If-None-Match": 'W/"7"'})
    assert other.status_code == 200
    since = clinician.get(place, headers={"If-Modified-Since": read.headers["last-modified"]})
    assert since.status_code == 304


def test_head_is_get_without_a_body(clinician, person):
    place = f"/Patient/{person['id']}"
    read, head = clinician.get(place), clinician.head(place)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == read.headers["etag"]
    assert clinician.head("/Patient/never-was").status_code == 404


@pytest.mark.parametrize("accept", ["application/fhir+json", "application/json", "*/*", "text/html, */*;q=0.1"])
def test_json_is_given_to_who_takes_it(clinician, person, accept):
    assert clinician.get(f"/Patient/{person['id']}", headers={"Accept": accept}).status_code == 200


def test_what_is_read_in_mauricie_is_what_montreal_wrote(gateway, clinician, person):
    entry = created(clinician, observation(person["id"]))
    with gateway.client("clinician", "04") as mauricie:
        read = mauricie.get(f"/Observation/{entry['id']}")
        assert read.status_code == 200 and read.json() == entry
        changed = mauricie.put(f"/Patient/{person['id']}", json=person | {"gender": "other"}, headers=JSON)
        assert changed.status_code == 200
    assert clinician.get(f"/Patient/{person['id']}").json()["gender"] == "other"


def test_the_capability_statement_is_public_and_tells_what_is_here(gateway):
    with gateway.client(role=None) as anybody:
        statement = anybody.get("/metadata").json()
    assert statement["resourceType"] == "CapabilityStatement"
    assert statement["fhirVersion"] == "4.0.1"
    types = {resource["type"] for resource in statement["rest"][0]["resource"]}
    assert {"Patient", "Observation", "Encounter", "Condition", "AuditEvent"} <= types
