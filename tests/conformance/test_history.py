"""History of an instance, a type and the system; HEAD; 410 (R4 §3.1.0.9, §3.1.0.1)."""

import time

import pytest
from harness.resources import JSON, created, next_link, observation, outcome, patient

INSTANT = "2026-01-31T13:00:00Z"


def keys(bundle: dict) -> list[str]:
    return [entry["fullUrl"].split("/fhir/")[1] + "/" + entry["response"]["etag"] for entry in bundle.get("entry", [])]


def all_pages(client, url: str) -> list[dict]:
    entries = []
    for _ in range(200):
        answer = client.get(url)
        assert answer.status_code == 200, answer.text
        bundle = answer.json()
        assert bundle["type"] == "history"
        entries += bundle.get("entry", [])
        url = next_link(bundle)
        if not url:
            return entries
    raise AssertionError("the pages do not end")


def test_history_of_a_type_is_newest_first_with_deletions(clinician, person):
    made = created(clinician, observation(person["id"]))
    place = f"/Observation/{made['id']}"
    clinician.put(place, json=made | {"status": "amended"}, headers=JSON)
    assert clinician.delete(place).status_code == 204
    entries = clinician.get("/Observation/_history?_count=10").json()["entry"]
    mine = [entry for entry in entries if entry["fullUrl"].endswith(place)]
    assert [entry["request"]["method"] for entry in mine] == ["DELETE", "PUT", "POST"], mine
    assert "resource" not in mine[0]


def test_history_of_the_system_names_every_type(clinician, person):
    made = created(clinician, observation(person["id"]))
    entries = clinician.get("/_history?_count=20").json()["entry"]
    named = {entry["fullUrl"].split("/fhir/")[1] for entry in entries}
    assert {f"Observation/{made['id']}", f"Patient/{person['id']}"} <= named


def test_history_goes_back_to_since(clinician, person):
    time.sleep(0.02)
    since = created(clinician, patient())["meta"]["lastUpdated"].replace("+", "%2B")
    newer = created(clinician, patient())
    entries = all_pages(clinician, f"/Patient/_history?_since={since}&_count=1")
    named = {entry["fullUrl"].rsplit("/", 1)[1] for entry in entries}
    assert newer["id"] in named and person["id"] not in named


@pytest.mark.parametrize("place", ["/Patient/{id}/_history", "/Patient/_history", "/_history"])
@pytest.mark.parametrize("query, at", [("_since=yesterday", "_since"), ("_count=0", "_count"), ("_count=x", "_count"),
                                       ("colour=red", "colour"), (f"_at={INSTANT}", "_at"), ("_pretty=maybe", "_pretty")])
def test_a_history_that_is_wrongly_asked_is_refused(clinician, person, place, query, at):
    answer = clinician.get(f"{place.format(id=person['id'])}?{query}")
    outcome(answer, 400)
    assert answer.json()["issue"][0]["expression"] == [at]


def test_head_is_get_without_a_body(clinician, person):
    for path in (f"/Patient/{person['id']}", f"/Patient/{person['id']}/_history/1", f"/Patient/{person['id']}/_history",
                 "/Patient/_history?_count=1", f"/Patient?_id={person['id']}", "/metadata"):
        head, got = clinician.head(path), clinician.get(path)
        assert (head.status_code, head.content) == (200, b""), path
        assert head.headers.get("etag") == got.headers.get("etag"), path


def test_what_is_deleted_is_gone_and_says_by_which_version(clinician, person):
    place = f"/Patient/{person['id']}"
    clinician.delete(place)
    answer = clinician.get(place)
    outcome(answer, 410)
    assert answer.headers["etag"] == 'W/"2"'
    outcome(clinician.get(f"{place}/_history/2"), 410)
    assert clinician.get(f"{place}/_history/1").status_code == 200
    assert len(clinician.get(f"{place}/_history").json()["entry"]) == 2


def test_everything_by_post_takes_parameters(clinician, person):
    created(clinician, observation(person["id"]))
    body = {"resourceType": "Parameters", "parameter": [
        {"name": "_type", "valueString": "Observation"}, {"name": "_count", "valueInteger": 10}]}
    answer = clinician.post(f"/Patient/{person['id']}/$everything", json=body, headers=JSON)
    assert answer.status_code == 200, answer.text
    kinds = {entry["resource"]["resourceType"] for entry in answer.json()["entry"]}
    assert kinds == {"Observation"}


@pytest.mark.parametrize("query, at", [("start=yesterday", "start"), ("end=2026-13-01", "end"), ("_type=Pateint", "_type"),
                                       ("_since=x", "_since"), ("name=x", "name")])
def test_everything_wrongly_asked_is_refused(clinician, person, query, at):
    answer = clinician.get(f"/Patient/{person['id']}/$everything?{query}")
    outcome(answer, 400)
    assert answer.json()["issue"][0]["expression"] == [at]
    outcome(clinician.get(f"/Observation/{person['id']}/$everything"), 404)
    body = {"resourceType": "Parameters", "parameter": [{"name": "start", "valuePeriod": {"start": "2026"}}]}
    wrong = clinician.post(f"/Patient/{person['id']}/$everything", json=body, headers=JSON)
    outcome(wrong, 400)
    assert wrong.json()["issue"][0]["expression"] == ["Parameters.parameter[0].value"]
