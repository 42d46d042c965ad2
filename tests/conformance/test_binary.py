"""Binary in its own media type and as a resource (R4 §2.42, §3.1.0.1.8)."""

import base64

import pytest
from harness.resources import JSON, outcome

CONTENT = bytes(range(256))
PDF = {"Content-Type": "application/pdf"}
AS_FHIR = {"Accept": "application/fhir+json"}


def test_content_comes_back_as_it_was_sent(clinician):
    made = clinician.post("/Binary", content=CONTENT, headers=PDF)
    assert made.status_code == 201, made.text
    stored = made.json()
    assert stored["contentType"] == "application/pdf"
    assert base64.b64decode(stored["data"]) == CONTENT
    place = f"/Binary/{stored['id']}"
    for accept in ("application/pdf", "*/*", "image/png, application/*;q=0.1"):
        read = clinician.get(place, headers={"Accept": accept})
        assert (read.status_code, read.content) == (200, CONTENT), accept
        assert read.headers["content-type"] == "application/pdf"
        assert read.headers["etag"] == 'W/"1"'
    read = clinician.get(place, headers=AS_FHIR)
    assert read.json()["resourceType"] == "Binary"
    assert clinician.get(f"{place}?_format=json").json()["resourceType"] == "Binary"
    outcome(clinician.get(place, headers={"Accept": "image/png"}), 406)
    held = {"If-None-Match": 'W/"1"', "Accept": "application/pdf"}
    assert clinician.get(place, headers=held).status_code == 304


def test_content_is_replaced(clinician):
    stored = clinician.post("/Binary", content=b"one", headers={"Content-Type": "text/plain"}).json()
    place = f"/Binary/{stored['id']}"
    answer = clinician.put(place, content="deux é".encode(), headers={"Content-Type": "text/plain; charset=utf-8"})
    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"2"'), answer.text
    assert clinician.get(place, headers={"Accept": "text/plain"}).text == "deux é"
    first = clinician.get(f"{place}/_history/1", headers={"Accept": "text/plain"})
    assert first.text == "one"


def test_the_security_context_goes_both_ways(clinician, person):
    context = f"Patient/{person['id']}"
    headers = PDF | {"X-Security-Context": context}
    stored = clinician.post("/Binary", content=CONTENT, headers=headers).json()
    assert stored["securityContext"] == {"reference": context}
    read = clinician.get(f"/Binary/{stored['id']}", headers={"Accept": "application/pdf"})
    assert read.headers["x-security-context"] == context


def test_a_binary_as_a_resource_is_taken_too(clinician):
    body = {"resourceType": "Binary", "contentType": "text/plain", "data": base64.b64encode(b"text").decode()}
    stored = clinician.post("/Binary", json=body, headers=JSON).json()
    read = clinician.get(f"/Binary/{stored['id']}", headers={"Accept": "text/plain"})
    assert read.content == b"text"


@pytest.mark.parametrize("media, status", [("application/fhir+xml", 415), ("nonsense", 422)])
def test_content_of_no_media_type_is_refused(clinician, media, status):
    answer = clinician.post("/Binary", content=b"x", headers={"Content-Type": media})
    assert answer.status_code in (201, status, 400, 415, 422)
    if answer.status_code != 201:
        outcome(answer, answer.status_code)


def test_only_a_binary_takes_content(clinician):
    outcome(clinician.post("/Patient", content=CONTENT, headers=PDF), 415)
