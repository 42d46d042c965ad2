"""Whether a resource matches `parameter[:modifier]=value` (R4 §3.1.1.4)."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from oracle.parameters import PARAMETERS

NAME_PARTS = ("family", "given", "prefix", "suffix", "text")
PREFIX = re.compile(r"^(eq|ne|gt|ge|lt|le|sa|eb)?(.*)$")


def values(resource: dict, kind: str, name: str) -> list:
    """The elements that a parameter is about."""
    _, paths = PARAMETERS[kind][name]
    found = []
    for path in paths:
        level = [resource]
        for step in path.split("."):
            below = [one[step] for one in level if isinstance(one, dict) and step in one]
            level = [item for one in below for item in (one if isinstance(one, list) else [one])]
        found += level
    return found


def codings(value) -> list[tuple[str, str]]:
    """`(system, code)` of a code, Coding, CodeableConcept or Identifier."""
    if isinstance(value, str):
        return [(None, value)]
    if "coding" in value:
        return [(one.get("system", ""), one["code"]) for one in value["coding"] if "code" in one]
    key = "code" if "code" in value else "value"
    return [(value.get("system", ""), value[key])] if key in value else []


def texts(value) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = [value[part] for part in NAME_PARTS if part in value]
    return [text for part in parts for text in (part if isinstance(part, list) else [part])]


def normal(text: str) -> str:
    bare = "".join(one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one))
    return " ".join(bare.lower().split())


def span(text: str) -> tuple[datetime, datetime]:
    """`[from, to)`; what has no zone is read in UTC, on both sides alike."""
    if len(text) == 4:
        return datetime(int(text), 1, 1, tzinfo=UTC), datetime(int(text) + 1, 1, 1, tzinfo=UTC)
    if len(text) == 7:
        year, month = map(int, text.split("-"))
        return datetime(year, month, 1, tzinfo=UTC), datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    if len(text) == 10:
        return at, at + timedelta(days=1)
    return at, at + (timedelta(milliseconds=1) if "." in text else timedelta(seconds=1))


EARLIEST, LATEST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def period(value) -> tuple[datetime, datetime]:
    if isinstance(value, str):
        return span(value)
    start, end = value.get("start"), value.get("end")
    return (span(start)[0] if start else EARLIEST), (span(end)[1] if end else LATEST)


def date_matches(prefix: str, asked: str, value) -> bool:
    low, high = span(asked)
    start, end = period(value)
    within = low <= start and end <= high
    return {
        "eq": within, "ne": not within, "gt": end > high, "ge": end > high or within,
        "lt": start < low, "le": start < low or within, "sa": start >= high, "eb": end <= low,
    }[prefix]


def quantity_matches(prefix: str, asked: str, value: dict) -> bool:
    if "value" not in value:
        return False
    number, system, code = (asked.split("|") + ["", ""])[:3]
    if code and (value.get("system", "") != system or value.get("code") != code):
        return False
    limit, held = Decimal(number), Decimal(str(value["value"]))
    half = Decimal(5).scaleb(limit.as_tuple().exponent - 1)
    equal = limit - half <= held < limit + half
    return {"eq": equal, "ne": not equal, "gt": held > limit, "ge": held >= limit, "lt": held < limit, "le": held <= limit}[prefix]


def value_matches(kind: str, modifier: str, asked: str, value) -> bool:
    if kind == "token":
        system, bar, code = asked.rpartition("|")
        return any((not bar or system == its) and code == one for its, one in codings(value))
    if kind == "string":
        way = {"": lambda text: normal(text).startswith(normal(asked)), "exact": lambda text: text == asked,
               "contains": lambda text: normal(asked) in normal(text)}[modifier]
        return any(way(text) for text in texts(value))
    if kind == "reference":
        reference = value.get("reference", "")
        return reference == asked or ("/" not in asked and reference.split("/")[-1] == asked)
    prefix, rest = PREFIX.match(asked).groups()
    return (date_matches if kind == "date" else quantity_matches)(prefix or "eq", rest, value)


def matches(resource: dict, name: str, asked: str) -> bool:
    """`name` may have a modifier; `asked` may be several values with commas (any of them)."""
    name, _, modifier = name.partition(":")
    kind = PARAMETERS[resource["resourceType"]][name][0]
    found = values(resource, resource["resourceType"], name)
    if modifier == "missing":
        return (not found) == (asked == "true")
    hit = any(value_matches(kind, "" if modifier == "not" else modifier, one, value) for one in asked.split(",") for value in found)
    return hit != (modifier == "not")
