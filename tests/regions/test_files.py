"""Region files as an operator meets them: what is wrong is said with file, line and remedy, and nothing half-configured serves."""

import shutil

import pytest
from harness.gateway import ROOT, free_port
from harness.regions import run

CODES = [f"{number:02}" for number in range(1, 19)]
# (file, text, instead, line, what, remedy)
MISTAKES = [
    ("06.toml", 'phase = "live"', 'phase = "alive"', 5, "unknown variant `alive`", "planned, rehearsal, live, paused"),
    ("17.toml", 'fr = "Nunavik"', 'fr = "Centre-du-Québec"', 4, "belongs to health region 04", "correct the code or the name"),
    ("17.toml", "_regions = [10]", "_regions = [17]", 10, "administrative region 17 is Centre-du-Québec", "administrative_regions"),
    ("13.toml", 'opens = "2027-03-01"\n', "", 5, "does not say when it opens", "opens ="),
    ("13.toml", '"06"', '"60"', 9, "`60` is not a region", "add 60.toml"),
    ("04.toml", "demo-04-mcq", "demo-06-nim", 25, "already in region 04", "keep it once"),
    ("06.toml", "http://127.0.0.1", "http://06.example.org", 6, "without TLS", "https://"),
]


@pytest.fixture
def files(tmp_path):
    return shutil.copytree(ROOT / "infra/regions", tmp_path / "regions")


def test_the_house_is_in_order(files):
    checked = run("regions", "check", files)
    assert checked.returncode == 0 and checked.stdout.startswith("18 regions: 16 planned, 0 in rehearsal, 2 live"), checked.stdout
    assert [line.split()[0] for line in run("regions", "list", files).stdout.splitlines()] == CODES


@pytest.mark.parametrize("name,text,instead,line,what,remedy", MISTAKES)
def test_a_mistake_is_told_with_its_line_and_what_to_do(files, name, text, instead, line, what, remedy):
    path = files / name
    assert text in path.read_text()
    path.write_text(path.read_text().replace(text, instead, 1))
    checked = run("regions", "check", files)
    assert checked.returncode == 1
    told = [told for told in checked.stdout.splitlines() if what in told]
    assert told and remedy in told[0], checked.stdout
    where = told[0].split(": ")[0].split(":")
    assert where[0].endswith(".toml") and (where[0].endswith(name) or "already" in what), told
    if "already" not in what:
        assert int(where[1]) == line, told


def test_no_files_are_no_regions(tmp_path):
    checked = run("regions", "check", tmp_path)
    assert checked.returncode == 1 and "holds no region file" in checked.stderr


def test_keys_of_another_region_or_none_open_no_door(tmp_path):
    keys, port = tmp_path / "keys", free_port()
    assert run("regions", "keys", "--out", keys, "--region", "04").returncode == 0
    serve = ("up", "--data", tmp_path / "data", "--region", "06", "--ports", f"06={port}", "--native", "--peer-keys", keys)
    missing = run(*serve)
    assert missing.returncode == 1 and "dossier regions keys" in missing.stderr, missing.stderr
    for kind in ("pem", "key"):
        shutil.copy(keys / f"04.{kind}", keys / f"06.{kind}")
    borrowed = run(*serve)
    assert borrowed.returncode == 1 and "not a certificate of region 06" in borrowed.stderr, borrowed.stderr
    assert run("regions", "keys", "--out", keys, "--region", "19").returncode == 1
