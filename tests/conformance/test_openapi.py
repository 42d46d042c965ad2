"""The OpenAPI document, and Schemathesis with bounded examples against it."""

import os
import subprocess

import pytest
from harness.gateway import ROOT

EXAMPLES, EXAMPLES_FULL = 3, 50
SEED = 31


@pytest.fixture(scope="module")
def document(gateway):
    import httpx

    answer = httpx.get(f"{gateway.origin('06')}/openapi.json")
    assert answer.status_code == 200, answer.text[:300]
    return answer.json()


def test_the_document_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    assert len(document["paths"]) >= 8


@pytest.mark.schemathesis
def test_schemathesis_finds_no_server_error(gateway, document, full, tmp_path):
    """No 5xx, no answer outside the document, for requests made from it."""
    count = EXAMPLES_FULL if full == "schemathesis" else EXAMPLES
    url = f"{gateway.origin('06')}/openapi.json"
    command = [
        str(ROOT / ".cache/venv/bin/schemathesis"), "run", url, "--phases", "examples,fuzzing", "--max-examples", str(count),
        "--seed", str(SEED), "--checks", "not_a_server_error,status_code_conformance,content_type_conformance",
        "-H", f"Authorization: Bearer {gateway.machine()}", "--generation-database", "none", "--no-color", "--workers", "2",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=1800, env=os.environ | {"NO_COLOR": "1"})
    print(done.stdout[-1500:])
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-1000:]
