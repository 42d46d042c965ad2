"""`dossier load`: bundles of any source, with a reconciliation that balances."""

import bz2
import gzip
import json
import os
import re
import shutil
from pathlib import Path

import pytest
from harness.gateway import ROOT, dossier
from harness.resources import matches

SYNTHEA = Path(os.environ.get("DOSSIER_SYNTHEA_DIR", ROOT.parent / "shared/data/synthea"))


def load(gateway, region: str, *paths, forget: bool = False) -> dict[str, int]:
    """Loads, and returns the reconciliation's totals. `forget` makes the loader
    forget what it knows to be done, so that the region must know it."""
    if forget:
        shutil.rmtree(gateway.data / "load", ignore_errors=True)
    told = gateway.data / "reconciliation.json"
    done = dossier("load", "--region", region, "--ports", gateway.ports_text(), "--json", str(told),
                   *map(str, paths), data=gateway.data, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    counts = json.loads(told.read_text())
    assert counts["balanced"]
    total = counts["total"]
    assert total["read"] == sum(total[name] for name in ("created", "updated", "already_there", "refused")), total
    return total


@pytest.fixture(scope="session")
def bundles(full) -> list[Path]:
    if not SYNTHEA.is_dir():
        pytest.skip(f"no Synthea bundles at {SYNTHEA.name}: set DOSSIER_SYNTHEA_DIR to the folder")
    files = sorted(SYNTHEA.glob("*.json.bz2"))
    batches = [file for file in files if file.name.startswith("0-")]
    people = sorted((file for file in files if file not in batches), key=lambda file: file.stat().st_size)
    return batches + (people if full == "synthea" else people[:3])


def entries(file: Path) -> list[dict]:
    return json.loads(bz2.decompress(file.read_bytes()))["entry"]


@pytest.mark.synthea
def test_synthea_loads_once_balances_and_is_read_in_the_other_region(gateway, bundles):
    count = sum(len(entries(file)) for file in bundles)
    first = load(gateway, "06", *bundles)
    assert first["read"] == count and first["refused"] == 0, first
    assert first["created"] > 0
    for forget in (False, True):
        again = load(gateway, "06", *bundles, forget=forget)
        assert again["read"] == count and again["already_there"] == count, again
    with gateway.client("clinician", "04") as mauricie:
        for file in bundles[2:]:
            compare(mauricie, entries(file))


def compare(client, sent: list[dict]) -> None:
    """A chart as read, against what was sent, but for what the server assigns."""
    person = next(entry["resource"] for entry in sent if entry["resource"]["resourceType"] == "Patient")
    identifier = person["identifier"][0]
    found = matches(client.get("/Patient", params={"identifier": f"{identifier['system']}|{identifier['value']}"}))
    assert len(found) == 1, f"{len(found)} Patients of one identifier"
    chart = matches(client.get(f"/Patient/{found[0]['id']}/$everything"))
    # A Medication names no person, so it is in no chart; charts refer to it.
    told = {place for resource in chart for place in re.findall(r'"(Medication/[^"]+)"', json.dumps(resource))}
    chart += [client.get(f"/{place}").json() for place in told]
    shapes = {plain(resource) for resource in chart}
    wanted = sorted(plain(entry["resource"]) for entry in sent)
    missing = [shape for shape in wanted if shape not in shapes]
    assert not missing, f"{len(missing)} of {len(wanted)} differ, for example {missing[0][:600]}"


def plain(resource: dict) -> str:
    """A resource without ids, versions, instants and resolved references; numbers by their text."""

    def bare(value):
        if isinstance(value, dict):
            return {key: "…" if key == "reference" else bare(inner) for key, inner in value.items()}
        return [bare(inner) for inner in value] if isinstance(value, list) else value

    kept = {key: value for key, value in resource.items() if key != "id"}
    meta = {k: v for k, v in kept.pop("meta", {}).items() if k not in ("versionId", "lastUpdated")}
    # Of types that the record makes itself, what clients send is marked.
    tags = [tag for tag in meta.pop("tag", []) if tag.get("system") != "urn:dossier:origin"]
    meta |= {"tag": tags} if tags else {}
    return json.dumps(bare(kept | ({"meta": meta} if meta else {})), sort_keys=True)


def small(name: str) -> dict:
    identifier = [{"system": "urn:test:load", "value": name}]
    person = {"resourceType": "Patient", "identifier": identifier, "name": [{"family": "Bégin"}]}
    note = {
        "resourceType": "Observation", "status": "final", "code": {"text": "poids"},
        "identifier": identifier, "subject": {"reference": "urn:uuid:1b4e28ba-2fa1-11d2-883f-0016d3cca427"},
        "valueQuantity": {"value": 71.5, "unit": "kg"},
    }
    return {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"fullUrl": "urn:uuid:1b4e28ba-2fa1-11d2-883f-0016d3cca427", "resource": person,
         "request": {"method": "POST", "url": "Patient"}},
        {"fullUrl": "urn:uuid:6fa459ea-ee8a-3ca4-894e-db77e160355e", "resource": note,
         "request": {"method": "POST", "url": "Observation"}},
    ]}


def test_every_kind_of_file_and_a_folder(gateway, clinician, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(small("plain")))
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(json.dumps(small("gz")).encode()))
    (tmp_path / "c.json.bz2").write_bytes(bz2.compress(json.dumps(small("bz2")).encode()))
    (tmp_path / "d.ndjson").write_text("\n".join(json.dumps(small(f"line-{n}")) for n in range(2)))
    first = load(gateway, "04", tmp_path)
    assert (first["read"], first["created"]) == (10, 10)
    for forget in (False, True):
        again = load(gateway, "04", tmp_path, forget=forget)
        assert (again["read"], again["created"], again["already_there"]) == (10, 0, 10)
    for name in ("plain", "gz", "bz2", "line-0", "line-1"):
        assert len(matches(clinician.get("/Patient", params={"identifier": f"urn:test:load|{name}"}))) == 1


def test_what_is_refused_is_told_with_its_reason(gateway, tmp_path):
    broken = small("refused")
    broken["entry"][1]["resource"]["status"] = "finished"
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    (tmp_path / "half.json").write_text(json.dumps(small("half"))[:-40])
    done = dossier("load", "--region", "06", "--ports", gateway.ports_text(), str(tmp_path), data=gateway.data, check=False)
    told = done.stdout + done.stderr
    assert "broken.json" in told and "status" in told, told[-2000:]
    assert "half.json" in told
    assert done.returncode != 0


def test_demonstration_people_are_the_same_for_the_same_seed(gateway, tmp_path):
    outputs = []
    for name in ("one", "two"):
        out = tmp_path / name
        dossier("demo", "--people", "3", "--seed", "7", "--out", str(out), data=gateway.data)
        outputs.append({file.name: file.read_bytes() for file in sorted(out.rglob("*")) if file.is_file()})
    assert outputs[0] and outputs[0] == outputs[1]
    first = load(gateway, "06", tmp_path / "one")
    assert first["created"] > 0 and first["refused"] == 0
    assert load(gateway, "06", tmp_path / "two")["created"] == 0
