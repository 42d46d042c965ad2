"""The CapabilityStatement and the OpenAPI document, against what is really served (R4 §3.1.0.13)."""

import httpx
import pytest
from harness.resources import outcome


@pytest.fixture(scope="module")
def statement(gateway):
    return httpx.get(f"{gateway.base('06')}/metadata", headers={"Accept-Language": "en"}).json()


def of(statement: dict, name: str) -> dict:
    return next(one for one in statement["rest"][0]["resource"] if one["type"] == name)


def codes(of_type: dict) -> set[str]:
    return {one["code"] for one in of_type["interaction"]}


def test_a_type_can_do_everything(statement):
    observation = of(statement, "Observation")
    assert codes(observation) == {"read", "vread", "update", "patch", "delete", "history-instance", "history-type",
                                  "create", "search-type"}
    assert observation["conditionalUpdate"] and observation["conditionalCreate"]
    assert observation["conditionalDelete"] == "single" and observation["conditionalRead"] == "full-support"
    assert "Observation:subject" in observation["searchInclude"]
    assert "Observation:subject" in of(statement, "Patient")["searchRevInclude"]
    assert {"validate", "meta", "meta-add"} <= {one["name"] for one in observation["operation"]}
    assert "everything" in {one["name"] for one in of(statement, "Patient")["operation"]}
    assert set(statement["patchFormat"]) == {"application/json-patch+json", "application/fhir+json"}


def test_audit_events_are_only_read_and_added(statement):
    assert codes(of(statement, "AuditEvent")) == {"read", "create", "search-type"}


def test_the_system_too(statement):
    assert {"transaction", "batch", "history-system"} <= codes(statement["rest"][0])


def test_it_speaks_french_and_english(gateway):
    url = f"{gateway.base('06')}/metadata"
    french = httpx.get(url, headers={"Accept-Language": "fr"})
    english = httpx.get(url, headers={"Accept-Language": "en"})
    assert (french.json()["language"], english.json()["language"]) == ("fr", "en")
    assert french.json()["rest"][0]["security"]["description"] != english.json()["rest"][0]["security"]["description"]


@pytest.mark.parametrize("query, at", [("mode=terminology", "mode"), ("mode=x", "mode"), ("colour=red", "colour")])
def test_other_modes_are_refused(gateway, query, at):
    answer = httpx.get(f"{gateway.base('06')}/metadata?{query}")
    outcome(answer, 400)
    assert answer.json()["issue"][0]["expression"] == [at]


def test_a_summary_of_the_statement(gateway):
    answer = httpx.get(f"{gateway.base('06')}/metadata?_summary=true")
    assert answer.status_code == 200 and len(answer.content) > 100


def test_openapi_has_every_route(gateway):
    answer = httpx.get(f"{gateway.origin('06')}/openapi.json")
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert document["openapi"] == "3.1.0"
    assert {"get", "put", "patch", "delete"} <= set(document["paths"]["/fhir/{type}/{id}"])
    ids = [operation["operationId"] for path in document["paths"].values()
           for verb, operation in path.items() if verb != "parameters"]
    assert len(ids) == len(set(ids))


def test_every_read_that_openapi_names_is_served(gateway, clinician, person):
    paths = httpx.get(f"{gateway.origin('06')}/openapi.json").json()["paths"]
    for path, verbs in paths.items():
        if "get" not in verbs:
            continue
        filled = path.replace("{type}", "Patient").replace("{id}", person["id"]).replace("{version}", "1")
        url = gateway.origin("06") + filled
        answer = clinician.get(url)
        assert answer.status_code < 500 and answer.status_code != 405, f"{path}: {answer.status_code} {answer.text[:200]}"
        told = {int(status) for status in verbs["get"]["responses"]}
        assert answer.status_code in told, f"{path}: {answer.status_code} is not in the document"
