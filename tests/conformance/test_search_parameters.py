"""Every search parameter of the standard against an independent FHIRPath engine.

tests/clients/search-parameters evaluates the standard's own expressions over its examples
(and over resources made where no example has a value), makes searches from the values, and
says what each must, may and must not find by R4 §3.1.1.4. Here the product answers them.
"""

import asyncio
import json
import random
import subprocess
from collections import Counter

import httpx
import pytest
from conformance.test_examples import sample, visit_all
from harness.gateway import ROOT
from harness.standard import DEFINITIONS, EXAMPLES

TOOLS = ROOT / "tests/clients/search-parameters"
SEED = 4
HTTP_CASES = 400
AT_ONCE = 8


def generate(out, per_parameter: int, examples=None, stored: bool = False) -> None:
    """Writes cases.ndjson (and resources.ndjson) of the chosen examples, or of all."""
    names = []
    if examples is not None:
        (out / "names.json").write_text(json.dumps([example.name for example in examples]))
        names = [str(out / "names.json")]
    command = ["node", str(TOOLS / "generate.mjs"), str(EXAMPLES), str(DEFINITIONS), str(out), str(SEED),
               str(per_parameter), *names, *(["stored"] if stored else [])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="module")
def judge():
    """The product's engine on its own: crates/fhir/examples/judge.rs."""
    build = ["cargo", "build", "--release", "--locked", "-p", "fhir", "--example", "judge"]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-3000:]
    return ROOT / "target/release/examples/judge"


@pytest.mark.search_parameters
def test_the_engine_finds_what_the_expressions_say(judge, full, tmp_path, capsys):
    thorough = full == "search-parameters"
    generate(tmp_path, 4 if thorough else 1, None if thorough else sample())
    done = subprocess.run(["node", str(TOOLS / "judge.mjs"), str(judge), str(tmp_path)],
                          capture_output=True, text=True, timeout=900)
    told = done.stdout.splitlines()
    with capsys.disabled():
        print("\n" + "\n".join(told if thorough else told[:2]))
    assert done.returncode == 0, done.stderr[-2000:] + "\n".join(line for line in told if line.startswith("FAULT"))


async def found(client: httpx.AsyncClient, query: str) -> tuple[int, set[str] | str]:
    """The ids of all pages of a search, or why it was refused."""
    url, ids = query, set()
    while url:
        answer = await client.get(url)
        if answer.status_code != 200:
            return answer.status_code, answer.text[:300]
        bundle = answer.json()
        ids |= {entry["resource"]["id"] for entry in bundle.get("entry", []) if entry["search"]["mode"] == "match"}
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    return 200, ids


async def ask_all(base: str, token: str, cases: list[dict]) -> list[str]:
    turn = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=120) as client:

        async def one(case):
            async with turn:
                status, ids = await found(client, f"/{case['type']}?{case['query']}&_count=500")
            where = f"{case['type']}?{case['query']} [{case['form']}]"
            if status != 200:
                return f"{where}: {status} {ids}"
            missed, extra = set(case["must"]) - ids, ids - set(case["must"]) - set(case["may"])
            return f"{where}: missed {sorted(missed)[:4]}, found {sorted(extra)[:4]}" if missed or extra else None

        return [fault for fault in await asyncio.gather(*[one(case) for case in cases]) if fault]


@pytest.mark.search_parameters
def test_the_server_finds_what_the_expressions_say(fresh, full, tmp_path, capsys):
    """Over HTTP, with the examples put through the front door."""
    gateway = fresh(data=tmp_path / "data").start()
    base, token = gateway.base("06"), gateway.machine()
    results = asyncio.run(visit_all(base, token, [one for one in sample() if one.type != "AuditEvent"]))
    stored = [example for example, (result, _) in results.items() if result == "kept"]
    generate(tmp_path, 1, stored, stored=True)
    cases = [json.loads(line) for line in (tmp_path / "cases.ndjson").read_text().splitlines()]
    # Of these the record makes some itself, and they are searched by whose they are.
    cases = [case for case in cases if case["type"] not in ("AuditEvent", "Provenance")]
    chosen = cases if full == "search-parameters" else random.Random(SEED).sample(cases, HTTP_CASES)
    faults = asyncio.run(ask_all(base, token, chosen))
    with capsys.disabled():
        kinds = Counter(case["kind"] for case in chosen)
        print(f"\n{len(chosen)} searches over HTTP among {len(stored)} examples: {dict(kinds)}, {len(faults)} faults")
    assert not faults, "\n".join(faults[:200])
