"""Regions that end, stop, are cut off and come back under load: reads go on within five seconds, and each acknowledged
change is there once."""

import random
import signal
import threading
import time

import httpx
import pytest
from harness.lines import Lines
from harness.regions import Province, run
from harness.resources import JSON, created, everything, matches, observation, patient, unique

READS_GO_ON_WITHIN_S = 5.0
ATTEMPT_S = 2.0


@pytest.fixture(scope="module")
def province(tmp_path_factory, gateway):
    """As the others have it, and every line of it can be cut."""
    lines = Lines()
    running = Province(tmp_path_factory.mktemp("cut"), lines=lines)
    try:
        yield running.start(gateway.data / "compiled")
    finally:
        running.stop()
        lines.close()


class Timeline:
    """What happened when, for whoever reads the test's output."""

    def __init__(self):
        self.start, self.lines = time.monotonic(), []

    def note(self, what: str) -> None:
        self.lines.append(f"{time.monotonic() - self.start:7.2f} s  {what}")

    def show(self) -> None:
        print("\n" + "\n".join(self.lines))


class Caller(threading.Thread):
    """A client as `docs/regions.md` wants it: it takes the list of /route and tries the doors in their order."""

    def __init__(self, province, home: str, timeline: Timeline):
        super().__init__(daemon=True)
        self.token = province.doors[home].token("clinician")
        listed = province.route(home, "write=true", self.token)["endpoints"]
        self.bases = [endpoint["address"] for endpoint in listed]
        self.timeline, self.home = timeline, home
        self.stop = threading.Event()
        self.answered: list[tuple[float, str]] = []
        self.wrong: list[str] = []

    def ask(self, method: str, path: str, **how) -> httpx.Response | None:
        headers = {"Authorization": f"Bearer {self.token}"} | how.pop("headers", {})
        for base in self.bases:
            try:
                answer = httpx.request(method, base + path, headers=headers, timeout=ATTEMPT_S, **how)
            except httpx.TransportError:
                continue
            if answer.status_code in (502, 503, 504, 409):
                continue
            self.answered.append((time.monotonic(), base))
            return answer
        return None


class Reader(Caller):
    def __init__(self, province, home, timeline, person):
        super().__init__(province, home, timeline)
        self.person = person

    def run(self):
        while not self.stop.is_set():
            answer = self.ask("GET", f"/Patient/{self.person}")
            if answer is not None and (answer.status_code != 200 or answer.json()["id"] != self.person):
                self.wrong.append(answer.text[:300])
            time.sleep(0.02)


class ReaderElsewhere(Reader):
    """Knows one door only, and not that of its region."""

    def __init__(self, province, home, timeline, person, door):
        super().__init__(province, home, timeline, person)
        self.bases = [province.address(door)]


class Writer(Caller):
    def __init__(self, province, home, timeline, person):
        super().__init__(province, home, timeline)
        self.person, self.acknowledged = person, []

    def run(self):
        while not self.stop.is_set():
            mark = unique()
            note = observation(self.person, identifier=[{"system": "urn:mark", "value": mark}])
            # Until it is acknowledged, with the same key: that is what makes it one change.
            for _ in range(60):
                answer = self.ask("POST", "/Observation", json=note, headers=JSON | {"Idempotency-Key": mark})
                if answer is not None:
                    break
                time.sleep(0.1)
            if answer is None or answer.status_code != 201:
                self.wrong.append("never acknowledged" if answer is None else answer.text[:300])
            else:
                self.acknowledged.append((mark, answer.json()["id"]))
            time.sleep(0.02)


def longest_silence(caller: Caller, since: float, until: float) -> float:
    moments = [since, *[at for at, _ in caller.answered if since < at < until], until]
    return max(after - before for before, after in zip(moments, moments[1:]))


def kill(province, code: str, timeline: Timeline, for_s: float) -> None:
    province.doors[code].kill()
    timeline.note(f"region {code} is killed (SIGKILL)")
    time.sleep(for_s)
    province.doors[code].start()
    timeline.note(f"region {code} is started again")


def halt(province, code: str, timeline: Timeline, for_s: float) -> None:
    province.doors[code].process.send_signal(signal.SIGSTOP)
    timeline.note(f"region {code} is stopped (SIGSTOP)")
    time.sleep(for_s)
    province.doors[code].process.send_signal(signal.SIGCONT)
    timeline.note(f"region {code} goes on (SIGCONT)")


def cut(province, code: str, timeline: Timeline, for_s: float) -> None:
    """From clients, from the other regions and from the store. What it asked of the store arrives when it is late."""
    province.lines.cut(province.lines_of(code))
    timeline.note(f"region {code} is cut off from clients, regions and store")
    time.sleep(for_s)
    province.lines.mend(province.lines_of(code))
    timeline.note(f"region {code} is joined again")


def watched(province, door: str, region: str, timeline: Timeline, stop: threading.Event) -> None:
    """Notes when a door changes its mind of a region."""
    state = None
    while not stop.is_set():
        try:
            page = httpx.get(f"{province.doors[door].admin(door)}/readyz", timeout=1).text
        except httpx.TransportError:
            page = ""
        now = next((line.split(": ")[1] for line in page.splitlines() if line.startswith(f"region {region}: ")), state)
        if now != state:
            timeline.note(f"door {door} takes region {region} for {now}")
            state = now
        time.sleep(0.05)


def crew(province, home, timeline, people) -> list[Caller]:
    return [
        *[Writer(province, home, timeline, person) for person in people],
        Reader(province, home, timeline, people[0]), ReaderElsewhere(province, home, timeline, people[0], "03"),
    ]


def judge(province, callers: list[Caller], people: list[str], timeline: Timeline) -> None:
    assert [wrong for caller in callers for wrong in caller.wrong] == []
    writers = [caller for caller in callers if isinstance(caller, Writer)]
    with province.doors["04"].client() as client:
        for person in people:
            marks = [note["identifier"][0]["value"] for note in everything(client, f"/Observation?patient={person}&_count=500")]
            said = [mark for writer in writers if writer.person == person for mark, _ in writer.acknowledged]
            assert said and sorted(marks) == sorted(said), f"{len(said)} acknowledged, {len(marks)} there, {len(set(marks))} different"
    count = sum(len(writer.acknowledged) for writer in writers)
    timeline.note(f"{count} acknowledged changes, each there once; {sum(len(caller.answered) for caller in callers)} answers")


def stood_in(province, home: str, person: str) -> int:
    """Entries that say that another region stood in."""
    with province.doors["04"].client("patient", patient=person) as own:
        events = matches(own.get("/AuditEvent", params={"patient": person, "_count": "1000"}))
    detail = {"type": "stands-in-for-region", "valueString": home}
    theirs = [event for event in events if any(detail in entity.get("detail", []) for entity in event["entity"])]
    assert all(event["source"]["observer"]["identifier"]["value"] != home for event in theirs)
    return len(theirs)


def verify_ledgers(province, timeline: Timeline) -> None:
    """Each region's own ledger, those of the regions that stood in and of those that failed."""
    for code in ("03", "04", "06", "13"):
        at = f"{province.doors[code].origin(code)}/ledger/{code}"
        verified = run("verify", "log", "--log", at, "--key", province.data / f"ledger/{code}.vkey")
        assert verified.returncode == 0 and "complete and consistent" in verified.stdout, f"{code}: {verified.stderr}"
        timeline.note(f"ledger {code}: {verified.stdout.strip().splitlines()[-1]}")


def test_a_region_ends_and_comes_back(province, full):
    home, timeline = "06", Timeline()
    with province.doors[home].client() as client:
        people = [created(client, patient())["id"] for _ in range(3)]
    callers, stop = crew(province, home, timeline, people), threading.Event()
    watching = [threading.Thread(target=watched, args=(province, door, home, timeline, stop), daemon=True) for door in ("03", "04")]
    for thread in [*callers, *watching]:
        thread.start()
    silences = []
    for failure in (kill, halt, cut):
        time.sleep(0.5)
        began = time.monotonic()
        failure(province, home, timeline, 5)
        time.sleep(2.5)
        for caller in callers[-2:]:
            silences.append(longest_silence(caller, began, time.monotonic()))
            timeline.note(f"longest silence of a {type(caller).__name__}: {silences[-1]:.2f} s")
    for caller in callers:
        caller.stop.set()
    for caller in callers:
        caller.join(30)
    stop.set()
    judge(province, callers, people, timeline)
    entries = stood_in(province, home, people[0])
    timeline.note(f"{entries} entries say that another region stood in for {home}")
    verify_ledgers(province, timeline)
    timeline.show()
    assert max(silences) <= READS_GO_ON_WITHIN_S
    assert entries > 0
    last = callers[-2].answered[-1][1]
    assert last == province.address(home), "its people are back at their own door"


@pytest.mark.regions
def test_regions_fail_at_random(province, full, tmp_path):
    """Thirty minutes at full size; one failure otherwise."""
    seed = random.randrange(2**32)
    chance, timeline = random.Random(seed), Timeline()
    timeline.note(f"seed {seed}")
    homes = ["04", "06", "13"]
    with province.doors["03"].client() as client:
        people = {home: [created(client, patient())["id"] for _ in range(2)] for home in homes}
    callers = [caller for home in homes for caller in crew(province, home, timeline, people[home])]
    for caller in callers:
        caller.start()
    until = time.monotonic() + (1800 if full == "regions" else 3)
    silences = []
    while time.monotonic() < until:
        home, failure = chance.choice(homes), chance.choice([kill, halt, cut])
        began = time.monotonic()
        failure(province, home, timeline, chance.uniform(1, 12) if full == "regions" else 2)
        time.sleep(chance.uniform(2, 6) if full == "regions" else 1)
        silences += [longest_silence(caller, began, time.monotonic()) for caller in callers if isinstance(caller, Reader)]
    for caller in callers:
        caller.stop.set()
    for caller in callers:
        caller.join(60)
    for home in homes:
        theirs = [caller for caller in callers if caller.home == home]
        judge(province, theirs, people[home], timeline)
    verify_ledgers(province, timeline)
    timeline.note(f"longest silence of any reader: {max(silences):.2f} s over {len(silences)} watches")
    timeline.show()
    assert max(silences) <= READS_GO_ON_WITHIN_S
    if full == "regions":
        out = tmp_path / "export"
        places = ("--data", province.data, "--region-files", province.files)
        exported = run("ledger", "export", *places, "--out", out, env=province.store.env)
        assert exported.returncode == 0, exported.stderr
        # One rehearses: its ledger is no part of the record.
        keys = [part for key in sorted((province.data / "ledger").glob("[0-9][0-9].vkey")) for part in ("--key", key)]
        agreed = run("verify", "record", out, *keys)
        assert agreed.returncode == 0 and "agree" in agreed.stdout, agreed.stderr
