"""The CapabilityStatement against reality: everything it claims is called."""

import re

import pytest
from harness.resources import JSON, created, observation, patient
from harness.standard import by_type, examples

# A value that each kind of parameter takes.
VALUES = {"number": "1", "date": "2020-01-01", "string": "abc", "token": "abc", "reference": "Patient/nobody", "composite": "a$5",
          "quantity": "1", "uri": "http://example.org/x", "special": "45.5|-73.5|10|km"}
# Words of a refusal that say that something is not there.
ABSENT = re.compile(r"not[- ]supported|not implemented|unknown (?:operation|parameter|path)|no such (?:operation|path)", re.IGNORECASE)


@pytest.fixture(scope="module")
def client(gateway):
    with gateway.client(token=gateway.machine()) as client:
        yield client


@pytest.fixture(scope="module")
def rest(client):
    statement = client.get("/metadata").json()
    assert (statement["kind"], statement["fhirVersion"]) == ("instance", "4.0.1")
    return statement["rest"][0]


def there(answer, *allowed: int) -> str | None:
    """What is wrong with an answer to something that is claimed, if anything."""
    if answer.status_code >= 500 or answer.status_code in (405, 415, 501):
        return f"{answer.status_code} {answer.text[:200]}"
    if answer.status_code >= 400 and answer.status_code not in allowed:
        return f"{answer.status_code} {answer.text[:200]}"
    if answer.status_code >= 400 and ABSENT.search(answer.text):
        return f"{answer.status_code} {answer.text[:200]}"
    return None


def interaction_calls(kind: str) -> dict:
    """A call of each interaction, on what is not there: it must not be refused as unknown."""
    never = f"/{kind}/never-was"
    return {
        "read": lambda c: c.get(never), "vread": lambda c: c.get(f"{never}/_history/1"),
        "history-instance": lambda c: c.get(f"{never}/_history"), "history-type": lambda c: c.get(f"/{kind}/_history?_count=1"),
        "delete": lambda c: c.delete(never), # Of Provenance it must be said whose.
        "search-type": lambda c: c.get(f"/{kind}?_count=1" + ("&patient=x" if kind == "Provenance" else "")),
        "patch": lambda c: c.patch(never, json=[], headers={"Content-Type": "application/json-patch+json"}),
        # An empty resource is refused for its content, never for its type or way.
        "create": lambda c: c.post(f"/{kind}", json={"resourceType": kind, "colour": "red"}, headers=JSON),
        "update": lambda c: c.put(never, json={"resourceType": kind, "id": "never-was", "colour": "red"}, headers=JSON),
    }


def test_every_interaction_of_every_type(client, rest):
    assert len(rest["resource"]) >= 140
    faults, calls = [], 0
    for resource in rest["resource"]:
        kind = resource["type"]
        known = interaction_calls(kind)
        for interaction in resource["interaction"]:
            answer = known[interaction["code"]](client)
            calls += 1
            if wrong := there(answer, 400, 404, 410, 422):
                faults.append(f"{interaction['code']} {kind}: {wrong}")
    print(f"{calls} interactions of {len(rest['resource'])} types")
    assert not faults, "\n".join(faults)


def test_every_search_parameter_of_every_type(client, rest):
    person = created(client, patient())["id"]
    faults, calls = [], 0
    for resource in rest["resource"]:
        for parameter in resource.get("searchParam", []):
            params = {parameter["name"]: VALUES[parameter["type"]], "_count": "1"}
            if parameter["name"] == "_id":
                params["_id"] = person
            if parameter["type"] == "composite":
                parts = {"coordinate": "a$5$6", "date": "a$2020"}
                params[parameter["name"]] = next((of for end, of in parts.items() if parameter["name"].endswith(end)), "a$5")
            if parameter["name"] == "_type":
                params["_type"] = resource["type"]
            if resource["type"] == "Provenance":
                params.setdefault("patient", person)
            answer = client.get(f"/{resource['type']}", params=params)
            calls += 1
            if wrong := there(answer):
                faults.append(f"{resource['type']}?{parameter['name']}: {wrong}")
        includes = [("_include", one) for one in resource.get("searchInclude", [])]
        includes += [("_revinclude", one) for one in resource.get("searchRevInclude", [])][:10]
        for name, value in includes:
            calls += 1
            if wrong := there(client.get(f"/{resource['type']}", params={name: value, "_count": "1"})):
                faults.append(f"{resource['type']}?{name}={value}: {wrong}")
    print(f"{calls} searches")
    assert not faults, "\n".join(faults)


def test_every_operation(gateway, client, rest):
    person = created(client, patient())["id"]
    created(client, observation(person))
    systemwide = [(None, one) for one in rest.get("operation", [])]
    typed = [(resource["type"], one) for resource in rest["resource"] for one in resource.get("operation", [])]
    faults = []
    auditor = gateway.client(token=gateway.signed("auditor", scope="user/AuditEvent.rus"))
    everybody = client
    for kind, operation in systemwide + typed:
        name = operation["name"].lstrip("$")
        # What is to be reviewed is the auditors' alone.
        client = auditor if kind == "AuditEvent" else everybody
        at = f"/{kind}" if kind else ""
        ways = [client.get(f"{at}/${name}"), client.post(f"{at}/${name}", json={"resourceType": "Parameters"}, headers=JSON)]
        if kind:
            instance = f"/{kind}/{person if kind == 'Patient' else 'never-was'}/${name}"
            ways += [client.get(instance), client.post(instance, json={"resourceType": "Parameters"}, headers=JSON)]
        # One way at least must be there; none may fail.
        if all(there(answer, 400, 404, 410, 422) for answer in ways):
            faults.append(f"{kind} ${name}: {[answer.status_code for answer in ways]} {ways[0].text[:200]}")
        faults += [f"{kind} ${name}: {answer.status_code}" for answer in ways if answer.status_code >= 500]
    assert systemwide or typed
    assert not faults, "\n".join(faults)


def test_system_interactions(client, rest):
    calls = {
        "transaction": lambda: client.post("/", json={"resourceType": "Bundle", "type": "transaction"}, headers=JSON),
        "batch": lambda: client.post("/", json={"resourceType": "Bundle", "type": "batch"}, headers=JSON),
        "history-system": lambda: client.get("/_history?_count=1"),
        "search-system": lambda: client.get("/?_type=Patient&_count=1"),
    }
    claimed = [interaction["code"] for interaction in rest["interaction"]]
    faults = [f"{code}: {wrong}" for code in claimed if (wrong := there(calls[code]()))]
    assert not faults, "\n".join(faults)


def test_every_type_of_the_examples_is_claimed(rest):
    claimed = {resource["type"] for resource in rest["resource"]}
    assert not set(by_type(examples())) - claimed
