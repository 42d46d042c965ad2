"""Several regions as separate processes over one store, each behind its own gateway."""

import os
import re
import shutil
import socket
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from harness.gateway import DOSSIER, ROOT, Gateway, Store, free_port
from harness.lines import Line, Lines

PHASES = {"03": "live", "04": "live", "05": "rehearsal", "06": "live", "13": "live", "16": "paused"}


def run(*command, env: dict | None = None) -> subprocess.CompletedProcess:
    """A subcommand whose own options come after it, to its end, whatever that is."""
    return subprocess.run([str(DOSSIER), *map(str, command)], cwd=ROOT, capture_output=True, text=True, timeout=300,
                          env=os.environ | (env or {}))


class Door(Gateway):
    """One region's gateway, with region files of its own."""

    def __init__(self, province: "Province", code: str, files: Path | None = None):
        self.files = files or province.files_of(code)
        arguments = ["--region-files", str(self.files), "--peer-ports", f"{code}={province.peer_ports[code]}"]
        super().__init__(province.data, regions=(code,), arguments=arguments, env=province.env(code),
                         ports={code: province.ports[code]})
        self.code = code

    def token(self, role: str, region: str | None = None, patient: str | None = None, *more: str) -> str:
        return super().token(role, region or self.code, patient, "--region-files", str(self.files), *more)

    def client(self, role="clinician", region=None, patient=None, token=None) -> httpx.Client:
        """A client of this door, with a token of `region`, or of its own."""
        token = token or (role and self.token(role, region, patient))
        headers = {"Accept-Language": "en"} | ({"Authorization": f"Bearer {token}"} if token else {})
        return httpx.Client(base_url=self.base(self.code), headers=headers, timeout=60)


class Province:
    """Region files, a store, and a gateway for each region that is not planned."""

    def __init__(self, folder: Path, phases: dict[str, str] | None = None, rehearsals: tuple[str, ...] = (),
                 lines: Lines | None = None):
        """With `lines`, everything that regions, clients and the store say to one another goes over them."""
        self.data = folder / "data"
        self.files = folder / "regions"
        self.lines = lines
        self.phases = phases or PHASES
        self.ports = {code: free_port() for code in self.phases}
        self.peer_ports = {code: free_port() for code in self.phases}
        rehearsals = rehearsals or tuple(code for code, phase in self.phases.items() if phase == "rehearsal")
        self.store = Store(folder / "store", rehearsals)
        self.public = {code: lines.lay(port) for code, port in self.ports.items()} if lines else {}
        self.to_store = {code: lines.lay(self.store.port) for code in self.phases} if lines else {}
        self.between = {(one, other): lines.lay(self.peer_ports[other])
                        for one in self.phases for other in self.phases if one != other} if lines else {}
        self.write_files(self.files)
        if lines:
            for code in self.phases:
                self.write_files(self.files_of(code), seen_by=code)
        self.doors = {code: Door(self, code) for code in self.phases}

    def files_of(self, code: str) -> Path:
        """Region files as this region has them: where there are lines, it reaches each other over its own."""
        return self.files.with_name(f"regions-{code}") if self.lines else self.files

    def env(self, code: str) -> dict:
        if not self.lines:
            return self.store.env
        return self.store.env | {"AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{self.to_store[code].port}"}

    def address(self, code: str) -> str:
        """Where clients reach a region."""
        port = self.public[code].port if self.lines else self.ports[code]
        return f"http://127.0.0.1:{port}/fhir"

    def lines_of(self, code: str) -> list[Line]:
        """Everything by which a region reaches others, or is reached."""
        between = [line for ends, line in self.between.items() if code in ends]
        return [self.public[code], self.to_store[code], *between]

    def write_files(self, folder: Path, change=None, seen_by: str | None = None) -> Path:
        """The house's region files with these phases and addresses; `change` alters a text by its code."""
        shutil.copytree(ROOT / "infra/regions", folder)
        for path in folder.glob("*.toml"):
            code, text = path.stem, path.read_text()
            if code in self.phases:
                text = re.sub(r"^(endpoint|admin_port|peer|opens) = .*\n", "", text, flags=re.MULTILINE)
                over = self.between.get((seen_by, code))
                peer = over.port if over else self.peer_ports[code]
                door = (f'phase = "{self.phases[code]}"\nendpoint = "{self.address(code)}"\n'
                        f'admin_port = {self.ports[code] + 1000}\npeer = "127.0.0.1:{peer}"')
                text = re.sub(r'^phase = .*$', door, text, flags=re.MULTILINE)
            path.write_text(change(code, text) if change else text)
        return folder

    def start(self, compiled: Path) -> "Province":
        """`compiled` is the folder of a data folder in which a gateway has run: compiling takes long."""
        self.store.start()
        shutil.copytree(compiled, self.data / "compiled")
        with ThreadPoolExecutor(len(self.doors)) as starting:
            list(starting.map(Door.start, self.doors.values()))
        return self

    def stop(self) -> None:
        for door in self.doors.values():
            if door.process is not None and door.process.poll() is None:
                door.kill()
        self.store.stop()

    def keys(self) -> Path:
        return self.data / "peers"

    def as_peer(self, code: str) -> ssl.SSLContext:
        """What a gateway of this region shows to others."""
        context = ssl.create_default_context(cafile=self.keys() / "authority.pem")
        context.load_cert_chain(self.keys() / f"{code}.pem", self.keys() / f"{code}.key")
        return context

    def route(self, door: str, query: str = "", token: str | None = None) -> dict:
        """What a door says of where to go, by the names of the parameters."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = httpx.get(f"{self.doors[door].origin(door)}/route?{query}", headers=headers | {"Accept-Language": "en"})
        assert answer.status_code == 200, answer.text
        told = {"endpoints": []}
        for parameter in answer.json()["parameter"]:
            if parameter["name"] == "endpoint":
                told["endpoints"].append({part["name"]: next(value for name, value in part.items() if name != "name")
                                          for part in parameter["part"]})
            else:
                told[parameter["name"]] = parameter["valueString"]
        return told


class RawPeer:
    """Speaks to a gateway's door for gateways as one of them would, or nearly."""

    def __init__(self, province: Province, code: str, to: str, context: ssl.SSLContext | None = None):
        context = context or province.as_peer(code)
        plain = socket.create_connection(("127.0.0.1", province.peer_ports[to]), timeout=10)
        self.line = context.wrap_socket(plain, server_hostname=f"{to}.region.dossier.internal")

    def ask(self, method: str, path: str, token: str | None = None, **headers: str) -> tuple[int, dict, bytes]:
        fields = {"Host": "door", "X-Request-Id": "raw-1", "Content-Length": "0"}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            fields["Authorization"] = f"Bearer {token}"
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.line.sendall(f"{method} {path} HTTP/1.1\r\n{head}Connection: close\r\n\r\n".encode())
        read = b""
        while chunk := self.line.recv(65536):
            read += chunk
        self.line.close()
        head, _, body = read.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return int(first.split()[1]), fields, body
