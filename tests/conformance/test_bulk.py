"""Bulk Data $export (HL7 Bulk Data Access 2.0), and the way back in by `dossier import`."""

import json
import time

import pytest
from harness.gateway import dossier
from harness.resources import JSON, created, observation, outcome, patient

ASYNC = {"Prefer": "respond-async", "Accept": "application/fhir+json"}


def begun(client, path: str, **query) -> str:
    """Kicks off, and returns the address of the status."""
    answer = client.get(path, params=query, headers=ASYNC)
    assert answer.status_code == 202, answer.text
    assert answer.content == b""
    return answer.headers["content-location"]


def manifest(client, status: str) -> dict:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        answer = client.get(status)
        if answer.status_code == 200:
            assert answer.headers["content-type"].startswith("application/json")
            assert "expires" in answer.headers
            return answer.json()
        assert answer.status_code == 202, answer.text
        assert answer.headers["x-progress"] and int(answer.headers["retry-after"]) >= 1
    raise AssertionError("the export does not end")


def resources(client, told: dict) -> dict[str, dict]:
    held = {}
    for output in told["output"]:
        answer = client.get(output["url"], headers={"Accept": "application/fhir+ndjson"})
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("application/fhir+ndjson")
        lines = answer.text.splitlines()
        assert len(lines) == output["count"]
        for line in lines:
            resource = json.loads(line)
            assert resource["resourceType"] == output["type"]
            name = f"{resource['resourceType']}/{resource['id']}"
            assert name not in held, f"{name} twice"
            held[name] = resource
    return held


def exported(client, path: str, **query) -> dict[str, dict]:
    return resources(client, manifest(client, begun(client, path, **query)))


@pytest.fixture
def alone(fresh):
    """A gateway with a record of its own."""
    return fresh().start()


@pytest.fixture
def system(alone):
    with alone.client("system") as client:
        yield client


def test_everything_is_exported_once_and_imported_elsewhere(alone, system, fresh, tmp_path):
    people = [created(system, patient()) for _ in range(3)]
    seen = [created(system, observation(person["id"], valueQuantity={"value": 1.5, "unit": "g/L"}))
            for person in people]
    created(system, {"resourceType": "Organization", "name": "CLSC"})
    told = manifest(system, begun(system, "/$export"))
    assert told["requiresAccessToken"] is True and told["error"] == []
    assert told["request"].endswith("/fhir/$export") and told["transactionTime"]
    held = resources(system, told)
    assert len(held) == 7
    for resource in people + seen:
        assert held[f"{resource['resourceType']}/{resource['id']}"] == resource
    # The files, as another record's import takes them.
    folder = tmp_path / "files"
    folder.mkdir()
    for number, output in enumerate(told["output"]):
        (folder / f"{number}.ndjson").write_bytes(system.get(output["url"]).content)
    other = fresh(data=tmp_path / "other").start()
    done = dossier("import", "--region", "06", "--ports", other.ports_text(), str(folder), data=other.data)
    assert "7 created" in done.stdout, done.stdout
    with other.client("system") as client:
        again = exported(client, "/$export")
    assert {name: dict(body, meta=None) for name, body in again.items()} \
        == {name: dict(body, meta=None) for name, body in held.items()}


def test_patients_groups_types_instants_and_elements_narrow_it(alone, system):
    ann, bob = created(system, patient()), created(system, patient())
    seen = created(system, observation(ann["id"]))
    created(system, observation(bob["id"]))
    created(system, {"resourceType": "Organization", "name": "CLSC"})
    group = created(system, {"resourceType": "Group", "type": "person", "actual": True,
                             "member": [{"entity": {"reference": f"Patient/{ann['id']}"}}]})
    of_people = exported(system, "/Patient/$export")
    assert {name.split("/")[0] for name in of_people} >= {"Patient", "Observation"}
    assert not any(name.startswith("Organization/") for name in of_people)
    of_group = exported(system, f"/Group/{group['id']}/$export", _type="Patient,Observation")
    assert set(of_group) == {f"Patient/{ann['id']}", f"Observation/{seen['id']}"}
    typed = exported(system, "/$export", _type="Patient", _elements="id,gender")
    assert all(set(body) <= {"resourceType", "id", "meta", "gender"} for body in typed.values())
    assert len(typed) == 2
    later = ann["meta"]["lastUpdated"]
    changed = system.put(f"/Patient/{bob['id']}", json=bob | {"gender": "other"}, headers=JSON).json()
    recent = exported(system, "/$export", _type="Patient", _since=later.replace("+", "%2B"))
    assert recent[f"Patient/{bob['id']}"] == changed
    filtered = exported(system, "/$export", _type="Patient", _typeFilter="Patient?gender=other")
    assert set(filtered) == {f"Patient/{bob['id']}"}
    asked = {"resourceType": "Parameters", "parameter": [{"name": "_type", "valueString": "Observation"}]}
    kicked = system.post("/Patient/$export", json=asked, headers=JSON | ASYNC)
    assert kicked.status_code == 202, kicked.text
    held = resources(system, manifest(system, kicked.headers["content-location"]))
    assert len(held) == 2


def test_it_is_as_of_the_kick_off_and_deleted_on_demand(alone, system):
    ann = created(system, patient())
    status = begun(system, "/$export")
    system.delete(f"/Patient/{ann['id']}")
    created(system, patient())
    held = resources(system, manifest(system, status))
    assert list(held) == [f"Patient/{ann['id']}"]
    assert system.delete(status).status_code == 202
    outcome(system.get(status), 404, "$export")
    outcome(system.delete(status), 404)


def test_what_is_refused(alone, system):
    created(system, patient())
    outcome(system.get("/$export"), 400, "respond-async")
    outcome(system.get("/$export", params={"_outputFormat": "text/csv"}, headers=ASYNC), 400, "_outputFormat")
    outcome(system.get("/$export", params={"_type": "Person,Nonsense"}, headers=ASYNC), 400, "_type")
    outcome(system.get("/$export", params={"_since": "yesterday"}, headers=ASYNC), 400, "_since")
    outcome(system.get("/$export", params={"nonsense": "1"}, headers=ASYNC), 400, "nonsense")
    outcome(system.get("/Group/nobody/$export", headers=ASYNC), 404, "Group/nobody")
    outcome(system.put("/$export", headers=ASYNC), 405)
    status = begun(system, "/Patient/$export")
    with alone.client("clinician") as other:
        outcome(other.get(status), 404)
    with alone.client("patient", patient="somebody") as person:
        outcome(person.get("/Patient/$export", headers=ASYNC), 403)
    with alone.client(None) as nobody:
        outcome(nobody.get("/$export", headers=ASYNC), 401)
