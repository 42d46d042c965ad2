"""As much of kustomize as infra/cluster uses: resources, a namespace, labels, and JSON patches that replace.

`test_cluster.py` compares it with kubectl's own where that is installed; anything else in a
kustomization is refused here."""

import json
from pathlib import Path

import yaml

KNOWN = {"apiVersion", "kind", "namespace", "resources", "labels", "patches"}
# What has no namespace.
CLUSTER_WIDE = {"Namespace"}


def labelled(resource: dict, pairs: dict, templates: bool) -> None:
    resource.setdefault("metadata", {}).setdefault("labels", {}).update(pairs)
    template = resource.get("spec", {}).get("template")
    if templates and template:
        template.setdefault("metadata", {}).setdefault("labels", {}).update(pairs)


def replaced(resource: dict, path: str, value) -> None:
    """RFC 6902 `replace`: what is replaced must be there."""
    *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]
    held = resource
    for part in parents:
        held = held[int(part)] if isinstance(held, list) else held[part]
    last = int(last) if isinstance(held, list) else last
    _ = held[last]
    held[last] = value


def build(folder: Path) -> list[dict]:
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    unknown = set(kustomization) - KNOWN
    assert not unknown, f"{folder}: {unknown} is not understood here"
    resources = []
    for name in kustomization["resources"]:
        path = folder / name
        resources += build(path) if path.is_dir() else list(yaml.safe_load_all(path.read_text()))
    for patch in kustomization.get("patches", []):
        target = patch["target"]
        found = [held for held in resources
                 if held["kind"] == target["kind"] and held["metadata"]["name"] == target["name"]]
        assert len(found) == 1, f"{folder}: {target} finds {len(found)}"
        for step in json.loads(patch["patch"]):
            assert step["op"] == "replace", step
            replaced(found[0], step["path"], step["value"])
    for resource in resources:
        if "namespace" in kustomization and resource["kind"] not in CLUSTER_WIDE:
            resource["metadata"]["namespace"] = kustomization["namespace"]
        for labels in kustomization.get("labels", []):
            labelled(resource, labels["pairs"], labels.get("includeTemplates", False))
    return resources
