"""Clients with models of every type: `fhirclient` (R4) and `fhir.resources` (R4B) parse every response."""

import json
import subprocess

import httpx
import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhirclient.client import FHIRClient
from fhirclient.models.encounter import Encounter
from fhirclient.models.fhirreference import FHIRReference
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient
from harness.gateway import ROOT
from harness.resources import JSON, encounter, observation, patient, post, transaction



def test_fhirclient_of_npm(gateway):
    script = ROOT / "tests/clients/fhirclient.mjs"
    done = subprocess.run(["node", str(script), gateway.base("06"), gateway.token("clinician")],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout) == ["create", "read", "update", "search in pages", "references", "patch", "delete"]


def test_fhirclient_of_pypi(gateway):
    state = {"app_id": "test", "server": {"base_uri": gateway.base("06") + "/", "auth_type": "oauth2",
                                          "auth": {"access_token": gateway.token("clinician")}}}
    server = FHIRClient(state=state).server
    person = Patient(patient())
    person.id = person.create(server)["id"]
    read = Patient.read(person.id, server)
    assert read.name[0].family == "Tremblay" and read.birthDate.isostring == "1984-06-02"
    read.gender = "unknown"
    assert read.update(server)["meta"]["versionId"] == "2"
    visit = Encounter(encounter(person.id))
    visit.id = visit.create(server)["id"]
    for _ in range(3):
        made = Observation(observation(person.id))
        made.encounter = FHIRReference({"reference": f"Encounter/{visit.id}"})
        assert made.create(server)["id"]
    found = Observation.where({"patient": person.id, "code": "718-7"}).perform_resources(server)
    assert len(found) == 3
    assert found[0].subject.resolved(Patient) is None or found[0].subject.reference == f"Patient/{person.id}"
    assert found[0].valueQuantity.value == 131
    found[0].delete()


@pytest.fixture
def parsed(gateway):
    """A client whose every response is parsed by fhir.resources; and the types met."""
    met = []

    def parse(response: httpx.Response):
        response.read()
        if response.content and "json" in response.headers.get("content-type", ""):
            body = response.json()
            kind = body["resourceType"]
            get_fhir_model_class(kind).model_validate(body)
            met.append(kind)

    headers = {"Authorization": f"Bearer {gateway.token('clinician')}"}
    with httpx.Client(base_url=gateway.base("06"), headers=headers, timeout=60, event_hooks={"response": [parse]}) as client:
        yield client, met


def test_fhir_resources_parses_every_response(gateway, parsed):
    client, met = parsed
    client.get("/metadata")
    person = client.post("/Patient", json=patient(), headers=JSON).json()
    place = f"/Patient/{person['id']}"
    client.put(place, json=person | {"gender": "other"}, headers=JSON | {"Prefer": "return=representation"})
    sent = transaction(*[post(observation(person["id"])) for _ in range(3)], post(encounter(person["id"])))
    answer = client.post("/", json=sent, headers=JSON)
    assert answer.status_code == 200
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [
        post(observation(person["id"], status="nonsense")), {"request": {"method": "GET", "url": place[1:]}}]}
    client.post("/", json=batch, headers=JSON)
    for path in (place, f"{place}/_history", f"{place}/_history/1", f"{place}/$everything", f"/Observation?patient={person['id']}&_count=2",
                 f"/Patient?_id={person['id']}&_revinclude=Observation:subject", f"/Observation?patient={person['id']}&_summary=count",
                 "/Patient/never-was", "/Patient?colour=red", "/Observation/x/y/z"):
        client.get(path)
    client.post("/Patient", content="{", headers=JSON)
    client.put(place, json=person, headers=JSON | {"If-Match": 'W/"9"', "Prefer": "return=OperationOutcome"})
    headers = {"Authorization": f"Bearer {gateway.token('auditor')}"}
    entries = client.get(f"/AuditEvent?patient={person['id']}", headers=headers)
    assert entries.status_code == 200 and entries.json()["entry"]
    assert {"CapabilityStatement", "Patient", "Bundle", "OperationOutcome"} <= set(met) and len(met) >= 18
