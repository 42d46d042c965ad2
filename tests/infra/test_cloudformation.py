"""The templates: clean, deployed to MiniStack, and the tables then what the store's own check wants."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import boto3
import httpx
import pytest
import yaml
from harness.gateway import DOSSIER, ROOT, Gateway, free_port
from harness.resources import created, observation, patient

FOLDER = ROOT / "infra/cloudformation"
TEMPLATES = sorted(path.name for path in FOLDER.glob("*.yaml"))
POLICIES = {path.stem: json.loads(path.read_text()) for path in (ROOT / "infra/policies").glob("*.json")}
REGION = "ca-central-1"
LINT = [sys.executable, "-c", "import sys; from cfnlint.runner import main; sys.exit(main())"]
# A template that is sent as it is, without a bucket.
TEMPLATE_BYTES_MAX = 51_200


class Loader(yaml.SafeLoader):
    """CloudFormation's short forms, kept as what they hold."""


def short_form(loader, suffix, node):
    construct = {yaml.ScalarNode: loader.construct_scalar, yaml.SequenceNode: loader.construct_sequence,
                 yaml.MappingNode: loader.construct_mapping}[type(node)]
    return {f"!{suffix}": construct(node, deep=True) if not isinstance(node, yaml.ScalarNode) else construct(node)}


Loader.add_multi_constructor("!", short_form)


def template(name: str) -> dict:
    return yaml.load((FOLDER / name).read_text(), Loader)


@pytest.mark.parametrize("name", TEMPLATES)
def test_cfn_lint_finds_nothing(name):
    linted = subprocess.run([*LINT, str(FOLDER / name), "--regions", REGION, "--non-zero-exit-code", "informational"],
                            capture_output=True, text=True)
    assert linted.returncode == 0, linted.stdout + linted.stderr
    assert len((FOLDER / name).read_bytes()) <= TEMPLATE_BYTES_MAX


def test_cfn_lint_finds_what_is_wrong(tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text((FOLDER / "tables.yaml").read_text().replace("KeyType: HASH", "KeyType: HASHED", 1))
    assert subprocess.run([*LINT, str(wrong)], capture_output=True).returncode != 0


@pytest.mark.parametrize("table", ["RecordTable", "AccessTable"])
def test_a_table_is_kept_encrypted_and_can_be_restored(table):
    held = template("tables.yaml")["Resources"][table]
    assert held["DeletionPolicy"] == held["UpdateReplacePolicy"] == "Retain"
    properties = held["Properties"]
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"]["SSEType"] == "KMS" and "RecordKey" in str(properties["SSESpecification"]["KMSMasterKeyId"])
    assert properties["DeletionProtectionEnabled"] == {"!If": ["Protected", True, False]}
    assert properties["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    definition = (ROOT / "crates/store/src/definition.rs").read_text()
    constant = lambda name: re.search(rf'{name}: &str = "(\w+)"', definition)[1]  # noqa: E731
    keys = [(held["AttributeName"], held["KeyType"]) for held in properties["KeySchema"]]
    assert keys == [(constant("PARTITION_KEY"), "HASH"), (constant("SORT_KEY"), "RANGE")]
    assert properties["TimeToLiveSpecification"] == {"AttributeName": constant("EXPIRY"), "Enabled": True}
    assert "GlobalSecondaryIndexes" not in properties


def test_the_roles_are_the_policies():
    """Of each role: what its policy file allows, and the denials that all share."""
    resources = template("roles.yaml")["Resources"]
    never = resources["Never"]["Properties"]["PolicyDocument"]["Statement"]
    for name, policy in POLICIES.items():
        properties = resources[f"{name.capitalize()}Role"]["Properties"]
        allowed = properties["Policies"][0]["PolicyDocument"]["Statement"] if properties["Policies"] else []
        told = allowed if name == "gateway" else allowed + never
        assert [(held["Sid"], held["Effect"], held["Action"]) for held in told] == \
            [(held["Sid"], held["Effect"], held["Action"]) for held in policy["Statement"]]
        trusted = properties["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"]
        assert trusted == ({"Ref": "GatewayPrincipalArn"} if name == "gateway" else {"Fn::GetAtt": ["GatewayRole", "Arn"]})


def test_alarms_and_dashboard_are_on_metrics_that_the_gateway_has(gateway):
    exposed = set(re.findall(r"^# TYPE (\w+)", httpx.get(f"{gateway.admin('06')}/metrics").text, re.MULTILINE))
    used = set(re.findall(r"\bdossier_\w+", (FOLDER / "observability.yaml").read_text()))
    assert len(used) >= 10 and used <= exposed, used - exposed


def test_every_region_has_its_parameters_and_every_parameter_is_one_of_the_template():
    codes = {path.stem for path in (ROOT / "infra/regions").glob("*.toml")}
    files = sorted((FOLDER / "parameters").glob("*.json"))
    assert {path.stem.rsplit("-", 1)[1] for path in files} == codes
    for path in files:
        taken = template(f"{path.stem.rsplit('-', 1)[0]}.yaml")["Parameters"]
        assert {held["ParameterKey"] for held in json.loads(path.read_text())} <= set(taken), path.name


class MiniStack:
    """The services that the templates ask for, in one process on loopback."""

    def __init__(self, log: Path):
        self.port, self.log = free_port(), log
        executable = os.environ.get("DOSSIER_MINISTACK", "ministack")
        self.process = subprocess.Popen([executable], env=os.environ | {"GATEWAY_PORT": str(self.port)},
                                        stdin=subprocess.DEVNULL, stdout=open(log, "ab"), stderr=subprocess.STDOUT)
        self.env = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}", "AWS_ENDPOINT_URL_DYNAMODB": f"http://127.0.0.1:{self.port}",
                    "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.process.poll() is None, log.read_text()[-3000:]
            time.sleep(0.1)
        raise AssertionError("MiniStack does not listen")

    def client(self, service: str):
        return boto3.client(service, endpoint_url=f"http://127.0.0.1:{self.port}", region_name=REGION,
                            aws_access_key_id="test", aws_secret_access_key="test")

    def deploy(self, name: str, **parameters: str) -> dict[str, str]:
        """Deploys a template, and gives the stack's outputs."""
        formation = self.client("cloudformation")
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        formation.create_stack(StackName=name, TemplateBody=(FOLDER / f"{name}.yaml").read_text(), Parameters=given,
                               Capabilities=["CAPABILITY_NAMED_IAM"])
        until = time.monotonic() + 60
        while time.monotonic() < until:
            stack = formation.describe_stacks(StackName=name)["Stacks"][0]
            if stack["StackStatus"] != "CREATE_IN_PROGRESS":
                break
            time.sleep(0.2)
        assert stack["StackStatus"] == "CREATE_COMPLETE", formation.describe_stack_events(StackName=name)["StackEvents"][:5]
        return {held["OutputKey"]: held["OutputValue"] for held in stack.get("Outputs", [])}

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """Every template in MiniStack, as the runbook deploys them: (MiniStack, outputs of the tables, of the roles)."""
    stack = MiniStack(tmp_path_factory.mktemp("ministack") / "log")
    try:
        tables = stack.deploy("tables", DeletionProtection="false")
        region = {held["ParameterKey"]: held["ParameterValue"] for held in json.loads((FOLDER / "parameters/roles-06.json").read_text())}
        roles = stack.deploy("roles", RecordTableArn=tables["RecordTableArn"], AccessTableArn=tables["AccessTableArn"],
                             GatewayPrincipalArn="arn:aws:iam::000000000000:root", **region)
        watched = {held["ParameterKey"]: held["ParameterValue"] for held in json.loads((FOLDER / "parameters/observability-06.json").read_text())}
        stack.deploy("observability", AlarmTopicArn=f"arn:aws:sns:{REGION}:000000000000:on-call", **watched)
        yield stack, tables, roles
    finally:
        stack.stop()


def check_tables(stack: MiniStack, *more: str):
    return subprocess.run([str(DOSSIER), "tables", "check", "--store", "dynamodb", *more], cwd=ROOT, capture_output=True,
                          text=True, env=os.environ | stack.env)


def test_the_stores_own_check_finds_the_tables_that_were_deployed(deployed):
    stack, tables, _ = deployed
    checked = check_tables(stack)
    assert checked.returncode == 0 and checked.stdout == "record: as defined\naccess: as defined\n", checked.stderr
    missing = check_tables(stack, "--table-prefix", "other-")
    assert missing.returncode != 0 and "missing" in missing.stderr
    described = stack.client("dynamodb").describe_table(TableName="record")["Table"]
    assert described["TableArn"] == tables["RecordTableArn"]
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"


def test_the_roles_were_deployed_with_their_policies(deployed):
    stack, tables, roles = deployed
    assert roles["Roles"].endswith("role/dossier-06-")
    identity = stack.client("iam")
    for name, policy in POLICIES.items():
        role = identity.get_role(RoleName=f"dossier-06-{name}")["Role"]
        assert role["Arn"].endswith(f"role/dossier-06-{name}")
        allowed = [held for held in policy["Statement"] if held["Effect"] == "Allow"]
        if not allowed or name == "gateway":
            continue
        document = identity.get_role_policy(RoleName=f"dossier-06-{name}", PolicyName=name)["PolicyDocument"]
        document = document if isinstance(document, dict) else json.loads(document)
        assert {held["Resource"] for held in document["Statement"]} <= {tables["RecordTableArn"], tables["AccessTableArn"]}
        text = json.dumps(document)
        assert "RegionCode" not in text and "??" not in text
        assert ("J#06#*" in text) == ("J#??#*" in json.dumps(policy)), "the region's code is in its conditions"


def test_a_gateway_assumes_the_roles_and_does_its_work(deployed, tmp_path):
    """With credentials of each role's own, given by STS (MiniStack gives them to anybody, and enforces no policy)."""
    stack, _, roles = deployed
    gateway = Gateway(tmp_path, regions=("06",), arguments=["--store", "dynamodb", "--roles", roles["Roles"]], env=stack.env).start()
    try:
        with gateway.client() as clinician, gateway.client("auditor") as auditor:
            person = created(clinician, patient())
            seen = created(clinician, observation(person["id"]))
            assert clinician.get(f"/Observation/{seen['id']}").status_code == 200
            assert clinician.get(f"/Observation?patient={person['id']}").json()["entry"]
            assert auditor.get(f"/AuditEvent?patient={person['id']}").json()["entry"]
    finally:
        gateway.stop()
    assert "AssumeRole" in stack.log.read_text(errors="replace") or "sts" in stack.log.read_text(errors="replace").lower()
