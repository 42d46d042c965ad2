"""A chart of which something is withheld."""

import uuid

from harness.resources import created, observation, patient

ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


def consent(person: str) -> dict:
    """Nurses do not see what is labelled HIV."""
    coding = lambda system, code: {"coding": [{"system": system, "code": code}]}
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": coding("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [coding("http://loinc.org", "59284-0")],
        "patient": {"reference": f"Patient/{person}"},
        "policyRule": coding(ACT, "OPTIN"),
        "provision": {
            "type": "deny",
            "actor": [{"role": coding("urn:dossier:function", "nurse"), "reference": {"display": "nurses"}}],
            "securityLabel": [{"system": ACT, "code": "HIV"}],
        },
    }


class Chart:
    """A chart with one Observation that is withheld from nurses, one that is not."""

    def __init__(self, clinician):
        self.canary = f"canary{uuid.uuid4().hex}"
        self.person = created(clinician, patient())["id"]
        self.seen = created(clinician, observation(self.person))["id"]
        hidden = observation(
            self.person,
            meta={"security": [{"system": ACT, "code": "HIV"}]},
            code={"coding": [{"system": "urn:canary", "code": self.canary}], "text": self.canary},
            identifier=[{"system": "urn:canary", "value": self.canary}],
            note=[{"text": self.canary}],
        )
        self.hidden = created(clinician, hidden)["id"]
        report = {
            "resourceType": "DiagnosticReport", "status": "final", "code": {"text": "x"},
            "subject": {"reference": f"Patient/{self.person}"},
            "result": [{"reference": f"Observation/{self.hidden}"}, {"reference": f"Observation/{self.seen}"}],
        }
        self.report = created(clinician, report)["id"]
        self.consent = created(clinician, consent(self.person))["id"]
