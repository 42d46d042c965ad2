"""The standard's own examples and definitions, as `scripts/prepare` fetched them."""

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harness.gateway import ROOT

STANDARD = ROOT / ".cache/standard"
EXAMPLES = STANDARD / "examples"
DEFINITIONS = STANDARD / "definitions/dist/fhir/r4"
EXAMPLES_COUNT = 5306


class Number(str):
    """A JSON number as it was written: `1.00` is not `1.0`."""


def parse(text: str):
    """JSON whose numbers keep their text."""
    return json.loads(text, parse_float=Number, parse_int=Number)


@dataclass(frozen=True)
class Example:
    """One file of hl7.fhir.r4.examples."""

    name: str
    type: str
    id: str
    bytes: int

    @property
    def text(self) -> str:
        return (EXAMPLES / self.name).read_text(encoding="utf-8-sig")


@cache
def examples() -> tuple[Example, ...]:
    """All of them, by name; their text is read when it is needed."""
    found = []
    for path in sorted(Path(EXAMPLES).glob("*.json")):
        if path.name == "package.json":
            continue
        resource = json.loads(path.read_text(encoding="utf-8-sig"))
        found.append(Example(path.name, resource["resourceType"], resource["id"], path.stat().st_size))
    return tuple(found)


def by_type(chosen) -> dict[str, list[Example]]:
    kinds = defaultdict(list)
    for example in chosen:
        kinds[example.type].append(example)
    return dict(kinds)


@cache
def search_parameters() -> tuple[dict, ...]:
    """SearchParameter resources of R4."""
    entries = json.loads((DEFINITIONS / "search-parameters.json").read_text())["entry"]
    return tuple(entry["resource"] for entry in entries)
