"""Provenance of every change, made by the record, beside what clients send (R4 §6.3)."""

import pytest
from harness.resources import JSON, created, matches, next_link, observation, outcome, patient


def activities(found: list[dict]) -> list[str]:
    return [one["activity"]["coding"][0]["code"] for one in found if "activity" in one]


def test_every_change_has_one(clinician, person):
    made = created(clinician, observation(person["id"]))
    place = f"/Observation/{made['id']}"
    clinician.put(place, json=made | {"status": "amended"}, headers=JSON)
    clinician.delete(place)
    found = matches(clinician.get(f"/Provenance?target=Observation/{made['id']}"))
    assert activities(found) == ["DELETE", "UPDATE", "CREATE"], found
    for number, one in zip((3, 2, 1), found):
        assert one["target"] == [{"reference": f"Observation/{made['id']}/_history/{number}"}]
        assert one["recorded"] and one["agent"][0]["who"]["identifier"]["value"]
        assert one["entity"][0]["what"]["identifier"]["value"]
        read = clinician.get(f"/Provenance/{one['id']}")
        assert read.status_code == 200 and read.json() == one


def test_looking_makes_none(clinician, person):
    clinician.get(f"/Patient/{person['id']}")
    found = matches(clinician.get(f"/Provenance?target=Patient/{person['id']}"))
    assert activities(found) == ["CREATE"]


def test_a_whole_record_in_pages(clinician, person):
    made = [created(clinician, observation(person["id"]))["id"] for _ in range(4)]
    url, seen = f"/Provenance?patient={person['id']}&_count=2", []
    while url:
        answer = clinician.get(url)
        seen += [one["target"][0]["reference"].split("/")[1] for one in matches(answer)]
        url = next_link(answer.json())
    assert seen == [*reversed(made), person["id"]]


def test_those_of_clients_are_found_beside_them(clinician, person):
    sent = {"resourceType": "Provenance", "target": [{"reference": f"Patient/{person['id']}"}],
            "recorded": "2026-01-31T13:00:00Z", "agent": [{"who": {"display": "Clinique"}}]}
    stored = created(clinician, sent)
    assert any(tag["code"] == "foreign" for tag in stored["meta"]["tag"])
    found = matches(clinician.get(f"/Provenance?target=Patient/{person['id']}"))
    assert stored["id"] in [one["id"] for one in found]
    assert activities(found) == ["CREATE"]
    assert clinician.get(f"/Provenance/{stored['id']}").status_code == 200


def test_those_of_the_record_cannot_be_written(clinician, person):
    own = matches(clinician.get(f"/Provenance?target=Patient/{person['id']}"))[0]
    answer = clinician.put(f"/Provenance/{own['id']}", json=own, headers=JSON)
    assert answer.status_code in (403, 405, 409, 422), answer.text
    outcome(answer, answer.status_code)


def test_it_is_narrowed_by_any_parameter(clinician, person):
    base = f"/Provenance?target=Patient/{person['id']}"
    assert matches(clinician.get(f"{base}&recorded=ge2020-01-01"))
    assert matches(clinician.get(f"{base}&recorded=lt2020-01-01")) == []
    outcome(clinician.get(f"{base}&colour=red"), 400, "colour")
    outcome(clinician.get("/Provenance"), 400, "target")
    outcome(clinician.get(f"{base}&_sort=recorded"), 400, "_sort")


def test_a_patient_sees_their_own_and_nobody_elses(gateway, clinician, person):
    other = created(clinician, patient())
    with gateway.client("patient", patient=person["id"]) as own:
        assert activities(matches(own.get(f"/Provenance?target=Patient/{person['id']}"))) == ["CREATE"]
        answer = own.get(f"/Provenance?target=Patient/{other['id']}")
        assert answer.status_code in (403, 404), answer.text
        answer = own.get(f"/Provenance?patient={other['id']}")
        assert answer.status_code in (403, 404), answer.text


def test_a_resource_of_nobody_has_them_too(clinician):
    made = created(clinician, {"resourceType": "Organization", "name": "CLSC"})
    found = matches(clinician.get(f"/Provenance?target=Organization/{made['id']}"))
    assert activities(found) == ["CREATE"]


def test_a_search_of_provenance_is_journaled(gateway, clinician, person):
    clinician.get(f"/Provenance?target=Patient/{person['id']}")
    with gateway.client("auditor") as auditor:
        events = matches(auditor.get(f"/AuditEvent?patient={person['id']}&subtype=search"))
    assert events, "no trace of the search"
