"""Tokens with one thing wrong, signed with the pilot's own key (docs/tokens.md)."""

import json
import time

import jwt
import pytest
from harness.resources import JSON, matches, observation, outcome, patient, unique


@pytest.fixture(scope="module")
def good(gateway):
    """A good token taken apart: (header, claims, the issuer's private key)."""
    token = gateway.token("clinician")
    key = json.loads((gateway.data / "issuer/private.jwk").read_text())
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.get_unverified_header(token), claims, jwt.PyJWK(key, algorithm="ES256").key


def signed(good, header: dict | None = None, **changes) -> str:
    """The good token with claims changed; None takes one away."""
    head, claims, key = good
    claims = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode(claims, key, algorithm="ES256", headers=head | (header or {}))


def test_a_token_signed_here_is_taken(gateway, good, person):
    with gateway.client(token=signed(good)) as client:
        assert client.get(f"/Patient/{person['id']}").status_code == 200


HOUR = 3_600
WRONG = {
    "expired": lambda: {"exp": int(time.time()) - HOUR, "iat": int(time.time()) - 2 * HOUR},
    "without end": lambda: {"exp": None},
    "longer than a day": lambda: {"exp": int(time.time()) + 100 * HOUR},
    "not yet valid": lambda: {"nbf": int(time.time()) + HOUR},
    "issued in the future": lambda: {"iat": int(time.time()) + HOUR},
    "for somebody else": lambda: {"aud": "https://example.org/other"},
    "from somebody else": lambda: {"iss": "https://example.org/issuer"},
    "without subject": lambda: {"sub": None},
    "without application": lambda: {"client_id": None},
    "without function": lambda: {"function": None},
}


@pytest.mark.parametrize("name", WRONG)
def test_a_token_with_one_wrong_claim_is_401(gateway, good, person, name):
    with gateway.client(token=signed(good, **WRONG[name]())) as client:
        refused = client.get(f"/Patient/{person['id']}")
        outcome(refused, 401)
        assert refused.headers["www-authenticate"].startswith("Bearer")
        outcome(client.post("/Patient", json=patient(), headers=JSON), 401)


@pytest.mark.parametrize("header", [{"kid": "unknown"}, {"kid": "../../issuer"}, {"crit": ["b64"]}, {"typ": "secevent+jwt"}])
def test_a_token_with_a_wrong_header_is_401(gateway, good, person, header):
    with gateway.client(token=signed(good, header)) as client:
        outcome(client.get(f"/Patient/{person['id']}"), 401)


def test_a_token_signed_with_a_shared_secret_is_401(gateway, good, person):
    """The public key taken for a shared secret, and no signature at all."""
    head, claims, key = good
    secret = str(key.public_key().public_numbers().x) * 2
    for token in (jwt.encode(claims, secret, algorithm="HS256", headers={"kid": head["kid"]}),
                  jwt.encode(claims, None, algorithm="none", headers={"kid": head["kid"]})):
        with gateway.client(token=token) as client:
            outcome(client.get(f"/Patient/{person['id']}"), 401)


def test_an_establishment_of_no_region_is_refused(gateway, good, person):
    for establishment in ("demo-99-nowhere", None):
        with gateway.client(token=signed(good, establishment=establishment)) as client:
            answer = client.get(f"/Patient/{person['id']}")
            assert answer.status_code in (401, 403)
            outcome(answer, answer.status_code, "establishment")


SCOPES = [
    ("openid profile", "read", 403),
    ("user/Observation.rs", "read", 403), ("user/Patient.rs", "read", 200), ("user/Patient.read", "read", 200),
    ("user/Patient.s", "read", 403), ("patient/*.rs", "read", 403), ("system/*.cruds", "read", 403),
    ("user/Patient.rs", "search observations", 403), ("user/*.rs", "search observations", 200),
    ("user/*.rs", "create", 403), ("user/Observation.c", "create", 201), ("user/*.cruds", "create", 201),
    ("user/Patient.rs", "everything", 403), ("user/*.rs", "everything", 200),
]


@pytest.mark.parametrize("scope,what,status", SCOPES)
def test_scopes(gateway, good, person, scope, what, status):
    with gateway.client(token=signed(good, scope=scope)) as client:
        answer = {
            "read": lambda: client.get(f"/Patient/{person['id']}"),
            "search observations": lambda: client.get("/Observation", params={"patient": person["id"]}),
            "create": lambda: client.post("/Observation", json=observation(person["id"]), headers=JSON),
            "everything": lambda: client.get(f"/Patient/{person['id']}/$everything"),
        }[what]()
    assert answer.status_code == status, answer.text
    if status == 403:
        outcome(answer, 403)
        assert "Tremblay" not in answer.text


def authorization(claims: dict, subject: str, **period) -> dict:
    """Art. 39: who, by whom, while, trained and bound."""
    extension = lambda name, **value: {"url": f"urn:dossier:extension:{name}"} | value
    return {
        "resourceType": "Basic",
        "identifier": [{"system": claims["iss"], "value": subject}],
        "code": {"coding": [{"system": "urn:dossier:basic", "code": "authorization"}]},
        "subject": {"identifier": {"system": claims["iss"], "value": subject}},
        "author": {"reference": "Practitioner/director"},
        "extension": [
            extension("authorization-period", valuePeriod={"start": "2026-01-05", "end": "2099-12-31"} | period),
            extension("training-date", valueDate="2025-11-20"),
            extension("undertaking-date", valueDate="2025-12-01"),
        ],
    }


def test_who_offers_no_care_needs_an_authorization_and_may_do_only_what_is_named(gateway, good, person):
    """R-22.1, art. 39; scopes name each type all the same."""
    path, subject = f"/Patient/{person['id']}", unique()

    def status(scope: str) -> int:
        with gateway.client(token=signed(good, sub=subject, function="archivist", scope=scope)) as client:
            return client.get(path).status_code

    assert status("user/Patient.rs") == 403
    with gateway.client("system") as system:
        over = authorization(good[1], subject, end="2026-01-06")
        assert system.post("/Basic", json=over, headers=JSON).status_code == 201
        assert status("user/Patient.rs") == 403
        in_force = authorization(good[1], subject)
        assert system.post("/Basic", json=in_force, headers=JSON).status_code == 201
    assert status("user/Patient.rs") == 200
    assert status("user/*.cruds") == 403
    assert status("user/Observation.rs") == 403


def test_a_retry_key_is_the_clients_own(gateway, good, clinician, person):
    """The same key of another application is another key."""
    headers = JSON | {"Idempotency-Key": unique()}
    with gateway.client(token=signed(good, client_id="another-application")) as other:
        first = clinician.post("/Observation", json=observation(person["id"]), headers=headers)
        second = other.post("/Observation", json=observation(person["id"], status="amended"), headers=headers)
    assert (first.status_code, second.status_code) == (201, 201), second.text
    assert len(matches(clinician.get("/Observation", params={"patient": person["id"]}))) == 2
