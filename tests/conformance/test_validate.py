"""$validate: every issue in one OperationOutcome, and nothing stored (R4, Resource operations)."""

import pytest
from harness.resources import JSON, created, matches, outcome, patient, unique


def issues(answer) -> list[dict]:
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome"
    return body["issue"]


def errors(answer) -> list[dict]:
    return [issue for issue in issues(answer) if issue["severity"] in ("error", "fatal")]


def test_a_valid_resource_has_no_error_and_is_not_stored(clinician):
    value = unique()
    body = patient(identifier=[{"system": "urn:test", "value": value}])
    assert errors(clinician.post("/Patient/$validate", json=body, headers=JSON)) == []
    assert matches(clinician.get(f"/Patient?identifier={value}")) == []


def test_every_fault_is_told_where_it_is(clinician):
    body = patient(gender="purple", birthDate="yesterday")
    told = errors(clinician.post("/Patient/$validate", json=body, headers=JSON))
    assert {issue["expression"][0] for issue in told} == {"Patient.gender", "Patient.birthDate"}


def test_parameters_bring_resource_and_mode(clinician, person):
    def sent(**more):
        parameters = [{"name": "resource", "resource": person}] + [
            {"name": name, "valueCode": value} for name, value in more.items()]
        return {"resourceType": "Parameters", "parameter": parameters}

    place = f"/Patient/{person['id']}/$validate"
    assert errors(clinician.post(place, json=sent(mode="update"), headers=JSON)) == []
    other = f"/Patient/another/$validate"
    told = errors(clinician.post(other, json=sent(mode="update"), headers=JSON))
    assert [issue["expression"] for issue in told] == [["Patient.id"]]
    assert errors(clinician.post("/Patient/$validate", json=sent(mode="create"), headers=JSON)) == []


def test_a_resource_of_another_type_is_an_error(clinician):
    told = errors(clinician.post("/Observation/$validate", json=patient(), headers=JSON))
    assert ["resourceType"] in [issue["expression"] for issue in told]


def test_what_is_stored_is_validated_by_get(clinician, person):
    assert errors(clinician.get(f"/Patient/{person['id']}/$validate")) == []
    outcome(clinician.get("/Patient/never-was/$validate"), 404)


def test_a_profile_that_is_not_known_is_told(clinician):
    answer = clinician.post("/Patient/$validate?profile=http://x.example/StructureDefinition/none", json=patient(),
                            headers=JSON)
    assert errors(answer) == []
    assert any("profile is not known" in issue["diagnostics"] for issue in issues(answer))


def test_a_deletion_is_about_one_resource(clinician, person):
    assert errors(clinician.post(f"/Patient/{person['id']}/$validate?mode=delete", headers=JSON)) == []
    outcome(clinician.post("/Patient/$validate?mode=delete", headers=JSON), 400)


@pytest.mark.parametrize("query, body, at", [
    ("mode=dream", {"resourceType": "Patient"}, "mode"),
    ("mode=profile", {"resourceType": "Patient"}, "profile"),
    ("colour=red", {"resourceType": "Patient"}, "colour"),
    ("", {"resourceType": "Parameters", "parameter": []}, "resource"),
    ("", {"resourceType": "Parameters", "parameter": [{"name": "colour", "valueString": "red"}]},
     "Parameters.parameter[0]"),
])
def test_a_validation_that_is_wrongly_asked_is_refused(clinician, query, body, at):
    answer = clinician.post(f"/Patient/$validate?{query}", json=body, headers=JSON)
    assert answer.status_code == 400, answer.text
    assert answer.json()["issue"][0]["expression"] == [at]


def test_a_token_is_needed(gateway):
    with gateway.client(None) as nobody:
        assert nobody.post("/Patient/$validate", json=patient(), headers=JSON).status_code == 401
