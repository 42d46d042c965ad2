"""One process or several over one record; health, readiness, metrics; the command line."""

import socket
import time

import httpx
import pytest
from harness.gateway import Store, dossier
from harness.resources import JSON, created, observation, outcome, patient


def test_health_readiness_and_metrics(gateway):
    for region in ("06", "04"):
        assert httpx.get(f"{gateway.origin(region)}/healthz").status_code == 200
        assert httpx.get(f"{gateway.origin(region)}/readyz").status_code == 200
        metrics = httpx.get(f"{gateway.admin(region)}/metrics")
        assert metrics.status_code == 200 and "# TYPE" in metrics.text
    assert httpx.get(f"{gateway.origin('06')}/metrics").status_code in (401, 404)


def test_a_token_is_all_that_dossier_token_prints(gateway):
    for role in ("clinician", "auditor", "system"):
        printed = dossier("token", "--role", role, "--region", "06", data=gateway.data).stdout
        assert len(printed.strip().split(".")) == 3 and printed.count("\n") <= 1


def test_commands_show_themselves(gateway):
    shown = dossier("up", "--help", data=gateway.data, check=False).stdout
    for option in ("--data", "--ports", "--region"):
        assert option in shown


def test_what_the_clock_and_the_request_id_say(clinician):
    answer = clinician.get("/Patient/never-was", headers={"X-Request-Id": "a-request-0001"})
    assert answer.headers["x-request-id"] == "a-request-0001"
    assert clinician.get("/Patient/never-was").headers["x-request-id"]


def test_half_a_request_does_not_hold_the_door(gateway):
    """Slow senders and nonsense leave others unharmed."""
    held = [socket.create_connection(("127.0.0.1", gateway.ports["06"])) for _ in range(50)]
    for index, connection in enumerate(held):
        connection.sendall(b"GET /fhir/Pat" if index % 2 else b"\x16\x03\x01\x00nonsense\r\n\r\n")
    started = time.monotonic()
    assert httpx.get(f"{gateway.origin('06')}/healthz").status_code == 200
    assert time.monotonic() - started < 1
    for connection in held:
        connection.close()


@pytest.fixture
def store(tmp_path):
    running = Store(tmp_path / "store").start()
    yield running
    running.stop()


def test_two_gateways_over_one_store(fresh, store):
    """Separate processes; one pilot's issuer; what one writes the other reads."""
    montreal = fresh(regions=("06",), env=store.env).start()
    mauricie = fresh(regions=("04",), env=store.env).start()
    with montreal.client("clinician", "06") as here, mauricie.client("clinician", "04") as there:
        made = created(here, patient())
        entry = created(there, observation(made["id"]))
        assert here.get(f"/Observation/{entry['id']}").json() == entry
        montreal.kill()
        assert there.get(f"/Patient/{made['id']}").status_code == 200, "one region's end stopped the other"


def test_without_the_store_every_read_and_write_is_refused(fresh, store):
    region = fresh(regions=("06",), env=store.env).start()
    with region.client() as client:
        made = created(client, patient())
        store.kill()
        for answer in (client.get(f"/Patient/{made['id']}"), client.get("/Patient?identifier=x"),
                       client.post("/Patient", json=patient(), headers=JSON)):
            outcome(answer, 503)
            assert int(answer.headers["retry-after"]) > 0
            assert "Tremblay" not in answer.text
        assert httpx.get(f"{region.origin('06')}/healthz").status_code == 200
        store.start()
        for _ in range(50):
            read = client.get(f"/Patient/{made['id']}")
            if read.status_code == 200:
                break
            time.sleep(0.2)
        assert read.status_code == 200, "the gateway does not come back with its store"


def test_tls_with_a_development_certificate_and_http2(fresh):
    region = fresh(regions=("06",), arguments=("--tls", "dev"), probe_admin=True).start()
    origin = region.origin("06").replace("http:", "https:")
    with httpx.Client(verify=False, http2=True) as client:
        answer = client.get(f"{origin}/fhir/metadata")
    assert (answer.status_code, answer.http_version) == (200, "HTTP/2")


def test_http2_without_tls_too(gateway):
    with httpx.Client(http1=False, http2=True) as client:
        answer = client.get(f"{gateway.base('06')}/metadata")
    assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
