"""SMART Backend Services by an independent library (Authlib), and the discovery document against SMART's own rules."""

import time

import httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from cryptography.hazmat.primitives import serialization
from harness.resources import JSON, patient
from joserfc.jwk import ECKey, RSAKey


def discovered(issuing) -> dict:
    return httpx.get(f"{issuing.base('06')}/.well-known/smart-configuration").json()


@pytest.mark.parametrize("algorithm,kind", [("ES384", ECKey), ("RS384", RSAKey)])
def test_a_machine_follows_the_discovery_document_to_its_data(issuing, trust, algorithm, kind):
    key = trust.client_keys[algorithm]
    pem = key.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    endpoint = discovered(issuing)["token_endpoint"]
    method = PrivateKeyJWT(endpoint, alg=algorithm, headers={"kid": key.kid, "typ": "JWT"}, claims={"exp": int(time.time()) + 300})
    with OAuth2Client("laboratory", kind.import_key(pem), token_endpoint_auth_method="private_key_jwt",
                      scope="system/Patient.crs", timeout=60) as client:
        client.register_client_auth_method(method)
        granted = client.fetch_token(endpoint, grant_type="client_credentials")
        assert granted["token_type"].lower() == "bearer" and granted["scope"] == "system/Patient.crs"
        made = client.post(f"{issuing.base('06')}/Patient", json=patient(), headers=JSON)
        assert made.status_code == 201, made.text
        read = client.get(f"{issuing.base('06')}/Patient/{made.json()['id']}")
        assert read.status_code == 200 and read.json()["name"] == made.json()["name"]
        assert client.get(f"{issuing.base('06')}/Observation?patient={made.json()['id']}").status_code == 403


# SMART App Launch 2.2, Conformance: what each member is, and when it must be there.
LISTS = {"grant_types_supported", "scopes_supported", "response_types_supported", "capabilities", "code_challenge_methods_supported",
         "token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported", "associated_endpoints"}
ADDRESSES = {"issuer", "jwks_uri", "authorization_endpoint", "token_endpoint", "registration_endpoint", "management_endpoint",
             "introspection_endpoint", "revocation_endpoint", "user_access_brand_bundle"}
CAPABILITIES = {"launch-ehr", "launch-standalone", "authorize-post", "client-public", "client-confidential-symmetric",
                "client-confidential-asymmetric", "sso-openid-connect", "context-banner", "context-style", "context-ehr-patient",
                "context-ehr-encounter", "context-standalone-patient", "context-standalone-encounter", "permission-offline",
                "permission-online", "permission-patient", "permission-user", "permission-v1", "permission-v2", "smart-app-state"}
GRANTS = {"authorization_code", "client_credentials"}
METHODS = {"client_secret_post", "client_secret_basic", "private_key_jwt"}


def faults(document: dict) -> list[str]:
    """What the standard's rules find wrong with a discovery document."""
    found = [f"{name} is missing" for name in ("token_endpoint", "grant_types_supported", "capabilities", "code_challenge_methods_supported")
             if name not in document]
    found += [f"{name} is no list of texts" for name in LISTS & set(document)
              if not isinstance(document[name], list) or not all(isinstance(one, str) for one in document[name])]
    found += [f"{name} is no address" for name in ADDRESSES & set(document)
              if not isinstance(document[name], str) or not document[name].startswith(("https://", "http://127.0.0.1"))]
    if found:
        return found
    claimed = set(document["capabilities"])
    found += [f"unknown capability {one}" for one in claimed - CAPABILITIES]
    found += [f"unknown grant {one}" for one in set(document["grant_types_supported"]) - GRANTS]
    found += [f"unknown method {one}" for one in set(document.get("token_endpoint_auth_methods_supported", [])) - METHODS]
    challenges = document["code_challenge_methods_supported"]
    if "S256" not in challenges or "plain" in challenges:
        found.append("code_challenge_methods_supported has S256 and never plain")
    launches = claimed & {"launch-ehr", "launch-standalone"}
    if launches and "authorization_endpoint" not in document:
        found.append("authorization_endpoint is missing")
    if ("sso-openid-connect" in claimed) != ("issuer" in document):
        found.append("issuer is there if, and only if, sso-openid-connect is")
    if "sso-openid-connect" in claimed and "jwks_uri" not in document:
        found.append("jwks_uri is missing")
    if "client-confidential-asymmetric" in claimed:
        if "private_key_jwt" not in document.get("token_endpoint_auth_methods_supported", []):
            found.append("private_key_jwt is missing")
        if not {"RS384", "ES384"} & set(document.get("token_endpoint_auth_signing_alg_values_supported", [])):
            found.append("neither RS384 nor ES384")
    if not claimed & {"permission-v1", "permission-v2"}:
        found.append("no version of scopes")
    return found


def test_the_discovery_document_is_valid(issuing):
    answer = httpx.get(f"{issuing.base('06')}/.well-known/smart-configuration", headers={"Origin": "https://app.example.org", "Accept": "application/json"})
    assert answer.status_code == 200 and answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"
    document = answer.json()
    assert faults(document) == []
    assert document["token_endpoint"] == f"{issuing.origin('06')}/oauth/token"
    keys = httpx.get(document["jwks_uri"])
    assert keys.headers["access-control-allow-origin"] == "*" and keys.json()["keys"][0]["kty"] == "EC"


BROKEN = {
    "capabilities": None, "token_endpoint": "http://elsewhere.example", "code_challenge_methods_supported": ["S256", "plain"],
    "issuer": "https://issuer.example.org", "grant_types_supported": "client_credentials", "token_endpoint_auth_methods_supported": [],
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_rules_find_what_is_wrong(issuing, name):
    document = {member: value for member, value in (discovered(issuing) | {name: BROKEN[name]}).items() if value is not None}
    assert faults(document) != []


def test_the_statement_names_the_token_endpoint(issuing):
    security = httpx.get(f"{issuing.base('06')}/metadata").json()["rest"][0]["security"]
    assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    uris = next(one for one in security["extension"] if one["url"].endswith("/oauth-uris"))
    assert uris["extension"] == [{"url": "token", "valueUri": f"{issuing.origin('06')}/oauth/token"}]
