"""Every case of bad-input/*.json: the status, issue code and expression that the standard asks for."""

import json
from pathlib import Path

import pytest
from harness.resources import created, observation, patient

CORPUS = Path(__file__).with_name("bad-input")
CASES = {f"{file.stem}: {case['name']}": case for file in sorted(CORPUS.glob("*.json")) for case in json.loads(file.read_text())}
CASES_MIN = 300
TEXT_MIN = 20


def test_there_are_enough_cases():
    assert len(CASES) >= CASES_MIN


@pytest.fixture(scope="module")
def client(gateway):
    with gateway.client(token=gateway.machine()) as client:
        yield client


@pytest.fixture(scope="module")
def places(client):
    """What a case may name: two people of one family name, so that some conditions match several."""
    made = created(client, patient())
    created(client, patient())
    about = {"patient": made["id"], "observation": created(client, observation(made["id"]))["id"]}
    yield about
    read = client.get(f"/Patient/{made['id']}")
    assert read.status_code == 200


def filled(text: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        text = text.replace(f"<{name}>", value)
    return text


def issues_of(answer) -> list[dict]:
    """The issues of a refusal, which must be an OperationOutcome that helps."""
    assert answer.headers.get("content-type", "").startswith("application/fhir+json"), answer.headers
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome", body
    for issue in body["issue"]:
        assert issue["severity"] in ("fatal", "error", "warning", "information") and issue["code"], issue
        assert len(issue["diagnostics"]) >= TEXT_MIN, issue
    assert body["issue"][0]["severity"] in ("fatal", "error"), body
    return body["issue"]


@pytest.mark.parametrize("name", list(CASES))
def test_bad_input(client, places, name):
    case = CASES[name]
    body = case.get("body")
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    headers = {key: filled(value, places) for key, value in case.get("headers", {}).items()}
    answer = client.request(
        case["method"], filled(case["path"], places), headers=headers,
        content=None if text is None else filled(text, places).encode("utf-8", "surrogatepass"))
    assert answer.status_code in case["status"], (
        f"{answer.status_code} instead of {case['status']} ({case['clause']}): {answer.text[:400]}")
    issues = issues_of(answer)
    if codes := case.get("code"):
        assert any(issue["code"] in codes for issue in issues), f"no issue of {codes}: {issues}"
    if expression := case.get("expression"):
        told = [at for issue in issues for at in issue.get("expression", []) + issue.get("location", [])]
        # A parameter may be named with or without the prefix of R4's `location`.
        wanted = expression.removeprefix("http.")
        assert any(wanted in at for at in told), f"{expression} is not named: {told} {issues[0]['diagnostics']}"
