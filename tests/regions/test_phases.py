"""A region from nothing to live, by the documented commands and HTTP alone, beside a live one that is never restarted."""

import base64
import json
import re
import signal
import sys
import time

import httpx
import pytest
from harness.gateway import ROOT
from harness.regions import Door, Province, free_port, run
from harness.resources import JSON, created, matches, observation, outcome, patient, post, transaction

CODE, ESTABLISHMENT = "08", "demo-08-at"
# A change of phase shows at doors that run within so many seconds.
SHOWS_WITHIN_S = 5.0
REQUESTS = 1_100
# The rows of figures are written at the end of each minute.
FIGURES_WITHIN_S = 75


class Opening:
    """Montréal, live; region 08 is in no file."""

    def __init__(self, folder, compiled):
        self.province = Province(folder, {"06": "live"}, rehearsals=(CODE,))
        self.files, self.data = self.province.files, self.province.data
        (self.files / f"{CODE}.toml").unlink()
        other = self.files / "04.toml"
        text = re.sub(r"^(endpoint|admin_port|peer) = .*\n", "", other.read_text(), flags=re.MULTILINE)
        other.write_text(text.replace('phase = "live"', 'phase = "planned"\nopens = "2027-01-01"'))
        self.province.ports[CODE], self.province.peer_ports[CODE] = free_port(), free_port()
        self.door = Door(self.province, CODE)
        self.compiled = compiled
        self.started, self.timeline = time.monotonic(), []

    def start(self):
        # Without the region nobody may name it, or nothing would be served.
        for path in self.files.glob("*.toml"):
            path.write_text(path.read_text().replace(f', "{CODE}"', "").replace(f'"{CODE}", ', ""))
        self.province.start(self.compiled)
        self.started = time.monotonic()
        return self

    def stop(self):
        if self.door.process is not None and self.door.process.poll() is None:
            self.door.kill()
        self.province.stop()

    def run(self, *command):
        """A command of the documentation, told where things are."""
        places = ("--data", self.data, "--region-files", self.files)
        return run(*command, *places, env=self.province.store.env)

    def new(self, **changes):
        port = self.province.ports[CODE]
        options = {
            "name-fr": "Abitibi-Témiscamingue", "name-en": "Abitibi-Témiscamingue", "opens": "2027-09-01",
            "establishment": f"{ESTABLISHMENT}=CISSS de l'Abitibi-Témiscamingue|CISSS|Rouyn-Noranda",
            "endpoint": f"http://127.0.0.1:{port}/fhir", "admin-port": port + 1000,
            "peer": f"127.0.0.1:{self.province.peer_ports[CODE]}",
        } | {name.replace("_", "-"): value for name, value in changes.items()}
        return self.run("region", "new", CODE, *(part for name, value in options.items() for part in (f"--{name}", value)))

    def phase(self, phase, *more):
        return self.run("region", "phase", CODE, phase, "--by", "test-operator", *more)

    def moved(self, phase, *more):
        """Moves the region; in how many seconds both doors go by it."""
        done = self.phase(phase, *more)
        assert done.returncode == 0, done.stdout + done.stderr
        began = time.monotonic()
        doors = [self.province.doors["06"], *([self.door] if self.door.process else [])]
        until = began + 2 * SHOWS_WITHIN_S
        while any(self.told(door)["phase"] != phase for door in doors):
            assert time.monotonic() < until, f"{phase} does not show\n{doors[0].tail()}"
            time.sleep(0.05)
        took = time.monotonic() - began
        assert took <= SHOWS_WITHIN_S, f"{phase} showed after {took:.1f} s"
        self.door.tokens.clear()
        self.note(f"{phase}: at every door after {took:.1f} s")
        return done.stdout

    def told(self, door) -> dict:
        answer = httpx.get(f"{door.origin(door.code)}/route?establishment={ESTABLISHMENT}", headers={"Accept-Language": "en"})
        if answer.status_code != 200:
            return {"phase": None}
        values = answer.json()["parameter"]
        return {"phase": None} | {value["name"]: value.get("valueString") for value in values}

    def note(self, what):
        self.timeline.append(f"{time.monotonic() - self.started:7.1f} s  {what}")


@pytest.fixture
def opening(tmp_path, gateway):
    made = Opening(tmp_path / "opening", gateway.data / "compiled")
    try:
        yield made
    finally:
        made.stop()


def marks(printed: str) -> dict[str, str]:
    """The mark of each item of a checklist."""
    return {word: mark for mark, word in re.findall(r"^  ([✓✗]) (\w+)", printed, re.MULTILINE)}


def test_everything_a_region_needs_is_made_and_nothing_is_overwritten(opening):
    assert run("regions", "check", opening.files).returncode == 1, "others name 08"
    done = opening.new()
    assert done.returncode == 0, done.stdout + done.stderr
    checked = run("regions", "check", opening.files)
    assert checked.returncode == 0 and "18 regions: 17 planned, 0 in rehearsal, 1 live" in checked.stdout, checked.stdout
    text = (opening.files / f"{CODE}.toml").read_text()
    assert 'neighbours = ["07", "10", "14"]' in text, "as those say that name it"
    assert all((opening.data / name).exists() for name in (
        "ledger/08.key", "ledger/08.vkey", "ledger/08.rehearsal.key", "ledger/08.rehearsal.vkey", "peers/08.pem", "peers/08.key"))
    assert (opening.data / "ledger/08.key").stat().st_mode & 0o077 == 0
    assert as_the_script_makes_them(opening)
    before = {path: path.read_bytes() for path in opening.files.parent.rglob("*") if path.is_file()}
    again = opening.new(name_en="Another")
    assert again.returncode == 1 and "nothing is overwritten" in again.stderr, again.stderr
    (opening.files / f"{CODE}.toml").rename(opening.files.parent / "aside")
    overlay = opening.files.parent / f"cluster/overlays/{CODE}/kustomization.yaml"
    overlay.write_text("changed by hand\n")
    again = opening.new()
    assert again.returncode == 1 and "says something else" in again.stderr, again.stderr
    assert overlay.read_text() == "changed by hand\n" and not (opening.files / f"{CODE}.toml").exists()
    overlay.write_bytes(before[overlay])
    (opening.files.parent / "aside").rename(opening.files / f"{CODE}.toml")
    assert before == {path: path.read_bytes() for path in opening.files.parent.rglob("*") if path.is_file()}


def as_the_script_makes_them(opening) -> bool:
    """What derives from the region's file is what scripts/infrastructure would make."""
    sys.path.insert(0, str(ROOT))
    try:
        from infra.generator import regions as generator
    finally:
        sys.path.remove(str(ROOT))
    folder, generator.FOLDER = generator.FOLDER, opening.files
    try:
        made = {path.removeprefix("infra/"): text for path, text in generator.files().items() if CODE in path}
    finally:
        generator.FOLDER = folder
    assert len(made) == 3
    return all((opening.files.parent / path).read_text() == text for path, text in made.items())


@pytest.mark.parametrize("change,what", [
    ({"endpoint": "http://08.example.org/fhir"}, "without TLS"), ({"neighbour": "02"}, "does not name 08"),
    ({"opens": "soon"}, "not a day"), ({"link": "carrier-pigeon"}, "fibre"), ({"establishment": "nonsense"}, "ID=NAME"),
    ({"establishment": "demo-06-nim=Autre|CISSS|Ville"}, "already in region"), ({"name_fr": "Nunavik"}, "health region 17"),
])
def test_a_region_that_would_not_be_in_order_is_not_made(opening, change, what):
    refused = opening.new(**change)
    assert refused.returncode != 0 and what in refused.stderr, refused.stderr
    assert not (opening.files / f"{CODE}.toml").exists()
    assert not (opening.files.parent / "cluster").exists()


@pytest.mark.parametrize("missing", ["endpoint", "admin_port"])
def test_a_half_configured_region_rehearses_nothing(opening, missing):
    assert opening.new().returncode == 0
    path = opening.files / f"{CODE}.toml"
    path.write_text(re.sub(rf"^{missing} = .*\n", "", path.read_text(), flags=re.MULTILINE))
    before = path.read_text()
    refused = opening.phase("rehearsal")
    assert refused.returncode == 1 and "stays planned" in refused.stderr, refused.stderr
    assert marks(refused.stdout)["files"] == "✗" and "needs endpoint and admin_port" in refused.stdout, refused.stdout
    assert opening.phase("rehearsal", "--accept", "files=it will be well").returncode == 2, "nobody can answer for that"
    assert path.read_text() == before


def test_phases_are_not_skipped(opening):
    assert opening.new().returncode == 0
    for phase, first in (("live", "move it to rehearsal first"), ("paused", "move it to rehearsal first"), ("planned", "already")):
        refused = opening.phase(phase)
        assert refused.returncode == 1 and first in refused.stderr, refused.stderr
    assert run("region", "phase", "99", "live", "--region-files", opening.files).returncode == 1


def bundle(opening) -> str:
    """A file of synthetic people to load."""
    entries = [post(patient()) for _ in range(20)]
    path = opening.data / "people.json"
    path.write_text(json.dumps(transaction(*entries)))
    return str(path)


def restored(opening, **changes):
    """What a rehearsed restore leaves (docs/operations.md)."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    told = {"region": CODE, "backup": "rehearsal-1", "taken_at": now, "restored_at": now, "equal": True, "items": 1,
            "ledger": "verified", "ledger_size": 1} | changes
    path = opening.data / f"rehearsal/{CODE}/operations/restore-{CODE}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told))


def really_restored(opening):
    """A copy of the rehearsal's tables, while its gateway runs, put back and compared."""
    copy = opening.data.parent / "copy"
    taken = opening.run("backup", "--rehearsal", CODE, "--out", copy)
    assert taken.returncode == 0, taken.stdout + taken.stderr
    proved = opening.run("restore", "--rehearse", "--rehearsal", CODE, "--from", copy)
    assert proved.returncode == 0 and f"{CODE}: ledger verified" in proved.stdout, proved.stdout + proved.stderr
    opening.note("its record copied, put back, equal, the ledger verified")


def test_a_region_from_nothing_to_live(opening):
    """Show 3: timed, and printed."""
    opening.start()
    made = opening.new()
    assert made.returncode == 0, made.stderr
    opening.note("region new: file, parameters, overlay, keys")
    began = time.monotonic()
    while opening.told(opening.province.doors["06"])["phase"] != "planned":
        assert time.monotonic() - began < SHOWS_WITHIN_S, "a gateway that runs knows the new region"
        time.sleep(0.05)
    into_rehearsal(opening)
    practised = rehearsed(opening)
    not_yet(opening)
    ready(opening, practised)
    into_live(opening, practised)
    paused_and_back(opening)
    broken_files_change_nothing(opening)
    back_to_rehearsal(opening, practised)
    opening.door.stop()
    print("\n" + "\n".join(opening.timeline))


def into_rehearsal(opening):
    lacking = opening.phase("rehearsal", "--dry-run", "--store", "embedded")
    assert lacking.returncode == 1 and marks(lacking.stdout) == {"files": "✓", "tables": "✗", "keys": "✓"}, lacking.stdout
    assert f"-> dossier tables create --rehearsal {CODE}" in lacking.stdout
    created_ = opening.run("tables", "create", "--rehearsal", CODE)
    assert created_.returncode == 0 and f"rehearsal-{CODE}-record: as defined" in created_.stdout, created_.stdout + created_.stderr
    held = opening.phase("rehearsal", "--dry-run")
    assert held.returncode == 0 and set(marks(held.stdout).values()) == {"✓"}, held.stdout + held.stderr
    assert 'phase = "planned"' in (opening.files / f"{CODE}.toml").read_text(), "a dry run"
    opening.moved("rehearsal")
    text = (opening.files / f"{CODE}.toml").read_text()
    assert 'phase = "rehearsal"' in text and re.search(r'^since = "20\d\d-\d\d-\d\d"$', text, re.MULTILINE)
    assert "# Days that a result waits" in text, "comments stay"
    assert as_the_script_makes_them(opening)
    opening.door.start()
    opening.note("its gateway answers")


def rehearsed(opening) -> str:
    """Everything works, marked, and apart from the record."""
    live = opening.province.doors["06"]
    with opening.door.client() as client:
        practised = created(client, patient())["id"]
        created(client, observation(practised))
        read = client.get(f"/Patient/{practised}")
        assert read.headers["dossier-rehearsal"] == CODE
        assert "in rehearsal" in client.get("/metadata").json()["implementation"]["description"]
    pilot = httpx.get(f"{opening.door.origin(CODE)}/pilot?lang=en")
    assert "In rehearsal, on tables of its own" in pilot.text and pilot.headers["dossier-rehearsal"] == CODE
    # The neighbour, which never was restarted, passes its people's requests on.
    with live.client(token=opening.door.token("clinician")) as client:
        until = time.monotonic() + 10
        while (passed := client.get(f"/Patient/{practised}")).status_code != 200:
            assert time.monotonic() < until, passed.text
            time.sleep(0.2)
        assert passed.headers["dossier-rehearsal"] == CODE
    with live.client() as client:
        assert client.get(f"/Patient/{practised}").status_code == 404, "not in the record"
        assert "dossier-rehearsal" not in client.get("/metadata").headers
    assert told_by_checkpoint(opening) == f"dossier.invalid/rehearsal/{CODE}"
    return practised


def told_by_checkpoint(opening) -> str:
    until = time.monotonic() + 15
    while (answer := httpx.get(f"{opening.door.origin(CODE)}/ledger/{CODE}/checkpoint")).status_code != 200:
        assert time.monotonic() < until, answer.text
        time.sleep(0.2)
    return answer.text.splitlines()[0]


def not_yet(opening):
    """Each item that does not hold is seen, with what to do."""
    refused = opening.phase("live")
    assert refused.returncode == 1 and "stays rehearsal" in refused.stderr, refused.stdout + refused.stderr
    seen = marks(refused.stdout)
    assert {item for item, mark in seen.items() if mark == "✗"} == {"load", "latency", "restore"}, refused.stdout
    assert "nothing was loaded" in refused.stdout and "dossier load --region 08" in refused.stdout
    for changes, why in (({"equal": False}, "not what was backed up"), ({"ledger": "failed"}, "not what was backed up"),
                         ({"region": "06"}, "is of region 06"), ({"restored_at": "2020-01-01T00:00:00Z"}, "too old")):
        restored(opening, **changes)
        told = opening.phase("live", "--dry-run").stdout
        assert marks(told)["restore"] == "✗" and why in told, told
    away = opening.province.doors["06"]
    away.process.send_signal(signal.SIGSTOP)
    try:
        told = opening.phase("live", "--dry-run").stdout
        assert marks(told)["peers"] == "✗" and "not reached: 06" in told, told
    finally:
        away.process.send_signal(signal.SIGCONT)
    told = opening.phase("live", "--dry-run", "--url", "http://127.0.0.1:1").stdout
    assert marks(told)["audit"] == "✗" and "see that its gateway runs" in told, told
    (opening.data / "ledger/08.key").rename(opening.data / "ledger/aside")
    told = opening.phase("live", "--dry-run").stdout
    assert marks(told)["keys"] == "✗" and "dossier ledger key" in told, told
    (opening.data / "ledger/aside").rename(opening.data / "ledger/08.key")
    assert opening.phase("live", "--accept", "peers=x").returncode == 1, "load, latency and restore still fail"
    opening.note("what fails is told: keys, load, audit, latency, restore, peers")


def ready(opening, practised):
    loaded = opening.run("load", "--region", CODE, bundle(opening))
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    really_restored(opening)
    with opening.door.client() as client:
        for _ in range(REQUESTS):
            assert client.get(f"/Patient/{practised}").status_code == 200
    opening.note(f"loaded, {REQUESTS} requests answered")
    until = time.monotonic() + FIGURES_WITHIN_S
    while marks((told := opening.phase("live", "--dry-run")).stdout).get("latency") != "✓":
        assert time.monotonic() < until, told.stdout
        time.sleep(2)
    opening.note("the figures are written")


def phases_told(opening) -> list[tuple]:
    """The moves that an auditor reads at the region's door, oldest first."""
    with opening.door.client("auditor") as client:
        events = matches(client.get("/AuditEvent", params={"_count": "200"}))
    moves = [event for event in events if event["subtype"][0]["code"] == "110131"]
    assert all("test-operator" in json.dumps(event) for event in moves), moves
    queries = [base64.b64decode(entity["query"]).decode() for event in moves for entity in event["entity"] if "query" in entity]
    return queries[::-1]


def into_live(opening, practised):
    with opening.door.client() as practice:
        opening.moved("live")
        assert as_the_script_makes_them(opening)
        outcome(practice.get(f"/Patient/{practised}"), 401)
    live = opening.province.doors["06"]
    with opening.door.client() as client:
        read = client.get(f"/Patient/{practised}")
        assert read.status_code == 404 and "dossier-rehearsal" not in read.headers, "practice is not in the record"
        real = created(client, patient())["id"]
    with live.client() as client:
        assert client.get(f"/Patient/{real}").status_code == 200, "one record"
    with live.client(token=opening.door.token("clinician")) as client:
        assert client.get(f"/Patient/{real}").status_code == 200
    assert told_by_checkpoint(opening) == f"dossier.invalid/ledger/{CODE}"
    first, move = phases_told(opening)
    assert first == "phase?region=08&from=planned&to=rehearsal&files=holds&tables=holds&keys=holds", first
    assert move.startswith("phase?region=08&from=rehearsal&to=live&files=holds") and "restore=holds" in move, move
    verified = run("verify", "log", "--log", f"{opening.door.origin(CODE)}/ledger/{CODE}", "--key", opening.data / "ledger/08.vkey")
    assert verified.returncode == 0 and "complete and consistent" in verified.stdout, verified.stdout + verified.stderr
    # What was loaded to rehearse is loaded again, into the record.
    people = opening.data / "people.json"
    loaded = opening.run("load", "--region", CODE, people)
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    identifier = json.loads(people.read_text())["entry"][0]["resource"]["identifier"][0]
    with live.client() as client:
        assert len(matches(client.get("/Patient", params={"identifier": f"{identifier['system']}|{identifier['value']}"}))) == 1
    opening.note("live: read, written, passed on, audited, its ledger verified")


def paused_and_back(opening):
    live = opening.province.doors["06"]
    with opening.door.client() as client:
        real = created(client, patient())["id"]
        opening.moved("paused")
        for door in (opening.door, live):
            with door.client(token=opening.door.token("clinician")) as asking:
                assert asking.get(f"/Patient/{real}").status_code == 200, "reads go on"
                refused = asking.post("/Observation", json=observation(real), headers=JSON)
                outcome(refused, 503, "paused", "send it again")
                assert int(refused.headers["retry-after"]) >= 60
    with live.client() as others:
        created(others, patient())
    opening.moved("live")
    with opening.door.client() as client:
        created(client, observation(real))
    moves = [move.split("&files")[0] for move in phases_told(opening)]
    assert moves[2:] == ["phase?region=08&from=live&to=paused", "phase?region=08&from=paused&to=live"], moves
    refused = opening.phase("planned")
    assert refused.returncode == 1 and "move it to rehearsal first" in refused.stderr
    opening.note("paused: reads 200, changes 503 with Retry-After; and back")


def broken_files_change_nothing(opening):
    path = opening.files / f"{CODE}.toml"
    good = path.read_text()
    path.write_text(good.replace('phase = "live"', 'phase = "alive"'))
    for door in (opening.door, opening.province.doors["06"]):
        door.process.send_signal(signal.SIGHUP)
    time.sleep(SHOWS_WITHIN_S)
    for door in (opening.door, opening.province.doors["06"]):
        assert opening.told(door)["phase"] == "live"
        assert "are not followed" in door.log.read_text() and "alive" in door.log.read_text()
    path.write_text(good.replace('phase = "live"', 'phase = "paused"'))
    began = time.monotonic()
    opening.door.process.send_signal(signal.SIGHUP)
    while opening.told(opening.door)["phase"] != "paused":
        assert time.monotonic() - began < SHOWS_WITHIN_S
        time.sleep(0.02)
    path.write_text(good)
    while any(opening.told(door)["phase"] != "live" for door in (opening.door, opening.province.doors["06"])):
        assert time.monotonic() - began < 3 * SHOWS_WITHIN_S
        time.sleep(0.05)
    opening.note("a broken file changed nothing, and was told of")


def back_to_rehearsal(opening, practised):
    """Reversible by the same command; what was practised is still there, and the record is closed again."""
    with opening.door.client() as live:
        opening.moved("rehearsal")
        outcome(live.get(f"/Patient/{practised}"), 401)
    with opening.door.client() as client:
        assert client.get(f"/Patient/{practised}").status_code == 200
    assert opening.phase("planned").returncode == 0
