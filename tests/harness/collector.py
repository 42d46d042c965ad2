"""A small OpenTelemetry collector: takes OTLP/HTTP with JSON bodies and keeps what came."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Collector:
    """What came to `/v1/traces` and `/v1/metrics`, in its order."""

    def __init__(self, status: int = 200):
        self.bodies: list[tuple[str, dict]] = []
        self.status = status
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                assert self.headers["content-type"] == "application/json"
                collector.bodies.append((self.path, json.loads(body)))
                self.send_response(collector.status)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def spans(self) -> list[dict]:
        """Every span, with its region."""
        found = []
        for path, body in list(self.bodies):
            if path != "/v1/traces":
                continue
            for resource in body["resourceSpans"]:
                region = attributes(resource["resource"])["dossier.region"]
                for scope in resource["scopeSpans"]:
                    found += [span | {"region": region} for span in scope["spans"]]
        return found

    def metrics(self, region: str) -> dict[str, dict]:
        """The newest metrics of a region by name."""
        for path, body in reversed(list(self.bodies)):
            if path == "/v1/metrics":
                for resource in body["resourceMetrics"]:
                    if attributes(resource["resource"])["dossier.region"] == region:
                        [scope] = resource["scopeMetrics"]
                        return {metric["name"]: metric for metric in scope["metrics"]}
        return {}


def attributes(of: dict) -> dict:
    """Attributes as a dictionary; integers come as texts."""
    def value(held: dict):
        [(kind, told)] = held.items()
        return int(told) if kind == "intValue" else told

    return {held["key"]: value(held["value"]) for held in of.get("attributes", [])}
