"""The standard's examples, and what becomes of them when something is broken."""

import copy
import functools
import json
import os
import random
import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "hl7.fhir.r4.examples@4.0.1"
CACHE = ROOT / ".cache" / "examples"
SEED = 20260401


def folder() -> Path:
    """The unpacked package: at DOSSIER_EXAMPLES_DIR, or fetched once into .cache."""
    given = os.environ.get("DOSSIER_EXAMPLES_DIR")
    if given:
        return Path(given)
    if not (CACHE / "package").is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        packed = subprocess.run(["npm", "pack", PACKAGE, "--json"], cwd=CACHE, check=True, capture_output=True, text=True)
        with tarfile.open(CACHE / json.loads(packed.stdout)[0]["filename"]) as archive:
            archive.extractall(CACHE, filter="data")
    return CACHE / "package"


@functools.cache
def examples() -> list[tuple[str, dict]]:
    """Every example of at most 40 KB by name; larger ones repeat what the others have."""
    files = sorted(path for path in folder().glob("*.json") if path.name not in ("package.json", ".index.json"))
    return [(path.stem, json.loads(path.read_text())) for path in files if path.stat().st_size <= 40_000]


@functools.cache
def validator() -> Path:
    """Our validator, as a program that answers line by line."""
    subprocess.run(["cargo", "build", "--release", "--locked", "-p", "fhir", "--example", "validate"], cwd=ROOT, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/examples/validate"


def judged(mode: str, lines: list | None = None) -> list:
    told = subprocess.run([validator(), mode], input="".join(json.dumps(line) + "\n" for line in lines or []),
                          check=True, capture_output=True, text=True)
    return [json.loads(line) for line in told.stdout.splitlines()]


def places(value, path=()):
    """Every object of a resource, with its path."""
    if isinstance(value, dict):
        yield path, value
        for name, held in value.items():
            yield from places(held, (*path, name))
    elif isinstance(value, list):
        for at, held in enumerate(value):
            yield from places(held, (*path, at))


def at(resource: dict, path: tuple) -> dict:
    for step in path:
        resource = resource[step]
    return resource


def member(chance: random.Random, resource: dict, fits) -> tuple[dict, str] | None:
    """Some member of some object that fits."""
    found = [(path, name) for path, held in places(resource) for name in held
             if name not in ("resourceType", "div") and not name.startswith("_") and fits(held[name])]
    if not found:
        return None
    path, name = chance.choice(found)
    return at(resource, path), name


def mutate(kind: str, chance: random.Random, resource: dict) -> dict | None:
    """The resource with one thing changed; None when there is nothing to change."""
    changed = copy.deepcopy(resource)
    tests = {
        "delete": lambda _: True,
        "type": lambda held: not isinstance(held, bool),
        "unknown": lambda held: isinstance(held, dict),
        "empty": lambda held: isinstance(held, (dict, list)),
        "array": lambda held: not isinstance(held, list),
        "single": lambda held: isinstance(held, list),
        "text": lambda held: isinstance(held, str),
        "date": lambda held: isinstance(held, str) and len(held) >= 10 and held[:4].isdigit() and held[4] == "-",
    }
    found = member(chance, changed, tests[kind])
    if found is None:
        return None
    owner, name = found
    held = owner[name]
    if kind == "delete":
        del owner[name]
    elif kind == "type":
        owner[name] = True
    elif kind == "unknown":
        held["surplus"] = "x"
    elif kind == "empty":
        owner[name] = type(held)()
    elif kind == "array":
        owner[name] = [held]
    elif kind == "single":
        owner[name] = held[0]
    elif kind == "text":
        owner[name] = " no  code "
    elif kind == "date":
        owner[name] = held[:5] + "02-30" + held[10:]
    return changed


KINDS = ("delete", "type", "unknown", "empty", "array", "single", "text", "date")
