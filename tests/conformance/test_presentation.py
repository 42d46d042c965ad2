"""How answers are written: _summary, _elements, _pretty, _format, and in which language (R4 §3.1.0.1.10, §3.1.1.5.8)."""

import pytest
from harness.resources import created, observation, outcome


def test_a_summary_says_that_it_is_one(clinician, person):
    read = clinician.get(f"/Patient/{person['id']}?_summary=true").json()
    assert any(tag["code"] == "SUBSETTED" for tag in read["meta"]["tag"])
    assert "name" in read
    text = clinician.get(f"/Patient/{person['id']}?_summary=text").json()
    assert "name" not in text


def test_elements_are_kept_with_the_mandatory_ones(clinician, person):
    made = created(clinician, observation(person["id"]))
    read = clinician.get(f"/Observation/{made['id']}?_elements=subject").json()
    assert {"subject", "status", "code", "id", "meta"} <= set(read) and "valueQuantity" not in read


def test_history_and_everything_are_subsetted_too(clinician, person):
    for path in (f"/Patient/{person['id']}/_history", f"/Patient/{person['id']}/$everything"):
        bundle = clinician.get(f"{path}?_elements=gender").json()
        assert "name" not in bundle["entry"][0]["resource"], path


def test_pretty_is_the_same_content(clinician, person):
    plain = clinician.get(f"/Patient/{person['id']}")
    pretty = clinician.get(f"/Patient/{person['id']}?_pretty=true")
    assert "\n  " in pretty.text and "\n" not in plain.text.strip()
    assert pretty.json() == plain.json()


@pytest.mark.parametrize("query, at", [("_summary=maybe", "_summary"), ("_elements=colour", "_elements"),
                                       ("_pretty=1", "_pretty"), ("_summary=true&_elements=name", "_elements")])
def test_what_cannot_be_presented_is_refused(clinician, person, query, at):
    answer = clinician.get(f"/Patient/{person['id']}?{query}")
    outcome(answer, 400)
    assert answer.json()["issue"][0]["expression"] == [at]


def test_a_parameter_that_a_read_does_not_have_is_refused(clinician, person):
    answer = clinician.get(f"/Patient/{person['id']}?name=x")
    outcome(answer, 400)
    assert answer.json()["issue"][0]["expression"] == ["name"]


@pytest.mark.parametrize("asked", ["xml", "application/fhir+xml", "ttl", "application/fhir%2Bjson;fhirVersion=3.0"])
def test_other_formats_are_not_acceptable(clinician, person, asked):
    outcome(clinician.get(f"/Patient/{person['id']}?_format={asked}"), 406)


def test_refusals_are_in_the_callers_language(clinician):
    french = clinician.get("/Patient/never-was", headers={"Accept-Language": "fr-CA"})
    english = clinician.get("/Patient/never-was", headers={"Accept-Language": "en"})
    assert (french.headers["content-language"], english.headers["content-language"]) == ("fr", "en")
    assert french.json()["issue"][0]["diagnostics"] != english.json()["issue"][0]["diagnostics"]
    assert french.status_code == english.status_code == 404
