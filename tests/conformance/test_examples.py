"""Every example of the standard is put and read back over HTTP: its text is kept."""

import asyncio
import json
import random
import tomllib
from collections import Counter, defaultdict

import httpx
import pytest
from harness.gateway import ROOT
from harness.resources import JSON
from harness.standard import EXAMPLES_COUNT, Example, by_type, examples, parse

REFUSALS = ROOT / "tests/conformance/refusals.toml"
SEED = 20190101
SAMPLE = 300
SAMPLE_BYTES_MAX = 400_000
AT_ONCE = 6
# What the server assigns (R4 §2.36.1.1, §3.1.0.7).
ASSIGNED = ("versionId", "lastUpdated")


def sample() -> list[Example]:
    """One of each type, and others up to the size of the sample, by the seed."""
    chance = random.Random(SEED)
    small = [example for example in examples() if example.bytes <= SAMPLE_BYTES_MAX]
    chosen = [chance.choice(kinds) for kinds in by_type(small).values()]
    rest = [example for example in small if example not in chosen]
    return chosen + chance.sample(rest, SAMPLE - len(chosen))


def content(resource: dict) -> dict:
    """A resource without what the server assigns."""
    meta = {name: value for name, value in resource.get("meta", {}).items() if name not in ASSIGNED}
    # Of types that the record makes itself, what clients send is marked.
    tags = [tag for tag in meta.pop("tag", []) if tag.get("system") != "urn:dossier:origin"]
    meta |= {"tag": tags} if tags else {}
    rest = {name: value for name, value in resource.items() if name != "meta"}
    return rest | ({"meta": meta} if meta else {})


def difference(sent, read, at: str = "") -> str | None:
    """Where two trees differ first; numbers are compared by their text."""
    if type(sent) is not type(read):
        return f"{at}: {sent!r:.80} became {read!r:.80}"
    if isinstance(sent, dict):
        if sent.keys() != read.keys():
            return f"{at}: members {sorted(sent.keys() ^ read.keys())} came or went"
        return next((found for key in sent if (found := difference(sent[key], read[key], f"{at}.{key}"))), None)
    if isinstance(sent, list):
        if len(sent) != len(read):
            return f"{at}: {len(sent)} became {len(read)}"
        pairs = enumerate(zip(sent, read))
        return next((found for i, (a, b) in pairs if (found := difference(a, b, f"{at}[{i}]"))), None)
    return None if sent == read else f"{at}: {sent!r:.80} became {read!r:.80}"


async def visit(client: httpx.AsyncClient, example: Example) -> tuple[str, object]:
    """`("kept", None)`, `("changed", where)` or `("refused", (status, why))`."""
    text, place = example.text, f"/{example.type}/{example.id}"
    put = await client.put(place, content=text.encode(), headers=JSON)
    if put.status_code not in (200, 201):
        try:
            issues = put.json()["issue"]
            why = "; ".join(f"{issue['code']} {issue.get('expression', '')} {issue['diagnostics']}" for issue in issues[:3])
        except (ValueError, KeyError):
            why = f"not an OperationOutcome: {put.text[:200]}"
        return "refused", (put.status_code, why)
    read = await client.get(place, headers={"Accept": "application/fhir+json"})
    if read.status_code != 200:
        return "changed", f"stored, but reading it is {read.status_code} {read.text[:200]}"
    where = difference(content(parse(text)), content(parse(read.text)))
    return ("changed", where) if where else ("kept", None)


async def visit_all(base: str, token: str, chosen: list[Example]) -> dict[Example, tuple]:
    turn = asyncio.Semaphore(AT_ONCE)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=base, headers=headers, timeout=300) as client:

        async def one(example):
            async with turn:
                return await visit(client, example)

        results = await asyncio.gather(*[one(example) for example in chosen])
    return dict(zip(chosen, results))


def table(results: dict[Example, tuple]) -> str:
    """Types with what became of their examples."""
    rows = defaultdict(Counter)
    for example, (result, _) in results.items():
        rows[example.type][result] += 1
    lines = [f"{'type':34} {'kept':>6} {'refused':>8} {'changed':>8}"]
    for kind, row in sorted(rows.items()):
        lines.append(f"{kind:34} {row['kept']:6} {row['refused']:8} {row['changed']:8}")
    total = sum(rows.values(), Counter())
    lines.append(f"{len(rows):3} types{'':25} {total['kept']:6} {total['refused']:8} {total['changed']:8}")
    return "\n".join(lines)


@pytest.mark.examples
def test_the_examples_are_kept_or_refused_for_a_reason(gateway, full, capsys):
    assert len(examples()) == EXAMPLES_COUNT
    chosen = list(examples()) if full == "examples" else sample()
    results = asyncio.run(visit_all(gateway.base("06"), gateway.machine(), chosen))
    justified = {line["example"]: line for line in tomllib.loads(REFUSALS.read_text())["refusal"]}
    refused = {example.name: why for example, (result, why) in results.items() if result == "refused"}
    with capsys.disabled():
        print(f"\n{len(chosen)} examples, seed {SEED}")
        if full == "examples":
            print(table(results))
        for name, (status, why) in sorted(refused.items()):
            print(f"refused {status} {name}: {why[:400]} [{justified.get(name, {}).get('clause', 'NOT JUSTIFIED')}]")
    changed = {example.name: where for example, (result, where) in results.items() if result == "changed"}
    assert not changed, json.dumps(changed, indent=1)
    without_reason = {name: why for name, why in refused.items()
                      if name not in justified or justified[name]["status"] != why[0]}
    assert not without_reason, json.dumps(without_reason, indent=1, ensure_ascii=False)
    asked = {example.name for example in chosen}
    taken = [name for name in justified if name in asked and name not in refused]
    assert not taken, f"these are taken after all: take them off {REFUSALS.name}: {taken}"
