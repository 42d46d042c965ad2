"""A gateway at three times its capacity. The load generator prints the table and judges it."""

import os
import subprocess

import pytest
from harness.gateway import DOSSIER, ROOT, dossier

pytestmark = pytest.mark.overload


def test_overload_sheds_the_least_urgent_and_keeps_its_goodput(tmp_path, full):
    if full != "overload":
        pytest.skip("it takes a machine for a minute: scripts/test --full overload")
    subprocess.run(["cargo", "build", "--locked", "--release", "-p", "load"], cwd=ROOT, check=True)
    bundles = tmp_path / "bundles"
    dossier("demo", "--people", "20", "--seed", "1", "--out", str(bundles), data=tmp_path)
    generator = os.environ.get("LOAD_BINARY", ROOT / "target/release/dossier-load")
    done = subprocess.run(
        [str(generator), "--mode", "overload", "--gateway", str(DOSSIER), "--data", str(tmp_path / "data"),
         "--bundles", str(bundles)],
        capture_output=True, text=True, timeout=300)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| emergency |" in done.stdout and "p99 as before" in done.stdout
