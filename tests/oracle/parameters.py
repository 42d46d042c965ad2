"""The search parameters that Synthea's resources have values of, from the R4 definitions."""

# Type → parameter → (kind, paths). `[]` is implied: a path goes through arrays.
PARAMETERS: dict[str, dict[str, tuple[str, tuple[str, ...]]]] = {
    "Patient": {
        "name": ("string", ("name",)), "family": ("string", ("name.family",)), "given": ("string", ("name.given",)),
        "gender": ("token", ("gender",)), "birthdate": ("date", ("birthDate",)), "identifier": ("token", ("identifier",)),
        "address-city": ("string", ("address.city",)), "language": ("token", ("communication.language",)),
    },
    "Encounter": {
        "status": ("token", ("status",)), "class": ("token", ("class",)), "type": ("token", ("type",)), "date": ("date", ("period",)),
        "patient": ("reference", ("subject",)), "subject": ("reference", ("subject",)), "participant": ("reference", ("participant.individual",)),
        "location": ("reference", ("location.location",)), "service-provider": ("reference", ("serviceProvider",)),
        "identifier": ("token", ("identifier",)), "reason-code": ("token", ("reasonCode",)),
    },
    "Observation": {
        "status": ("token", ("status",)), "category": ("token", ("category",)), "code": ("token", ("code",)), "date": ("date", ("effectiveDateTime", "effectivePeriod")),
        "patient": ("reference", ("subject",)), "subject": ("reference", ("subject",)), "encounter": ("reference", ("encounter",)),
        "value-quantity": ("quantity", ("valueQuantity",)), "value-concept": ("token", ("valueCodeableConcept",)),
        "component-code": ("token", ("component.code",)), "combo-code": ("token", ("code", "component.code")),
    },
    "Condition": {
        "clinical-status": ("token", ("clinicalStatus",)), "verification-status": ("token", ("verificationStatus",)), "code": ("token", ("code",)),
        "onset-date": ("date", ("onsetDateTime", "onsetPeriod")), "abatement-date": ("date", ("abatementDateTime", "abatementPeriod")),
        "recorded-date": ("date", ("recordedDate",)), "patient": ("reference", ("subject",)), "encounter": ("reference", ("encounter",)),
    },
    "Procedure": {
        "status": ("token", ("status",)), "code": ("token", ("code",)), "date": ("date", ("performedDateTime", "performedPeriod")),
        "patient": ("reference", ("subject",)), "encounter": ("reference", ("encounter",)), "location": ("reference", ("location",)),
        "reason-reference": ("reference", ("reasonReference",)), "reason-code": ("token", ("reasonCode",)),
    },
    "MedicationRequest": {
        "status": ("token", ("status",)), "intent": ("token", ("intent",)), "code": ("token", ("medicationCodeableConcept",)), "medication": ("reference", ("medicationReference",)),
        "patient": ("reference", ("subject",)), "encounter": ("reference", ("encounter",)), "requester": ("reference", ("requester",)), "authoredon": ("date", ("authoredOn",)),
    },
    "Immunization": {
        "status": ("token", ("status",)), "vaccine-code": ("token", ("vaccineCode",)), "date": ("date", ("occurrenceDateTime",)),
        "patient": ("reference", ("patient",)), "location": ("reference", ("location",)),
    },
    "DiagnosticReport": {
        "status": ("token", ("status",)), "category": ("token", ("category",)), "code": ("token", ("code",)), "date": ("date", ("effectiveDateTime", "effectivePeriod")),
        "issued": ("date", ("issued",)), "patient": ("reference", ("subject",)), "encounter": ("reference", ("encounter",)),
        "result": ("reference", ("result",)), "performer": ("reference", ("performer",)),
    },
    "Claim": {
        "status": ("token", ("status",)), "use": ("token", ("use",)), "patient": ("reference", ("patient",)), "provider": ("reference", ("provider",)),
        "priority": ("token", ("priority",)), "created": ("date", ("created",)), "encounter": ("reference", ("item.encounter",)),
    },
    "ExplanationOfBenefit": {
        "status": ("token", ("status",)), "patient": ("reference", ("patient",)), "provider": ("reference", ("provider",)), "claim": ("reference", ("claim",)),
        "created": ("date", ("created",)), "encounter": ("reference", ("item.encounter",)),
    },
    "CareTeam": {
        "status": ("token", ("status",)), "patient": ("reference", ("subject",)), "encounter": ("reference", ("encounter",)),
        "participant": ("reference", ("participant.member",)), "date": ("date", ("period",)),
    },
    "CarePlan": {
        "status": ("token", ("status",)), "intent": ("token", ("intent",)), "category": ("token", ("category",)), "patient": ("reference", ("subject",)),
        "encounter": ("reference", ("encounter",)), "date": ("date", ("period",)), "care-team": ("reference", ("careTeam",)), "condition": ("reference", ("addresses",)),
    },
    "DocumentReference": {
        "status": ("token", ("status",)), "type": ("token", ("type",)), "category": ("token", ("category",)), "patient": ("reference", ("subject",)),
        "date": ("date", ("date",)), "author": ("reference", ("author",)), "custodian": ("reference", ("custodian",)),
        "encounter": ("reference", ("context.encounter",)), "period": ("date", ("context.period",)),
    },
    "MedicationAdministration": {
        "status": ("token", ("status",)), "code": ("token", ("medicationCodeableConcept",)), "medication": ("reference", ("medicationReference",)), "effective-time": ("date", ("effectiveDateTime", "effectivePeriod")),
        "patient": ("reference", ("subject",)), "context": ("reference", ("context",)),
    },
    "ImagingStudy": {
        "status": ("token", ("status",)), "patient": ("reference", ("subject",)), "encounter": ("reference", ("encounter",)),
        "started": ("date", ("started",)), "modality": ("token", ("series.modality",)),
    },
    "Organization": {"name": ("string", ("name", "alias")), "identifier": ("token", ("identifier",)), "address-city": ("string", ("address.city",)), "type": ("token", ("type",))},
    "Location": {"name": ("string", ("name", "alias")), "address-city": ("string", ("address.city",)), "organization": ("reference", ("managingOrganization",)), "status": ("token", ("status",))},
    "Practitioner": {"name": ("string", ("name",)), "family": ("string", ("name.family",)), "gender": ("token", ("gender",)), "identifier": ("token", ("identifier",))},
    "PractitionerRole": {
        "practitioner": ("reference", ("practitioner",)), "organization": ("reference", ("organization",)),
        "location": ("reference", ("location",)), "specialty": ("token", ("specialty",)), "role": ("token", ("code",)),
    },
    "Medication": {"code": ("token", ("code",)), "status": ("token", ("status",))},
}
