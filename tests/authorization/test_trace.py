"""Who looked, in plain words; the register; the review of accesses."""

import csv
import io
import re
import time
from urllib.parse import quote

import pytest
from harness.gateway import dossier
from harness.resources import JSON, created, matches, next_link, observation, patient, unique
from harness.withheld import Chart

EMERGENCY = "Patiente inconsciente à l'arrivée aux urgences"
FRENCH, ENGLISH = {"Accept-Language": "fr"}, {"Accept-Language": "en"}
REVIEWER = "user/AuditEvent.rus"


@pytest.fixture
def auditor(gateway):
    with gateway.client("auditor") as client:
        yield client


@pytest.fixture
def reviewer(gateway):
    token = gateway.signed("auditor", scope=REVIEWER, sub="reviewer-1", name="Luc Vérificateur")
    with gateway.client(token=token) as client:
        yield client


@pytest.fixture
def own(gateway, person):
    with gateway.client("patient", patient=person["id"]) as client:
        yield client


def physician(gateway, **claims):
    """A physician of one's own, whom no other test has made known."""
    word = unique()
    plain = {"sub": f"dr-{word}", "name": f"Dre Anne Q{word}", "licence": f"L{word}"}
    return gateway.client(token=gateway.signed("clinician", **(plain | claims)))


def log_of(client, person: str, language=FRENCH, **parameters):
    answer = client.get(f"/Patient/{person}/$access-log", params=parameters, headers=language)
    assert answer.status_code == 200, answer.text
    return answer


def told(answer) -> list[str]:
    divs = [event["text"]["div"] for event in matches(answer)]
    plain = [re.sub("<[^>]*>", "", div).replace("\u00a0", " ") for div in divs]
    return [text.replace("&#39;", "'").replace("&quot;", '"') for text in plain]


def test_the_person_reads_who_looked_in_both_languages(gateway, own, person):
    with physician(gateway, name="Dre Anne Roy") as doctor:
        assert doctor.get(f"/Observation?patient={person['id']}&category=laboratory").status_code == 200
    french, english = told(log_of(own, person["id"])), told(log_of(own, person["id"], ENGLISH))
    assert re.match(
        r"Le \d+(er)? \S+ \d{4} à \d+ h \d\d, Dre Anne Roy, médecin au CIUSSS du Nord-de-l'Île-de-Montréal, "
        r"a consulté vos résultats de laboratoire pour vous soigner\.$", french[0]), french[0]
    # The log of the first question is an access itself, and the newest.
    assert re.match(r"On \S+ \d+, \d{4} at \d+:\d\d [ap]\.m\., you looked at the list of accesses to your record\.$",
                    english[0]), english[0]
    assert "Dre Anne Roy, physician at CIUSSS" in english[1] and "laboratory results to care for you" in english[1]


def test_the_log_is_for_those_who_may(gateway, clinician, own, auditor, person):
    path = f"/Patient/{person['id']}/$access-log"
    assert own.get(path).status_code == 200 and auditor.get(path).status_code == 200
    assert clinician.get(path).status_code == 403
    other = created(clinician, patient())
    with gateway.client("patient", patient=other["id"]) as stranger:
        assert stranger.get(path).status_code == 403
    with gateway.client(None) as nobody:
        assert nobody.get(path).status_code == 401
    assert "la personne" in told(log_of(auditor, person["id"]))[0]
    # The refused ones are in it, said plainly.
    assert any("l'accès a été refusé" in line for line in told(log_of(own, person["id"])))


def test_a_log_names_nobody_else(clinician, own, person):
    other = created(clinician, patient(name=[{"family": f"Zed{unique()}"}]))
    assert clinician.get(f"/Patient?_id={person['id']},{other['id']}").status_code == 200
    page = own.get(f"/Patient/{person['id']}/$access-log", headers={"Accept": "text/html"}).text
    assert other["id"] not in page


def test_pages_are_stable_and_lose_nothing(clinician, own, person):
    for _ in range(7):
        clinician.get(f"/Patient/{person['id']}")
    whole = [event["id"] for event in matches(log_of(own, person["id"], _count=100))]
    seen, url = [], f"/Patient/{person['id']}/$access-log?_count=3"
    while url:
        answer = own.get(url)
        page = [event["id"] for event in matches(answer)]
        assert len(page) <= 3
        seen += page
        url = next_link(answer.json())
    assert len(seen) == len(set(seen))
    # Each page read is an access more, newer than what was read of it.
    assert seen[-len(whole):] == whole


def test_a_time_narrows_the_log(own, clinician, person):
    clinician.get(f"/Patient/{person['id']}")
    for none in ({"_until": "2020-01-01"}, {"_since": "2100"}, {"date": "2019"}, {"date": "lt2020-05"}):
        assert matches(log_of(own, person["id"], **none)) == []
    for some in ({"_since": "2020"}, {"date": "ge2020-01-01"}, {"_until": "2100-12-31"}):
        assert matches(log_of(own, person["id"], **some))
    for wrong in ("date=soon", "_since=26-11-2026", "colour=red", "_page=nonsense", "gather=maybe", "_count=0"):
        answer = own.get(f"/Patient/{person['id']}/$access-log?{wrong}")
        assert answer.status_code == 400, f"{wrong}: {answer.status_code} {answer.text[:200]}"


def test_html_and_text_gather_without_losing(clinician, own, person):
    for _ in range(5):
        clinician.get(f"/Patient/{person['id']}")
    path = f"/Patient/{person['id']}/$access-log"
    page = own.get(path, headers={"Accept": "text/html"} | FRENCH)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-language"].startswith("fr") and page.headers["cache-control"] == "no-store"
    assert '<html lang="fr' in page.text and "<caption>" in page.text and '<th scope="col">' in page.text
    assert not re.search(r"(src|href)=\"(?!http://127)", page.text) and "<script" not in page.text
    assert re.search(r"\(\d+ accès\)", page.text)
    text = own.get(path, headers={"Accept": "text/plain"} | ENGLISH)
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    counted = [int(found.group(1)) if (found := re.search(r"\((\d+) accesses\)", line)) else 1
               for line in text.text.splitlines() if line.startswith("- ")]
    apart = own.get(path + "?gather=false", headers={"Accept": "text/plain"}).text
    # The second question finds the first one too.
    assert sum(counted) + 1 == sum(line.startswith("- ") for line in apart.splitlines())
    assert own.get(path, headers={"Accept": "image/png"}).status_code == 406
    assert own.get(path + "?_format=html").text.startswith("<!DOCTYPE html>")


def test_reading_the_log_is_itself_an_access(auditor, own, person):
    def logged() -> int:
        return sum("la liste des accès" in line for line in told(log_of(auditor, person["id"])))

    before = logged()
    log_of(own, person["id"])
    assert logged() == before + 2


def tasks(answer) -> list[dict]:
    """The Tasks of a page, whose last entry says until when everything has been judged."""
    entries = answer.json()["entry"]
    assert entries[-1]["search"]["mode"] == "outcome" and "have been judged" in str(entries[-1]["resource"])
    return [entry["resource"] for entry in entries[:-1]]


def queue(client, until, **parameters) -> list[dict]:
    """The list, once it holds what `until` waits for: the rules follow by a second or so."""
    deadline = time.monotonic() + 20
    while True:
        answer = client.get("/AuditEvent/$review-queue", params={"_count": 200} | parameters)
        assert answer.status_code == 200, answer.text
        found = tasks(answer)
        if until(found):
            return found
        assert time.monotonic() < deadline, f"not on the list: {[task.get('input') for task in found]}"
        time.sleep(0.3)


def by(task: dict) -> set[str]:
    return {coding["code"] for coding in task["reasonCode"]["coding"]}


def about(person: str, *rules: str):
    def holds(found) -> bool:
        return set(rules) <= {rule for task in found if task.get("for", {}).get("reference") == f"Patient/{person}"
                              for rule in by(task)}
    return holds


def of_person(found, person: str) -> list[dict]:
    return [task for task in found if task.get("for", {}).get("reference") == f"Patient/{person}"]


def break_glass(gateway, person: str):
    with physician(gateway) as doctor:
        answer = doctor.get(f"/Patient/{person}", headers={"Emergency-Reason": quote(EMERGENCY)})
        assert answer.status_code == 200, answer.text


def concluded(client, task: dict, outcome: str, note="Vu avec la cheffe de service."):
    place = task["focus"]["reference"]
    body = {"resourceType": "Parameters", "parameter": [
        {"name": "outcome", "valueCode": outcome}, {"name": "note", "valueString": note}]}
    return client.post(f"/{place}/$review", json=body, headers=JSON)


def test_an_emergency_is_reviewed_and_the_person_reads_the_outcome(gateway, reviewer, own, person):
    break_glass(gateway, person["id"])
    line = next(line for line in told(log_of(own, person["id"])) if "urgence" in line)
    assert f"avec ce motif : « {EMERGENCY} »." in line and line.endswith("doit être examiné par l'établissement.")
    found = queue(reviewer, about(person["id"], "break-glass"), rule="break-glass", state="open")
    task = of_person(found, person["id"])[0]
    assert task["resourceType"] == "Task" and task["status"] == "requested" and "break-glass" in by(task)
    event = reviewer.get(f"/{task['focus']['reference']}").json()
    assert event["resourceType"] == "AuditEvent"
    first = concluded(reviewer, task, "follow-up", "J'attends la réponse de l'urgence.")
    assert first.status_code == 200 and first.json()["status"] == "in-progress", first.text
    done = concluded(reviewer, task, "not-justified")
    assert done.status_code == 200 and done.json()["status"] == "completed", done.text
    assert [note["text"] for note in done.json()["note"]][-1] == "Vu avec la cheffe de service."
    # Asked again, it is the same; another outcome comes too late.
    assert concluded(reviewer, task, "not-justified").status_code == 200
    assert concluded(reviewer, task, "justified").status_code == 409
    assert of_person(queue(reviewer, bool, state="closed"), person["id"])
    assert not of_person(queue(reviewer, lambda _: True, state="open", rule="break-glass"), person["id"])
    lines = told(log_of(own, person["id"]))
    assert any(re.search(r"a été examiné le .* et jugé non justifié\.$", line) for line in lines), lines
    # Closing is an access of its own, twice here; the note is the reviewers' alone, and the entry is as it was.
    assert sum("Luc Vérificateur" in line and "a examiné un accès" in line for line in lines) == 2
    assert sum("Luc Vérificateur" in line and "a demandé à examiner un accès" in line for line in lines) == 1
    assert "cheffe de service" not in own.get(f"/AuditEvent?patient={person['id']}&_count=200").text
    assert reviewer.get(f"/{task['focus']['reference']}").json() == event


def test_nobody_reviews_their_own_access_nor_without_the_right(gateway, clinician, auditor, reviewer, person):
    break_glass(gateway, person["id"])
    task = of_person(queue(reviewer, about(person["id"], "break-glass"), rule="break-glass"), person["id"])[0]
    who = task["focus"]["reference"]
    event = reviewer.get(f"/{who}").json()
    user = next(agent for agent in event["agent"] if agent["requestor"])
    licence = user["extension"][0]["valueIdentifier"]["value"]
    for same in ({"sub": user["who"]["identifier"]["value"]}, {"sub": "another", "licence": licence}):
        with gateway.client(token=gateway.signed("auditor", scope=REVIEWER, **same)) as themself:
            answer = concluded(themself, task, "justified")
            assert answer.status_code == 403 and "their own access" in answer.text
    # An auditor who may only read, a clinician, the person.
    assert concluded(auditor, task, "justified").status_code == 403
    assert concluded(clinician, task, "justified").status_code == 403
    assert clinician.get("/AuditEvent/$review-queue").status_code == 403
    with gateway.client(token=gateway.signed("clinician", scope="user/AuditEvent.cruds")) as broad:
        assert broad.get("/AuditEvent/$review-queue").status_code == 403
        assert concluded(broad, task, "justified").status_code == 403
    with gateway.client("patient", patient=person["id"]) as own:
        assert own.get("/AuditEvent/$review-queue").status_code == 403
    for wrong, status in (({"outcome": "fine"}, 400), ({"outcome": "justified", "note": "bref"}, 400)):
        assert concluded(reviewer, task, **wrong).status_code == status
    absent = {"focus": {"reference": "AuditEvent/01kb0000000000000000000000.0"}}
    assert concluded(reviewer, absent, "justified").status_code == 404
    assert reviewer.get("/AuditEvent/$review-queue?rule=colour").status_code == 400
    assert reviewer.get("/AuditEvent/$review-queue?state=done").status_code == 400


def test_each_rule_of_meetings(gateway, clinician, reviewer):
    word = unique()
    address = [{"line": [f"{word} rue Principale"], "postalCode": "H2X 1Y4"}]
    name = [{"family": f"Q{word}", "given": ["Anne"]}]
    licence = f"L{word}"
    doctor_resource = {"resourceType": "Practitioner", "name": name, "birthDate": "1980-02-03", "address": address,
                       "identifier": [{"system": "urn:dossier:licence", "value": licence}]}
    created(clinician, doctor_resource)
    organization = created(clinician, {"resourceType": "Organization", "name": "Nord", "identifier": [
        {"system": "urn:dossier:establishment", "value": "demo-06-nim"}]})

    def encounter(who: str, **provider) -> None:
        created(clinician, {
            "resourceType": "Encounter", "status": "finished", "subject": {"reference": f"Patient/{who}"},
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "serviceProvider": provider})

    strangers = [{"family": f"Z{unique()}", "given": ["Paul"]}]
    people = {
        "own-record": created(clinician, patient(name=name, birthDate="1980-02-03"))["id"],
        "same-family-name": created(clinician, patient(name=[{"family": f"Q{word}-Roy", "given": ["Zoé"]}]))["id"],
        "same-address": created(clinician, patient(name=strangers, address=address))["id"],
        "no-care-relation": created(clinician, patient(name=strangers))["id"],
    }
    cared, cared_too = (created(clinician, patient(name=strangers))["id"] for _ in range(2))
    for who in ("own-record", "same-family-name", "same-address"):
        encounter(people[who], reference=f"Organization/{organization['id']}")
    encounter(cared, reference=f"Organization/{organization['id']}")
    encounter(cared_too, identifier={"system": "urn:dossier:establishment", "value": "demo-06-nim"})
    with physician(gateway, sub=f"dr-{word}", name=f"Dre Anne Q{word}", licence=licence) as doctor:
        for who in [*people.values(), cared, cared_too]:
            assert doctor.get(f"/Patient/{who}").status_code == 200
            assert doctor.get(f"/Patient/{who}").status_code == 200
        # A search for people that shows who they are, and no more, opens no chart.
        shown = created(clinician, patient(name=[{"family": f"Q{word}", "given": ["Luce"]}]))["id"]
        assert len(matches(doctor.get(f"/Patient?name=Q{word}"))) == 3
        break_glass(gateway, cared)
    found = queue(reviewer, about(cared, "break-glass"))
    mine = [task for task in found if f"Q{word}" in task["description"]]
    rules = {who: set().union(*(by(task) for task in of_person(mine, person))) for who, person in people.items()}
    assert rules == {rule: {rule} for rule in people}, rules
    assert not of_person(mine, cared) and not of_person(mine, cared_too) and not of_person(mine, shown)
    # One access of a day stands for the others to the same chart.
    assert all(len(of_person(mine, person)) == 1 for person in people.values())


def test_many_charts_are_many(gateway, clinician, reviewer):
    people = [created(clinician, patient())["id"] for _ in range(62)]
    with physician(gateway) as doctor:
        for who in people:
            assert doctor.get(f"/Patient/{who}").status_code == 200
    found = queue(reviewer, lambda found: any("volume" in by(task) for task in found), rule="volume")
    charts = [one["valueInteger"] for task in found for one in task["input"] if "valueInteger" in one]
    assert 61 in charts, charts


def test_a_collision_is_on_the_list(gateway, clinician, reviewer):
    chart = Chart(clinician)
    with gateway.client(token=gateway.signed("clinician", function="nurse", sub=f"n-{unique()}")) as nurse:
        body = observation(chart.person) | {"id": chart.hidden}
        assert nurse.put(f"/Observation/{chart.hidden}", json=body, headers=JSON).status_code == 409
    queue(reviewer, about(chart.person, "collision"), rule="collision")


def test_emergencies_are_counted(gateway, reviewer, auditor, person):
    def counts(client=auditor) -> dict:
        answer = client.get("/AuditEvent/$break-glass-count", params={"date": "ge2020-01-01"})
        assert answer.status_code == 200, answer.text
        return answer.json()["parameter"]

    def total(parameters) -> int:
        return next(one["valueInteger"] for one in parameters if one["name"] == "total")

    before = total(counts())
    for _ in range(2):
        break_glass(gateway, person["id"])
    deadline = time.monotonic() + 20
    while total(counts()) < before + 2 and time.monotonic() < deadline:
        time.sleep(0.3)
    after = counts()
    assert total(after) == before + 2
    for name in ("by-establishment", "by-user"):
        parts = [one["part"] for one in after if one["name"] == name]
        assert sum(part["valueInteger"] for held in parts for part in held if part["name"] == "count") == total(after)
    mine = [one["part"] for one in after if one["name"] == "by-person"
            and one["part"][0]["valueReference"]["reference"] == f"Patient/{person['id']}"]
    assert mine[0][1]["valueInteger"] == 2
    with gateway.client("clinician") as clinician:
        assert clinician.get("/AuditEvent/$break-glass-count").status_code == 403


def test_the_list_is_paged(reviewer):
    every = [task["id"] for task in queue(reviewer, lambda found: len(found) >= 4)]
    seen, url = [], "/AuditEvent/$review-queue?_count=2"
    while url:
        answer = reviewer.get(url)
        page = [task["id"] for task in tasks(answer)]
        assert len(page) <= 2
        seen += page
        url = next_link(answer.json())
    assert len(seen) == len(set(seen)) and set(every) <= set(seen)
    assert seen == sorted(seen, reverse=True), "newest first"


def test_the_register_and_the_counts_of_the_year(gateway, auditor, clinician, tmp_path):
    for _ in range(3):
        created(clinician, patient())
    today = time.strftime("%Y-%m-%d", time.localtime(time.time()))
    year = today[:4]
    out = tmp_path / "register.csv"
    door = ["--region", "06", "--url", gateway.base("06")]
    made = dossier("register", *door, "--from", f"{year}-01-01", "--to", f"{year}-12-31", "--out", str(out),
                   data=gateway.data)
    text = out.read_bytes().decode("utf-8")
    assert text.endswith("\r\n") and (out.stat().st_mode & 0o777) == 0o600
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert f"{len(rows)} accesses" in made.stdout
    assert len({row["entry"] for row in rows}) == len(rows) > 100
    assert {row["region"] for row in rows} == {"06"}
    assert [row["when"] for row in rows] == sorted((row["when"] for row in rows), reverse=True)
    some = next(row for row in rows if row["action"] == "create" and row["result"] == "done")
    assert some["user"] and some["function"] and some["patients"] and some["purpose"] and some["request"]
    # It cannot be written over, and each page that was read is an access itself.
    again = dossier("register", *door, "--from", f"{year}-01-01", "--to", f"{year}-12-31", "--out", str(out),
                    data=gateway.data, check=False)
    assert again.returncode != 0
    yearly = dossier("yearly", *door, "--year", year, "--out", str(tmp_path), "--format", "html", data=gateway.data)
    counted = int(re.search(r"(\d+) accesses", yearly.stdout).group(1))
    pages = -(-len(rows) // 250)
    assert counted >= len(rows) + pages
    counts = list(csv.DictReader(open(tmp_path / f"accesses-{year}-06.csv", newline="")))
    total = int(next(row for row in counts if row["division"] == "total")["accesses"])
    assert total == counted
    for division in ("establishment", "function", "licence", "action", "purpose", "basis", "result", "emergency"):
        assert sum(int(row["accesses"]) for row in counts if row["division"] == division) == total, division
    # What had happened before the register was read is counted as it is there.
    refused = sum(row["result"] == "refused" for row in rows)
    assert int(next(r for r in counts if r["division"] == "total")["refused"]) == refused
    emergencies = sum(bool(row["emergency"]) for row in rows)
    assert int(next(r for r in counts if r["division"] == "total")["emergency"]) == emergencies
    page = (tmp_path / f"accesses-{year}-06-fr.html").read_text()
    assert '<html lang="fr' in page and "Par établissement" in page
    english = dossier("yearly", *door, "--year", year, "--out", str(tmp_path), "--language", "en", data=gateway.data)
    assert english.returncode == 0 and "By establishment" in (tmp_path / f"accesses-{year}-06-en.md").read_text()


def test_the_register_is_for_auditors(gateway, clinician, person):
    assert clinician.get("/AuditEvent/$register").status_code == 403
    with gateway.client("patient", patient=person["id"]) as own:
        assert own.get("/AuditEvent/$register").status_code == 403
    for wrong in ("region=99x&colour=red", "date=soon"):
        with gateway.client("auditor") as auditor:
            assert auditor.get(f"/AuditEvent/$register?{wrong}").status_code == 400
