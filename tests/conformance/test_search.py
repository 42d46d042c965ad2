"""The first set of searches (R4 §3.1.1)."""

import threading

import pytest
from harness.resources import (
    FILE_SYSTEM, LOINC, NAM_SYSTEM, created, encounter, matches, next_link, observation, outcome,
    patient, unique,
)


def ids(answer) -> list[str]:
    return [resource["id"] for resource in matches(answer)]


@pytest.fixture
def several(clinician):
    """Three people of one family name that nobody else has."""
    family = f"Desrochers{unique()}"
    born = ["1950-01-31", "1980-07-15", "2010-12-01"]
    genders = ["male", "female", "female"]
    people = [
        created(clinician, patient(name=[{"family": family, "given": ["Zoé"]}], birthDate=day, gender=gender))
        for day, gender in zip(born, genders)
    ]
    return family, people


def test_patient_by_identifier(clinician):
    value = unique()
    made = created(clinician, patient(identifier=[{"system": FILE_SYSTEM, "value": value}]))
    created(clinician, patient(identifier=[{"system": NAM_SYSTEM, "value": f"X{value}"}]))
    assert ids(clinician.get("/Patient", params={"identifier": f"{FILE_SYSTEM}|{value}"})) == [made["id"]]
    assert ids(clinician.get("/Patient", params={"identifier": value})) == [made["id"]]
    assert ids(clinician.get("/Patient", params={"identifier": f"{NAM_SYSTEM}|{value}"})) == []


def test_patient_by_name_birthdate_and_gender(clinician, several):
    family, people = several
    everyone = {person["id"] for person in people}
    assert set(ids(clinician.get("/Patient", params={"name": family}))) == everyone
    assert set(ids(clinician.get("/Patient", params={"name": family.lower()[:14]}))) == everyone
    women = clinician.get("/Patient", params={"name": family, "gender": "female"})
    assert set(ids(women)) == {people[1]["id"], people[2]["id"]}
    one = clinician.get("/Patient", params={"name": family, "birthdate": "1980-07-15"})
    assert ids(one) == [people[1]["id"]]
    late = clinician.get("/Patient", params={"name": family, "birthdate": "ge1980"})
    assert set(ids(late)) == {people[1]["id"], people[2]["id"]}
    exact = clinician.get("/Patient", params={"name:exact": family.lower()})
    assert ids(exact) == []


def test_names_are_found_without_their_accents(clinician):
    given = f"Éloïse{unique()}"
    made = created(clinician, patient(name=[{"family": "Côté", "given": [given]}]))
    assert ids(clinician.get("/Patient", params={"name": given.replace("É", "e").replace("ï", "i")})) == [made["id"]]


@pytest.fixture
def chart(clinician, person):
    """Observations of one person: codes, days, categories, an encounter."""
    visit = created(clinician, encounter(person["id"]))
    kinds = [("718-7", "laboratory"), ("8302-2", "vital-signs"), ("718-7", "laboratory"), ("29463-7", "vital-signs")]
    made = []
    for day, (code, category) in enumerate(kinds, start=1):
        more = {
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "category": [{"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": category}]}],
            "effectiveDateTime": f"2026-0{day}-10",
        }
        if day == 2:
            more["encounter"] = {"reference": f"Encounter/{visit['id']}"}
            more["status"] = "amended"
        made.append(created(clinician, observation(person["id"], **more)))
    return person["id"], visit["id"], [entry["id"] for entry in made]


CHART_SEARCHES = [
    ({}, [0, 1, 2, 3]),
    ({"code": "718-7"}, [0, 2]),
    ({"code": f"{LOINC}|718-7"}, [0, 2]),
    ({"code": f"{LOINC}|718-7,{LOINC}|8302-2"}, [0, 1, 2]),
    ({"code": "nothing|718-7"}, []),
    ({"date": "2026-02"}, [1]),
    ({"date": "ge2026-02-10"}, [1, 2, 3]),
    ({"date": ["gt2026-01-10", "lt2026-04-10"]}, [1, 2]),
    ({"status": "amended"}, [1]),
    ({"category": "laboratory"}, [0, 2]),
    ({"category": "vital-signs", "date": "ge2026-03"}, [3]),
]


@pytest.mark.parametrize("asked,expected", CHART_SEARCHES, ids=[str(asked) for asked, _ in CHART_SEARCHES])
@pytest.mark.parametrize("name", ["patient", "subject"])
def test_a_chart_is_searched(clinician, chart, name, asked, expected):
    person, _, observations = chart
    value = person if name == "patient" else f"Patient/{person}"
    found = ids(clinician.get("/Observation", params={name: value} | asked))
    assert sorted(found) == sorted(observations[index] for index in expected)


def test_by_encounter_id_and_instant(clinician, chart):
    person, visit, observations = chart
    within = {"patient": person, "encounter": f"Encounter/{visit}"}
    assert ids(clinician.get("/Observation", params=within)) == [observations[1]]
    chosen = {"patient": person, "_id": ",".join(observations[:2])}
    assert sorted(ids(clinician.get("/Observation", params=chosen))) == sorted(observations[:2])
    since = {"patient": person, "_lastUpdated": "ge2020-01-01"}
    assert len(ids(clinician.get("/Observation", params=since))) == 4
    assert ids(clinician.get("/Observation", params={"patient": person, "_lastUpdated": "lt2020-01-01"})) == []


def test_sorted_by_date_both_ways(clinician, chart):
    person, _, observations = chart
    up = ids(clinician.get("/Observation", params={"patient": person, "_sort": "date"}))
    down = ids(clinician.get("/Observation", params={"patient": person, "_sort": "-date"}))
    assert up == observations and down == observations[::-1]


def test_a_search_by_post_is_the_same(clinician, chart):
    person, _, observations = chart
    form = {"patient": person, "code": "718-7"}
    found = clinician.post("/Observation/_search", data=form)
    assert sorted(ids(found)) == sorted([observations[0], observations[2]])


def test_a_search_finds_what_was_just_written(clinician, person):
    for count in range(1, 6):
        created(clinician, observation(person["id"]))
        assert len(ids(clinician.get("/Observation", params={"patient": person["id"]}))) == count


def test_everything_of_a_person(clinician, chart):
    person, visit, observations = chart
    found = ids(clinician.get(f"/Patient/{person}/$everything"))
    assert found[0] == person
    assert sorted(found) == sorted([person, visit, *observations])


def pages(clinician, url: str) -> list[list[str]]:
    found = []
    while url:
        answer = clinician.get(url)
        found.append(ids(answer))
        url = next_link(answer.json())
    return found


@pytest.mark.parametrize("sort", ["", "&_sort=-date", "&_sort=_lastUpdated"])
def test_paging_is_stable_while_others_write(clinician, person, gateway, sort):
    made = [
        created(clinician, observation(person["id"], effectiveDateTime=f"2026-01-{day:02}"))["id"]
        for day in range(1, 21)
    ]
    stop = threading.Event()

    def write():
        with gateway.client("clinician", "04") as other:
            while not stop.is_set():
                created(other, observation(person["id"], effectiveDateTime="2026-01-10"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        found = pages(clinician, f"/Observation?patient={person['id']}&_count=3{sort}")
    finally:
        stop.set()
        writer.join()
    flat = [entry for page in found for entry in page]
    assert all(len(page) <= 3 for page in found)
    assert len(flat) == len(set(flat)), "an entry came twice"
    assert set(made) <= set(flat), "an entry was left out"


UNKNOWN = [
    "/Patient?shoe-size=43", "/Observation?patient={id}&colour=red", "/Patient?name:sounds=x",
    "/Observation?patient={id}&_sort=colour", "/Patient/{id}/$everything?colour=red",
    "/Patient/{id}/_history?colour=red",
]


@pytest.mark.parametrize("url", UNKNOWN)
def test_an_unknown_parameter_is_refused(clinician, person, url):
    outcome(clinician.get(url.format(id=person["id"])), 400)


@pytest.mark.parametrize("query", ["date=yesterday", "_count=-1", "_count=many", "_lastUpdated=never"])
def test_a_value_that_cannot_be_is_refused(clinician, person, query):
    outcome(clinician.get(f"/Observation?patient={person['id']}&{query}"), 400)


def test_the_registries_are_searched_too(clinician):
    name = f"CLSC {unique()}"
    made = created(clinician, {"resourceType": "Organization", "name": name,
                               "identifier": [{"system": FILE_SYSTEM, "value": unique()}]})
    assert clinician.get(f"/Organization/{made['id']}").json()["name"] == name
    value = made["identifier"][0]["value"]
    assert ids(clinician.get("/Organization", params={"identifier": value})) == [made["id"]]
    deleted = clinician.delete(f"/Organization/{made['id']}")
    assert deleted.status_code == 204
    assert ids(clinician.get("/Organization", params={"identifier": value})) == []
