"""Every kind of bad input: the right status, a useful text, nothing stored, nothing disclosed."""

import json

import pytest
from harness.resources import JSON, created, observation, outcome, patient, post, transaction, unique

BODY_BYTES_MAX = 50 * 1024 * 1024
DEPTH_MAX = 64


def nested(depth: int) -> str:
    """A resource with extensions within extensions."""
    inner = '{"url":"http://example.org/x","valueBoolean":true}'
    for _ in range(depth // 2):
        inner = '{"url":"http://example.org/x","extension":[%s]}' % inner
    return inner


def texts(person: str) -> dict[str, tuple[str, str, str, int, str]]:
    """Name → method, path, body, status, word that the text must hold."""
    good = json.dumps(observation(person))
    twice = good.replace('"status": "final"', '"status": "final", "status": "amended"')
    deep = good[:-1] + ', "extension": [%s]}' % nested(DEPTH_MAX + 20)
    other = json.dumps(patient(id="other-id"))
    return {
        "malformed": ("POST", "/Observation", good[:-1], 400, "ends"),
        "empty": ("POST", "/Observation", "", 400, ""),
        "not an object": ("POST", "/Observation", "[1, 2]", 400, "object"),
        "trailing comma": ("POST", "/Observation", good[:-1] + ",}", 400, ""),
        "two documents": ("POST", "/Observation", good + good, 400, ""),
        "not UTF-8": ("POST", "/Observation", good.replace("final", "f\udcffnal"), 400, "utf-8"),
        "NaN": ("POST", "/Observation", good.replace("131", "NaN"), 400, ""),
        "duplicate key": ("POST", "/Observation", twice, 400, "status"),
        "too deep": ("POST", "/Observation", deep, 400, "deep"),
        "number for a string": ("POST", "/Observation", good.replace('"final"', "5"), 400, "status"),
        "string for a number": ("POST", "/Observation", good.replace("131", '"131"'), 400, "value"),
        "object for an array": ("POST", "/Observation", good.replace('[{"system"', '{"system"').replace("}]}", "}}"), 400, "coding"),
        "a code that is none": ("POST", "/Observation", good.replace('"final"', '"finished"'), 422, "status"),
        "a date that is none": ("POST", "/Observation", good.replace("2026-03-04T10", "2026-13-04T10"), 422, "effective"),
        "unknown element": ("POST", "/Observation", good.replace('"status"', '"colour": "red", "status"'), 400, "colour"),
        "missing element": ("POST", "/Observation", good.replace('"status": "final", ', ""), 422, "status"),
        "empty array": ("POST", "/Observation", good[:-1] + ', "note": []}', 400, "note"),
        "empty string": ("POST", "/Observation", good.replace('"final"', '""'), 422, "status"),
        "null": ("POST", "/Observation", good[:-1] + ', "note": null}', 400, "note"),
        "no resourceType": ("POST", "/Observation", '{"status": "final"}', 400, "resourceType"),
        "another type": ("POST", "/Observation", json.dumps(patient()), 400, "Observation"),
        "unknown type": ("POST", "/Spaceship", '{"resourceType": "Spaceship"}', 404, "Spaceship"),
        "unknown type in the body": ("POST", "/Observation", '{"resourceType": "Spaceship"}', 400, ""),
        "bad id": ("PUT", "/Patient/an_id", json.dumps(patient(id="an_id")), 400, "id"),
        "long id": ("PUT", f"/Patient/{'a' * 65}", json.dumps(patient(id="a" * 65)), 400, "id"),
        "other id than the path": ("PUT", f"/Patient/{person}", other, 400, "id"),
        "no id": ("PUT", f"/Patient/{person}", json.dumps(patient()), 400, "id"),
        "not a bundle": ("POST", "/", good, 400, "Bundle"),
        "bundle of no such type": ("POST", "/", '{"resourceType": "Bundle", "type": "collection"}', 400, "type"),
    }


NAMES = list(texts("x"))


@pytest.fixture
def bystander(clinician):
    """A person whose chart must stay as it is."""
    made = created(clinician, patient())
    yield made["id"]
    read = clinician.get(f"/Patient/{made['id']}")
    assert read.headers["etag"] == 'W/"1"', "the refused request changed the Patient"
    left = clinician.get("/Observation", params={"patient": made["id"]}).json()
    assert "entry" not in left, "the refused request stored something"


@pytest.mark.parametrize("name", NAMES)
def test_bad_bodies(clinician, bystander, name):
    method, path, body, status, word = texts(bystander)[name]
    sent = body.encode("utf-8", "surrogateescape")
    answer = clinician.request(method, path, content=sent, headers=JSON)
    told = outcome(answer, status, word)
    assert "Tremblay" not in json.dumps(told), "the refusal repeats the person's data"


ENTRIES = {
    "dangling urn": (lambda p: post(observation(p, encounter={"reference": "urn:uuid:00000000-0000-4000-8000-000000000000"})), 422, "entry[1]"),
    "dangling reference": (lambda p: post(observation("nobody-has-this-id")), 422, "entry[1]"),
    "no request": (lambda p: {"resource": observation(p)}, 400, "request"),
    "no resource": (lambda p: {"request": {"method": "POST", "url": "Observation"}}, 400, "resource"),
    "unknown method": (lambda p: {"resource": observation(p), "request": {"method": "MELT", "url": "Observation"}}, 422, "http-verb"),
    "wrong type": (lambda p: {"resource": observation(p), "request": {"method": "POST", "url": "Patient"}}, 400, "entry[1]"),
    "stale If-Match": (lambda p: {"resource": patient(id=p), "request": {"method": "PUT", "url": f"Patient/{p}", "ifMatch": 'W/"9"'}}, 412, "entry[1]"),
    "wrong value": (lambda p: post(observation(p, status="finished")), 422, "entry[1]"),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_a_bad_entry_refuses_the_whole_transaction(clinician, bystander, name):
    entry, status, word = ENTRIES[name]
    value = unique()
    good = post(patient(identifier=[{"system": "urn:test", "value": value}]))
    sent = transaction(good, entry(bystander), post(observation(bystander)))
    answer = clinician.post("/", json=sent, headers=JSON)
    outcome(answer, status, word)
    assert "entry" not in clinician.get("/Patient", params={"identifier": value}).json()


def test_two_changes_of_one_resource_in_a_transaction_are_refused(clinician, bystander):
    entry = {"resource": patient(id=bystander), "request": {"method": "PUT", "url": f"Patient/{bystander}"}}
    answer = clinician.post("/", json=transaction(entry, entry), headers=JSON)
    assert answer.status_code in (400, 409, 422), answer.text
    outcome(answer, answer.status_code)


@pytest.mark.parametrize("media", ["text/xml", "application/fhir+xml", "text/plain", "", "application/fhir+json; charset=latin1"])
def test_another_media_type_is_415(clinician, bystander, media):
    headers = {"Content-Type": media} if media else {}
    outcome(clinician.post("/Observation", content=json.dumps(observation(bystander)), headers=headers), 415, "application/fhir+json")


@pytest.mark.parametrize("accept", ["application/fhir+xml", "text/html", "application/fhir+json;q=0"])
def test_who_takes_no_json_gets_406(clinician, bystander, accept):
    outcome(clinician.get(f"/Patient/{bystander}", headers={"Accept": accept}), 406, "json")


METHODS = [("POST", "/Patient/{id}"),
           ("DELETE", "/Patient/{id}/_history/1"), ("PUT", "/metadata"), ("DELETE", "/")]


@pytest.mark.parametrize("method,path", METHODS)
def test_another_method_is_405_and_says_which(clinician, bystander, method, path):
    answer = clinician.request(method, path.format(id=bystander), json=patient(), headers=JSON)
    outcome(answer, 405)
    assert answer.headers["allow"]


def spaces():
    """A body a little over the limit, in pieces."""
    for _ in range(BODY_BYTES_MAX // 65536 + 2):
        yield b" " * 65536


@pytest.mark.parametrize("told", [True, False], ids=["told by Content-Length", "chunked"])
def test_a_body_over_the_limit_is_413(gateway, bystander, told):
    headers = JSON | ({"Content-Length": str((BODY_BYTES_MAX // 65536 + 2) * 65536)} if told else {})
    with gateway.client() as sender:
        outcome(sender.post("/Observation", content=spaces(), headers=headers), 413)


PATHS = ["/Patient/{id}/nonsense", "/a/b/c/d/e", "/Patient/%ff", "/Patient/{id}/_history/0",
         "/Patient/{id}/_history/x", "/Patient/{id}/$explode", "/Patient/../../etc/passwd"]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_is_none(clinician, bystander, path):
    answer = clinician.get(path.format(id=bystander))
    outcome(answer, answer.status_code)
    assert answer.status_code in (400, 404)


@pytest.mark.parametrize("value", ["yesterday", "", "é"])
def test_idempotency_keys_are_checked(clinician, bystander, value):
    if value == "yesterday":
        value = "k" * 256
    headers = JSON | {"Idempotency-Key": value.encode("utf-8")}
    outcome(clinician.post("/Observation", json=observation(bystander), headers=headers), 400, "Idempotency-Key")


def test_several_matches_of_a_conditional_create_are_412(clinician, bystander):
    value = unique()
    for _ in range(2):
        created(clinician, patient(identifier=[{"system": "urn:test", "value": value}]))
    headers = JSON | {"If-None-Exist": f"identifier=urn:test|{value}"}
    outcome(clinician.post("/Patient", json=patient(), headers=headers), 412)


def test_a_condition_that_is_no_search_is_refused(clinician, bystander):
    headers = JSON | {"If-None-Exist": "colour=red"}
    outcome(clinician.post("/Observation", json=observation(bystander), headers=headers), 400)
