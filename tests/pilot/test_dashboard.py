"""The dashboard names only metrics and labels that the gateway exposes."""

import json
import re

import httpx
from harness.gateway import ROOT
from harness.resources import created, patient

DASHBOARD = json.loads((ROOT / "infra/grafana/dossier.json").read_text())
SUFFIX = re.compile(r"_(?:bucket|sum|count)$")


def expressions() -> list[str]:
    asked = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return asked + [held["definition"] for held in DASHBOARD["templating"]["list"] if "definition" in held]


def exposed(gateway) -> dict[str, set[str]]:
    """The labels of each metric, after some use."""
    with gateway.client("clinician") as client:
        created(client, patient())
        assert client.get("/Patient/nobody-at-all").status_code == 404
    text = httpx.get(f"{gateway.admin('06')}/metrics").text
    found: dict[str, set[str]] = {}
    for name, labels in re.findall(r"^(dossier_\w+)\{([^}]*)\}", text, re.MULTILINE):
        found.setdefault(SUFFIX.sub("", name), set()).update(re.findall(r"(\w+)=", labels))
    return found


def test_every_metric_and_label_of_the_dashboard_is_exposed(gateway):
    held = exposed(gateway)
    named = {name for expression in expressions() for name in re.findall(r"dossier_\w+", expression)}
    assert len(named) > 15
    missing = {name for name in named if SUFFIX.sub("", name) not in held}
    assert not missing, missing
    for expression in expressions():
        of = set().union(*(held[SUFFIX.sub("", name)] for name in re.findall(r"dossier_\w+", expression)))
        groups = re.findall(r"by \(([^)]*)\)", expression)
        labels = {label.strip() for group in groups for label in group.split(",")}
        labels |= set(re.findall(r"(\w+)=~?\"", expression))
        assert labels - {"le"} <= of, (expression, labels - of)


def test_every_metric_that_matters_is_on_the_dashboard(gateway):
    """Absence is noticed: a metric is shown, or it is named here with its reason."""
    not_shown = {
        "dossier_requests_total",  # by method; the dashboard shows establishments
        "dossier_instance_microseconds_total", "dossier_reused_total",  # for the bench
        "dossier_series_rows_waiting", "dossier_series_rows_lost_total",  # for alarms
        "dossier_error_budget_burned", "dossier_objective_latency_share",  # of a process; the panel is of the shown time
        "dossier_load_last_timestamp_seconds",  # beside the balance
    }
    shown = {SUFFIX.sub("", name) for expression in expressions() for name in re.findall(r"dossier_\w+", expression)}
    # Exposed with --policies alone, which no region runs with.
    enforced = {"dossier_policy_decisions_total"}
    assert set(exposed(gateway)) - shown - enforced == not_shown


def test_panels_do_not_overlap_and_have_ids_of_their_own():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24 and not cells & taken, panel["title"]
        taken |= cells
