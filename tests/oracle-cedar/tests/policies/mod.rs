//! What a Consent asks for, as a policy of Cedar.

use cedar_policy::{Policy, PolicyId};

use crate::cases::{Actor, Consent, Kind, Provision};

const CLINICIANS: &str = "[\"physician\", \"nurse\", \"pharmacist\"]";

/// The policy of the consent at this index.
pub fn of(at: usize, consent: &Consent) -> Policy {
    let takes = condition(&consent.root);
    let researcher = "(principal.function == \"researcher\" || context.purpose == \"HRESCH\")";
    let relative = "(context.deceased && [\"relative\", \"proxy\"].contains(principal.function))";
    let text = match consent.kind {
        Kind::Restriction => format!(
            "forbid (principal, action in Action::\"sees\", resource) when {{
               principal.function != \"patient\" &&
               !(context.emergency == \"good\" && {CLINICIANS}.contains(principal.function)) &&
               {takes} }};"
        ),
        Kind::Research => format!(
            "forbid (principal, action in Action::\"sees\", resource) when {{
               principal.function != \"patient\" && {researcher} && {takes} }};"
        ),
        Kind::Refusal => format!(
            "forbid (principal, action in Action::\"sees\", resource) when {{
               principal.function != \"patient\" && ({researcher} || {relative}) && {takes} }};"
        ),
        Kind::Procuration => format!(
            "permit (principal, action in Action::\"charts\", resource) when {{
               principal.function == \"proxy\" && !context.deceased &&
               resource.kind != \"AuditEvent\" &&
               principal has patient && principal.patient == resource.person &&
               (principal.grants.containsAny(context.need.patientAny) ||
                principal.narrow.containsAny(context.need.patientNarrow) ||
                principal.grants.containsAny(context.need.userAny) ||
                principal.narrow.containsAny(context.need.userNarrow)) &&
               {takes} }};"
        ),
    };
    Policy::parse(Some(PolicyId::new(format!("consent-{at}"))), &text)
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Whether a provision takes hold: all that it says, and none of its exceptions.
fn condition(provision: &Provision) -> String {
    let mut all = vec!["true".to_owned()];
    if provision.current == Some(false) {
        all.push("false".to_owned());
    }
    let mut any = |each: Vec<String>| {
        if !each.is_empty() {
            all.push(format!("({})", each.join(" || ")));
        }
    };
    let permits = provision.permits;
    any(provision.actors.iter().map(|actor| is(actor, permits)).collect());
    any(provision
        .purposes
        .iter()
        .map(|purpose| match purpose.code() {
            "TREAT" => "[\"TREAT\", \"ETREAT\"].contains(context.purpose)".to_owned(),
            code => format!("context.purpose == \"{code}\""),
        })
        .collect());
    any(provision.types.iter().map(|kind| format!("resource.kind == \"{kind}\"")).collect());
    any(provision.ids.iter().map(|named| format!("resource.ref == \"{named}\"")).collect());
    any(provision.codes.iter().map(|code| format!("resource.code == \"{code}\"")).collect());
    any(provision
        .categories
        .iter()
        .map(|code| format!("(resource has category && resource.category == \"{code}\")"))
        .collect());
    for label in &provision.labels {
        any(vec![format!("resource.labels.contains(\"{label}\")")]);
    }
    if let Some((from, to)) = provision.years {
        let within = format!("resource.year >= {from} && resource.year <= {to}");
        // Without a date it may be of that time: withheld, and not excepted.
        let dated = if permits {
            format!("(resource has year && {within})")
        } else {
            format!("(!(resource has year) || ({within}))")
        };
        any(vec![format!("(resource.kind != \"Patient\" && {dated})")]);
    }
    for exception in &provision.exceptions {
        all.push(format!("!({})", condition(exception)));
    }
    all.join(" && ")
}

/// Whether the caller is the actor; who cannot be told apart is denied and not
/// permitted.
fn is(actor: &Actor, permits: bool) -> String {
    let role = actor.role.map(|role| match role {
        "professional" => format!("{CLINICIANS}.contains(principal.function)"),
        role => format!("principal.function == \"{role}\""),
    });
    let who = actor.who.map(|who| identity(who, permits));
    let both: Vec<String> = role.into_iter().chain(who).collect();
    format!("({})", both.join(" && "))
}

fn identity(who: &str, permits: bool) -> String {
    let employed = "!([\"patient\", \"proxy\", \"system\"].contains(principal.function))";
    let (known, unknown) = if let Some((system, value)) = who.split_once(':') {
        match system {
            "licence" => (
                format!("(principal has licence && principal.licence == \"{value}\")"),
                format!("(!(principal has licence) && {employed})"),
            ),
            "establishment" => (
                format!("(principal has establishment && principal.establishment == \"{value}\")"),
                "false".to_owned(),
            ),
            _ => (format!("principal.client == \"{value}\""), "false".to_owned()),
        }
    } else {
        let (kind, id) = who.split_once('/').unwrap();
        let known = format!(
            "(principal has userKind && principal.userKind == \"{kind}\" && principal.userId == \"{id}\")"
        );
        let nameless = "!(principal has userKind)";
        let unknown = match kind {
            // A role may be that practitioner's.
            "Practitioner" => format!(
                "((principal has userKind && principal.userKind == \"PractitionerRole\") ||
                  ({nameless} && {employed}))"
            ),
            "RelatedPerson" => format!(
                "({nameless} && [\"proxy\", \"clerk\", \"relative\"].contains(principal.function))"
            ),
            "Device" => format!("({nameless} && principal.function == \"system\")"),
            other => panic!("{other} is not among the cases"),
        };
        (known, unknown)
    };
    if permits { known } else { format!("({known} || {unknown})") }
}
