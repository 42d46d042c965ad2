"""Random searches, from a seed, with values that the records hold."""

import random

from oracle.judging import codings, texts, values
from oracle.parameters import PARAMETERS
from oracle.records import Records, Search, reference_parameters

SORTABLE = {"Encounter": ["date"], "Observation": ["date"], "Condition": ["onset-date", "recorded-date"], "Immunization": ["date"],
            "MedicationRequest": ["authoredon"], "DiagnosticReport": ["issued", "date"], "Patient": ["birthdate"],
            "Claim": ["created"], "Procedure": ["date"], "DocumentReference": ["date"], "ImagingStudy": ["started"]}


class Asker:
    """Makes one search after another."""

    def __init__(self, records: Records, seed: int):
        self.records, self.chance = records, random.Random(seed)
        self.types = [kind for kind in PARAMETERS if records.by_type[kind]]

    def one_of(self, kind: str) -> dict:
        return self.chance.choice(self.records.by_type[kind])

    def plain(self, resource: dict) -> tuple[str, str] | None:
        """A filter that this resource matches, of a parameter by chance."""
        kind = resource["resourceType"]
        name = self.chance.choice(list(PARAMETERS[kind]))
        what, _ = PARAMETERS[kind][name]
        found = values(resource, kind, name)
        if not found or self.chance.random() < 0.04:
            return f"{name}:missing", "false" if found else "true"
        return getattr(self, what)(name, self.chance.choice(found))

    def token(self, name, value):
        pairs = codings(value)
        if not pairs:
            return None
        system, code = self.chance.choice(pairs)
        asked = f"{system}|{code}" if system and self.chance.random() < 0.6 else code
        return (f"{name}:not" if self.chance.random() < 0.1 else name), asked

    def string(self, name, value):
        text = self.chance.choice(texts(value))
        # One word: whether a server looks into the words of a text is its own affair.
        if " " in text or "," in text or len(text) < 4:
            return None
        way = self.chance.choice(["", "exact", "contains"])
        return (f"{name}:{way}", text) if way else (name, text[: self.chance.randint(3, len(text))])

    def date(self, name, value):
        text = value if isinstance(value, str) else value.get("start") or value.get("end")
        if text is None:
            return None
        return name, self.chance.choice(["", "ge", "le", "gt", "lt", "sa", "eb", "eq"]) + text.split(".")[0] + (text[text.index(".") + 4:] if "." in text else "")

    def quantity(self, name, value):
        if "value" not in value:
            return None
        unit = f"|{value['system']}|{value['code']}" if "code" in value and self.chance.random() < 0.5 else ""
        return name, self.chance.choice(["gt", "lt", "ge", "le", ""]) + str(value["value"]) + unit

    def reference(self, name, value):
        reference = value.get("reference", "")
        if reference not in self.records.by_key:
            return None
        return name, reference

    def chain(self, resource: dict, depth: int) -> tuple[str, str] | None:
        """`reference:Type.…` with a filter on what it points at."""
        kind = resource["resourceType"]
        links = [(name, key) for name in reference_parameters(kind) for key in self.records.targets(resource, name)]
        if not links:
            return None
        name, key = self.chance.choice(links)
        target = self.records.by_key[key]
        end = (self.chain(target, depth - 1) if depth > 1 and self.chance.random() < 0.5 else None) or self.plain(target)
        return end and (f"{name}:{target['resourceType']}.{end[0]}", end[1])

    def has(self, resource: dict, depth: int) -> tuple[str, str] | None:
        """`_has:Type:reference:…` with a filter on what points here."""
        key = f"{resource['resourceType']}/{resource['id']}"
        ways = [(kind, name) for kind in self.types for name in reference_parameters(kind)]
        self.chance.shuffle(ways)
        for kind, name in ways:
            if sources := self.records.referrers(key, kind, name):
                source = self.records.by_key[self.chance.choice(sources)]
                end = (self.has(source, depth - 1) if depth > 1 and self.chance.random() < 0.4 else None) or self.plain(source)
                return end and (f"_has:{kind}:{name}:{end[0]}", end[1])
        return None

    def includes(self, kind: str) -> list[tuple[str, str]]:
        made = []
        links = reference_parameters(kind)
        if links and self.chance.random() < 0.4:
            name = self.chance.choice(links)
            made.append(("_include", f"{kind}:{name}"))
            if self.chance.random() < 0.5:
                further = self.chance.choice([one for one in self.types if reference_parameters(one)])
                made.append(("_include:iterate", f"{further}:{self.chance.choice(reference_parameters(further))}"))
        if self.chance.random() < 0.2:
            pointing = [(one, name) for one in self.types for name in reference_parameters(one)
                        if any(self.records.referrers(f"{kind}/{resource['id']}", one, name) for resource in self.records.by_type[kind][:5])]
            if pointing:
                made.append(("_revinclude", "{}:{}".format(*self.chance.choice(pointing))))
        return made

    def next(self) -> Search:
        while True:
            kind = self.chance.choice(self.types)
            resource = self.one_of(kind)
            filters = [self.plain(resource) for _ in range(self.chance.randint(0, 2))]
            if self.chance.random() < 0.5:
                filters.append(self.chain(resource, 3))
            if self.chance.random() < 0.35:
                filters.append(self.has(resource, 2))
            filters = [one for one in filters if one]
            if not filters:
                continue
            sort = []
            if kind in SORTABLE and self.chance.random() < 0.5:
                sort = [self.chance.choice(["", "-"]) + name for name in SORTABLE[kind]]
            return Search(kind, filters, self.includes(kind), sort)
