"""Components altered as bytes: the same with another name, or one that can do nothing but trap."""

import shutil
import tomllib
from pathlib import Path

from harness.gateway import ROOT

MODULE, COMPONENT, CODE = 1, 4, 10
# No locals; unreachable; end.
TRAP = b"\x00\x00\x0b"


def number(value: int) -> bytes:
    """LEB128, unsigned."""
    written = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        written.append(low | (0x80 if value else 0))
        if not value:
            return bytes(written)


def read(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def renamed(component: bytes, mark: str) -> bytes:
    """Does the same, and is another file: a custom section at its end."""
    payload = number(len("mark")) + b"mark" + mark.encode()
    return component + b"\x00" + number(len(payload)) + payload


def trapping(binary: bytes) -> bytes:
    """Every function of every module inside is `unreachable`."""
    written, at = bytearray(binary[:8]), 8
    while at < len(binary):
        kind = binary[at]
        size, start = read(binary, at + 1)
        payload = binary[start:start + size]
        at = start + size
        if kind == CODE and binary[4:6] == b"\x01\x00":
            count, _ = read(payload, 0)
            payload = number(count) + (number(len(TRAP)) + TRAP) * count
        elif kind in (MODULE, COMPONENT) and binary[4:6] != b"\x01\x00":
            payload = trapping(payload)
        written += bytes([kind]) + number(len(payload)) + payload
    return bytes(written)


class Build:
    """The manifest and its components in a folder of a test's own, to be altered while a gateway runs."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True)
        shutil.copy(ROOT / "spin.toml", folder)
        self.manifest = folder / "spin.toml"
        self.files = {}
        for name, held in tomllib.loads(self.manifest.read_text())["component"].items():
            if "dossier" in held.get("tool", {}):
                self.files[name] = folder / held["source"]
                self.files[name].parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / held["source"], self.files[name])

    def put(self, name: str, component: bytes) -> None:
        """As builds do: under another name first."""
        draft = self.files[name].with_suffix(".draft")
        draft.write_bytes(component)
        draft.rename(self.files[name])
