"""Bad access tokens and bad client assertions, by the hundred: each is refused, and none is told why."""

import time
from collections import defaultdict

import httpx
import pytest
from harness.forgeries import Good, all_forgeries
from harness.trust import ALGORITHMS, AUDIENCE, form, token

CASES_MIN = 200
DAY = 86_400


@pytest.fixture(scope="module")
def door(issuing):
    """One connection to the door, without a token."""
    with httpx.Client(base_url=issuing.origin("06"), headers={"Accept-Language": "en"}, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def endpoint(issuing):
    return f"{issuing.origin('06')}/oauth/token"


def read(door, *headers) -> httpx.Response:
    return door.get("/fhir/Patient/never-was", headers=list(headers))


def bearer(text: str) -> tuple[str, bytes]:
    return "Authorization", f"Bearer {text}".encode()


def told(answer: httpx.Response) -> str:
    """What a refusal says, of either form."""
    body = answer.json()
    return body["error_description"] if "error" in body else body["issue"][0]["diagnostics"]


def echoes(answer: httpx.Response, text: str) -> list[str]:
    """Parts of a token that its refusal repeats."""
    whole = answer.text + str(answer.headers)
    return [part for part in text.replace(",", ".").split(".") if len(part) > 12 and part[:40] in whole]


def test_good_ones_are_taken(door, trust, endpoint):
    """So that what follows is refused for what is wrong with it."""
    for algorithm in ALGORITHMS:
        assert read(door, bearer(trust.access_token(algorithm))).status_code == 404, algorithm
        granted = door.post("/oauth/token", data=form(trust.assertion(endpoint, algorithm=algorithm)))
        assert granted.status_code == 200, granted.text
        assert read(door, bearer(granted.json()["access_token"])).status_code == 404


def test_forged_access_tokens(door, trust):
    good = Good(trust.keys, "at+jwt", trust.claims(), "https://dossier.example.org/tokens")
    cases = list(all_forgeries(good))
    assert len({name for name, _ in cases}) == len(cases) >= CASES_MIN
    wrong, texts = [], defaultdict(list)
    for name, text in cases:
        answer = read(door, bearer(text))
        if answer.status_code != 401 or not answer.headers["www-authenticate"].startswith("Bearer"):
            wrong.append(f"{name}: {answer.status_code} {answer.text[:200]}")
            continue
        assert not echoes(answer, text), name
        texts[told(answer)].append(name)
    assert not wrong, "\n".join(wrong)
    print(f"{len(cases)} forged access tokens refused")
    # One text for all: whoever forges learns nothing of how far a token came.
    assert len(texts) == 1, {text: names[:5] for text, names in texts.items()}


def test_forged_assertions(door, trust, endpoint):
    good = Good(trust.client_keys, "JWT", trust.assertion_claims(endpoint), "reader")
    cases = list(all_forgeries(good))
    wrong, texts = [], defaultdict(list)
    for name, text in cases:
        answer = door.post("/oauth/token", data=form(text))
        if answer.status_code != 401 or answer.json()["error"] != "invalid_client":
            wrong.append(f"{name}: {answer.status_code} {answer.text[:200]}")
            continue
        assert answer.headers["cache-control"] == "no-store" and not echoes(answer, text), name
        texts[told(answer)].append(name)
    assert not wrong, "\n".join(wrong)
    print(f"{len(cases)} forged assertions refused")
    assert len(texts) == 1, {text: names[:5] for text, names in texts.items()}
    # None of them used up the id that they share with a good one.
    assert door.post("/oauth/token", data=form(good.signed())).status_code == 200


MISSING = ...
# A claim, wrong values of it, and the word that the refusals of the claim have in common.
CLAIMS = {
    "aud": ([MISSING, None, "", "https://other.example", AUDIENCE + "/", AUDIENCE.upper(), AUDIENCE[:-1], [], ["https://other.example"],
             {"aud": AUDIENCE}, 7, True, [[AUDIENCE]], [None], f"{AUDIENCE} {AUDIENCE}"], "aud"),
    "exp": ([MISSING, None, "9999999999", True, [], {}, -1, 1e300, -1e300, ""], "'exp'"),
    "exp, past": ([0, 1, lambda now: now - 61, lambda now: now - 3600, lambda now: now - DAY, 1.5], "expired"),
    "exp, far": ([lambda now: now + 2 * DAY, lambda now: now + 365 * DAY, 9_999_999_999, 2**52], "day"),
    "nbf": (["0", True, [], -1, 1e300], "'nbf'"),
    "nbf, to come": ([lambda now: now + 120, lambda now: now + DAY, 9_999_999_999], "not valid yet"),
    "iat": (["0", True, {}, -5, 1e300], "'iat'"),
    "iat, to come": ([lambda now: now + 120, lambda now: now + DAY], "not valid yet"),
    "sub": ([MISSING, None, "", 7, True, [], {}, "x" * 513, "a\nb", "a\u0000b", "a\u007fb", "a\u0085b"], "'sub'"),
    "client_id": ([MISSING, None, "", 7, ["emr"], "x" * 513, "a\rb"], "'client_id'"),
    "function": ([MISSING, None, "", 7, ["physician"], "x" * 513, "physician\u0000"], "'function'"),
    "purpose": (["FUN", "treat", "", 7, "TREAT ", ["TREAT"]], "'purpose'"),
    "patient": (["a/b", "../p", "a b", "", "x" * 65, 7, "p\u0000", "p?x=y", "p%2e"], "'patient'"),
    "scope": ([7, ["user/*.rs"], "", " ".join(["user/Patient.r"] * 257), "user/*.rs\u0000"], "'scope'"),
    "scope, malformed": (["user/*.xyz", "user/*.sr", "patient/patient.rs", "user/*", "user/Patient.rs user/.r", "system/*.Read"], "scope"),
    "scope, narrowed wrongly": (["user/*.rs?category=a", "user/Observation.rs?", "user/Observation.rs?x", "user/Observation.rs?_count=1",
                                 "user/Observation.rs?a=%zz"], "scope"),
    "name": (["a\u0001b", 7, ["x"], "x" * 513], "'name'"),
    "licence": (["a\u001bb", 7], "'licence'"),
    "jti": (["a\u0000b", 7, "x" * 513], "'jti'"),
}


def test_wrong_claims_of_a_trusted_issuer(door, trust):
    """The issuer's own signature holds: the refusal names the claim, and the same for every wrong value of it."""
    counted, key = 0, trust.keys["ES256"]
    head = {"alg": "ES256", "typ": "at+jwt", "kid": key.kid}
    for name, (values, word) in CLAIMS.items():
        claim, texts = name.split(",")[0], set()
        for value in values:
            now = int(time.time())
            value = value(now) if callable(value) else value
            claims = trust.claims() | {claim: value}
            claims = {name: held for name, held in claims.items() if held is not MISSING}
            if name == "iat, to come":
                claims["exp"] = value + 600
            text = token(key, head, claims)
            answer = read(door, bearer(text))
            assert answer.status_code == 401, f"{name} {value!r}: {answer.status_code} {answer.text[:300]}"
            assert word in told(answer).lower(), f"{name} {value!r}: {answer.text}"
            assert not echoes(answer, text), name
            texts.add(told(answer))
            counted += 1
        # The wrong form of a list, and a list of others, are two faults.
        assert len(texts) <= (2 if claim == "aud" else 1), f"{name}: {texts}"
    print(f"{counted} wrong claims refused")
    assert counted >= 100


def test_who_may_not_at_this_door(door, trust):
    for changes in ({"establishment": "demo-99-nowhere"}, {"establishment": None}):
        answer = read(door, bearer(trust.access_token(**changes)))
        assert answer.status_code == 403 and answer.json()["resourceType"] == "OperationOutcome"
    for function in ("patient", "proxy"):
        answer = read(door, bearer(trust.access_token(function=function, establishment=None, scope="patient/*.rs")))
        assert answer.status_code == 401 and "'patient'" in told(answer)


def test_tokens_that_are_not_where_they_belong(door, trust):
    """Several headers, other schemes, other places: as if there were no token."""
    good = trust.access_token()
    headers = {
        "two headers": [bearer(good), bearer(good)],
        "a bad one after": [bearer(good), bearer("x.y.z")],
        "a bad one before": [bearer("x.y.z"), bearer(good)],
        "three headers": [bearer(good)] * 3,
        "Basic and Bearer": [("Authorization", b"Basic Zm9vOmJhcg=="), bearer(good)],
        "no scheme": [("Authorization", good.encode())],
        "scheme alone": [("Authorization", b"Bearer")],
        "scheme and a tab": [("Authorization", b"Bearer\t" + good.encode())],
        "scheme and a colon": [("Authorization", b"Bearer: " + good.encode())],
        "scheme with a comma": [("Authorization", b"Bearer, " + good.encode())],
        "scheme after": [("Authorization", good.encode() + b" Bearer")],
        "no-break space": [("Authorization", b"Bearer\xc2\xa0" + good.encode())],
        "bytes that are no text": [("Authorization", b"Bearer \xff\xfe" + good.encode())],
        "empty": [("Authorization", b"")],
        "another field": [("X-Authorization", f"Bearer {good}".encode())],
        "to the proxy": [("Proxy-Authorization", f"Bearer {good}".encode())],
        "cookie": [("Cookie", f"access_token={good}".encode())],
        "the door's own field": [("X-Dossier-Authorization", f"Bearer {good}".encode())],
    } | {f"scheme {scheme}": [("Authorization", f"{scheme} {good}".encode())]
         for scheme in ("Basic", "Token", "DPoP", "MAC", "JWT", "Digest", "Bearer2", "Bear", "bearer_token", "OAuth", "Negotiate")}
    texts = set()
    for name, sent in headers.items():
        answer = read(door, *sent)
        assert answer.status_code == 401, f"{name}: {answer.status_code} {answer.text[:200]}"
        assert not echoes(answer, good), name
        texts.add(told(answer))
    assert len(texts) == 1, texts
    assert door.get(f"/fhir/Patient/never-was?access_token={good}").status_code == 401
    form_body = door.post("/fhir/Patient/_search", data={"access_token": good})
    assert form_body.status_code == 401
    # Where the path has no function of its own, too.
    assert door.get("/route", headers=[bearer(good), bearer(good)]).status_code == 401


def test_one_kind_of_token_is_not_another(door, trust, endpoint):
    assertion = trust.assertion(endpoint)
    assert read(door, bearer(assertion)).status_code == 401
    assert door.post("/oauth/token", data=form(trust.access_token())).json()["error"] == "invalid_client"
    own = door.post("/oauth/token", data=form(assertion)).json()["access_token"]
    assert door.post("/oauth/token", data=form(own)).json()["error"] == "invalid_client"
    # An issuer's keys count for its own tokens only, and a client's for its own assertions.
    key = trust.client_keys["ES256"]
    head = {"alg": "ES256", "kid": key.kid}
    assert read(door, bearer(token(key, head, trust.claims()))).status_code == 401
    assert read(door, bearer(token(trust.keys["ES256"], {"alg": "ES256", "kid": trust.keys["ES256"].kid},
                                   trust.claims(iss="https://dossier.example.org/tokens")))).status_code == 401
