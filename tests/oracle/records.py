"""The resources, what refers to what, and whole searches over them by brute force."""

from collections import defaultdict
from dataclasses import dataclass, field

from oracle.judging import matches, period, texts, normal, values
from oracle.parameters import PARAMETERS


def reference_parameters(kind: str) -> list[str]:
    return [name for name, (what, _) in PARAMETERS[kind].items() if what == "reference"]


@dataclass
class Search:
    """One search: `filters` as (name, value), with chains and _has spelled as in a query."""

    type: str
    filters: list[tuple[str, str]] = field(default_factory=list)
    includes: list[tuple[str, str]] = field(default_factory=list)
    sort: list[str] = field(default_factory=list)

    def parameters(self) -> list[tuple[str, str]]:
        sort = [("_sort", ",".join(self.sort))] if self.sort else []
        return self.filters + self.includes + sort


class Records:
    """Every resource by type and by `Type/id`."""

    def __init__(self, resources: list[dict]):
        self.by_type: dict[str, list[dict]] = defaultdict(list)
        self.by_key: dict[str, dict] = {}
        self.referring: dict[tuple[str, str], dict[str, list[str]]] = {}
        for resource in resources:
            if resource["resourceType"] in PARAMETERS:
                self.by_type[resource["resourceType"]].append(resource)
                self.by_key[f"{resource['resourceType']}/{resource['id']}"] = resource

    def targets(self, resource: dict, name: str) -> list[str]:
        """`Type/id` of what a reference parameter points at, and is here."""
        found = values(resource, resource["resourceType"], name)
        return [key for one in found if (key := one.get("reference", "")) in self.by_key]

    def referrers(self, key: str, kind: str, name: str) -> list[str]:
        """Resources of `kind` whose parameter `name` points at `key`."""
        if (kind, name) not in self.referring:
            table = defaultdict(list)
            for resource in self.by_type[kind]:
                for target in self.targets(resource, name):
                    table[target].append(f"{kind}/{resource['id']}")
            self.referring[kind, name] = table
        return self.referring[kind, name].get(key, [])

    def holds(self, resource: dict, name: str, asked: str) -> bool:
        """A filter on a resource; chains (R4 §3.1.1.4.13) and _has (§3.1.1.4.14) included."""
        if name.startswith("_has:"):
            _, kind, reference, rest = name.split(":", 3)
            key = f"{resource['resourceType']}/{resource['id']}"
            return any(self.holds(self.by_key[one], rest, asked) for one in self.referrers(key, kind, reference))
        if "." in name:
            link, rest = name.split(".", 1)
            reference, _, kind = link.partition(":")
            found = self.targets(resource, reference)
            return any(self.holds(self.by_key[key], rest, asked) for key in found if not kind or key.startswith(f"{kind}/"))
        return matches(resource, name, asked)

    def found(self, search: Search) -> set[str]:
        return {
            f"{search.type}/{one['id']}" for one in self.by_type[search.type]
            if all(self.holds(one, name, asked) for name, asked in search.filters)
        }

    def included(self, search: Search, found: set[str]) -> set[str]:
        """What _include, _revinclude and :iterate add (R4 §3.1.1.5.5), matches left out."""
        everything, fresh = set(found), set(found)
        first = True
        while fresh:
            added = set()
            for way, wanted in search.includes:
                if first or way.endswith(":iterate"):
                    added |= self.step(way.split(":")[0], wanted, fresh)
            fresh = added - everything
            everything |= added
            first = False
        return everything - found

    def step(self, way: str, wanted: str, keys: set[str]) -> set[str]:
        kind, name, *target = wanted.split(":")
        added = set()
        if way == "_include":
            for key in keys:
                if key.startswith(f"{kind}/"):
                    added |= {one for one in self.targets(self.by_key[key], name) if not target or one.startswith(f"{target[0]}/")}
        else:
            for key in keys:
                added |= set(self.referrers(key, kind, name))
        return added

    def out_of_order(self, search: Search, keys: list[str]) -> str | None:
        """A pair that stands the wrong way round; what has no value may be first or last."""
        rows = [[self.sort_key(self.by_key[key], rule) for rule in search.sort] for key in keys]
        for at, (left, right) in enumerate(zip(rows, rows[1:])):
            for rule, a, b in zip(search.sort, left, right):
                if a is None or b is None:
                    break
                if a != b:
                    if (a > b) != rule.startswith("-"):
                        return f"{keys[at]} {a} before {keys[at + 1]} {b}"
                    break
        return None

    @staticmethod
    def sort_key(resource: dict, rule: str):
        """The smallest value upward, the largest downward (R4 §3.1.1.5.1); a period counts by its
        start upward, by its end downward."""
        name, down = rule.lstrip("-"), rule.startswith("-")
        found = values(resource, resource["resourceType"], name)
        if PARAMETERS[resource["resourceType"]][name][0] == "date":
            keys = [period(value)[1 if down else 0] for value in found]
        else:
            keys = [normal(text) for value in found for text in texts(value)]
        return (max if down else min)(keys) if keys else None
