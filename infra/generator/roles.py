"""infra/cloudformation/roles.yaml: a role for each policy, in one region's name."""

import tomllib
from pathlib import Path

from . import policies, yaml

ROOT = Path(__file__).resolve().parents[2]
HEAD = """Who may ask the tables for what: the roles of one region's gateway. Made by
scripts/infrastructure from infra/policies/walls.toml and the functions' worlds.

The gateway's own role may only assume the others, one for each function and one
for each of its own tasks; `dossier up --roles` does. Deploy once for each region,
with the parameters of its file in parameters/."""
TABLES = {"record": {"Ref": "RecordTableArn"}, "access": {"Ref": "AccessTableArn"}}


def logical(role: str) -> str:
    return f"{role.capitalize()}Role"


def placed(statement: dict) -> dict:
    """A statement on the tables of the stack rather than on any of their name."""
    held = dict(statement)
    name = held["Resource"].rsplit("/", 1)[-1]
    held["Resource"] = TABLES.get(name, held["Resource"])
    keys = held.get("Condition", {}).get("ForAllValues:StringLike", {})
    if keys:
        families = [{"Fn::Sub": family} if "${" in family else family for family in keys[policies.KEYS]]
        held["Condition"] = held["Condition"] | {"ForAllValues:StringLike": {policies.KEYS: families}}
    return held


def role(name: str, policy: dict, trusted: dict, what: str, more: list = ()) -> dict:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": {"Fn::Sub": "dossier-${RegionCode}-" + name},
            "Description": what,
            "MaxSessionDuration": 3600,
            "AssumeRolePolicyDocument": policies.document([
                {"Effect": "Allow", "Principal": {"AWS": trusted}, "Action": "sts:AssumeRole"},
            ]),
            "Policies": [{"PolicyName": name, "PolicyDocument": policy}] if policy["Statement"] else [],
            "ManagedPolicyArns": list(more),
        },
    }


def descriptions() -> dict[str, str]:
    """What each role is for: of a function, as spin.toml says."""
    components = tomllib.loads((ROOT / "spin.toml").read_text())["component"]
    said = {name: f"Function {name}" for name in policies.worlds() if name in components}
    return said | {name: held["for"] for name, held in policies.walls()["role"].items()}


def template() -> dict:
    made = policies.policies("${RegionCode}")
    said = descriptions()
    gateway = {"Fn::GetAtt": [logical(policies.GATEWAY), "Arn"]}
    # What nobody may is said once, and attached to every role.
    first = next(iter(made.values()))["Statement"]
    never = policies.document([placed(held) for held in first if held["Effect"] == "Deny"])
    resources = {"Never": {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "ManagedPolicyName": {"Fn::Sub": "dossier-${RegionCode}-never"},
            "Description": "What no role of the record may, whatever is allowed elsewhere",
            "PolicyDocument": never,
        },
    }}
    for name, policy in made.items():
        allowed = policies.document([placed(held) for held in policy["Statement"] if held["Effect"] == "Allow"])
        resources[logical(name)] = role(name, allowed, gateway, said[name], [{"Ref": "Never"}])
    # By name: the roles name this one in turn.
    arns = [{"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/dossier-${RegionCode}-" + name}
            for name in made]
    own = role(policies.GATEWAY, policies.assume(arns), {"Ref": "GatewayPrincipalArn"},
               "The gateway itself: assumes the roles of functions and tasks, and may nothing else")
    arn = "^arn:aws[a-z-]*:dynamodb:[a-z0-9-]+:[0-9]{12}:table/[A-Za-z0-9_.-]+$"
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Dossier: the roles of one region's gateway, least privilege for each function",
        "Parameters": {
            "RegionCode": {"Type": "String", "AllowedPattern": "^[0-9]{2}$", "Description": "Health region, two digits"},
            "RecordTableArn": {"Type": "String", "AllowedPattern": arn, "Description": "Output RecordTableArn of tables.yaml"},
            "AccessTableArn": {"Type": "String", "AllowedPattern": arn, "Description": "Output AccessTableArn of tables.yaml"},
            "GatewayPrincipalArn": {"Type": "String", "AllowedPattern": "^arn:aws[a-z-]*:iam::[0-9]{12}:.+$",
                                    "Description": "Who runs the gateway: the role of its machine or its service account"},
        },
        "Resources": {logical(policies.GATEWAY): own} | resources,
        "Outputs": {
            "GatewayRoleArn": {"Description": "What the gateway's process has", "Value": gateway},
            "Roles": {"Description": "For dossier up --roles",
                      "Value": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/dossier-${RegionCode}-"}},
        },
    }


def files() -> dict[str, str]:
    return {"infra/cloudformation/roles.yaml": yaml.text(template(), HEAD)}
