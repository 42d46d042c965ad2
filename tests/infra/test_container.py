"""The image's root file system: everything that the program needs is in it, and nothing is needed besides.

By default the program is the one that is built, with the libraries that it is linked to; with --full image it is
built statically, and its root holds no library at all."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time

import httpx
import pytest
from harness.gateway import DOSSIER, ROOT, Gateway, dossier, free_port
from harness.resources import JSON, patient

RECIPE = ROOT / "infra/container"
NOBODY = 65532
pytestmark = pytest.mark.image


def may_unshare() -> bool:
    """Root within a sandbox may still not have namespaces of its own."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True).returncode == 0


AS_ROOT = pytest.mark.skipif(not may_unshare(), reason="only root with namespaces changes its root file system")
RESOLVER = """
use std::net::ToSocketAddrs;
fn main() {
    for name in std::env::args().skip(1) {
        match (name.as_str(), 80).to_socket_addrs() {
            Ok(found) => println!("{name} {}", found.map(|at| at.ip().to_string()).collect::<Vec<_>>().join(" ")),
            Err(error) => println!("{name} error {error}"),
        }
    }
}
"""
# Answers every question for an address (A) with 192.0.2.7, and others with nothing.
DNS = """
import socket, sys
asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asked.bind(("127.0.0.1", 53))
print("listening", flush=True)
while True:
    question, whom = asked.recvfrom(512)
    end = question.index(0, 12) + 5
    is_address = question[end - 4:end - 2] == b"\\0\\1"
    answer = b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\x3c\\0\\4" + bytes([192, 0, 2, 7]) if is_address else b""
    asked.sendto(question[:2] + b"\\x81\\x80\\0\\1" + (b"\\0\\1" if is_address else b"\\0\\0") + b"\\0\\0\\0\\0" + question[12:end] + answer, whom)
"""


@AS_ROOT
def test_a_static_program_finds_names_with_no_library_at_hand(tmp_path):
    """The trap of static glibc: names by /etc/hosts and by DNS, in a root with nothing but the program."""
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (tmp_path / "resolver.rs").write_text(RESOLVER)
    subprocess.run(["rustc", "-O", "-C", "target-feature=+crt-static", "--target", "x86_64-unknown-linux-gnu",
                    "-o", str(root / "resolver"), str(tmp_path / "resolver.rs")], check=True, capture_output=True, cwd=ROOT)
    assert b"statically linked" in subprocess.run(["ldd", str(root / "resolver")], capture_output=True).stdout
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n198.51.100.4 store.example\n")
    (root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\noptions attempts:1 timeout:2\n")
    (tmp_path / "dns.py").write_text(DNS)
    # A network of its own, whose only name server is ours.
    script = f"""ip link set lo up 2>/dev/null || python3 - <<'END'
import fcntl, socket, struct
lo = socket.socket()
fcntl.ioctl(lo, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40) + bytes(22))
END
python3 {tmp_path}/dns.py > {tmp_path}/dns.log & server=$!
for turn in 1 2 3 4 5 6 7 8 9 10; do grep -q listening {tmp_path}/dns.log && break; sleep 0.2; done
chroot {root} /resolver store.example dynamodb.example 192.0.2.9
kill $server"""
    found = subprocess.run(["unshare", "--net", "bash", "-c", script], capture_output=True, text=True, timeout=60)
    assert found.stdout.split("\n")[:3] == ["store.example 198.51.100.4", "dynamodb.example 192.0.2.7", "192.0.2.9 192.0.2.9"], \
        found.stdout + found.stderr


def libraries(binary) -> list[str]:
    told = subprocess.run(["ldd", str(binary)], capture_output=True, text=True).stdout
    return re.findall(r"(/\S+\.so\S*)", told)


@pytest.fixture(scope="module")
def image(tmp_path_factory, full):
    """The root file system of the image, as its recipe assembles it."""
    root = tmp_path_factory.mktemp("image") / "root"
    binary = DOSSIER
    if full == "image":
        subprocess.run([str(RECIPE / "build")], check=True, cwd=ROOT, stdin=subprocess.DEVNULL)
        binary = ROOT / "target/x86_64-unknown-linux-gnu/release/dossier"
        assert not libraries(binary), "it is not static"
    subprocess.run([str(RECIPE / "assemble"), str(root), str(binary)], check=True, cwd=ROOT)
    for library in libraries(binary):
        there = root / library.lstrip("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, there)
    return root


def in_root(root, data, *arguments: str, hosts: str = "", env: dict | None = None) -> subprocess.Popen:
    """Runs the program as a container's runtime does: this root, read-only but for its data, with /proc and four
    of the devices that it gives to every container, as nobody."""
    (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n{hosts}")
    script = f"""set -e
mount --make-rprivate /
mount --bind {root} {root}
mkdir -p {root}/proc
mount -t proc proc {root}/proc
mkdir -p {root}/dev
for device in null zero random urandom; do touch {root}/dev/$device; mount --bind /dev/$device {root}/dev/$device; done
mount --bind {data} {root}/data
mount -o remount,bind,ro {root}
exec chroot --userspec={NOBODY}:{NOBODY} {root} /dossier/dossier "$@"
"""
    os.chown(data, NOBODY, NOBODY)
    return subprocess.Popen(["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-c", script, "bash", *arguments],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
                            env={"SSL_CERT_FILE": "/etc/ssl/certs/ca-certificates.crt", "PATH": os.environ["PATH"]} | (env or {}))


def end(running: subprocess.Popen):
    # The program too: as another user it no longer dies with its parent (prctl(2), PR_SET_PDEATHSIG).
    os.killpg(running.pid, signal.SIGKILL)
    running.wait(30)


def test_the_image_holds_what_it_serves_and_nothing_else(image):
    files = {str(path.relative_to(image)) for path in image.rglob("*") if path.is_file()}
    functions = {path.name for path in (ROOT / "functions").iterdir()} - {"door"}
    components = {f"dossier/target/wasm32-wasip2/wasm/{name}.wasm" for name in functions}
    regions = {f"dossier/infra/regions/{path.name}" for path in (ROOT / "infra/regions").iterdir()}
    policies = {f"dossier/infra/policies/{path.name}" for path in (ROOT / "infra/policies").glob("*.json")}
    own = {"dossier/dossier", "dossier/spin.toml", "etc/ssl/certs/ca-certificates.crt", "etc/passwd"}
    linked = {library.lstrip("/") for library in libraries(image / "dossier/dossier")}
    assert {name for name in files if name != "etc/hosts" and not name.startswith("dev/")} == components | regions | policies | own | linked


@AS_ROOT
def test_the_program_serves_from_its_image_alone(image, tmp_path):
    """As nobody, on a root that is read-only; the record on a volume."""
    data = tmp_path / "data"
    data.mkdir()
    port = free_port()
    # The recipe's working folder is not chroot's, which starts in the root.
    running = in_root(image, data, "up", "--data", "/data", "--region", "06", "--ports", f"06={port}",
                      "--manifest", "/dossier/spin.toml", "--region-files", "/dossier/infra/regions", "--policies", "/dossier/infra/policies")
    try:
        until = time.monotonic() + 240
        while True:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            assert running.poll() is None, running.stdout.read()
            assert time.monotonic() < until
            time.sleep(0.1)
        token = dossier("token", "--role", "clinician", data=data).stdout.strip()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/fhir", headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
            made = client.post("/Patient", json=patient(), headers=JSON)
            assert made.status_code == 201, made.text
            assert client.get(f"/Patient/{made.json()['id']}").json() == made.json()
        owner = (data / "store").stat().st_uid
        assert owner == NOBODY
    finally:
        end(running)


@AS_ROOT
def test_the_program_finds_its_store_by_name(image, tmp_path):
    """The whole way of a name: the program's own client, in its image."""
    data = tmp_path / "data"
    data.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(30)
        port = listening.getsockname()[1]
        env = {"AWS_ENDPOINT_URL_DYNAMODB": f"http://store.example:{port}", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "ca-central-1"}
        asking = in_root(image, data, "tables", "check", "--data", "/data", "--store", "dynamodb", hosts="127.0.0.1 store.example\n", env=env)
        try:
            connection, _ = listening.accept()
            asked = connection.recv(4096)
            connection.close()
        finally:
            end(asking)
    assert f"host: store.example:{port}".encode() in asked.lower(), asked
