"""The cluster's manifests: valid, hardened, one overlay for each region, and what the program really takes."""

import shutil
import subprocess
import tomllib

import jsonschema
import kubernetes_validate
import pytest
import yaml
from harness.gateway import DOSSIER, ROOT
from infra import kustomize

CLUSTER = ROOT / "infra/cluster"
REGIONS = {path.stem: tomllib.loads(path.read_text()) for path in sorted((ROOT / "infra/regions").glob("*.toml"))}
OVERLAYS = sorted(path.name for path in (CLUSTER / "overlays").iterdir())
VERSION = "1.32"
# core.spinkube.dev/v1alpha1, as far as it is used here: its CustomResourceDefinition is in no package that a test
# could have.
CHECK = {"type": "object", "additionalProperties": False, "required": ["httpGet"], "properties": {
    "httpGet": {"type": "object", "required": ["path"], "properties": {"path": {"type": "string"}}},
    "failureThreshold": {"type": "integer"}, "initialDelaySeconds": {"type": "integer"}, "periodSeconds": {"type": "integer"},
    "timeoutSeconds": {"type": "integer"}}}
REFERENCE = {"type": "object", "additionalProperties": False, "required": ["name", "key"], "properties": {"name": {"type": "string"}, "key": {"type": "string"}}}
SPINAPP = {"type": "object", "additionalProperties": False, "required": ["apiVersion", "kind", "metadata", "spec"], "properties": {
    "apiVersion": {"const": "core.spinkube.dev/v1alpha1"}, "kind": {"const": "SpinApp"}, "metadata": {"type": "object"},
    "spec": {"type": "object", "additionalProperties": False, "required": ["image", "executor"], "properties": {
        "image": {"type": "string"}, "executor": {"type": "string"}, "replicas": {"type": "integer", "minimum": 0},
        "checks": {"type": "object", "additionalProperties": False, "properties": {"liveness": CHECK, "readiness": CHECK}},
        "resources": {"type": "object", "additionalProperties": False, "properties": {"limits": {"type": "object"}, "requests": {"type": "object"}}},
        "variables": {"type": "array", "items": {"type": "object", "additionalProperties": False, "required": ["name"],
            "oneOf": [{"required": ["value"]}, {"required": ["valueFrom"]}],
            "properties": {"name": {"type": "string"}, "value": {"type": "string"}, "valueFrom": {
                "type": "object", "additionalProperties": False, "maxProperties": 1, "minProperties": 1,
                "properties": {"secretKeyRef": REFERENCE, "configMapKeyRef": REFERENCE}}}}},
    }}}}


def validated(resource: dict) -> None:
    if resource["kind"] == "SpinApp":
        jsonschema.validate(resource, SPINAPP)
    else:
        kubernetes_validate.validate(resource, VERSION, strict=True)


def of_kind(resources: list[dict], kind: str) -> dict:
    found = [held for held in resources if held["kind"] == kind]
    assert len(found) == 1, f"{len(found)} of {kind}"
    return found[0]


@pytest.mark.parametrize("folder", ["base", "spin", *(f"overlays/{code}" for code in OVERLAYS)])
def test_every_manifest_is_valid(folder):
    resources = kustomize.build(CLUSTER / folder)
    assert resources
    for resource in resources:
        validated(resource)


def test_what_is_wrong_is_found():
    deployment = of_kind(kustomize.build(CLUSTER / "base"), "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["livenessprobe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        validated(deployment)
    app = of_kind(kustomize.build(CLUSTER / "spin"), "SpinApp")
    app["spec"]["variables"][0]["valuefrom"] = {}
    with pytest.raises(jsonschema.ValidationError):
        validated(app)


@pytest.mark.parametrize("code", OVERLAYS)
def test_kubectl_builds_the_same(code):
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed: the overlays are built by kustomize.py alone")
    built = subprocess.run(["kubectl", "kustomize", str(CLUSTER / "overlays" / code)], capture_output=True, text=True, check=True)
    name = lambda held: (held["kind"], held["metadata"]["name"])  # noqa: E731
    assert sorted(yaml.safe_load_all(built.stdout), key=name) == sorted(kustomize.build(CLUSTER / "overlays" / code), key=name)


def test_every_region_has_an_overlay_and_its_phase_says_how_many_run():
    assert OVERLAYS == sorted(REGIONS)
    for code, region in REGIONS.items():
        resources = kustomize.build(CLUSTER / "overlays" / code)
        deployment = of_kind(resources, "Deployment")
        replicas = deployment["spec"]["replicas"]
        assert (replicas == 0) == (region["phase"] == "planned"), code
        assert {held["metadata"].get("namespace", f"dossier-{code}") for held in resources} == {f"dossier-{code}"}
        assert of_kind(resources, "Namespace")["metadata"]["name"] == f"dossier-{code}"
        env = {held["name"]: held.get("value") for held in deployment["spec"]["template"]["spec"]["containers"][0]["env"]}
        assert (env["REGION"], env["PORTS"], env["PEER_PORTS"]) == (code, f"{code}=8443", f"{code}=7443")


def test_the_gateway_runs_as_nobody_and_writes_nowhere_but_its_data():
    pod = of_kind(kustomize.build(CLUSTER / "base"), "Deployment")["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert pod["securityContext"]["runAsNonRoot"] and pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    writable = [held["mountPath"] for held in container["volumeMounts"] if not held.get("readOnly")]
    assert writable == ["/data"] and "--data=/data" in container["args"]
    assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"]


def test_the_probes_ask_what_the_admin_port_answers(gateway):
    import httpx
    container = of_kind(kustomize.build(CLUSTER / "base"), "Deployment")["spec"]["template"]["spec"]["containers"][0]
    ports = {held["name"]: held["containerPort"] for held in container["ports"]}
    # The admin port of a door is a thousand above it.
    assert ports == {"door": 8443, "admin": 9443, "peer": 7443}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        asked = container[probe]["httpGet"]
        assert asked["port"] == "admin"
        assert httpx.get(gateway.admin("06") + asked["path"]).status_code == 200


def test_the_arguments_are_options_of_the_program():
    container = of_kind(kustomize.build(CLUSTER / "base"), "Deployment")["spec"]["template"]["spec"]["containers"][0]
    told = subprocess.run([str(DOSSIER), "up", "--help"], capture_output=True, text=True, check=True).stdout
    command, *options = container["args"]
    assert command == "up"
    for option in options:
        assert f"{option.split('=')[0]} " in told, option


def test_everything_that_selects_finds_the_gateway_and_nothing_else():
    resources = kustomize.build(CLUSTER / "overlays/06")
    labels = of_kind(resources, "Deployment")["spec"]["template"]["metadata"]["labels"]
    selectors = [of_kind(resources, "Deployment")["spec"]["selector"]["matchLabels"], of_kind(resources, "Service")["spec"]["selector"],
                 of_kind(resources, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
                 of_kind(resources, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]]
    for selector in selectors:
        assert selector.items() <= labels.items()
    scaled = of_kind(resources, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert (scaled["kind"], scaled["name"]) == ("Deployment", of_kind(resources, "Deployment")["metadata"]["name"])
    assert of_kind(resources, "NetworkPolicy")["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_gateways_reach_one_another_and_know_each_other_by_their_keys():
    resources = kustomize.build(CLUSTER / "overlays/06")
    pod = of_kind(resources, "Deployment")["spec"]["template"]["spec"]
    container, policy = pod["containers"][0], of_kind(resources, "NetworkPolicy")["spec"]
    peer = next(held["containerPort"] for held in container["ports"] if held["name"] == "peer")
    assert {"port": "peer", "protocol": "TCP"} in policy["ingress"][0]["ports"]
    assert any({"port": peer, "protocol": "TCP"} in rule["ports"] and "to" not in rule for rule in policy["egress"])
    served = {held["name"]: held["port"] for held in of_kind(resources, "Service")["spec"]["ports"]}
    assert served["peer"] == peer
    mounted = next(held for held in container["volumeMounts"] if held["name"] == "peers")
    assert f"--peer-keys={mounted['mountPath']}" in container["args"] and mounted["readOnly"]
    secret = next(held["secret"] for held in pod["volumes"] if held["name"] == "peers")
    assert secret["secretName"] == "peer-keys"


def test_the_spin_application_gives_the_variables_that_the_manifest_takes():
    variables = {held["name"] for held in of_kind(kustomize.build(CLUSTER / "spin"), "SpinApp")["spec"]["variables"]}
    taken = tomllib.loads((ROOT / "spin.toml").read_text())["variables"]
    assert variables <= set(taken), variables - set(taken)
    assert {name for name, held in taken.items() if held.get("required")} <= variables
    secret = {name for name, held in taken.items() if held.get("secret")}
    given = {held["name"]: held for held in of_kind(kustomize.build(CLUSTER / "spin"), "SpinApp")["spec"]["variables"]}
    for name in secret & set(given):
        assert "secretKeyRef" in given[name]["valueFrom"], f"{name} is a secret"
