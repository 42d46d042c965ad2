"""Keeps the house: long files and functions, shortcuts, words, and the shape of each room."""

import re
import subprocess
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILE_LINES_MAX = 500
FILE_LINES_WARN = 400
FUNCTION_LINES_MAX = 80
ARCHITECTURE_LINES_MAX = 250
# The only files that may hold `unsafe`: mapping what this machine compiled.
UNSAFE_IN = {"gateway/src/compiled.rs"}
MODULES_BANNED = {"utils", "util", "common", "helpers", "helper", "manager", "misc"}
# Put together here, so that this file does not hold what it forbids.
WORDS_BANNED = {
    "a machine's path": re.compile(r"(?<![\w.])/(?:" + "|".join(["work", "root", "home/[a-z]+"]) + r")/"),
    "a temporary path": re.compile(r"(?<![\w.])/" + r"tmp/"),
    "an open end": re.compile(r"\b(?:" + "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X"]) + r")\b"),
    "a registry's host": re.compile("|".join([r"registry\.npm" + r"js\.org", r"files\.python" + "hosted", r"static\.crates" + r"\.io"])),
    "an unfinished part": re.compile("Being " + "written"),
}
# Code that a macro makes from WIT, in modules of their own.
GENERATED_BINDINGS_IN = {"crates/adapter/src/lib.rs", "gateway/src/host/mod.rs"}
SHORTCUTS = re.compile(
    r"#!?\[(?:allow|expect)\([^)]*clippy::(?:unwrap_used|expect_used|panic|todo|unimplemented|indexing_slicing)")
CODE = {".rs", ".py", ".wit", ".toml", ".mjs", ".sh"}
GENERATED = re.compile(r"(?:^|/)generated/|Cargo\.lock$|package-lock\.json$|^LICENSE$|\.tsv$|(?:^|/)snapshots?/")


def tracked() -> list[str]:
    told = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"],
                          cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in told.stdout.split("\n") if name and (ROOT / name).is_file()]


FILES = [name for name in tracked() if not GENERATED.search(name)]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def is_code(name: str) -> bool:
    return Path(name).suffix in CODE or name.startswith(("scripts/", ".ci/"))


def is_test(name: str) -> bool:
    return "/tests/" in name or "/examples/" in name or name.startswith("tests/") or name.endswith("/tests.rs") or "/benches/" in name


RUST = [name for name in FILES if name.endswith(".rs")]


def test_there_is_something_to_look_at():
    assert len(RUST) > 20 and any(is_test(name) for name in RUST)


def test_files_fit_on_a_few_screens():
    lengths = {name: read(name).count("\n") for name in FILES if is_code(name)}
    for name, lines in lengths.items():
        if lines > FILE_LINES_WARN:
            warnings.warn(f"{name} has {lines} lines", stacklevel=1)
    long = {name: lines for name, lines in lengths.items() if lines > FILE_LINES_MAX}
    assert not long, f"over {FILE_LINES_MAX} lines: {long}"


FUNCTION = re.compile(r"^(\s*)(?:pub(?:\([^)]*\))?\s+)?(?:const\s+|async\s+|unsafe\s+|extern\s+\"C\"\s+)*fn\s+(\w+)")


def functions(text: str):
    """(name, lines) of each function, by the brace that closes at its own indent."""
    lines = text.split("\n")
    for start, line in enumerate(lines):
        found = FUNCTION.match(line)
        if not found or line.rstrip().endswith((";", "}")):
            continue
        close = found[1] + "}"
        for end in range(start + 1, len(lines)):
            if lines[end].rstrip() == close:
                yield found[2], end - start + 1
                break
            if lines[end].startswith(found[1] + "fn ") or lines[end].rstrip() == found[1] + ";":
                break


def test_functions_fit_on_one_screen():
    long = [f"{name}: {function} has {lines} lines"
            for name in RUST for function, lines in functions(read(name)) if lines > FUNCTION_LINES_MAX]
    assert not long, "\n".join(long)


def test_the_measure_of_functions_measures():
    body = "    let x = 1;\n" * 90
    assert list(functions(f"pub async fn long() {{\n{body}}}\n")) == [("long", 92)]


def test_no_shortcuts_outside_tests():
    found = {name for name in RUST if not is_test(name) and SHORTCUTS.search(read(name))}
    assert found <= GENERATED_BINDINGS_IN, f"lints are switched off in {found - GENERATED_BINDINGS_IN}"


@pytest.mark.parametrize("name", sorted(GENERATED_BINDINGS_IN))
def test_lints_are_off_for_generated_bindings_only(name):
    for found in SHORTCUTS.finditer(read(name)):
        rest = read(name)[found.end():].split("]", 1)[1].lstrip()
        macro = r"(?:pub(?:\([^)]*\))? )?mod \w+ \{\s*(?://[^\n]*\s*)*[\w:]+::(?:bindgen|generate)!"
        assert re.match(macro, rest), f"{name}: {rest[:80]}"


CALLS = re.compile(r"\.unwrap\(\)|\.expect\(\"[^\"]*\"\)(?!\?)|\bpanic!\(|\btodo!\(|\bunimplemented!\(|\bdbg!\(")


def test_nothing_in_functions_and_crates_can_panic_on_purpose():
    found = []
    for name in RUST:
        if is_test(name) or not name.startswith(("functions/", "crates/", "gateway/")):
            continue
        # What follows `#[cfg(test)]` in a file is a test.
        code = read(name).split("#[cfg(test)]\nmod tests {")[0]
        for number, line in enumerate(code.split("\n"), start=1):
            if CALLS.search(line) and not line.lstrip().startswith("//"):
                found.append(f"{name}:{number}: {line.strip()}")
    assert not found, "\n".join(found)


def test_unsafe_is_in_one_place():
    found = {name for name in RUST
             if re.search(r"\bunsafe\s*(?:\{|fn|impl)|allow\(unsafe_code", re.sub(r"//.*", "", read(name)))}
    assert found <= UNSAFE_IN, found - UNSAFE_IN


def test_modules_say_what_they_hold():
    found = [name for name in FILES if is_code(name) and MODULES_BANNED & {part.removesuffix(".rs").removesuffix(".py") for part in name.split("/")}]
    assert not found, found


@pytest.mark.parametrize("what", WORDS_BANNED)
def test_banned_words(what):
    found = []
    for name in FILES:
        if name == "tests/tidy/test_house.py":
            continue
        for number, line in enumerate(read(name).split("\n"), start=1):
            if WORDS_BANNED[what].search(line):
                found.append(f"{name}:{number}: {line.strip()[:160]}")
    assert not found, f"{what}:\n" + "\n".join(found)


FUNCTIONS = sorted(path.name for path in (ROOT / "functions").iterdir() if path.is_dir())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_the_same_shape(name):
    for part in ("Cargo.toml", "src/lib.rs", "src/handler.rs"):
        assert (ROOT / "functions" / name / part).is_file(), f"functions/{name}/{part} is missing"
    manifest = read(f"functions/{name}/Cargo.toml")
    assert 'crate-type = ["cdylib", "rlib"]' in manifest
    # `door` hands requests on, for stock Spin only; it answers none.
    answers = r"pub fn function_of\b" if name == "door" else r"pub async fn handle\b"
    assert re.search(answers, read(f"functions/{name}/src/handler.rs"))
    assert "spin_sdk::http_service" in read(f"functions/{name}/src/lib.rs")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_where_a_reader_looks_for_it(name):
    component = re.search(rf"^\[component\.{name}\]", read("spin.toml"), re.MULTILINE)
    assert component, f"{name} is not in spin.toml"
    page = read("docs/adding-an-operation.md")
    assert re.search(rf"\b{name}\b", page), f"{name} is not in docs/adding-an-operation.md"
    assert name in read("ARCHITECTURE.md"), f"{name} is not in ARCHITECTURE.md"


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "door"])
def test_every_function_has_a_world(name):
    """`door` asks the walls for nothing, so it needs no world; every other function has one."""
    assert re.search(rf"^world {name} \{{", read("wit/functions/worlds.wit"), re.MULTILINE)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_its_imports_pinned(name):
    assert (ROOT / f"tests/component/imports/{name}.txt").is_file()


def test_the_architecture_is_short_and_the_papers_are_there():
    assert read("ARCHITECTURE.md").count("\n") <= ARCHITECTURE_LINES_MAX
    for name in ("README.md", "LICENSE", "docs/adding-an-operation.md", "rust-toolchain.toml", ".ci/run"):
        assert (ROOT / name).is_file(), f"{name} is missing"


@pytest.mark.parametrize("command", ["./scripts/pilot", "./scripts/test"])
def test_the_readme_names_the_two_commands(command):
    assert command in read("README.md")
    assert (ROOT / command).stat().st_mode & 0o111


def test_scripts_named_in_documents_exist():
    documents = [name for name in FILES if name.endswith(".md")]
    missing = {f"{document}: {script}" for document in documents
               for script in re.findall(r"(?<![\w/])(?:\./)?(scripts/[\w-]+)", read(document))
               if not (ROOT / script).exists()}
    assert not missing, missing
