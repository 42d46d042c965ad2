"""The way to the store fails: no access without its entry, no change made twice."""

import pytest
from harness.faulty import FaultyWay
from harness.gateway import Store
from harness.resources import JSON, created, matches, observation, outcome, patient, post, transaction


@pytest.fixture
def region(fresh, tmp_path):
    """Region 06 over a store whose way can be made to fail: (gateway, way)."""
    store = Store(tmp_path / "store").start()
    way = FaultyWay(store.port)
    env = store.env | {"AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{way.port}"}
    try:
        yield fresh(regions=("06",), env=env).start(), way
    finally:
        way.close()
        store.stop()


def test_with_the_access_table_failing_no_record_byte_is_sent(region):
    running, way = region
    with running.client() as client:
        person = created(client, patient())
        entry = created(client, observation(person["id"]))
        way.refused_table = "access"
        for path in (f"/Patient/{person['id']}", f"/Observation/{entry['id']}", f"/Observation/{entry['id']}/_history",
                     f"/Observation/{entry['id']}/_history/1", f"/Observation?patient={person['id']}",
                     f"/Patient/{person['id']}/$everything", "/Patient?name=Tremblay"):
            answer = client.get(path)
            outcome(answer, 503)
            for part in ("Tremblay", "1984-06-02", "718-7", "131"):
                assert part not in answer.text, f"{path} tells {part}"
        assert client.get("/metadata").status_code == 200
        way.refused_table = None
        assert client.get(f"/Patient/{person['id']}").status_code == 200


@pytest.mark.parametrize("one_in", [2, 3])
def test_lost_replies_change_nothing_twice(region, one_in):
    running, way = region
    with running.client() as client:
        person = created(client, patient())
        way.lost_one_in = one_in
        answers = [client.post("/Observation", json=observation(person["id"]), headers=JSON) for _ in range(20)]
        bundle = client.post("/", json=transaction(*[post(observation(person["id"])) for _ in range(40)]), headers=JSON)
        updated = client.put(f"/Patient/{person['id']}", json=person | {"multipleBirthInteger": 2},
                             headers=JSON | {"If-Match": 'W/"1"'})
        way.lost_one_in = 0
        assert way.lost > 0, "no reply was lost"
        done = [answer for answer in answers if answer.status_code == 201]
        assert all(answer.status_code in (201, 503) for answer in answers), [a.text for a in answers]
        assert updated.status_code in (200, 503), updated.text
        count = len(matches(client.get("/Observation", params={"patient": person["id"], "_count": "200"})))
        unsure = len(answers) - len(done)
        sure = len(done) + (40 if bundle.status_code == 200 else 0)
        assert sure <= count <= sure + unsure + (0 if bundle.status_code == 200 else 40)
        assert len({answer.json()["id"] for answer in done}) == len(done)
        if updated.status_code == 200:
            assert client.get(f"/Patient/{person['id']}").headers["etag"] == 'W/"2"'
