"""patch: JSON Patch and FHIRPath Patch, by id and by criteria (R4 §3.1.0.6); $meta-add and $meta-delete."""

import json

import pytest
from harness.resources import FILE_SYSTEM, JSON, created, observation, outcome, patient

JSON_PATCH = {"Content-Type": "application/json-patch+json"}


def fhirpath(*operations: dict) -> dict:
    def part(name, value):
        key = "valueCode" if name == "type" else "valueString"
        return {"name": name} | (value if isinstance(value, dict) else {key: value})

    return {"resourceType": "Parameters", "parameter": [
        {"name": "operation", "part": [part(name, value) for name, value in operation.items()]}
        for operation in operations]}


REPLACED = fhirpath({"type": "replace", "path": "Patient.gender", "value": {"valueCode": "other"}})


def test_json_patch_makes_a_version(clinician, person):
    place = f"/Patient/{person['id']}"
    patch = [{"op": "test", "path": "/gender", "value": "female"},
             {"op": "replace", "path": "/gender", "value": "other"}]
    answer = clinician.patch(place, content=json.dumps(patch), headers=JSON_PATCH)
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"'), answer.text
    assert answer.json()["gender"] == "other"
    assert clinician.get(place).json()["gender"] == "other"


def test_fhirpath_patch_makes_a_version(clinician, person):
    answer = clinician.patch(f"/Patient/{person['id']}", json=REPLACED, headers=JSON)
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"'), answer.text
    assert answer.json()["gender"] == "other"


def test_numbers_that_a_patch_does_not_touch_keep_their_text(clinician, person):
    text = json.dumps(observation(person["id"])).replace('"value": 131', '"value": 1.000')
    made = clinician.post("/Observation", content=text, headers=JSON).json()
    patch = [{"op": "replace", "path": "/status", "value": "amended"}]
    answer = clinician.patch(f"/Observation/{made['id']}", content=json.dumps(patch), headers=JSON_PATCH)
    assert answer.status_code == 200 and "1.000" in answer.text, answer.text


def test_a_patch_may_be_conditional_on_the_version(clinician, person):
    place = f"/Patient/{person['id']}"
    patch = json.dumps([{"op": "replace", "path": "/gender", "value": "other"}])
    late = clinician.patch(place, content=patch, headers=JSON_PATCH | {"If-Match": 'W/"7"'})
    outcome(late, 412)
    held = clinician.patch(place, content=patch, headers=JSON_PATCH | {"If-Match": 'W/"1"'})
    assert held.status_code == 200, held.text


def test_a_patch_by_criteria_changes_the_one_that_matches(clinician, person):
    value = person["identifier"][0]["value"]
    url = f"/Patient?identifier={FILE_SYSTEM}%7C{value}"
    answer = clinician.patch(url, json=REPLACED, headers=JSON)
    assert answer.status_code == 200, answer.text
    assert answer.json()["id"] == person["id"]
    outcome(clinician.patch(f"{url}nobody", json=REPLACED, headers=JSON), 404)


def test_a_patch_by_criteria_that_several_match_is_refused(clinician, person):
    for _ in range(2):
        created(clinician, observation(person["id"]))
    patch = json.dumps([{"op": "replace", "path": "/status", "value": "amended"}])
    url = f"/Observation?patient={person['id']}&code=718-7"
    outcome(clinician.patch(url, content=patch, headers=JSON_PATCH), 412)


@pytest.mark.parametrize("media", ["text/plain", "application/fhir+xml", "application/xml-patch+xml", ""])
def test_a_patch_of_another_media_type_is_refused(clinician, person, media):
    answer = clinician.patch(f"/Patient/{person['id']}", content=b"[]", headers={"Content-Type": media})
    outcome(answer, 415, "application/json-patch+json")


@pytest.mark.parametrize("patch, status", [
    ("{}", 400),
    ("[", 400),
    ('[{"op": "replace", "path": "/gender"}]', 400),
    ('[{"op": "jump", "path": "/gender", "value": 1}]', 400),
    ('[{"op": "test", "path": "/gender", "value": "male"}]', 422),
    ('[{"op": "remove", "path": "/nothing"}]', 422),
    ('[{"op": "replace", "path": "/gender", "value": "purple"}]', 422),
    ('[{"op": "add", "path": "/colour", "value": "purple"}]', 400),
])
def test_a_json_patch_that_is_wrong_is_refused(clinician, person, patch, status):
    place = f"/Patient/{person['id']}"
    answer = clinician.patch(place, content=patch, headers=JSON_PATCH)
    assert answer.status_code in (status, 400, 422), answer.text
    outcome(answer, answer.status_code)
    assert clinician.get(place).headers["etag"] == 'W/"1"'


def test_a_patch_of_nothing_is_refused(clinician, person):
    outcome(clinician.patch("/Patient/never-was", json=REPLACED, headers=JSON), 404)
    clinician.delete(f"/Patient/{person['id']}")
    answer = clinician.patch(f"/Patient/{person['id']}", json=REPLACED, headers=JSON)
    assert answer.status_code in (404, 410), answer.text


def test_a_patch_without_criteria_and_id_is_refused(clinician):
    outcome(clinician.patch("/Patient", json=REPLACED, headers=JSON), 412, "Patient/id")


def meta(**held) -> dict:
    return {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": held}]}


def test_meta_is_added_read_and_deleted(clinician, person):
    place = f"/Patient/{person['id']}"
    tag = {"system": "urn:test", "code": "seen"}
    added = clinician.post(f"{place}/$meta-add", json=meta(tag=[tag]), headers=JSON)
    assert added.status_code == 200, added.text
    assert tag in added.json()["parameter"][0]["valueMeta"]["tag"]
    told = clinician.get(f"{place}/$meta").json()
    assert tag in told["parameter"][0]["valueMeta"]["tag"]
    assert told["parameter"][0]["name"] == "return"
    deleted = clinician.post(f"{place}/$meta-delete", json=meta(tag=[tag]), headers=JSON)
    assert deleted.status_code == 200, deleted.text
    assert tag not in deleted.json()["parameter"][0]["valueMeta"].get("tag", [])


@pytest.mark.parametrize("body, at", [
    ({"resourceType": "Parameters"}, "Parameters.parameter"),
    ({"resourceType": "Parameters", "parameter": [{"name": "other", "valueString": "x"}]}, "Parameters.parameter[0]"),
    ({"resourceType": "Patient"}, "resourceType"),
])
def test_a_meta_that_is_wrong_is_refused_where_it_is(clinician, person, body, at):
    answer = clinician.post(f"/Patient/{person['id']}/$meta-add", json=body, headers=JSON)
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["issue"][0]["expression"] == [at]


def test_meta_of_a_type_is_refused_with_what_to_do(clinician):
    outcome(clinician.get("/Patient/$meta"), 400, "_tag")
    outcome(clinician.get("/$meta"), 400, "_tag")
