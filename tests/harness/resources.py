"""Resources as a client would send them."""

import itertools
import json
import uuid

NAM_SYSTEM = "https://fhir.infoway-inforoute.ca/NamingSystem/ca-qc-patient-healthcare-id"
FILE_SYSTEM = "urn:oid:2.16.124.10.101.1.60.999"
LOINC = "http://loinc.org"
JSON = {"Content-Type": "application/fhir+json"}

_numbers = itertools.count(1)


def unique() -> str:
    """A word that no other resource of this run has."""
    return f"{uuid.uuid4().hex[:10]}{next(_numbers)}"


def patient(**more) -> dict:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": FILE_SYSTEM, "value": unique()}],
        "name": [{"family": "Tremblay", "given": ["Aurélie"]}],
        "gender": "female",
        "birthDate": "1984-06-02",
    } | more


def observation(patient_id: str, **more) -> dict:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "718-7", "display": "Hemoglobin"}]},
        "subject": {"reference": f"Patient/{patient_id}"},
        "effectiveDateTime": "2026-03-04T10:00:00-05:00",
        "valueQuantity": {"value": 131, "unit": "g/L"},
    } | more


def encounter(patient_id: str, **more) -> dict:
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"Patient/{patient_id}"},
        "period": {"start": "2026-03-04T09:00:00-05:00", "end": "2026-03-04T11:00:00-05:00"},
    } | more


def transaction(*entries: dict) -> dict:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def post(resource: dict, full_url: str | None = None, **request) -> dict:
    """An entry that creates."""
    entry = {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"]} | request}
    return {"fullUrl": full_url or f"urn:uuid:{uuid.uuid4()}"} | entry


def created(client, resource: dict) -> dict:
    """Creates a resource and returns it as stored."""
    answer = client.post(f"/{resource['resourceType']}", json=resource, headers=JSON)
    assert answer.status_code == 201, answer.text
    return answer.json()


def matches(answer) -> list[dict]:
    """The resources of a searchset."""
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset"), bundle
    return [entry["resource"] for entry in bundle.get("entry", [])]


def next_link(bundle: dict) -> str | None:
    return next((link["url"] for link in bundle.get("link", []) if link["relation"] == "next"), None)


def everything(client, url: str) -> list[dict]:
    """The matches of a search, page by page."""
    found = []
    while url:
        answer = client.get(url)
        found += matches(answer)
        url = next_link(answer.json())
    return found


def outcome(answer, status: int, *words: str) -> dict:
    """Checks a refusal: its status, its OperationOutcome, and that its text helps."""
    assert answer.status_code == status, f"{answer.status_code} instead of {status}: {answer.text[:500]}"
    assert answer.headers["content-type"].startswith("application/fhir+json"), answer.headers
    body = json.loads(answer.text)
    assert body["resourceType"] == "OperationOutcome", body
    issue = body["issue"][0]
    assert issue["severity"] in ("error", "fatal") and issue["code"], body
    text = issue["diagnostics"]
    assert len(text) >= 20 and "panic" not in text and "wasm" not in text, text
    for word in words:
        assert word.lower() in json.dumps(body, ensure_ascii=False).lower(), f"{word!r} not in {body}"
    return body
