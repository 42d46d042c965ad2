"""One `dossier` process under test."""

import json
import os
import random
import shlex
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx
import jwt

ROOT = Path(__file__).resolve().parents[2]
DOSSIER = Path(os.environ.get("DOSSIER_BINARY", ROOT / "target/release/dossier"))
READY_WITHIN_S = 90
# The admin port of a region is its port plus this (8406 and 9406).
ADMIN_OFFSET = 1000


# Below those that the kernel gives to whoever connects (32768 and above): one of these could be taken before it is
# listened on.
PORTS = range(12_000, 31_000)
_given: set[int] = set()


def free_port() -> int:
    """A loopback port that is free, and whose admin port is free too; another each time."""
    while True:
        port = random.choice(PORTS)
        both = {port, port + ADMIN_OFFSET}
        if both & _given:
            continue
        try:
            for one in both:
                with socket.socket() as taken:
                    taken.bind(("127.0.0.1", one))
        except OSError:
            continue
        _given.update(both)
        return port


def dossier(*arguments: str, data: Path, check: bool = True, env: dict | None = None):
    """Runs a subcommand to its end."""
    command = [str(DOSSIER), arguments[0], "--data", str(data), *arguments[1:]]
    return subprocess.run(
        command, cwd=ROOT, check=check, capture_output=True, text=True, timeout=600,
        env=os.environ | (env or {}),
    )


class Gateway:
    """`dossier up`: both regions in one process unless told otherwise."""

    # What one gateway of this run compiled serves the others: it takes long, and the program
    # compares each file with its seal.
    compiled: Path | None = None

    def __init__(self, data: Path, regions=("06", "04"), arguments=(), env=None, ports=None,
                 probe_admin=False):
        self.data = data
        self.regions = regions
        # Every test can be run under other options, as `--full policies` does; one that gives them itself keeps its own.
        others = shlex.split(os.environ.get("DOSSIER_UP", ""))
        self.arguments = [*arguments, *(others if not set(others[:1]) & set(arguments) else [])]
        self.env = env or {}
        # Readiness is asked at the admin port, when the door speaks TLS.
        self.probe_admin = probe_admin
        self.ports = ports or {region: free_port() for region in regions}
        self.process: subprocess.Popen | None = None
        self.log = data / f"gateway-{'-'.join(regions)}.log"
        self.tokens: dict[tuple, str] = {}

    def ports_text(self) -> str:
        return ",".join(f"{region}={port}" for region, port in self.ports.items())

    def command(self) -> list[str]:
        ports = self.ports_text()
        alone = ["--region", self.regions[0]] if len(self.regions) == 1 else []
        return [str(DOSSIER), "up", "--data", str(self.data), "--ports", ports, *alone, *self.arguments]

    def start(self) -> "Gateway":
        self.data.mkdir(parents=True, exist_ok=True)
        own = self.data / "compiled"
        if Gateway.compiled is not None and Gateway.compiled.is_dir() and not own.exists():
            shutil.copytree(Gateway.compiled, own)
        log = open(self.log, "ab")
        self.process = subprocess.Popen(
            self.command(), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=os.environ | self.env,
        )
        self.wait_ready()
        if Gateway.compiled is None and own.is_dir():
            Gateway.compiled = own
        return self

    def wait_ready(self) -> None:
        until = time.monotonic() + READY_WITHIN_S
        for region in self.regions:
            while True:
                if self.process.poll() is not None:
                    raise AssertionError(f"the gateway ended by itself:\n{self.tail()}")
                try:
                    probe = self.admin(region) if self.probe_admin else self.origin(region)
                    if httpx.get(f"{probe}/readyz", timeout=2).status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                if time.monotonic() > until:
                    raise AssertionError(f"not ready after {READY_WITHIN_S} s:\n{self.tail()}")
                time.sleep(0.02)

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def origin(self, region: str) -> str:
        return f"http://127.0.0.1:{self.ports[region]}"

    def admin(self, region: str) -> str:
        return f"http://127.0.0.1:{self.ports[region] + ADMIN_OFFSET}"

    def base(self, region: str) -> str:
        return f"{self.origin(region)}/fhir"

    def token(self, role: str, region: str = "06", patient: str | None = None, *more: str) -> str:
        key = (role, region, patient, *more)
        if key not in self.tokens:
            about = ["--patient", patient] if patient else []
            printed = dossier("token", "--role", role, "--region", region, *about, *more, data=self.data)
            self.tokens[key] = printed.stdout.strip()
        return self.tokens[key]

    def signed(self, role: str = "system", region: str = "06", **changes) -> str:
        """A token of the pilot's issuer with other claims than the command line gives."""
        good = self.token(role, region)
        key = json.loads((self.data / "issuer/private.jwk").read_text())
        claims = jwt.decode(good, options={"verify_signature": False}) | changes
        head = jwt.get_unverified_header(good)
        return jwt.encode(claims, jwt.PyJWK(key, algorithm="ES256").key, algorithm="ES256", headers=head)

    def machine(self, region: str = "06") -> str:
        """The token of a machine that may do everything a machine may, AuditEvent included."""
        return self.signed("system", region, scope="system/*.cruds system/AuditEvent.cruds")

    def client(self, role: str | None = "clinician", region: str = "06", patient: str | None = None,
               token: str | None = None) -> httpx.Client:
        """A client of one region's API. Without role and token it is anonymous."""
        # The tests read what refusals say; French is what callers get who say nothing.
        headers = {"Accept-Language": "en"}
        if token is None and role is not None:
            token = self.token(role, region, patient)
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return httpx.Client(base_url=self.base(region), headers=headers, timeout=60)

    def kill(self) -> None:
        """As a power cut: no time to say goodbye."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """As an operator: waits for requests under way."""
        if self.process is None or self.process.poll() is not None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the gateway did not stop in 30 s:\n{self.tail()}") from None


class Store:
    """`dossier store`: the embedded store by the DynamoDB protocol."""

    def __init__(self, data: Path, rehearsals: tuple[str, ...] = ()):
        """`rehearsals`: regions whose own tables are served as well."""
        self.data = data
        self.rehearsals = rehearsals
        self.port = free_port()
        self.process: subprocess.Popen | None = None
        self.log = data / "store.log"

    @property
    def env(self) -> dict:
        return {
            "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{self.port}",
            "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_REGION": "ca-central-1",
        }

    def start(self) -> "Store":
        self.data.mkdir(parents=True, exist_ok=True)
        log = open(self.log, "ab")
        command = [str(DOSSIER), "store", "--data", str(self.data), "--port", str(self.port)]
        command += [option for code in self.rehearsals for option in ("--rehearsal", code)]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise AssertionError(f"the store ended by itself:\n{self.log.read_text()[-4000:]}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.02)
        raise AssertionError("the store does not listen")

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)
