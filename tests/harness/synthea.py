"""The given Synthea bundles, loaded as an operator would load them."""

import os
from pathlib import Path

import pytest
from harness.gateway import ROOT, Gateway, dossier

FOLDER = Path(os.environ.get("DOSSIER_SYNTHEA_DIR", ROOT.parent / "shared/data/synthea"))


def bundles(people: int | None = None) -> list[Path]:
    """The registries that every person refers to, then people, the smallest first (or all)."""
    if not FOLDER.is_dir():
        pytest.skip(f"no Synthea bundles at {FOLDER.name}: set DOSSIER_SYNTHEA_DIR to the folder")
    files = sorted(FOLDER.glob("*.json.bz2"))
    registries = [file for file in files if file.name.startswith("0-")]
    persons = sorted((file for file in files if file not in registries), key=lambda file: file.stat().st_size)
    return registries + persons[:people]


def load(gateway: Gateway, paths: list[Path]) -> None:
    done = dossier("load", "--region", "06", "--ports", gateway.ports_text(), *map(str, paths),
                   data=gateway.data, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
