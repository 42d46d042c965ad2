"""The constraints of IHE Basic Audit Log Patterns 1.1.4 on AuditEvent, as data, and a checker.

Written from the profiles (profiles.ihe.net/ITI/BALP), not from what the record writes. A slice is
found by its discriminator, the `type` of an agent or an entity; fixed codes, cardinalities, value
sets and what must be absent are checked within it.
"""

DCM = "http://dicom.nema.org/resources/ontology/DCM"
REST_EVENT = "http://terminology.hl7.org/CodeSystem/audit-event-type"
RESTFUL = "http://hl7.org/fhir/restful-interaction"
PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
BALP = "https://profiles.ihe.net/ITI/BALP"
PROFILE = f"{BALP}/StructureDefinition/IHE.BasicAudit."

MANY = 1_000_000
SEARCHES = {"search", "search-type", "search-system"}
READS = {"read", "vread"}
OBJECT_ROLES = {"3", "4", "20"}
BARE = ("role", "altId", "name", "location", "policy", "media", "purposeOfUse")


def agent(system, codes, card, *, network=None, absent=(), requestor=None):
    """An agent slice: the code of its type, how many, and what holds of each."""
    return {
        "codes": {(system, code) for code in codes}, "card": card, "needs": ("who",) + (("network",) if network else ()),
        "absent": absent + (("network",) if network is False else ()), "requestor": requestor,
    }


def entity(system, code, card, **rules):
    return {"codes": {(system, code)}, "card": card} | rules


PATIENT = entity(ENTITY_TYPE, "1", (1, 1), role={"1"}, needs=("what",), reference="Patient/")
DELETED_PATIENT = PATIENT | {"absent": ("lifecycle", "securityLabel", "name", "query", "detail")}
REQUEST = entity(f"{BALP}/CodeSystem/BasicAuditEntityType", "XrequestId", (0, 1), identifier=True)
DATA = entity(ENTITY_TYPE, "2", (1, 1), role=OBJECT_ROLES, needs=("what",))
DELETED = DATA | {"absent": ("lifecycle", "name", "query", "detail")}
QUERY = entity(ENTITY_TYPE, "2", (1, 1), role={"24"}, needs=("query",), absent=("what", "lifecycle", "detail"))
USER = ("media",)

READ = {
    "type": (REST_EVENT, "rest"), "subtype": (READS, False), "action": "R", "outcome": {"0"},
    "agents": {
        "client": agent(DCM, ["110152"], (1, 1), network=True, absent=("media",)),
        "server": agent(DCM, ["110153"], (1, 1), network=True, absent=("media",)),
        "user": agent(PARTICIPATION, ["IRCP"], (0, 1), network=False, absent=USER, requestor=True),
    },
    "entities": {"transaction": REQUEST, "data": DATA}, "closed": False,
}
SOURCE_TO_SERVER = {
    "client": agent(DCM, ["110153"], (1, 1), network=True, absent=("media",)),
    "server": agent(DCM, ["110152"], (1, 1), network=True, absent=("media",)),
}
AUTHOR = agent(PARTICIPATION, ["AUT", "INF", "CST"], (0, 1), network=False, absent=USER, requestor=True)
QUERIED = READ | {
    "subtype": (SEARCHES, False), "action": "E", "entities": {"transaction": REQUEST, "query": QUERY},
    "agents": SOURCE_TO_SERVER | {"user": READ["agents"]["user"]},
}
CREATE = READ | {
    "subtype": ({"create"}, False), "action": "C", "agents": SOURCE_TO_SERVER | {"user": AUTHOR},
}
UPDATE = CREATE | {"subtype": ({"update", "patch"}, False), "action": "U"}
DELETE = READ | {
    "subtype": ({"delete"}, True), "action": "D",
    "agents": {
        "client": agent(DCM, ["110150"], (1, 1), network=True, absent=BARE),
        "server": agent("http://terminology.hl7.org/CodeSystem/provenance-participant-type", ["custodian"],
                        (1, 1), network=True, absent=BARE),
        "user": AUTHOR | {"absent": ("altId", "location", "policy", "media", "network")},
    },
    "entities": {
        "transaction": REQUEST | {"absent": ("lifecycle", "securityLabel", "name", "query", "detail")},
        "data": DELETED,
    },
}
NO_DETAILS = ("role", "altId", "name", "location", "policy", "media", "network")
AUTHORIZED = {
    "type": (DCM, "110113"), "subtype": ({"AuthZ-Consent", "AuthZ-Role"}, False),
    "subtype_system": f"{BALP}/CodeSystem/AuthZsubType", "action": "E", "outcome": {"0", "4", "8", "12"},
    "agents": {
        "client": agent(DCM, ["110150"], (1, 1), network=True,
                        absent=("role", "altId", "name", "location", "media", "purposeOfUse")),
        "user": agent(PARTICIPATION, ["IRCP"], (1, 1), network=False,
                      absent=("altId", "location", "media"), requestor=True),
        "userorg": agent("http://terminology.hl7.org/CodeSystem/v3-RoleClass", ["PROV"], (1, 1),
                         absent=NO_DETAILS, requestor=False),
        "authorizer": agent("http://terminology.hl7.org/CodeSystem/extra-security-role-type", ["authserver"],
                            (1, 1), absent=(*NO_DETAILS, "purposeOfUse"), requestor=False)
        | {"who_is_observer": True},
    },
    "entities": {
        "patient": PATIENT,
        "consent": entity("http://hl7.org/fhir/resource-types", "Consent", (1, MANY), needs=("what",)),
        "token": entity(f"{BALP}/CodeSystem/UserAgentTypes", "UserOauthAgent", (0, 1), identifier=True),
    },
    "closed": True,
}


def of_patient(rules: dict, slice_=None) -> dict:
    return rules | {"entities": rules["entities"] | {"patient": slice_ or PATIENT}}


PROFILES = {
    PROFILE + "Read": READ, PROFILE + "PatientRead": of_patient(READ),
    PROFILE + "Query": QUERIED, PROFILE + "PatientQuery": of_patient(QUERIED),
    PROFILE + "Create": CREATE, PROFILE + "PatientCreate": of_patient(CREATE),
    PROFILE + "Update": UPDATE, PROFILE + "PatientUpdate": of_patient(UPDATE),
    PROFILE + "Delete": DELETE, PROFILE + "PatientDelete": of_patient(DELETE, DELETED_PATIENT),
    PROFILE + "AuthZconsent": AUTHORIZED,
}


def codings(concept) -> set:
    """System and code of a Coding or a CodeableConcept."""
    if not isinstance(concept, dict):
        return set()
    held = concept.get("coding", [concept])
    return {(coding.get("system"), coding.get("code")) for coding in held}


def slices(elements, rules, what, faults, closed=False):
    """Puts elements into slices by their type and checks how many each has."""
    found = {name: [] for name in rules}
    for at, element in enumerate(elements):
        names = [name for name, rule in rules.items() if codings(element.get("type")) & rule["codes"]]
        for name in names:
            found[name].append(element)
        if closed and not names:
            faults.append(f"{what}[{at}] is in no slice, and the slicing is closed")
    for name, rule in rules.items():
        low, high = rule["card"]
        if not low <= len(found[name]) <= high:
            faults.append(f"{what}:{name} is there {len(found[name])} times, not {low}..{high}")
    return [(name, element) for name, held in found.items() for element in held]


def held_to(rule, element, place, faults):
    for name in rule.get("needs", ()):
        if name not in element:
            faults.append(f"{place} has no {name}")
    for name in rule.get("absent", ()):
        if name in element:
            faults.append(f"{place} has {name}, which the profile forbids")


def check_agents(event, rules, faults):
    agents = event.get("agent", [])
    if len(agents) < 2:
        faults.append("there are fewer than two agents")
    for name, one in slices(agents, rules["agents"], "agent", faults):
        rule, place = rules["agents"][name], f"agent:{name}"
        held_to(rule, one, place, faults)
        if rule["requestor"] is not None and one.get("requestor") is not rule["requestor"]:
            faults.append(f"{place}.requestor is not {rule['requestor']}")
        if rule.get("who_is_observer") and one.get("who") != event.get("source", {}).get("observer"):
            faults.append(f"{place}.who is not source.observer (val-audit-source)")


def check_entities(event, rules, faults):
    entities = event.get("entity", [])
    for name, one in slices(entities, rules["entities"], "entity", faults, rules["closed"]):
        rule, place = rules["entities"][name], f"entity:{name}"
        held_to(rule, one, place, faults)
        if "role" in rule:
            roles = {code for system, code in codings(one.get("role")) if system == ROLE}
            if not roles & rule["role"]:
                faults.append(f"{place}.role is none of {sorted(rule['role'])}")
        if rule.get("identifier") and not one.get("what", {}).get("identifier", {}).get("value"):
            faults.append(f"{place}.what.identifier.value is missing")
        if "reference" in rule and not one.get("what", {}).get("reference", "").startswith(rule["reference"]):
            faults.append(f"{place}.what is no reference to {rule['reference']}…")


def check(event: dict, profile: str) -> list[str]:
    """What of an AuditEvent is against a profile; nothing when it conforms."""
    rules, faults = PROFILES[profile], []
    if rules["type"] not in codings(event.get("type")):
        faults.append(f"type is not {rules['type']}")
    wanted, alone = rules["subtype"]
    system = rules.get("subtype_system", RESTFUL)
    subtypes = [pair for coding in event.get("subtype", []) for pair in codings(coding)]
    if not any(pair[0] == system and pair[1] in wanted for pair in subtypes):
        faults.append(f"subtype is none of {sorted(wanted)}")
    if alone and len(subtypes) != 1:
        faults.append("there is more than one subtype")
    if event.get("action") != rules["action"]:
        faults.append(f"action is not {rules['action']}")
    if not event.get("recorded"):
        faults.append("recorded is missing")
    if event.get("outcome") not in rules["outcome"]:
        faults.append(f"outcome is none of {sorted(rules['outcome'])}")
    if "observer" not in event.get("source", {}):
        faults.append("source.observer is missing")
    if event.get("modifierExtension"):
        faults.append("there is a modifierExtension")
    check_agents(event, rules, faults)
    check_entities(event, rules, faults)
    return faults


def faults(event: dict) -> list[str]:
    """What of an AuditEvent is against the profiles that it claims."""
    claimed = [profile for profile in event.get("meta", {}).get("profile", []) if profile.startswith(BALP)]
    found = []
    for profile in claimed:
        if profile not in PROFILES:
            found.append(f"{profile} is no profile of BALP")
            continue
        found += [f"{profile}: {fault}" for fault in check(event, profile)]
    return found
