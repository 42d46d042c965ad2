"""Writes plain data as YAML: block style, strings quoted where they could be
taken for something else."""

import json
import re

# Anything else is quoted as JSON is, which YAML reads the same.
PLAIN = re.compile(r"[A-Za-z/_][A-Za-z0-9 _./:-]*(?<![ :])")
WORDS = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


def scalar(value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    plain = PLAIN.fullmatch(value) and ": " not in value and value.lower() not in WORDS
    return value if plain else json.dumps(value, ensure_ascii=False)


def lines(value, indent: int = 0):
    pad = "  " * indent
    if isinstance(value, dict):
        for key, held in value.items():
            if isinstance(held, list) and not any(isinstance(one, (dict, list)) for one in held):
                # On one line: a stack takes 51,200 bytes, and indents are most of a long list.
                yield f"{pad}{scalar(key)}: [{', '.join(scalar(one) for one in held)}]"
            elif isinstance(held, (dict, list)) and held:
                yield f"{pad}{scalar(key)}:"
                yield from lines(held, indent + 1)
            else:
                yield f"{pad}{scalar(key)}: {scalar(held) if not isinstance(held, (dict, list)) else json.dumps(held)}"
    else:
        for held in value:
            if isinstance(held, (dict, list)):
                first, *rest = lines(held, indent + 1)
                yield f"{pad}- {first.strip()}"
                yield from rest
            else:
                yield f"{pad}- {scalar(held)}"


def text(value, head: str = "") -> str:
    """A document under a heading of comments."""
    comments = "".join(f"# {line}\n" if line else "#\n" for line in head.split("\n")) if head else ""
    return comments + "\n".join(lines(value)) + "\n"
