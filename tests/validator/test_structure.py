"""Our verdicts against those of `fhir.resources`, over the examples and what becomes of them when broken.

The library is written from R4B's definitions by others. It knows structure, cardinality, types and formats; it
knows no invariants, targets of references, required bindings or narrative. Every disagreement is of a class of
which it is known who is right, or the test fails.
"""

import collections
import logging
import random

import pytest
from validator import corpus

fhir_resources = pytest.importorskip("fhir.resources.R4B")

EXAMPLES = 400
# Of R4B, these are another structure than in R4 4.0.1; or the library gives them no model of R4B.
NOT_R4B = {
    "Evidence", "EvidenceVariable", "EvidenceReport", "Ingredient", "DeviceDefinition", "SubstanceDefinition",
    "EffectEvidenceSynthesis", "RiskEvidenceSynthesis", "SubstanceSpecification", "SubstanceNucleicAcid",
    "SubstancePolymer", "SubstanceProtein", "SubstanceReferenceInformation", "SubstanceSourceMaterial",
    "MedicinalProduct", "MedicinalProductAuthorization", "MedicinalProductContraindication",
    "MedicinalProductIndication", "MedicinalProductIngredient", "MedicinalProductInteraction",
    "MedicinalProductManufactured", "MedicinalProductPackaged", "MedicinalProductPharmaceutical",
    "MedicinalProductUndesirableEffect", "CatalogEntry", "PlanDefinition", "ActivityDefinition", "Subscription",
}
# Class of disagreement: who is right, and why.
KNOWN = {
    "we refuse: invariant": "we are: the library evaluates no invariants",
    "we refuse: code-invalid": "we are: the library checks no required bindings",
    "we refuse: invalid": "we are: the library checks no types of references' targets",
    "we refuse: value": "we are: a code has no outer or double spaces, a uri has none (R4, Datatypes)",
    "we refuse: empty": "we are: no object and no array is empty (R4 §2.6.2)",
    "we refuse: null": "we are: null stands only for an item with extensions (R4 §2.6.2.2)",
    "we refuse: true for a number": "we are: true is no number; in Python it is",
    "they refuse: _value[x]": "we are: the extensions of a value[x] of an extension (R4 §2.6.2.3)",
}


def theirs(resource: dict) -> str | None:
    """Why the library refuses it, or None."""
    try:
        fhir_resources.get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except Exception as error:  # noqa: BLE001  whatever it raises is a refusal
        return str(error)
    return None


def kind_of(ours: list, their: str | None) -> str:
    if ours and their is None:
        codes = {issue["code"] for issue in ours}
        text = ours[0]["text"]
        if codes == {"structure"} or codes == {"structure", "required"}:
            if "must not be empty" in text:
                return "we refuse: empty"
            if "null" in text:
                return "we refuse: null"
            if "resourceType" in text:
                return "we refuse: resourceType"
            if "as a JSON number" in text:
                return "we refuse: true for a number"
            return "we refuse: structure"
        for code in ("structure", "required", "value", "code-invalid", "invalid", "invariant"):
            if code in codes:
                return f"we refuse: {code}"
        return "we refuse: other"
    if "._value" in (their or "") and "Extra inputs" in (their or ""):
        return "they refuse: _value[x]"
    return "they refuse: other"


def cases() -> list[tuple[str, str, dict]]:
    chance = random.Random(corpus.SEED)
    chosen = [(name, resource) for name, resource in corpus.examples() if resource["resourceType"] not in NOT_R4B]
    chosen = chance.sample(chosen, EXAMPLES)
    made = [(name, "as it is", resource) for name, resource in chosen]
    for at, (name, resource) in enumerate(chosen):
        kind = corpus.KINDS[at % len(corpus.KINDS)]
        changed = corpus.mutate(kind, chance, resource)
        if changed is not None:
            made.append((name, kind, changed))
    return made


def test_agrees_with_fhir_resources(capsys):
    logging.disable(logging.WARNING)
    made = cases()
    ours = corpus.judged("validate", [resource for _, _, resource in made])
    agreed, table, classes = 0, collections.Counter(), collections.defaultdict(list)
    for (name, kind, resource), issues in zip(made, ours, strict=True):
        their = theirs(resource)
        same = bool(issues) == (their is not None)
        table[kind, "agree" if same else "differ"] += 1
        agreed += same
        if not same:
            classes[kind_of(issues, their)].append((name, kind, issues[:1], (their or "")[:300]))
    logging.disable(logging.NOTSET)
    with capsys.disabled():
        print(f"\nfhir.resources (R4B): {agreed} of {len(made)} verdicts agree")
        for kind in ("as it is", *corpus.KINDS):
            print(f"  {kind:9} agree {table[kind, 'agree']:4} differ {table[kind, 'differ']:4}")
        for name, found in sorted(classes.items()):
            print(f"  {len(found):4} {name}: {KNOWN.get(name, '?')}")
            if name not in KNOWN:
                for case in found[:6]:
                    print("      ", case)
    unknown = {name for name in classes if name not in KNOWN}
    assert not unknown
    assert agreed > 0.8 * len(made)
