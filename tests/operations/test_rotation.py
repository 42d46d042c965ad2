"""Keys changed as docs/runbook.md says, each without a request refused that was good."""

import os
import ssl
import subprocess
import time
from pathlib import Path

import httpx
import pytest
from harness.gateway import DOSSIER, Gateway
from harness.load import settled
from harness.regions import run
from harness.resources import created, observation, patient
from harness.trust import OWN_ISSUER, Key, Trust, form

SECOND_ISSUER = "https://dossier.example.org/tokens/2"


@pytest.fixture
def over(tmp_path, gateway, fresh):
    """Starts a gateway over one data folder, taking the doors of the one before."""
    before = []

    def make(arguments, **how) -> Gateway:
        ports = before[-1].ports if before else None
        running = fresh(data=tmp_path / "data", ports=ports, arguments=["--take-over", *arguments], **how)
        running.data.mkdir(exist_ok=True)
        if not before:
            (running.data / "compiled").symlink_to(gateway.data / "compiled")
        running.start()
        if before:
            assert before[-1].process.wait(timeout=60) == 0
        before.append(running)
        return running

    return make


def granted(running, trust) -> str:
    endpoint = f"{running.origin('06')}/oauth/token"
    answer = httpx.post(endpoint, data=form(trust.assertion(endpoint), scope="system/*.cruds"))
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


def read(running, token: str, person: str) -> int:
    with running.client(token=token) as client:
        return client.get(f"/Patient/{person}").status_code


def test_the_key_that_signs_tokens(tmp_path, over):
    trust = Trust()
    running = over(trust.arguments(tmp_path / "first"))
    old = granted(running, trust)
    with running.client(token=old) as client:
        person = created(client, patient())["id"]
    published = httpx.get(f"{running.origin('06')}/oauth/jwks").json()
    # The new key has a name of its own; the old one is trusted under its own until its tokens are past.
    issuers = trust.issuers()
    issuers["issuers"].append({"issuer": OWN_ISSUER, "audiences": ["dossier"], "jwks": published})
    trust.own = Key("ES256", "own-2")
    arguments = trust.arguments(tmp_path / "second", issuers=issuers)
    arguments[arguments.index("--token-issuer") + 1] = SECOND_ISSUER
    running = over(arguments)
    assert read(running, old, person) == 200, "a token of the old key is refused"
    new = granted(running, trust)
    assert read(running, new, person) == 200
    arguments = trust.arguments(tmp_path / "third")
    arguments[arguments.index("--token-issuer") + 1] = SECOND_ISSUER
    running = over(arguments)
    assert read(running, old, person) == 401 and read(running, new, person) == 200


def size_of(checkpoint: str) -> int:
    return int(checkpoint.splitlines()[1])


def test_the_key_of_a_ledger(tmp_path, over):
    keys = tmp_path / "keys"
    keys.mkdir()

    def make(code: str) -> str:
        name = f"dossier.example.org/ledger/{code}"
        path = keys / f"{code}.key"
        path.unlink(missing_ok=True)
        return subprocess.run([str(DOSSIER), "ledger", "key", name, "--out", str(path)], check=True, capture_output=True,
                              text=True).stdout.strip()

    first = make("06")
    make("04")
    running = over(["--log-keys", str(keys)])
    with running.client() as client:
        person = created(client, patient())["id"]
    settled(running)
    log = f"{running.origin('06')}/ledger/06"
    before = tmp_path / "before"
    before.write_bytes(httpx.get(f"{log}/checkpoint").content)
    second = make("06")
    running = over(["--log-keys", str(keys)])
    with running.client() as client:
        created(client, observation(person))
    # The size that both published has the signatures of both.
    until = time.monotonic() + 30
    while size_of(httpx.get(f"{log}/checkpoint").text) == size_of(before.read_text()) and time.monotonic() < until:
        time.sleep(0.1)
    settled(running)
    both = ["--key", first, "--key", second]
    grown = run("verify", "log", "--log", log, *both, "--since", before)
    assert grown.returncode == 0, grown.stderr
    assert "begins with" in grown.stdout
    assert run("verify", "log", "--log", log, "--key", second).returncode == 0
    assert run("verify", "log", "--log", log, "--key", first).returncode != 0, "the old key signs still"


def test_the_certificate_of_the_doors(tmp_path, over):
    def make(name: str) -> tuple[Path, Path]:
        chain, key = tmp_path / f"{name}.pem", tmp_path / f"{name}.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-out", chain, "-subj", f"/CN={name}", "-days", "2"], check=True, capture_output=True)
        return chain, key

    def shown(running) -> str:
        return ssl.get_server_certificate(("127.0.0.1", running.ports["06"]))

    chain, key = make("first")
    for name in ("first", "second"):
        new_chain, new_key = make(name)
        os.replace(new_chain, chain)
        os.replace(new_key, key)
        expected = chain.read_text()
        running = over(["--tls", f"{chain},{key}"], probe_admin=True)
        assert ssl.PEM_cert_to_DER_cert(shown(running)) == ssl.PEM_cert_to_DER_cert(expected)


def test_the_certificate_of_a_gateway_among_gateways(tmp_path):
    """Made anew by the authority: the region's files go, the authority's stay, and so do the others'."""
    folder = tmp_path / "peers"
    assert run("regions", "keys", "--region", "06", "--region", "04", "--out", folder).returncode == 0
    held = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "06.pem").unlink()
    (folder / "06.key").unlink()
    assert run("regions", "keys", "--region", "06", "--out", folder).returncode == 0
    for name, content in held.items():
        assert ((folder / name).read_bytes() != content) == name.startswith("06."), name
