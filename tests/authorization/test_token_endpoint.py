"""The token endpoint (SMART Backend Services): who gets a token, once, of what, and what is said otherwise."""

import base64
import json
import threading
import time
import uuid

import httpx
import jwt
import pytest
from harness.resources import JSON, observation, patient
from harness.trust import OWN_ISSUER, form


@pytest.fixture(scope="module")
def door(issuing):
    with httpx.Client(base_url=issuing.origin("06"), timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def endpoint(issuing):
    return f"{issuing.origin('06')}/oauth/token"


def ask(door, *parts, **changes) -> httpx.Response:
    return door.post("/oauth/token", data=form(*parts, **changes))


def refused(answer: httpx.Response, error: str) -> None:
    """RFC 6749 §5.2."""
    assert answer.status_code == (401 if error == "invalid_client" else 400), answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store" and answer.headers["pragma"] == "no-cache"
    body = answer.json()
    assert set(body) == {"error", "error_description"} and body["error"] == error, body
    text = body["error_description"]
    assert len(text) > 20 and all(" " <= letter <= "~" and letter not in '"\\' for letter in text), text


def test_a_grant(door, trust, endpoint):
    answer = ask(door, trust.assertion(endpoint), "system/Patient.rs system/Observation.read openid")
    assert answer.status_code == 200 and answer.headers["cache-control"] == "no-store"
    grant = answer.json()
    assert grant["token_type"] == "bearer" and grant["expires_in"] == 300
    assert grant["scope"] == "system/Patient.rs system/Observation.rs"
    claims = jwt.decode(grant["access_token"], options={"verify_signature": False})
    assert claims["iss"] == OWN_ISSUER and claims["sub"] == claims["client_id"] == "laboratory"
    assert claims["exp"] - claims["iat"] == 300 and claims["function"] == "system" and claims["jti"]
    # Anybody verifies it by the published keys.
    keys = httpx.get(f"{endpoint.removesuffix('token')}jwks").json()
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(grant["access_token"])["kid"]]
    assert jwt.decode(grant["access_token"], key, algorithms=["ES256"], audience="dossier")["sub"] == "laboratory"
    assert "d" not in keys["keys"][0]


def test_the_token_opens_what_was_granted_and_no_more(issuing, door, trust, endpoint):
    token = ask(door, trust.assertion(endpoint), "system/Patient.cruds").json()["access_token"]
    with issuing.client(token=token) as client:
        made = client.post("/Patient", json=patient(), headers=JSON)
        assert made.status_code == 201, made.text
        person = made.json()["id"]
        assert client.get(f"/Patient/{person}").status_code == 200
        assert client.post("/Observation", json=observation(person), headers=JSON).status_code == 403
    narrowed = ask(door, trust.assertion(endpoint), "system/Patient.rs?name=Tremblay")
    assert narrowed.json()["scope"] == "system/Patient.rs?name=Tremblay"
    with issuing.client(token=narrowed.json()["access_token"]) as client:
        assert client.get(f"/Observation?patient={person}").status_code == 403
        assert client.post("/Patient", json=patient(), headers=JSON).status_code == 403


def test_an_assertion_is_used_once(door, trust, endpoint):
    once = trust.assertion(endpoint)
    assert ask(door, once).status_code == 200
    refused(ask(door, once), "invalid_client")
    # The same id in another assertion is the same id.
    shared = uuid.uuid4().hex
    assert ask(door, trust.assertion(endpoint, jti=shared)).status_code == 200
    refused(ask(door, trust.assertion(endpoint, jti=shared, algorithm="RS384")), "invalid_client")
    assert ask(door, trust.assertion(endpoint, client="reader", jti=shared), "system/Patient.rs").status_code == 200


def test_of_many_at_once_one_uses_it(door, trust, endpoint):
    once, statuses = trust.assertion(endpoint), []

    def use():
        statuses.append(httpx.post(endpoint, data=form(once), timeout=60).status_code)
    threads = [threading.Thread(target=use) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [401] * 11


NOW = time.time
WRONG = {
    "of the other door": lambda trust, url: {"aud": url.replace("/oauth/token", "/fhir")},
    "of the origin": lambda trust, url: {"aud": url.removesuffix("/oauth/token")},
    "of an endpoint elsewhere": lambda trust, url: {"aud": "https://evil.example/oauth/token"},
    "with a slash more": lambda trust, url: {"aud": url + "/"},
    "without audience": lambda trust, url: {"aud": None},
    "of another subject": lambda trust, url: {"sub": "reader"},
    "without subject": lambda trust, url: {"sub": None},
    "of nobody": lambda trust, url: {"iss": "nobody", "sub": "nobody"},
    "without id": lambda trust, url: {"jti": None},
    "with an empty id": lambda trust, url: {"jti": ""},
    "with a number for an id": lambda trust, url: {"jti": 7},
    "with an id too long": lambda trust, url: {"jti": "x" * 513},
    "with control characters in its id": lambda trust, url: {"jti": "a\u0000b"},
    "expired": lambda trust, url: {"exp": int(NOW()) - 61},
    "without end": lambda trust, url: {"exp": None},
    "of an hour": lambda trust, url: {"exp": int(NOW()) + 3600},
    "of ten minutes": lambda trust, url: {"exp": int(NOW()) + 600},
    "of a text for an end": lambda trust, url: {"exp": str(int(NOW()) + 60)},
    "of tomorrow": lambda trust, url: {"nbf": int(NOW()) + 3600},
    "made tomorrow": lambda trust, url: {"iat": int(NOW()) + 3600},
}


@pytest.mark.parametrize("name", WRONG)
def test_an_assertion_with_one_wrong_claim(door, trust, endpoint, name):
    refused(ask(door, trust.assertion(endpoint, **WRONG[name](trust, endpoint))), "invalid_client")


def test_every_refused_client_is_told_the_same(door, trust, endpoint):
    texts = {ask(door, trust.assertion(endpoint, **wrong(trust, endpoint))).text for wrong in WRONG.values()}
    assert len(texts) == 1, texts


def test_what_is_asked_for_wrongly(door, trust, endpoint):
    def good():
        return trust.assertion(endpoint)
    refused(ask(door, good(), grant_type=None), "invalid_request")
    refused(ask(door, good(), grant_type="authorization_code"), "unsupported_grant_type")
    refused(ask(door, None), "invalid_client")
    refused(ask(door, good(), client_assertion_type="urn:ietf:params:oauth:client-assertion-type:saml2-bearer"), "invalid_client")
    for scope in (None, "", "openid", "user/*.rs", "patient/*.rs", "system/nothing", "system/AuditEvent.rs"):
        refused(ask(door, good(), scope), "invalid_scope")
    refused(door.post("/oauth/token", json=form(good())), "invalid_request")
    refused(door.post("/oauth/token", content=b"\xff", headers={"Content-Type": "application/x-www-form-urlencoded"}), "invalid_request")
    twice = {"Content-Type": "application/x-www-form-urlencoded"}
    refused(door.post("/oauth/token", content="grant_type=client_credentials&grant_type=x", headers=twice), "invalid_request")
    basic = base64.b64encode(b"laboratory:secret").decode()
    refused(door.post("/oauth/token", data=form(good()), headers={"Authorization": f"Basic {basic}"}), "invalid_request")
    secret = {"grant_type": "client_credentials", "client_id": "laboratory", "client_secret": "secret", "scope": "system/*.rs"}
    refused(door.post("/oauth/token", data=secret), "invalid_client")
    refused(ask(door, trust.assertion(endpoint, client="mauricie")), "unauthorized_client")
    assert door.get("/oauth/token").status_code == 405


def test_the_host_that_a_caller_names_is_no_audience(door, trust):
    """An assertion meant for another server is not taken because a request names that server."""
    elsewhere = trust.assertion("http://evil.example/oauth/token")
    answer = door.post("/oauth/token", data=form(elsewhere), headers={"Host": "evil.example"})
    refused(answer, "invalid_client")


def test_grants_and_refusals_leave_a_trace(issuing, door, trust, endpoint):
    """In the journal, as an event of authentication, for whoever reviews accesses."""
    request = uuid.uuid4().hex
    ask_of = {"X-Request-Id": request}
    door.post("/oauth/token", data=form(trust.assertion(endpoint)), headers=ask_of)
    door.post("/oauth/token", data=form("nonsense"), headers=ask_of)
    door.post("/oauth/token", data=form(trust.assertion(endpoint), "user/*.rs"), headers=ask_of)
    auditor = trust.access_token(function="auditor", scope="user/AuditEvent.rs")
    with issuing.client(token=auditor) as client:
        events = [entry["resource"] for entry in client.get("/AuditEvent?_count=50").json()["entry"]]
    ours = [event for event in events if request in json.dumps(event)]
    assert len(ours) == 3
    assert {event["type"]["code"] for event in ours} == {"110114"}
    assert sorted(event["outcome"] for event in ours) == ["0", "4", "4"]
    assert sorted(event.get("outcomeDesc", "") for event in ours) == ["", "assertion-malformed", "scope"]
    named = [event for event in ours if any(agent["who"].get("identifier", {}).get("value") == "laboratory" for agent in event["agent"])]
    assert len(named) == 2
    assert "nonsense" not in json.dumps(ours)
