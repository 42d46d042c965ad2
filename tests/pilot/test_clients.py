"""Public FHIR clients, unmodified: create, read, update, search, history."""

import asyncio
import json
import subprocess

from fhirpy import AsyncFHIRClient, SyncFHIRClient
from harness.gateway import ROOT
from harness.resources import observation, patient


def test_fhir_kit_client(gateway):
    script = ROOT / "tests/clients/fhir-kit-client.mjs"
    done = subprocess.run(["node", str(script), gateway.base("06"), gateway.token("clinician")],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout) == ["create", "read", "vread", "update", "search", "history", "transaction", "delete"]


def test_fhirpy(gateway):
    client = SyncFHIRClient(gateway.base("06"), authorization=f"Bearer {gateway.token('clinician')}")
    person = client.resource("Patient", **{k: v for k, v in patient().items() if k != "resourceType"})
    person.save()
    read = client.reference("Patient", person.id).to_resource()
    assert read.serialize() == person.serialize()
    read["gender"] = "unknown"
    read.save()
    identifier = person["identifier"][0]
    found = client.resources("Patient").search(identifier=f"{identifier['system']}|{identifier['value']}").fetch_all()
    assert [(one.id, one["gender"]) for one in found] == [(person.id, "unknown")]
    sent = observation(person.id)
    for _ in range(5):
        client.resource("Observation", **{k: v for k, v in sent.items() if k != "resourceType"}).save()
    observations = client.resources("Observation").search(patient=person.id).sort("-date").limit(2).fetch_all()
    assert len(observations) == 5
    history = client.execute(f"Patient/{person.id}/_history", method="get")
    assert [entry["resource"]["meta"]["versionId"] for entry in history["entry"]] == ["2", "1"]
    observations[0].delete()


def test_fhirpy_async(gateway):
    async def visit():
        client = AsyncFHIRClient(gateway.base("04"), authorization=f"Bearer {gateway.token('clinician', '04')}")
        person = client.resource("Patient", **{k: v for k, v in patient().items() if k != "resourceType"})
        await person.save()
        found = await client.resources("Patient").search(_id=person.id).fetch_all()
        return [one.id for one in found] == [person.id]

    assert asyncio.run(visit())
