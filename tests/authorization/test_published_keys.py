"""Keys at a jwks_url: fetched, rotated, kept through an outage, and never from an address that a token names."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from harness.trust import AUDIENCE, ISSUER, Key, Trust, form, token

# `KEYS_ASK_AGAIN_S` of crates/access/src/limits.rs.
ASK_AGAIN_S = 10


class Publisher:
    """Serves a JWK Set on loopback, and counts who asks."""

    def __init__(self):
        self.keys: list[Key] = []
        self.trouble = None
        self.asked = 0
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                publisher.asked += 1
                status, body = publisher.trouble or (200, json.dumps({"keys": [key.jwk() for key in publisher.keys]}))
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", publisher.url)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/jwks"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def publishers():
    made = [Publisher(), Publisher()]
    yield made
    for one in made:
        one.server.shutdown()


def test_keys_are_fetched_and_rotate(fresh, tmp_path, publishers):
    issuer, client = publishers
    trust, old, new = Trust(), Key("ES256", "old"), Key("RS256", "new")
    issuer.keys, client.keys = [old], [trust.client_keys["ES384"]]
    arguments = trust.arguments(
        tmp_path / "configuration",
        {"issuers": [{"issuer": ISSUER, "audiences": [AUDIENCE], "jwks_url": issuer.url}]},
        {"clients": [{"client_id": "laboratory", "scopes": "system/*.rs", "jwks_url": client.url}]})
    running = fresh(arguments=arguments).start()

    def status(key: Key, **header) -> int:
        head = {"alg": key.algorithm, "kid": key.kid} | header
        with running.client(token=token(key, head, trust.claims())) as caller:
            return caller.get("/Patient/never-was").status_code

    # Both were fetched before the doors opened.
    assert (issuer.asked, client.asked) == (1, 1)
    assert status(old) == 404
    endpoint = f"{running.origin('06')}/oauth/token"
    with running.client(role=None) as anybody:
        granted = anybody.post(endpoint, data=form(trust.assertion(endpoint)))
    assert granted.status_code == 200, granted.text
    assert (issuer.asked, client.asked) == (1, 1)

    # The address in a token is never asked, whatever the token says.
    evil = Publisher()
    evil.keys = [Key("ES256", "evil")]
    for header in ({"jku": evil.url}, {"x5u": evil.url}, {"jku": evil.url, "kid": old.kid}):
        assert status(evil.keys[0], **header) == 401
    assert evil.asked == 0
    evil.server.shutdown()

    # An unknown kid makes the issuer be asked, rarely, whatever comes.
    asked, start = issuer.asked, time.monotonic()
    for number in range(40):
        assert status(Key("EdDSA", f"unknown-{number}")) == 401
    assert issuer.asked - asked <= 1 + (time.monotonic() - start) // ASK_AGAIN_S

    # In its trouble the keys that were fetched stay.
    for trouble in ((500, "sorry"), (302, ""), (200, json.dumps({"keys": []}))):
        issuer.trouble, asked = trouble, issuer.asked
        time.sleep(ASK_AGAIN_S + 1)
        assert status(Key("EdDSA", "unknown")) == 401
        assert issuer.asked == asked + 1, "it was not asked, or followed a redirect"
        assert status(old) == 404

    # The first token of a new key is known at once, and the old key is gone.
    issuer.trouble, issuer.keys = None, [new]
    time.sleep(ASK_AGAIN_S + 1)
    assert status(new) == 404
    assert status(old) == 401
