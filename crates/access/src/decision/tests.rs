use super::*;
use crate::scope::Scope;

pub(crate) fn claims(function: &str, scopes: &str, patient: Option<&str>) -> Claims {
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
        // What only the whole decision says.
        Decision::Deny { .. } => '?',
    }
}

/// One line per caller; one column per interaction, in the order of
/// `Interaction::ALL`: read, vread, history, search, everything, create,
/// update, delete, batch, transaction, read-audit, history of a type and of
/// the system, search of the system, patch, export.
fn line(claims: &Claims, person: Option<&str>) -> String {
    let asked = Interaction::ALL.iter();
    asked.map(|interaction| mark(ask(claims, *interaction, "Observation", person))).collect()
}

#[test]
fn the_matrix() {
    let (own, other) = (Some("p1"), Some("p2"));
    let rows = [
        // function, scopes, patient, whose chart, expected
        ("physician", "user/*.cruds", None, own, "xxxxxxxxxxjxxxxx"),
        ("physician", "user/*.cruds", None, None, "xxxxxxxxxxjxxxxx"),
        ("nurse", "user/*.rs", None, own, "xxxxxsssxxjxxxsx"),
        ("nurse", "user/Condition.rs", None, own, "ssssssssxxjsssss"),
        ("pharmacist", "user/*.r user/AuditEvent.rs", None, own, "xxxsssssxxxsssss"),
        ("physician", "patient/*.rs", own, own, "xxxxxsssxxjxxxsx"),
        ("physician", "patient/*.rs", own, other, "pppppsssxxjpppsp"),
        ("physician", "patient/*.rs", None, other, "pppppsssxxjpppsp"),
        ("physician", "system/*.cruds", None, own, "ssssssssssjsssss"),
        ("physician", "", None, own, "ssssssssssjsssss"),
        ("patient", "patient/*.rs", own, own, "xxxxxsssxxxxxxsx"),
        ("patient", "patient/*.rs", own, other, "pppppsssxxppppsp"),
        ("patient", "patient/*.rs", own, None, "pppppsssxxppppsp"),
        ("patient", "user/*.rs", own, own, "xxxxxsssxxxxxxsx"),
        ("patient", "user/*.cruds", own, other, "ppppppppxxpppppp"),
        ("patient", "system/*.cruds", own, own, "ssssssssssjsssss"),
        ("auditor", "user/AuditEvent.rs", None, own, "aaaaaaaaaaxaaaaa"),
        ("auditor", "user/*.cruds", None, None, "aaaaaaaaaaxaaaaa"),
        ("auditor", "user/Observation.rs", None, None, "aaaaaaaaaajaaaaa"),
        ("system", "system/*.cruds", None, other, "xxxxxxxxxxjxxxxx"),
        ("system", "system/Observation.c", None, other, "sssssxssxxjsssss"),
        ("system", "system/AuditEvent.rs", None, None, "ssssssssxxxsssss"),
        ("system", "user/*.cruds", None, other, "ssssssssssjsssss"),
        ("clerk", "user/*.cruds", None, other, "ssssssssxxjsssss"),
        ("clerk", "user/Observation.rs", None, other, "xxxxssssxxjxxxsx"),
        ("researcher", "user/*.cruds", None, other, "ssssssssxxjsssss"),
        ("researcher", "user/Observation.rs", None, other, "xxxxssssxxjxxxsx"),
        ("proxy", "patient/*.rs", own, own, "xxxxxsssxxjxxxsx"),
        ("proxy", "patient/*.rs", own, other, "pppppsssxxjpppsp"),
        ("proxy", "user/*.rs", own, own, "xxxxxsssxxjxxxsx"),
        ("proxy", "user/*.rs", own, other, "pppppsssxxjpppsp"),
        ("proxy", "user/*.rs", None, other, "pppppsssxxjpppsp"),
        ("proxy", "patient/AuditEvent.rs", own, own, "ssssssssxxxsssss"),
        ("proxy", "patient/AuditEvent.rs", own, other, "ssssssssxxpsssss"),
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
                // Anybody whose scopes allow it adds what they saw.
                (true, "clerk") if interaction == Interaction::Create => 's',
                (true, _) if interaction == Interaction::Create => 'x',
                (true, _) => 'w',
                (false, "auditor") => 'x',
                (false, _) => 'j',
            };
            assert_eq!(by_type, expected, "{function} {interaction:?}");
        }
    }
}

#[test]
fn an_audit_event_is_added_within_ones_own_bounds() {
    let create = |claims: &Claims, person| mark(ask(claims, Interaction::Create, AUDIT, person));
    let own = claims("patient", "patient/*.cruds", Some("p1"));
    assert_eq!(create(&own, Some("p1")), 'x');
    assert_eq!(create(&own, Some("p2")), 'p');
    assert_eq!(create(&claims("nurse", "user/AuditEvent.rs", None), None), 's');
    assert_eq!(create(&claims("clerk", "user/AuditEvent.c", None), None), 'x');
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
    let allow = |basis| Decision::Allow { basis, constrained: false };
    let read = Interaction::Read;
    assert_eq!(basis("nurse", "user/*.r", read), allow(Basis::CareRelationship));
    assert_eq!(basis("patient", "patient/*.r", read), allow(Basis::OwnRecord));
    assert_eq!(basis("system", "system/*.r", read), allow(Basis::Authorization));
    let audit = Interaction::ReadAudit;
    assert_eq!(basis("auditor", "user/AuditEvent.rs", audit), allow(Basis::Law));
    assert_eq!(basis("nurse", "user/AuditEvent.rs", audit), allow(Basis::Authorization));
    assert_eq!(basis("patient", "patient/*.rs", audit), allow(Basis::OwnRecord));
}

#[test]
fn only_an_operator_operates() {
    for function in ["physician", "patient", "auditor", "system", "researcher", "clerk", "Operator"]
    {
        let claims = claims(function, "system/*.cruds user/AuditEvent.rs", None);
        assert_eq!(operates(&claims), Err(Reason::Operator), "{function}");
    }
    let operator = claims("operator", "", None);
    assert_eq!(operates(&operator), Ok(()));
    // Who operates a door opens no chart by it, and reads no access.
    assert!(matches!(
        ask(&operator, Interaction::Read, "Patient", Some("p1")),
        Decision::Deny { .. }
    ));
    let scoped = claims("operator", "user/*.cruds", None);
    for interaction in [Interaction::Read, Interaction::ReadAudit] {
        assert!(matches!(ask(&scoped, interaction, "Patient", Some("p1")), Decision::Deny { .. }));
    }
}
