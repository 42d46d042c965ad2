"""Commits: races, retries, transactions. What is counted is what the record holds afterwards."""

import asyncio
import uuid

import httpx
import pytest
from harness.resources import (
    FILE_SYSTEM, JSON, created, encounter, matches, observation, outcome, patient, post, transaction, unique,
)

AT_ONCE = 50


def at_once(gateway, requests: list[dict]) -> list[httpx.Response]:
    """Sends all of them at one time, half through each region."""

    async def send():
        tokens = {region: gateway.token("clinician", region) for region in ("06", "04")}
        limits = httpx.Limits(max_connections=AT_ONCE * 2)
        async with httpx.AsyncClient(timeout=60, limits=limits) as client:
            sends = []
            for index, request in enumerate(requests):
                region = ("06", "04")[index % 2]
                headers = JSON | {"Authorization": f"Bearer {tokens[region]}"} | request.get("headers", {})
                url = gateway.base(region) + request["path"]
                sends.append(client.request(request["method"], url, json=request["json"], headers=headers))
            return await asyncio.gather(*sends)

    return asyncio.run(send())


@pytest.fixture
def rounds(full):
    return range(20 if full == "races" else 1)


@pytest.mark.races
def test_fifty_conditional_creates_make_one_resource(gateway, clinician, rounds):
    for _ in rounds:
        value = unique()
        sent = patient(identifier=[{"system": FILE_SYSTEM, "value": value}])
        request = {"method": "POST", "path": "/Patient", "json": sent,
                   "headers": {"If-None-Exist": f"identifier={FILE_SYSTEM}|{value}"}}
        answers = at_once(gateway, [request] * AT_ONCE)
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [200] * (AT_ONCE - 1) + [201], statuses
        assert len({answer.headers["location"].split("/fhir/")[1] for answer in answers}) == 1
        assert len(matches(clinician.get("/Patient", params={"identifier": f"{FILE_SYSTEM}|{value}"}))) == 1


@pytest.mark.races
def test_fifty_updates_with_one_if_match_make_one_version(gateway, clinician, rounds):
    for _ in rounds:
        person = created(clinician, patient())
        place = f"/Patient/{person['id']}"
        requests = [
            {"method": "PUT", "path": place, "json": person | {"birthDate": f"19{index + 10}-01-01"},
             "headers": {"If-Match": 'W/"1"'}}
            for index in range(AT_ONCE)
        ]
        answers = at_once(gateway, requests)
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [200] + [412] * (AT_ONCE - 1), statuses
        winner = next(answer for answer in answers if answer.status_code == 200).json()
        read = clinician.get(place)
        assert read.json() == winner and read.headers["etag"] == 'W/"2"'


@pytest.mark.races
def test_fifty_updates_without_a_condition_are_fifty_versions(gateway, clinician, rounds):
    person = created(clinician, patient())
    requests = [{"method": "PUT", "path": f"/Patient/{person['id']}", "json": person | {"multipleBirthInteger": number}}
                for number in range(AT_ONCE)]
    answers = at_once(gateway, requests)
    tags = sorted(int(a.headers["etag"][3:-1]) for a in answers if a.status_code == 200)
    refused = [answer for answer in answers if answer.status_code != 200]
    assert all(answer.status_code in (409, 503) for answer in refused), [a.text for a in refused]
    assert tags == list(range(2, len(tags) + 2)), "a version was lost or given twice"


@pytest.mark.races
def test_one_retry_key_sent_fifty_times_is_one_create(gateway, clinician, person, rounds):
    key = str(uuid.uuid4())
    request = {"method": "POST", "path": "/Observation", "json": observation(person["id"]),
               "headers": {"Idempotency-Key": key}}
    token = gateway.token("clinician")

    async def send():
        async with httpx.AsyncClient(timeout=60, headers=JSON | {"Authorization": f"Bearer {token}"}) as client:
            url = gateway.base("06") + request["path"]
            return await asyncio.gather(*[
                client.post(url, json=request["json"], headers=request["headers"]) for _ in range(AT_ONCE)
            ])

    answers = asyncio.run(send())
    done = [answer for answer in answers if answer.status_code == 201]
    assert done and all(answer.status_code in (201, 409, 503) for answer in answers)
    assert len({answer.json()["id"] for answer in done}) == 1
    assert len(matches(clinician.get("/Observation", params={"patient": person["id"]}))) == 1


def test_a_retry_key_gives_the_same_answer_and_refuses_another_body(clinician, person):
    headers = JSON | {"Idempotency-Key": unique()}
    sent = observation(person["id"])
    first = clinician.post("/Observation", json=sent, headers=headers)
    again = clinician.post("/Observation", json=sent, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotency-replayed"] == "true"
    outcome(clinician.post("/Observation", json=sent | {"status": "amended"}, headers=headers), 422)
    assert len(matches(clinician.get("/Observation", params={"patient": person["id"]}))) == 1


def test_a_retry_key_holds_for_updates_and_deletes(clinician, person):
    place = f"/Patient/{person['id']}"
    headers = JSON | {"Idempotency-Key": unique()}
    changed = person | {"gender": "other"}
    tags = [clinician.put(place, json=changed, headers=headers).headers["etag"] for _ in range(3)]
    assert tags == ['W/"2"'] * 3
    entry = created(clinician, observation(person["id"]))
    key = {"Idempotency-Key": unique()}
    statuses = [clinician.delete(f"/Observation/{entry['id']}", headers=key).status_code for _ in range(2)]
    assert statuses == [204, 204]


def test_a_transaction_resolves_its_own_references(clinician):
    of_person, of_visit = f"urn:uuid:{uuid.uuid4()}", f"urn:uuid:{uuid.uuid4()}"
    visit = encounter("x", subject={"reference": of_person})
    note = observation("x", subject={"reference": of_person}, encounter={"reference": of_visit},
                       note=[{"text": f"not a reference: {of_visit}"}])
    sent = transaction(post(note), post(visit, of_visit), post(patient(), of_person))
    answer = clinician.post("/", json=sent, headers=JSON)
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    assert bundle["type"] == "transaction-response"
    places = [entry["response"]["location"].split("/_history/")[0] for entry in bundle["entry"]]
    assert [entry["response"]["status"][:3] for entry in bundle["entry"]] == ["201"] * 3
    observed, visited, person = places
    stored = clinician.get(f"/{observed}").json()
    assert stored["subject"]["reference"] == person
    assert stored["encounter"]["reference"] == visited
    assert of_visit in stored["note"][0]["text"]
    found = matches(clinician.get("/Observation", params={"patient": person, "encounter": visited}))
    assert len(found) == 1


def test_a_transaction_creates_updates_deletes_and_reads(clinician, person):
    gone = created(clinician, observation(person["id"]))
    kept = created(clinician, observation(person["id"]))
    sent = transaction(
        post(observation(person["id"])),
        {"resource": kept | {"status": "amended"}, "request": {"method": "PUT", "url": f"Observation/{kept['id']}"}},
        {"request": {"method": "DELETE", "url": f"Observation/{gone['id']}"}},
        {"request": {"method": "GET", "url": f"Patient/{person['id']}"}},
    )
    answer = clinician.post("/", json=sent, headers=JSON).json()
    assert [entry["response"]["status"][:3] for entry in answer["entry"]] == ["201", "200", "204", "200"]
    assert answer["entry"][3]["resource"]["id"] == person["id"]
    outcome(clinician.get(f"/Observation/{gone['id']}"), 410)
    assert clinician.get(f"/Observation/{kept['id']}").json()["status"] == "amended"


def test_a_transaction_over_two_people(clinician):
    people = [created(clinician, patient()) for _ in range(2)]
    entries = [post(observation(person["id"])) for person in people for _ in range(30)]
    answer = clinician.post("/", json=transaction(*entries), headers=JSON)
    assert answer.status_code == 200, answer.text
    for person in people:
        found = clinician.get("/Observation", params={"patient": person["id"], "_count": "100"})
        assert len(matches(found)) == 30


@pytest.mark.parametrize("count", [150, 600])
def test_a_large_transaction_is_all_or_nothing(clinician, person, count):
    entries = [post(observation(person["id"])) for _ in range(count)]
    broken = transaction(*entries, {"resource": person, "request": {
        "method": "PUT", "url": f"Patient/{person['id']}", "ifMatch": 'W/"99"'}})
    outcome(clinician.post("/", json=broken, headers=JSON), 412)
    asked = {"patient": person["id"], "_count": "1000"}
    assert matches(clinician.get("/Observation", params=asked)) == []
    answer = clinician.post("/", json=transaction(*entries), headers=JSON)
    assert answer.status_code == 200, answer.text
    assert len(matches(clinician.get("/Observation", params=asked))) == count


def test_a_conditional_create_in_a_transaction_refers_to_what_is_there(clinician):
    value = unique()
    criteria = f"identifier={FILE_SYSTEM}|{value}"
    there = created(clinician, patient(identifier=[{"system": FILE_SYSTEM, "value": value}]))
    url = f"urn:uuid:{uuid.uuid4()}"
    sent = transaction(
        post(patient(identifier=[{"system": FILE_SYSTEM, "value": value}]), url, ifNoneExist=criteria),
        post(observation("x", subject={"reference": url})),
    )
    answer = clinician.post("/", json=sent, headers=JSON)
    assert answer.status_code == 200, answer.text
    assert [entry["response"]["status"][:3] for entry in answer.json()["entry"]] == ["200", "201"]
    assert len(matches(clinician.get("/Observation", params={"patient": there["id"]}))) == 1


def test_conditional_references_are_resolved(clinician, person):
    identifier = person["identifier"][0]
    reference = f"Patient?identifier={identifier['system']}|{identifier['value']}"
    answer = clinician.post("/", json=transaction(post(observation("x", subject={"reference": reference}))), headers=JSON)
    assert answer.status_code == 200, answer.text
    assert len(matches(clinician.get("/Observation", params={"patient": person["id"]}))) == 1


def test_a_batch_answers_each_entry_by_itself(clinician, person):
    sent = {"resourceType": "Bundle", "type": "batch", "entry": [
        post(observation(person["id"])),
        post(observation(person["id"], status="finished")),
        {"request": {"method": "GET", "url": f"Patient/{person['id']}"}},
        {"request": {"method": "GET", "url": "Patient/never-was"}},
        {"request": {"method": "GET", "url": f"Observation?patient={person['id']}"}},
    ]}
    bundle = clinician.post("/", json=sent, headers=JSON).json()
    assert bundle["type"] == "batch-response"
    statuses = [entry["response"]["status"][:3] for entry in bundle["entry"]]
    assert statuses == ["201", "422", "200", "404", "200"]
    for index in (1, 3):
        assert bundle["entry"][index]["response"]["outcome"]["resourceType"] == "OperationOutcome"


def test_a_body_over_the_item_limit_is_chunked(clinician, person):
    text = "".join(uuid.uuid4().hex for _ in range(40_000))
    made = clinician.post("/Observation", json=observation(person["id"], note=[{"text": text}]), headers=JSON)
    assert made.status_code == 201, made.text[:500]
    read = clinician.get(f"/Observation/{made.json()['id']}").json()
    assert read["note"][0]["text"] == text
