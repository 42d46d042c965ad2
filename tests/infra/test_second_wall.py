"""Every function with its own role's grants only, and with another's: its work done, or refused without a byte.

The policies of infra/policies are enforced in front of the store (`dossier up --policies`), while the
functions run as they are built."""

import json
import re
import shutil
import tomllib

import httpx
import pytest
from harness.gateway import ROOT, Gateway
from harness.resources import JSON, created, observation, patient, post, transaction
from harness.trust import Trust, form

POLICIES = ROOT / "infra/policies"
WALLS = tomllib.loads((POLICIES / "walls.toml").read_text())
FUNCTIONS = sorted({path.name for path in (ROOT / "functions").iterdir()} - {"door"})
CANARY = "Canarissime"
NOTHING = json.dumps({"Version": "2012-10-17", "Statement": []})
ASYNC = {"Prefer": "respond-async", "Accept": "application/fhir+json"}


# Entries of all functions share writes in the gateway, in a role of their own; on stock Spin each function
# adds its own (crates/provider/tests/walls).
SHARED = {"AddEntries"}


def needs(role: str) -> set[str]:
    held = json.loads((POLICIES / f"{role}.json").read_text())
    return {statement["Sid"] for statement in held["Statement"] if statement["Effect"] == "Allow"} - SHARED


# One role of each kind: others have the same grants.
KINDS = {frozenset(needs(role)): role for role in reversed(FUNCTIONS)}


def with_policies(folder, role: str | None = None, **instead: str):
    """The policies in a folder, with every function given the role's, and these texts instead."""
    shutil.copytree(POLICIES, folder, ignore=shutil.ignore_patterns("*.toml"))
    for function in FUNCTIONS if role else ():
        shutil.copy(POLICIES / f"{role}.json", folder / f"{function}.json")
    for name, text in instead.items():
        (folder / f"{name}.json").write_text(text)
    return ["--policies", str(folder)]


class House:
    """One record, opened again and again under other policies."""

    def __init__(self, folder):
        self.folder, self.trust, self.opened = folder, Trust(), 0
        (folder / "clients.json").write_text(json.dumps(self.trust.clients()))
        with self.open() as gateway, gateway.client() as clinician:
            self.person = created(clinician, patient(name=[{"family": CANARY}]))
            self.observation = created(clinician, observation(self.person["id"], note=[{"text": CANARY}]))

    def open(self, role: str | None = None, **instead: str) -> "Opened":
        self.opened += 1
        policies = with_policies(self.folder / f"policies-{self.opened}", role, **instead)
        clients = ["--clients", str(self.folder / "clients.json")]
        return Opened(Gateway(self.folder / "data", regions=("06",), arguments=[*policies, *clients]))

    def work(self, gateway: Gateway) -> dict[str, tuple[int, callable]]:
        """What each function is asked, and the status of having done it."""
        person, seen = self.person["id"], self.observation["id"]
        clinician, auditor, machine = gateway.client(), gateway.client("auditor"), gateway.client(token=gateway.machine())
        anonymous = gateway.client(None)
        # Nothing changes nothing, and is only read.
        update = self.person | {"identifier": patient()["identifier"]}
        bundle = transaction(post(patient()))
        operator = {"Authorization": f"Bearer {gateway.signed('clinician', function='operator', scope='user/Basic.rs')}"}
        endpoint = f"{gateway.origin('06')}/oauth/token"
        return {
            "lookup": (200, lambda: clinician.get(f"/Observation/{seen}")),
            "search": (200, lambda: clinician.get(f"/Observation?patient={person}")),
            "update": (200, lambda: clinician.put(f"/Patient/{person}", json=update, headers=JSON)),
            "transact": (200, lambda: clinician.post("/", json=bundle, headers=JSON)),
            "audit": (200, lambda: auditor.get(f"/AuditEvent?patient={person}")),
            "provenance": (200, lambda: clinician.get(f"/Provenance?target=Observation/{seen}")),
            "bulk": (202, lambda: machine.get("/Patient/$export", headers=ASYNC)),
            # These read nothing; that nobody is told who they are is journaled.
            "validate": (401, lambda: anonymous.post("/Patient/$validate", json=patient(), headers=JSON)),
            "route": (401, lambda: httpx.get(f"{gateway.origin('06')}/route")),
            "token": (200, lambda: httpx.post(endpoint, data=form(self.trust.assertion(endpoint)))),
            "sequence": (200, lambda: httpx.post(f"{gateway.origin('06')}/ledger/$sequence", headers=operator)),
            "capability": (200, lambda: anonymous.get("/metadata")),
        }


class Opened:
    def __init__(self, gateway: Gateway):
        self.gateway = gateway

    def __enter__(self) -> Gateway:
        return self.gateway.start()

    def __exit__(self, *_):
        self.gateway.stop()


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    return House(tmp_path_factory.mktemp("wall"))


def decisions(gateway: Gateway) -> dict[tuple, int]:
    """(role, table, action, family, decision) and how often."""
    text = httpx.get(f"{gateway.admin('06')}/metrics").text
    rows = re.findall(r'^dossier_policy_decisions_total\{region="[^"]*",role="([^"]*)",table="([^"]*)",action="dynamodb:([^"]*)",family="([^"]*)",decision="([^"]*)"\} (\d+)$', text, re.MULTILINE)
    return {tuple(row[:5]): int(row[5]) for row in rows}


def test_every_function_is_asked(house):
    with house.open() as gateway:
        assert sorted(house.work(gateway)) == FUNCTIONS


def test_each_function_does_its_work_with_its_own_role(house):
    with house.open() as gateway:
        for function, (status, ask) in house.work(gateway).items():
            answer = ask()
            assert answer.status_code == status, f"{function}: {answer.status_code} {answer.text[:300]}"
        told = decisions(gateway)
        denied = {row for row in told if row[4] == "denied"}
        assert not denied, denied
        # The gateway's own tasks ran in their own names.
        assert {row[0] for row in told} >= {"journal", "sweep", "drain", "ledger", "readiness", "sequence", "lookup", "update", "audit", "token"}


@pytest.mark.parametrize("role", sorted(KINDS.values()))
def test_with_another_role_a_function_does_only_what_that_role_may(house, role):
    refused = []
    with house.open(role) as gateway:
        for function, (status, ask) in house.work(gateway).items():
            answer = ask()
            if needs(function) <= needs(role):
                assert answer.status_code == status, f"{function} as {role}: {answer.status_code} {answer.text[:300]}"
                continue
            refused.append(function)
            assert answer.status_code == 503, f"{function} as {role}: {answer.status_code} {answer.text[:300]}"
            assert CANARY not in answer.text and house.person["id"] not in answer.text
        told = decisions(gateway)
    assert {row[0] for row in told if row[4] == "denied"} == set(refused)
    # No role has all: each leaves some function without its grants.
    assert refused


def test_a_commit_that_was_denied_changed_nothing(house):
    with house.open("lookup") as gateway, gateway.client() as clinician:
        before = clinician.get(f"/Patient/{house.person['id']}")
        denied = clinician.put(f"/Patient/{house.person['id']}", json=house.person | {"gender": "unknown"}, headers=JSON)
        assert denied.status_code == 503
        assert clinician.get(f"/Patient/{house.person['id']}").content == before.content


def test_where_the_journal_may_not_be_written_nothing_is_told(house):
    with house.open(journal=NOTHING) as gateway:
        for function, (_, ask) in house.work(gateway).items():
            answer = ask()
            # A change's own entry is in its commit; what is public, or tells of nobody, needs none.
            if function not in ("update", "transact", "capability", "sequence"):
                assert answer.status_code == 503, f"{function}: {answer.text[:300]}"
                assert CANARY not in answer.text
        assert {row[0] for row in decisions(gateway) if row[4] == "denied"} == {"journal"}


def test_a_role_without_a_policy_keeps_the_door_shut(house):
    opened = house.open()
    (house.folder / f"policies-{house.opened}" / "search.json").unlink()
    with pytest.raises(AssertionError, match="the policy of search"):
        opened.gateway.start()
