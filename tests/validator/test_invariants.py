"""R4's invariants by our FHIRPath and by the npm package `fhirpath`, over the examples and broken ones.

Each rule is evaluated on everything of its type in a resource, by both; every disagreement is of a known class.
"""

import collections
import json
import random
import subprocess

from validator import corpus

EXAMPLES_OF_A_TYPE = 3
BROKEN_OF_EACH = 3
# Rule: who is right where the two differ, and why.
KNOWN = {
    "dom-3": "both: `as` on several items is an error by N1, and the package says so; R4's rule means a filter",
    "ctm-1": "we are: the package resolves references by asking a server only, we by the type that they name",
}


def expression(rule: dict, resource: dict) -> str | None:
    """The rule on everything that it is about in this resource; None when it is about nothing in its type."""
    owner, _, inner = rule["owner"].partition(".")
    suffix = f".{rule['element']}" if rule["element"] else ""
    if owner == resource["resourceType"]:
        path = ".".join(part for part in (owner, inner) if part)
        return f"{path}{suffix}.all({rule['expression']})"
    if not inner and owner[0].isupper() and owner in DATATYPES:
        return f"descendants().ofType({owner}){suffix}.all({rule['expression']})"
    return None


DATATYPES = {"Period", "ContactPoint", "Quantity", "Reference", "Attachment", "Range", "Ratio", "Age", "Duration",
             "DataRequirement", "TriggerDefinition", "Expression"}


def cases() -> list[dict]:
    chance = random.Random(corpus.SEED)
    rules = corpus.judged("rules")
    made = []
    taken = collections.Counter()
    for name, resource in chance.sample(corpus.examples(), len(corpus.examples())):
        taken[resource["resourceType"]] += 1
        if taken[resource["resourceType"]] > EXAMPLES_OF_A_TYPE:
            continue
        broken = [corpus.mutate("delete", chance, resource) for _ in range(BROKEN_OF_EACH)]
        for changed in (resource, *broken):
            if changed is None:
                continue
            chosen = [(rule["key"], text) for rule in rules if (text := expression(rule, changed))]
            made.append({"name": name, "keys": [key for key, _ in chosen],
                         "expressions": [text for _, text in chosen], "resource": changed})
    return made


def test_agrees_with_npm_fhirpath(capsys):
    made = cases()
    asked = [{"expressions": case["expressions"], "resource": case["resource"]} for case in made]
    told = subprocess.run(["node", "invariants.mjs"], cwd=corpus.ROOT / "tests" / "clients", check=True,
                          input="".join(json.dumps(line) + "\n" for line in asked), capture_output=True, text=True)
    theirs = [json.loads(line) for line in told.stdout.splitlines()]
    ours = corpus.judged("fhirpath", asked)
    count, agreed, broken = 0, 0, collections.Counter()
    classes = collections.defaultdict(list)
    for case, one, two in zip(made, ours, theirs, strict=True):
        for key, text, mine, their in zip(case["keys"], case["expressions"], one, two, strict=True):
            count += 1
            agreed += mine == their
            broken[key] += mine is False
            if mine != their:
                classes[key].append((case["name"], mine, their, text[:200]))
    with capsys.disabled():
        print(f"\nnpm fhirpath: {agreed} of {count} results agree, over {len(made)} resources; "
              f"{sum(broken.values())} are false, of {len([key for key in broken if broken[key]])} rules")
        for key, found in sorted(classes.items()):
            print(f"  {len(found):4} {key}: {KNOWN.get(key, '?')}")
            if key not in KNOWN:
                for one in found[:3]:
                    print("      ", one)
    assert not [key for key in classes if key not in KNOWN]
    assert agreed > 0.99 * count
