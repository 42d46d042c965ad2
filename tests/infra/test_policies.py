"""The policies of roles: each function's is what its component can ask for, no more and no less."""

import json
import re
import subprocess
import tomllib

import pytest
from harness.gateway import ROOT

FOLDER = ROOT / "infra/policies"
WALLS = tomllib.loads((FOLDER / "walls.toml").read_text())
POLICIES = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
PINS = ROOT / "tests/component/imports"
# `door` asks nothing of the store: the gateway does not load it.
FUNCTIONS = sorted({path.name for path in (ROOT / "functions").iterdir()} - {"door"})
KEYS = "dynamodb:LeadingKeys"
# Actions that change an item whatever is stored, or read without naming a key.
NEVER = {"UpdateItem", "BatchWriteItem", "Scan", "PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete", "DeleteTable", "UpdateTable"}


def allowed(policy: dict) -> list[dict]:
    return [held for held in policy["Statement"] if held["Effect"] == "Allow"]


def imports(function: str) -> set[str]:
    """What the built component imports of the walls (pinned, and compared with what is built)."""
    found = re.findall(r"^dossier:record/([\w-]+)@", (PINS / f"{function}.txt").read_text(), re.MULTILINE)
    return set(found) - {"types"}


def test_everything_that_is_made_is_as_its_sources_say():
    checked = subprocess.run(["scripts/infrastructure", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr


def test_there_is_a_policy_for_every_function_and_every_task_and_no_other():
    assert sorted(POLICIES) == sorted([*FUNCTIONS, *WALLS["role"], "gateway"])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_the_grants_of_its_imports_and_no_other(function):
    needed = {need for interface in imports(function) for need in WALLS["interface"][interface]}
    granted = {held["Sid"] for held in allowed(POLICIES[function])}
    assert granted - needed == set(), f"{function} is granted what it cannot ask for"
    assert needed - granted == set(), f"{function} lacks what it can ask for"


def test_every_interface_of_the_walls_says_what_it_needs():
    interfaces = {path.stem for path in (ROOT / "wit/record").glob("*.wit")} - {"types"}
    assert set(WALLS["interface"]) == interfaces
    used = {need for needs in WALLS["interface"].values() for need in needs}
    used |= {need for role in WALLS["role"].values() for need in role["needs"]}
    assert used == set(WALLS["need"]), "a need that nobody has, or one that is not described"


@pytest.mark.parametrize("role", sorted(set(POLICIES) - {"gateway"}))
def test_a_role_is_allowed_single_actions_on_named_keys_of_one_table(role):
    for held in allowed(POLICIES[role]):
        assert held["Resource"] in {f"arn:aws:dynamodb:*:*:table/{name}" for name in ("record", "access")}
        for action in held["Action"]:
            assert re.fullmatch(r"dynamodb:\w+", action) and action.split(":")[1] not in NEVER, action
        patterns = held["Condition"]["ForAllValues:StringLike"][KEYS]
        assert all(re.match(r"[A-Z]+#|readiness$", pattern) for pattern in patterns), patterns
        assert held["Condition"]["Null"] == {KEYS: "false"}, "a request without keys would pass"


@pytest.mark.parametrize("role", sorted(set(POLICIES) - {"gateway"}))
def test_nobody_may_take_away_what_was_journaled_or_committed(role):
    denied = {held["Sid"]: held for held in POLICIES[role]["Statement"] if held["Effect"] == "Deny"}
    forgotten = {"record": set(), "access": set()}
    for name, table in (("NobodyForgetsAccesses", "access"), ("NobodyForgetsCommits", "record")):
        assert denied[name]["Action"] == ["dynamodb:DeleteItem"] and denied[name]["Resource"].endswith(f"/{table}")
        forgotten[table] |= {pattern.split("#")[0] for pattern in denied[name]["Condition"]["ForAnyValue:StringLike"][KEYS]}
    assert forgotten["access"] >= {"J", "A", "LH", "LT", "LE", "LP"}
    # What a role may delete is nothing of that: the denial guards what others may add some day.
    for held in allowed(POLICIES[role]):
        if "dynamodb:DeleteItem" in held["Action"]:
            families = {pattern.split("#")[0] for pattern in held["Condition"]["ForAllValues:StringLike"][KEYS]}
            assert not families & forgotten[held["Resource"].rsplit("/", 1)[1]], held["Sid"]
    patterns = [re.escape(pattern).replace(r"\*", ".*") for pattern in denied["NobodyGoesRound"]["Action"]]
    for action in NEVER:
        assert any(re.fullmatch(pattern, f"dynamodb:{action}") for pattern in patterns), action


def test_the_gateway_itself_may_only_act_in_roles():
    act, never = POLICIES["gateway"]["Statement"]
    assert (act["Effect"], act["Action"]) == ("Allow", "sts:AssumeRole")
    assert act["Resource"] == [f"arn:aws:iam::*:role/dossier-??-{role}" for role in sorted(set(POLICIES) - {"gateway"})]
    assert (never["Effect"], never["Action"], never["Resource"]) == ("Deny", "dynamodb:*", "*")


def families_in_code() -> set[str]:
    """What the code begins partition keys with."""
    found = set()
    for room in ("crates/chart", "crates/access", "crates/provider", "crates/report", "gateway"):
        for path in (ROOT / room / "src").rglob("*.rs"):
            if path.name == "tests.rs" or "tests" in path.parts:
                continue
            code = "\n".join(line for line in path.read_text().split("\n") if not line.lstrip().startswith("//"))
            found |= set(re.findall(r'"([A-Z]{1,2})#', code))
    # Sort keys: cells, versions and pieces within a home, steps of a job.
    return found - {"X", "V", "Y", "S"}


def test_every_family_of_keys_is_somebodys_and_every_grant_is_of_a_family():
    granted = {pattern.split("#")[0] for need in WALLS["need"].values() for pattern in need["families"]} - {"readiness"}
    assert granted == families_in_code()


def test_a_region_adds_to_its_own_journal_and_ledger_only():
    """Items of a region carry its code: the templates put it into the condition."""
    template = (ROOT / "infra/cloudformation/roles.yaml").read_text()
    assert "J#${RegionCode}#*" in template and "LH#${RegionCode}" in template and "??" not in template
    own = {"J", "JS", "JZ", "LE", "LH", "LS", "LT", "LZ", "O", "Q", "QP", "QU", "QV"}
    for name, need in WALLS["need"].items():
        if {"PutItem", "DeleteItem"} & set(need["actions"]):
            for pattern in need["families"]:
                assert pattern.split("#")[0] not in own or pattern.split("#")[1].startswith("{region}"), f"{name}: {pattern}"
