"""Where requests go: at every door, for every region's people; and that nobody bends it."""

import json
import re
import ssl
import statistics
import time

import httpx
import pytest
from harness.regions import PHASES, Door, RawPeer, run
from harness.resources import JSON, created, matches, observation, outcome, patient, unique

DOORS = sorted(PHASES)


def test_every_door_answers_every_regions_people(province, person):
    """Home is asked directly and by every other door; what may not be done is refused at all of them alike."""
    with province.doors["05"].client() as client:
        practised = created(client, patient())
    print("\ntoken of   " + "  ".join(f"door {door}" for door in DOORS))
    for home in [*DOORS, "01"]:
        row = []
        rehearses = PHASES.get(home) == "rehearsal"
        whose = practised["id"] if rehearses else person["id"]
        for door in DOORS:
            with province.doors[door].client(region=home) as client:
                read = client.get(f"/Patient/{whose}")
                write = client.post("/Observation", json=observation(whose), headers=JSON)
            row.append(f"{read.status_code}/{write.status_code}")
            expected = {"planned": (403, 403), "paused": (200, 503)}.get(PHASES.get(home, "planned"), (200, 201))
            if home == "01" and PHASES[door] == "rehearsal":
                # Nobody rehearses there, so the token cannot be for this door.
                assert (read.status_code, write.status_code) == (401, 401)
                continue
            assert (read.status_code, write.status_code) == expected, f"{home} at {door}: {read.text} {write.text}"
            if home == "01":
                outcome(read, 403, "planned", "2027-09-01")
            if PHASES.get(home) == "paused":
                outcome(write, 503, "paused", "send it again")
                assert int(write.headers["retry-after"]) >= 60
            if home in PHASES:
                assert read.headers.get("dossier-rehearsal") == (home if rehearses else None), f"{home} at {door}"
        print(f"{home:<9}  " + "  ".join(f"{cell:<7}" for cell in row))


def test_who_acts_for_no_establishment_is_served_at_any_door_of_the_record(province, person):
    for door in DOORS:
        if PHASES[door] == "rehearsal":
            continue
        with province.doors[door].client("patient", "06", person["id"]) as own:
            assert own.get(f"/Patient/{person['id']}").status_code == 200
    told = province.route("04", token=province.doors["06"].token("patient", "06", person["id"]))
    assert (told["action"], told["reason"], told["target"]) == ("serve", "any-door", "04")


def test_a_rehearsal_and_the_record_are_closed_to_each_others_tokens(province, person):
    """By the audience, so also for who has no establishment, and for a token that names one of the other kind."""
    live, practice = province.doors["06"], province.doors["05"]
    with practice.client() as client:
        practised = created(client, patient())
    closed = [
        ("05", live.token("patient", "06", person["id"])), ("06", practice.token("patient", "05", practised["id"])),
        ("05", practice.signed("clinician", "05", aud="dossier")), ("06", practice.signed("clinician", "05", aud="dossier")),
        ("05", live.signed("clinician", "06", aud="dossier-rehearsal")), ("06", live.signed("clinician", "06", aud="dossier-rehearsal")),
    ]
    for door, token in closed:
        with province.doors[door].client(token=token) as client:
            for whose in (person, practised):
                outcome(client.get(f"/Patient/{whose['id']}"), 401)
    with live.client() as client:
        assert client.get(f"/Patient/{practised['id']}").status_code == 404
    with practice.client() as client:
        assert client.get(f"/Patient/{person['id']}").status_code == 404


ASKED = [
    ("GET", "/Patient/{id}"), ("HEAD", "/Patient/{id}"), ("GET", "/Patient/{id}/_history/1"), ("GET", "/Patient/{id}/_history"),
    ("GET", "/Observation?patient={id}&_count=2"), ("POST", "/Observation/_search"), ("GET", "/Patient/{id}/$everything"),
    ("GET", "/Patient/never-was"), ("GET", "/Patient/{id}?_summary=wrong&nonsense=1"), ("GET", "/Nothing/1"), ("POST", "/Patient/$validate"),
    ("POST", "/Patient"), ("PUT", "/Patient/other-id"),
]


@pytest.mark.parametrize("method,path", ASKED)
def test_what_is_passed_on_is_answered_as_if_asked_directly(province, person, method, path):
    """Byte for byte, asked by the same name of the door; but for what belongs to one exchange."""
    token = province.doors["06"].token("clinician")
    named = f"127.0.0.1:{province.ports['04']}"
    answers = []
    for door in ("06", "04"):
        with province.doors[door].client(token=token) as client:
            body = {"content": b"{"} if method in ("POST", "PUT") else {}
            kind = "application/x-www-form-urlencoded" if path.endswith("_search") else "application/fhir+json"
            if path.endswith("_search"):
                body = {"content": f"patient={person['id']}".encode()}
            headers = {"Host": named, "Content-Type": kind, "X-Request-Id": "the-same"}
            answers.append(client.request(method, path.format(id=person["id"]), headers=headers, **body))
    direct, passed = answers
    assert passed.status_code == direct.status_code and direct.status_code != 500, passed.text
    alike = [{name: value for name, value in answer.headers.items() if name != "date"} for answer in answers]
    assert alike[0] == alike[1]
    assert not any(name.startswith("x-dossier") for name in passed.headers)
    if direct.text.startswith('{"resourceType":"Bundle"'):
        # A Bundle is made for one exchange: its own id and instant, and a page's place with an instant in it.
        bundles = [json.loads(re.sub(r"_page=[\w-]+", "_page=", answer.text)) for answer in answers]
        for bundle in bundles:
            bundle.pop("id", None), bundle.pop("meta", None), bundle.pop("timestamp", None)
        assert bundles[0] == bundles[1]
    else:
        assert passed.content == direct.content


def test_links_lead_back_to_the_door_that_was_asked(province, person):
    with province.doors["04"].client(region="06") as client:
        page = client.get("/Observation", params={"patient": person["id"], "_count": "2"}).json()
        links = [link["url"] for link in page["link"]]
        assert links and all(link.startswith(province.doors["04"].base("04")) for link in links), links
        following = next(link["url"] for link in page["link"] if link["relation"] == "next")
        assert matches(client.get(following))


def test_the_entry_names_the_region_that_answered_and_the_client(province, person):
    mark = unique()
    with province.doors["03"].client(region="06") as client:
        client.get(f"/Patient/{person['id']}", headers={"X-Request-Id": mark})
    event = event_of(province, person, mark)
    assert event["source"]["observer"]["identifier"]["value"] == "06"
    assert {agent["network"]["address"] for agent in event["agent"] if agent.get("network", {}).get("type") == "2"} == {"127.0.0.1"}


def event_of(province, person, mark: str) -> dict:
    """The AuditEvent of a request."""
    with province.doors["06"].client("patient", patient=person["id"]) as own:
        events = matches(own.get("/AuditEvent", params={"patient": person["id"], "_count": "200"}))
    of_mark = [event for event in events if any(
        entity.get("what", {}).get("identifier", {}).get("value") == mark for entity in event["entity"])]
    assert len(of_mark) == 1, f"{len(of_mark)} of {len(events)} events"
    return of_mark[0]


SPOOFED = {
    "X-Dossier-Hop": "1", "X-Dossier-Client": "203.0.113.9", "X-Dossier-Left-Ms": "1", "X-Dossier-Scheme": "https",
    "X-Dossier-Region": "13", "X-Dossier-For": "13", "X-Dossier-Stands-In-For": "13", "X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9",
    "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Spin-Client-Addr": "203.0.113.9", "Spin-Full-Url": "https://evil.example/fhir",
}


@pytest.mark.parametrize("door", ["06", "04"])
def test_what_a_client_says_in_a_gateways_name_changes_nothing(province, person, door):
    mark = unique()
    with province.doors[door].client(region="06") as client:
        answer = client.get("/Observation", params={"patient": person["id"]}, headers=SPOOFED | {"X-Request-Id": mark})
    assert answer.status_code == 200 and "evil.example" not in answer.text
    assert not any(name.startswith("x-dossier") for name in answer.headers)
    event = event_of(province, person, mark)
    assert "203.0.113.9" not in str(event)
    assert "stands-in-for-region" not in str(event)
    assert event["source"]["observer"]["identifier"]["value"] == "06"


def test_the_region_and_establishment_of_a_query_bend_nothing(province):
    token = province.doors["06"].token("clinician")
    assert province.route("04", "region=06", token)["action"] == "forward"
    for query, reason in (("region=13", "other-region-asked"), ("region=99", "unknown-region")):
        told = province.route("04", query, token)
        assert (told["action"], told["reason"]) == ("refuse", reason)
    with province.doors["04"].client(token=token) as client:
        client.base_url = province.doors["04"].origin("04")
        outcome(client.get("/route", params={"establishment": "demo-13-laval"}), 400, "another establishment")
        assert client.get("/route", params={"establishment": "demo-06-nim"}).status_code == 200


def test_route_lists_the_doors_in_the_order_to_try_them(province):
    for token in (province.doors["06"].token("clinician"), None):
        told = province.route("03", "establishment=demo-06-nim", token)
        assert (told["region"], told["phase"], told["action"], told["target"]) == ("06", "live", "forward", "06")
        listed = [(endpoint["region"], endpoint["home"], endpoint["up"]) for endpoint in told["endpoints"]]
        assert listed == [("06", True, True), ("04", False, True), ("13", False, True), ("16", False, True)]
        assert told["endpoints"][0]["address"] == province.doors["06"].base("06")
    written = province.route("03", "establishment=demo-06-nim&write=true")
    assert [endpoint["region"] for endpoint in written["endpoints"]] == ["06", "04", "13"], "16 is paused"
    planned = province.route("06", "establishment=demo-01-bsl")
    assert (planned["action"], planned["phase"], planned["endpoints"]) == ("refuse", "planned", [])
    assert "2027-09-01" in planned["text"]
    assert province.route("06", "establishment=nowhere")["reason"] == "unknown-establishment"
    assert httpx.get(f"{province.doors['06'].origin('06')}/route").status_code == 401


def test_who_prefers_to_go_is_sent_on(province, person):
    with province.doors["04"].client(region="06") as client:
        answer = client.get(f"/Observation?patient={person['id']}", headers={"Prefer": "return=minimal, routing=redirect"})
        outcome(answer, 307, "Location")
        assert answer.headers["location"] == f"{province.doors['06'].base('06')}/Observation?patient={person['id']}"
        assert answer.headers["preference-applied"] == "routing=redirect"
        assert matches(client.get(answer.headers["location"]))
    with province.doors["06"].client() as client:
        assert client.get(f"/Patient/{person['id']}", headers={"Prefer": "routing=redirect"}).status_code == 200


def hop(**changes) -> dict:
    fields = {"X_Dossier_Hop": "1", "X_Dossier_Client": "192.0.2.7", "X_Dossier_Left_Ms": "5000", "X_Dossier_Scheme": "http"} | changes
    return {name: value for name, value in fields.items() if value is not None}


def test_a_gateway_is_believed_and_goes_no_further(province, person):
    token, path = province.doors["06"].token("clinician"), f"/fhir/Patient/{person['id']}"
    status, fields, _ = RawPeer(province, "04", "06").ask("GET", path, token, **hop())
    assert (status, fields["x-dossier-region"]) == (200, "06")
    # 13 is a neighbour, and stands in when a gateway says that 06 cannot be reached.
    mark = unique()
    status, fields, _ = RawPeer(province, "04", "13").ask("GET", path, token, **hop(X_Request_Id=mark))
    assert (status, fields["x-dossier-region"]) == (200, "13")
    event = event_of(province, person, mark)
    assert "192.0.2.7" in str(event) and event["source"]["observer"]["identifier"]["value"] == "13"
    assert {"type": "stands-in-for-region", "valueString": "06"} in event["entity"][-1]["detail"]
    # 03 is none: it neither answers nor passes it on.
    before = forwarded(province, "03")
    status, _, body = RawPeer(province, "04", "03").ask("GET", path, token, **hop())
    assert status == 403 and b"Wrong region" in body.replace("Mauvaise région".encode(), b"Wrong region")
    assert forwarded(province, "03") == before, "a second hop"


def forwarded(province, door: str) -> int:
    lines = httpx.get(f"{province.doors[door].admin(door)}/metrics").text.splitlines()
    return sum(int(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("dossier_forwarded_total"))


@pytest.mark.parametrize("odd", [
    {"X_Dossier_Hop": "2"}, {"X_Dossier_Hop": None}, {"X_Dossier_Hop": "1, 1"}, {"X_Dossier_Client": "somebody"}, {"X_Dossier_Client": None},
    {"X_Dossier_Left_Ms": "-5"}, {"X_Dossier_Left_Ms": None}, {"X_Dossier_Scheme": "gopher"},
])
def test_a_hop_that_is_none_is_refused(province, person, odd):
    token = province.doors["06"].token("clinician")
    status, _, body = RawPeer(province, "04", "06").ask("GET", f"/fhir/Patient/{person['id']}", token, **hop(**odd))
    assert status == 508 and b"Tremblay" not in body


def test_a_deadline_is_kept(province, person):
    token = province.doors["06"].token("clinician")
    started = time.monotonic()
    status, *_ = RawPeer(province, "04", "06").ask("GET", f"/fhir/Patient/{person['id']}", token, **hop(X_Dossier_Left_Ms="0"))
    assert status == 503 and time.monotonic() - started < 2


def test_a_gateway_still_needs_a_token(province, person):
    path = f"/fhir/Patient/{person['id']}"
    assert RawPeer(province, "04", "06").ask("GET", path, **hop())[0] == 401
    assert RawPeer(province, "04", "06").ask("GET", path, "nonsense", **hop())[0] == 401


def strangers(province, folder) -> dict[str, ssl.SSLContext]:
    """Contexts that no gateway has."""
    assert run("regions", "keys", "--out", folder, "--region", "04").returncode == 0
    keys = province.keys()

    def context(chain=None, key=None):
        made = ssl.create_default_context(cafile=keys / "authority.pem")
        if chain:
            made.load_cert_chain(chain, key)
        return made
    assert run("regions", "keys", "--out", keys, "--region", "01").returncode == 0
    return {
        "no certificate": context(),
        "another authority": context(folder / "04.pem", folder / "04.key"),
        "a planned region": context(keys / "01.pem", keys / "01.key"),
        "the region itself": context(keys / "06.pem", keys / "06.key"),
        "the authority itself": context(keys / "authority.pem", keys / "authority.key"),
    }


def test_only_other_regions_gateways_come_in(province, person, tmp_path):
    token = province.doors["06"].token("clinician")
    for what, context in strangers(province, tmp_path / "other").items():
        try:
            answer = RawPeer(province, "04", "06", context).ask("GET", f"/fhir/Patient/{person['id']}", token, **hop())
        except (OSError, IndexError, ValueError):
            continue
        raise AssertionError(f"{what}: {answer}")


def test_two_directories_that_contradict_each_other_make_no_loop(province, tmp_path):
    """03 takes its people for 04's, and 04 takes them for 03's."""
    def moved(code, text):
        mine, other = ("demo-03-cn", "demo-04-mcq")
        swap = {"03": (mine, other), "04": (other, mine)}.get(code)
        return text.replace(*swap) if swap else text
    files = province.write_files(tmp_path / "contradicting", moved)
    token = province.doors["03"].token("clinician")
    province.doors["03"].kill()
    confused = Door(province, "03", files)
    try:
        confused.start()
        with confused.client(token=token) as client:
            before = forwarded(province, "04")
            answer = client.get("/Patient/never-was")
            assert answer.status_code in (200, 403, 404), answer.text
            assert forwarded(province, "04") == before, "04 passed it on again"
    finally:
        confused.kill()
        province.doors["03"].start()


def test_what_a_hop_costs(province, person, full):
    """Added at the median, on loopback, over connections that are kept."""
    token = province.doors["06"].token("clinician")
    taken = {"06": [], "04": []}
    clients = {door: province.doors[door].client(token=token) for door in taken}
    for number in range(4000 if full == "regions" else 600):
        for door, client in clients.items():
            started = time.perf_counter()
            assert client.get(f"/Patient/{person['id']}").status_code == 200
            if number >= 50:
                taken[door].append((time.perf_counter() - started) * 1000)
    p50 = {door: statistics.median(times) for door, times in taken.items()}
    print(f"\ndirect {p50['06']:.2f} ms, passed on {p50['04']:.2f} ms: {p50['04'] - p50['06']:.2f} ms more at p50")
    # The budget of 1.5 ms is for a machine that does nothing else.
    assert p50["04"] - p50["06"] < (1.5 if full == "regions" else 6)
