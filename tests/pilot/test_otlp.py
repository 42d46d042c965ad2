"""Metrics and traces as an OpenTelemetry collector gets them, and what they never say."""

import json
import re
import time

import httpx
import pytest
from harness.collector import Collector, attributes
from harness.resources import created, observation, patient

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
SENT_WITHIN_S = 20
FAMILY = "Zwartkruis"


def until(found, what: str):
    """What `found` gives, as soon as it gives something."""
    end = time.monotonic() + SENT_WITHIN_S
    while time.monotonic() < end:
        held = found()
        if held:
            return held
        time.sleep(0.1)
    raise AssertionError(f"{what} did not come within {SENT_WITHIN_S} s")


@pytest.fixture(scope="module")
def traced(tmp_path_factory):
    """A gateway that traces only what its callers trace, its collector, and a person."""
    from harness.gateway import Gateway

    collector = Collector()
    folder = tmp_path_factory.mktemp("otlp")
    gateway = Gateway(folder, arguments=["--otlp", collector.url, "--trace-share", "0"]).start()
    with gateway.client("clinician") as client:
        person = created(client, patient(name=[{"family": FAMILY}]))
        created(client, observation(person["id"]))
        headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=1"}
        assert client.get(f"/Patient/{person['id']}", headers=headers).status_code == 200
        # Neither asks to be traced: one says no, one says nonsense.
        for parent in (f"00-{'a' * 32}-{PARENT}-00", "00-nonsense", f"00-{'0' * 32}-{PARENT}-01"):
            assert client.get(f"/Patient/{person['id']}", headers={"traceparent": parent}).status_code == 200
        refused = {"traceparent": f"00-{'b' * 32}-{PARENT}-01", "X-Request-Id": "r1"}
        assert client.get(f"/Patient?name={FAMILY}&nonsense=1", headers=refused).status_code == 400
    yield gateway, collector, person
    gateway.stop()
    collector.stop()


def test_a_request_is_traced_through_door_function_and_store(traced):
    _, collector, _ = traced
    spans = until(lambda: [span for span in collector.spans() if span["traceId"] == TRACE], "the trace")
    [root] = [span for span in spans if span.get("parentSpanId") == PARENT]
    assert (root["kind"], root["name"], root["region"]) == (2, "GET /fhir/Patient/:id", "06")
    told = attributes(root)
    assert told["http.response.status_code"] == 200 and told["dossier.function"] == "lookup"
    by_id = {span["spanId"]: span for span in spans}
    names = {span["name"]: span for span in spans}
    assert names["admission"]["parentSpanId"] == root["spanId"]
    function = names["lookup"]
    assert function["parentSpanId"] == root["spanId"]
    trips = [span for span in spans if span["kind"] == 3]
    assert trips and all(by_id[trip["parentSpanId"]] is function for trip in trips)
    assert {attributes(trip)["db.collection.name"] for trip in trips} <= {"record", "access"}
    for span in spans:
        start, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
        assert int(root["startTimeUnixNano"]) <= start <= end <= int(root["endTimeUnixNano"])
        assert re.fullmatch(r"[0-9a-f]{16}", span["spanId"])
    assert len(by_id) == len(spans)


def test_only_what_asks_for_it_is_traced(traced):
    _, collector, _ = traced
    until(lambda: [span for span in collector.spans() if span["traceId"] == "b" * 32], "the refusal's trace")
    assert {span["traceId"] for span in collector.spans()} == {TRACE, "b" * 32}
    [refused] = [span for span in collector.spans() if span["traceId"] == "b" * 32 and span["kind"] == 2]
    assert attributes(refused)["http.response.status_code"] == 400 and "status" not in refused


def test_metrics_are_those_that_prometheus_gets(traced):
    gateway, collector, _ = traced

    def counted():
        metrics = collector.metrics("06")
        held = metrics.get("dossier_requests_total", {"sum": {"dataPoints": []}})["sum"]["dataPoints"]
        reads = [point for point in held if attributes(point) | {"class": "2xx"} == attributes(point)
                 and attributes(point)["function"] == "lookup"]
        return metrics if sum(int(point["asInt"]) for point in reads) >= 4 else None

    metrics = until(counted, "the metrics")
    text = httpx.get(f"{gateway.admin('06')}/metrics").text
    exposed = set(re.findall(r"^# TYPE (dossier_\w+)", text, re.MULTILINE))
    assert set(metrics) == exposed
    for metric in metrics.values():
        [kind] = metric.keys() & {"sum", "gauge", "histogram"}
        for point in metric[kind]["dataPoints"]:
            assert int(point["startTimeUnixNano"]) <= int(point["timeUnixNano"])
            if kind == "histogram":
                assert sum(map(int, point["bucketCounts"])) == int(point["count"])
                assert len(point["bucketCounts"]) == len(point["explicitBounds"]) + 1
    latency = metrics["dossier_establishment_duration_seconds"]["histogram"]["dataPoints"]
    assert {"demo-06-nim"} <= {attributes(point)["establishment"] for point in latency}


def test_nothing_of_a_person_is_sent(traced):
    _, collector, person = traced
    until(lambda: collector.spans(), "a trace")
    sent = json.dumps(collector.bodies)
    for secret in (FAMILY, person["id"], person["identifier"][0]["value"], "127.0.0.1", "name=", "Bearer"):
        assert secret not in sent, secret


def test_a_share_of_all_is_traced_and_a_collector_that_is_away_harms_nobody(fresh):
    gone = Collector(status=503)
    gateway = fresh(arguments=["--otlp", gone.url, "--trace-share", "1"]).start()
    with gateway.client("clinician") as client:
        for _ in range(3):
            assert client.get("/Patient?name=nobody").status_code == 200
        until(lambda: [span for span in gone.spans() if span["kind"] == 2], "a trace")
        gone.stop()
        assert client.get("/Patient?name=nobody").status_code == 200
    assert gateway.stop() == 0
