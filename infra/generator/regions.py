"""What is made for each region from its file: parameters of the templates, and
an overlay of the cluster's manifests."""

import json
import tomllib
from pathlib import Path

from . import yaml

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "infra/regions"
# A door in a cluster; machines find it by its service. Its admin port is a
# thousand above it, and other regions' gateways come to another.
DOOR = 8443
PEER = 7443
# How late the ledger may be before somebody is woken: links that are cut now
# and then need patience.
LAG_MS = {"fibre": 5_000, "satellite": 60_000}
LAG_MS_OTHERWISE = 15_000
# Replicas of the gateway, by phase: one that is not open yet has none.
REPLICAS = {"planned": 0, "rehearsal": 2, "live": 3, "paused": 2}


def regions() -> list[dict]:
    """The region files, by their codes."""
    held = [tomllib.loads(path.read_text()) for path in sorted(FOLDER.glob("*.toml"))]
    return [region for region in held if "code" in region]


def parameters(region: dict) -> dict[str, list]:
    """Of each template that is deployed for a region. What only the account
    knows (the tables' ARNs, the principal) is given at deployment."""
    code = {"ParameterKey": "RegionCode", "ParameterValue": region["code"]}
    lag = LAG_MS.get(region.get("link"), LAG_MS_OTHERWISE)
    watched = region["phase"] in ("live", "paused")
    return {
        "roles": [code],
        "observability": [
            code,
            {"ParameterKey": "RegionName", "ParameterValue": region["name"]["fr"]},
            {"ParameterKey": "LedgerLagMilliseconds", "ParameterValue": str(lag)},
            {"ParameterKey": "ActionsEnabled", "ParameterValue": "true" if watched else "false"},
        ],
    }


def replace(path: str, value) -> dict:
    return {"op": "replace", "path": path, "value": value}


def overlay(region: dict) -> dict:
    code, replicas = region["code"], REPLICAS[region["phase"]]
    container = "/spec/template/spec/containers/0"
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": f"dossier-{code}",
        "resources": ["../../base"],
        "labels": [{"pairs": {"dossier.health/region": code}, "includeTemplates": True}],
        "patches": [
            {"target": {"kind": "Deployment", "name": "gateway"}, "patch": json.dumps([
                # An autoscaler leaves alone what has no replicas.
                replace("/spec/replicas", replicas),
                replace(f"{container}/env/0/value", code),
                replace(f"{container}/env/1/value", f"{code}={DOOR}"),
                replace(f"{container}/env/2/value", f"{code}={PEER}"),
            ])},
            {"target": {"kind": "HorizontalPodAutoscaler", "name": "gateway"}, "patch": json.dumps([
                replace("/spec/minReplicas", max(replicas, 1)),
            ])},
            {"target": {"kind": "Namespace", "name": "dossier"}, "patch": json.dumps([
                replace("/metadata/name", f"dossier-{code}"),
            ])},
        ],
    }


def files() -> dict[str, str]:
    made = {}
    for region in regions():
        code = region["code"]
        for template, held in parameters(region).items():
            path = f"infra/cloudformation/parameters/{template}-{code}.json"
            made[path] = json.dumps(held, indent=2, ensure_ascii=False) + "\n"
        head = f"Region {code}, {region['name']['fr']} ({region['phase']}). Made by scripts/infrastructure\nfrom infra/regions/{code}.toml."
        made[f"infra/cluster/overlays/{code}/kustomization.yaml"] = yaml.text(overlay(region), head)
    return made
