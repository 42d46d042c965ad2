"""The unit of a hospital's own machine: read whole by systemd, hardened, and starting what there is."""

import json
import re
import shutil
import subprocess

import pytest
from harness.gateway import DOSSIER, ROOT

UNIT = ROOT / "infra/systemd/dossier@.service"
# systemd's own measure, from 0 (nothing exposed) to 10.
EXPOSURE_MAX = 2.0


def settings() -> dict[str, list[str]]:
    held = {}
    for line in UNIT.read_text().split("\n"):
        if "=" in line and not line.startswith(("#", "[")):
            name, value = line.split("=", 1)
            held.setdefault(name, []).append(value)
    return held


def test_the_unit_starts_the_program_with_options_that_it_has():
    [start] = settings()["ExecStart"]
    program, command, *rest = start.split()
    assert program.endswith("/dossier") and command == "up" and rest[-1] == "$OPTIONS"
    told = subprocess.run([str(DOSSIER), "up", "--help"], capture_output=True, text=True, check=True).stdout
    for option in [word for word in rest if word.startswith("--")]:
        assert f"{option} " in told, option


def test_it_has_time_to_close_its_doors():
    limits = (ROOT / "gateway/src/limits.rs").read_text()
    shutdown_s = int(re.search(r"SHUTDOWN_MS: u64 = ([\d_]+)", limits)[1].replace("_", "")) // 1000
    assert int(settings()["TimeoutStopSec"][0]) > shutdown_s
    assert settings()["KillSignal"] == ["SIGTERM"]


def test_it_runs_as_nobody_in_a_room_of_its_own():
    held = settings()
    for name in ("DynamicUser", "NoNewPrivileges", "PrivateDevices", "PrivateTmp", "ProtectHome", "ProtectKernelModules", "RestrictNamespaces"):
        assert held[name] == ["yes"], name
    assert held["ProtectSystem"] == ["strict"] and held["CapabilityBoundingSet"] == [""]
    # What it compiled is mapped as code.
    assert "MemoryDenyWriteExecute" not in held


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed: the unit is read by the tests above alone")
def test_systemd_reads_it_whole_and_finds_little_exposed(tmp_path):
    units = tmp_path / "etc/systemd/system"
    program = tmp_path / "usr/lib/dossier/dossier"
    for folder in (units, program.parent):
        folder.mkdir(parents=True)
    shutil.copy(UNIT, units)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    analyzed = ["systemd-analyze", f"--root={tmp_path}"]
    read = subprocess.run([*analyzed, "verify", "dossier@06.service"], capture_output=True, text=True)
    # In a folder without systemd's own units only those are missing.
    said = [line for line in read.stderr.split("\n") if line and "dossier@" in line and "not found" not in line]
    assert not said, said
    judged = subprocess.run(["systemd-analyze", "security", "--offline=true", "--json=short", str(UNIT)], capture_output=True, text=True, check=True)
    exposed = sum(float(held["exposure"] or 0) for held in json.loads(judged.stdout))
    told = subprocess.run(["systemd-analyze", "security", "--offline=true", str(UNIT)], capture_output=True, text=True, check=True).stdout
    overall = float(re.search(r"exposure level for \S+: ([\d.]+)", told)[1])
    assert overall <= EXPOSURE_MAX and exposed > 0, told


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_a_word_that_systemd_does_not_know_is_found(tmp_path):
    wrong = tmp_path / "wrong@.service"
    wrong.write_text(UNIT.read_text().replace("ProtectHome=yes", "ProtectHouse=yes"))
    read = subprocess.run(["systemd-analyze", "verify", str(wrong)], capture_output=True, text=True)
    assert "ProtectHouse" in read.stderr
