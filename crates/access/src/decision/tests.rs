use super::*;
use crate::scope::Scope;

fn claims(function: &str, scopes: &str, patient: Option<&str>) -> Claims {
    let function = Function::from_code(function);
    Claims {
        subject: "s".to_owned(),
        name: None,
        fhir_user: None,
        licence: None,
        establishment: None,
        purpose: function.usual_purpose(),
        function,
        patient: patient.map(str::to_owned),
        client_id: "c".to_owned(),
        scopes: Scope::parse_all(scopes).unwrap(),
        token_id: None,
        issuer: "i".to_owned(),
        expires_at_s: 0,
        issued_at_s: None,
    }
}

fn ask(claims: &Claims, interaction: Interaction, kind: &str, person: Option<&str>) -> Decision {
    let purpose = claims.purpose;
    decide(claims, &Intended { interaction, resource_type: kind, person, purpose })
}

fn mark(decision: Decision) -> char {
    match decision {
        Decision::Allow { .. } => 'x',
        Decision::Deny { reason: Reason::Scope, .. } => 's',
        Decision::Deny { reason: Reason::OtherPerson, .. } => 'p',
        Decision::Deny { reason: Reason::AuditOnly, .. } => 'a',
        Decision::Deny { reason: Reason::Audit, .. } => 'j',
        Decision::Deny { reason: Reason::AuditIsWrittenByTheRecord, .. } => 'w',
        Decision::Deny { reason: Reason::Purpose, .. } => 'u',
    }
}

/// One line per caller; one column per interaction, in the order of
/// `Interaction::ALL`: read, vread, history, search, everything, create,
/// update, delete, batch, transaction, read-audit.
fn line(claims: &Claims, person: Option<&str>) -> String {
    let asked = Interaction::ALL.iter();
    asked.map(|interaction| mark(ask(claims, *interaction, "Observation", person))).collect()
}

#[test]
fn the_matrix() {
    let (own, other) = (Some("p1"), Some("p2"));
    let rows = [
        // function, scopes, patient, whose chart, expected
        ("physician", "user/*.cruds", None, own, "xxxxxxxxxxj"),
        ("physician", "user/*.cruds", None, None, "xxxxxxxxxxj"),
        ("nurse", "user/*.rs", None, own, "xxxxxsssxxj"),
        ("nurse", "user/Condition.rs", None, own, "ssssssssxxj"),
        ("pharmacist", "user/*.r user/AuditEvent.rs", None, own, "xxxsssssxxx"),
        ("physician", "patient/*.rs", own, own, "xxxxxsssxxj"),
        ("physician", "patient/*.rs", own, other, "pppppsssxxj"),
        ("physician", "patient/*.rs", None, other, "pppppsssxxj"),
        ("physician", "system/*.cruds", None, own, "ssssssssssj"),
        ("physician", "", None, own, "ssssssssssj"),
        ("patient", "patient/*.rs", own, own, "xxxxxsssxxx"),
        ("patient", "patient/*.rs", own, other, "pppppsssxxp"),
        ("patient", "patient/*.rs", own, None, "pppppsssxxp"),
        ("patient", "user/*.rs", own, own, "xxxxxsssxxx"),
        ("patient", "user/*.cruds", own, other, "ppppppppxxp"),
        ("patient", "system/*.cruds", own, own, "ssssssssssj"),
        ("auditor", "user/AuditEvent.rs", None, own, "aaaaaaaaaax"),
        ("auditor", "user/*.cruds", None, None, "aaaaaaaaaax"),
        ("auditor", "user/Observation.rs", None, None, "aaaaaaaaaaj"),
        ("system", "system/*.cruds", None, other, "xxxxxxxxxxj"),
        ("system", "system/Observation.c", None, other, "sssssxssxxj"),
        ("system", "system/AuditEvent.rs", None, None, "ssssssssxxx"),
        ("system", "user/*.cruds", None, other, "ssssssssssj"),
        ("clerk", "user/*.cruds", None, other, "ssssssssxxj"),
        ("clerk", "user/Observation.rs", None, other, "xxxxssssxxj"),
    ];
    for (function, scopes, patient, person, expected) in rows {
        let claims = claims(function, scopes, patient);
        assert_eq!(line(&claims, person), expected, "{function} {scopes} {person:?}");
    }
}

#[test]
fn audit_events_are_the_journal_by_any_door() {
    for function in ["physician", "auditor", "system", "clerk"] {
        let scopes = "user/*.cruds system/*.cruds";
        let claims = claims(function, scopes, None);
        for interaction in Interaction::ALL {
            let by_type = mark(ask(&claims, interaction, AUDIT, Some("p1")));
            let expected = match (interaction.changes(), function) {
                (true, _) => 'w',
                (false, "auditor") => 'x',
                (false, _) => 'j',
            };
            assert_eq!(by_type, expected, "{function} {interaction:?}");
        }
    }
}

#[test]
fn clinicians_act_for_care_only() {
    let claims = claims("physician", "user/*.cruds", None);
    for purpose in Purpose::ALL {
        let intended = Intended {
            interaction: Interaction::Read,
            resource_type: "Observation",
            person: Some("p1"),
            purpose,
        };
        let care = matches!(purpose, Purpose::Treatment | Purpose::Emergency);
        let expected = if care { 'x' } else { 'u' };
        assert_eq!(mark(decide(&claims, &intended)), expected, "{purpose:?}");
    }
}

#[test]
fn each_basis() {
    let basis = |function, scopes, interaction| {
        ask(&claims(function, scopes, Some("p1")), interaction, "Observation", Some("p1"))
    };
    let allow = |basis| Decision::Allow { basis };
    let read = Interaction::Read;
    assert_eq!(basis("nurse", "user/*.r", read), allow(Basis::CareRelationship));
    assert_eq!(basis("patient", "patient/*.r", read), allow(Basis::OwnRecord));
    assert_eq!(basis("system", "system/*.r", read), allow(Basis::Authorization));
    let audit = Interaction::ReadAudit;
    assert_eq!(basis("auditor", "user/AuditEvent.rs", audit), allow(Basis::Law));
    assert_eq!(basis("nurse", "user/AuditEvent.rs", audit), allow(Basis::Authorization));
    assert_eq!(basis("patient", "patient/*.rs", audit), allow(Basis::OwnRecord));
}
