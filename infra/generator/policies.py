"""IAM policies, one for each role, from infra/policies/walls.toml and the worlds
of wit/functions/worlds.wit."""

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "infra/policies"
WORLDS = ROOT / "wit/functions/worlds.wit"
# Worlds that are no function's: what a provider gives, what bindings are made of.
NO_FUNCTION = {"provider", "guest"}
KEYS = "dynamodb:LeadingKeys"
# Any region's code: two characters.
ANY_REGION = "??"
# The gateway's own role, which assumes the others.
GATEWAY = "gateway"


def walls() -> dict:
    return tomllib.loads((FOLDER / "walls.toml").read_text())


def worlds() -> dict[str, list[str]]:
    """The interfaces that each function's world imports, by their bare names."""
    found = {}
    text = WORLDS.read_text()
    for name, body in re.findall(r"^world (\w+) \{(.*?)^\}", text, re.MULTILINE | re.DOTALL):
        if name not in NO_FUNCTION:
            found[name] = re.findall(r"import dossier:%?record/([\w-]+)@", body)
    return found


def table(name: str) -> str:
    return "*" if name == "*" else f"arn:aws:dynamodb:*:*:table/{name}"


def actions(names: list[str]) -> list[str]:
    return [f"dynamodb:{name}" for name in sorted(names)]


def allow(name: str, need: dict, region: str) -> dict:
    families = [family.replace("{region}", region) for family in need["families"]]
    return {
        "Sid": name,
        "Effect": "Allow",
        "Action": actions(need["actions"]),
        "Resource": table(need["table"]),
        # A request that names no key would pass the first condition.
        "Condition": {"ForAllValues:StringLike": {KEYS: families}, "Null": {KEYS: "false"}},
    }


def deny(name: str, never: dict) -> dict:
    resource = table(never["table"])
    statement = {"Sid": name, "Effect": "Deny", "Action": actions(never["actions"]), "Resource": resource}
    if "families" in never:
        statement["Condition"] = {"ForAnyValue:StringLike": {KEYS: never["families"]}}
    return statement


def needs() -> dict[str, list[str]]:
    """What each role needs, in the order of walls.toml."""
    held = walls()
    wanted = {name: {need for interface in imports for need in held["interface"][interface]}
              for name, imports in worlds().items()}
    wanted |= {name: set(role["needs"]) for name, role in held["role"].items()}
    return {name: [need for need in held["need"] if need in wanted[name]] for name in sorted(wanted)}


def document(statements: list[dict]) -> dict:
    return {"Version": "2012-10-17", "Statement": statements}


def assume(arns: list) -> dict:
    """The gateway's own policy: it reaches the tables in other names only."""
    return document([
        {"Sid": "ActInRoles", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": arns},
        {"Sid": "NeverInItsOwn", "Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"},
    ])


def policies(region: str = ANY_REGION) -> dict[str, dict]:
    """Every role's policy document but the gateway's own, by the role's name."""
    held = walls()
    never = [deny(name, never) for name, never in held["never"].items()]
    return {role: document([allow(need, held["need"][need], region) for need in wanted] + never)
            for role, wanted in needs().items()}


def files() -> dict[str, str]:
    """The files of infra/policies, by their paths from the root."""
    made = policies()
    made[GATEWAY] = assume([f"arn:aws:iam::*:role/dossier-{ANY_REGION}-{role}" for role in sorted(made)])
    return {f"infra/policies/{name}.json": json.dumps(made[name], indent=2) + "\n" for name in made}
