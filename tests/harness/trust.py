"""Issuers, clients and their keys, made for a test: who signs, and what a gateway is told of it."""

import base64
import json
import time
import uuid
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

ISSUER = "https://issuer.example.org/test"
AUDIENCE = "https://dossier.example.org/fhir"
OWN_ISSUER = "https://dossier.example.org/tokens"
ESTABLISHMENT = "demo-06-nim"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("ES256", "ES384", "RS256", "RS384", "EdDSA")
CURVES = {"ES256": (ec.SECP256R1(), hashes.SHA256(), 32, "P-256"), "ES384": (ec.SECP384R1(), hashes.SHA384(), 48, "P-384")}
HASHES = {"RS256": hashes.SHA256(), "RS384": hashes.SHA384()}


def b64(data: bytes | str) -> str:
    data = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, length: int | None = None) -> str:
    return b64(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


class Key:
    """A private key for one algorithm."""

    def __init__(self, algorithm: str, kid: str):
        self.algorithm, self.kid = algorithm, kid
        if algorithm in CURVES:
            self.private = ec.generate_private_key(CURVES[algorithm][0])
        elif algorithm in HASHES:
            self.private = rsa.generate_private_key(65537, 2048)
        else:
            self.private = ed25519.Ed25519PrivateKey.generate()
        self.public = self.private.public_key()

    def jwk(self, **more) -> dict:
        common = {"kid": self.kid, "alg": self.algorithm, "use": "sig"} | more
        if self.algorithm in CURVES:
            _, _, length, name = CURVES[self.algorithm]
            point = self.public.public_numbers()
            return {"kty": "EC", "crv": name, "x": number(point.x, length), "y": number(point.y, length)} | common
        if self.algorithm in HASHES:
            numbers = self.public.public_numbers()
            return {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)} | common
        return {"kty": "OKP", "crv": "Ed25519", "x": b64(self.public.public_bytes_raw())} | common

    def private_jwk(self) -> dict:
        return self.jwk() | {"d": number(self.private.private_numbers().private_value, 32)}

    def signature(self, signed: bytes) -> bytes:
        if self.algorithm in CURVES:
            _, digest, length, _ = CURVES[self.algorithm]
            r, s = decode_dss_signature(self.private.sign(signed, ec.ECDSA(digest)))
            return r.to_bytes(length, "big") + s.to_bytes(length, "big")
        if self.algorithm in HASHES:
            return self.private.sign(signed, padding.PKCS1v15(), HASHES[self.algorithm])
        return self.private.sign(signed)


def written(part: dict | str | bytes) -> str:
    """A part of a token: an object, or a text or bytes as they are."""
    return b64(json.dumps(part) if isinstance(part, dict) else part)


def token(key, header, payload) -> str:
    """Signs a header and a payload, however wrong."""
    signed = f"{written(header)}.{written(payload)}"
    return f"{signed}.{b64(key.signature(signed.encode()))}"


class Trust:
    """One issuer with a key of each algorithm, our own key, and clients."""

    def __init__(self):
        self.keys = {name: Key(name, f"issuer-{name.lower()}") for name in ALGORITHMS}
        self.own = Key("ES256", "own")
        self.client_keys = {name: Key(name, f"client-{name.lower()}") for name in ALGORITHMS}

    def issuers(self) -> dict:
        jwks = {"keys": [key.jwk() for key in self.keys.values()]}
        return {"issuers": [{"issuer": ISSUER, "audiences": [AUDIENCE], "jwks": jwks}]}

    def clients(self) -> dict:
        jwks = {"keys": [key.jwk() for key in self.client_keys.values()]}
        common = {"jwks": jwks, "establishment": ESTABLISHMENT}
        return {"clients": [
            {"client_id": "laboratory", "name": "Laboratoire", "scopes": "system/*.cruds"} | common,
            {"client_id": "reader", "scopes": "system/Patient.rs system/AuditEvent.rs"} | common,
            {"client_id": "mauricie", "scopes": "system/*.rs", "jwks": jwks, "establishment": "demo-04-mcq"},
        ]}

    def arguments(self, folder: Path, issuers: dict | None = None, clients: dict | None = None) -> list[str]:
        """Writes the configuration and says how `dossier up` is told of it."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in (("issuers", issuers or self.issuers()), ("clients", clients or self.clients()),
                              ("own", self.own.private_jwk())):
            (folder / f"{name}.json").write_text(json.dumps(content))
        return ["--issuers", str(folder / "issuers.json"), "--clients", str(folder / "clients.json"),
                "--token-key", str(folder / "own.json"), "--token-issuer", OWN_ISSUER]

    def claims(self, **changes) -> dict:
        """The claims of a good access token; None takes one away."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u-17", "client_id": "emr", "function": "physician",
                  "establishment": ESTABLISHMENT, "scope": "user/*.cruds", "iat": now, "exp": now + 600,
                  "jti": uuid.uuid4().hex}
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def access_token(self, algorithm: str = "ES256", **changes) -> str:
        key = self.keys[algorithm]
        return token(key, {"alg": algorithm, "typ": "at+jwt", "kid": key.kid}, self.claims(**changes))

    def assertion_claims(self, endpoint: str, client: str = "laboratory", **changes) -> dict:
        """The claims of a good client assertion; None takes one away."""
        now = int(time.time())
        claims = {"iss": client, "sub": client, "aud": endpoint, "iat": now, "exp": now + 240, "jti": uuid.uuid4().hex}
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def assertion(self, endpoint: str, client: str = "laboratory", algorithm: str = "ES384", **changes) -> str:
        key = self.client_keys[algorithm]
        header = {"alg": algorithm, "typ": "JWT", "kid": key.kid}
        return token(key, header, self.assertion_claims(endpoint, client, **changes))


def form(assertion: str | None, scope: str | None = "system/*.rs", **changes) -> dict:
    """The parameters of a request for a token; None takes one away."""
    asked = {"grant_type": "client_credentials", "client_assertion_type": ASSERTION_TYPE,
             "client_assertion": assertion, "scope": scope} | changes
    return {name: value for name, value in asked.items() if value is not None}
