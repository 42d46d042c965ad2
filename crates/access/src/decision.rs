//! The one place that says yes or no: what a caller may do, to whom, and why.
//! Denied unless a rule allows it.

use crate::claims::{Claims, Function, Purpose};
use crate::entry::{Basis, Interaction};
use crate::scope::{Context, patient_context};

#[cfg(test)]
mod tests;

/// The type whose resources are the journal itself.
const AUDIT: &str = "AuditEvent";

/// What a caller is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intended<'a> {
    /// The interaction; each entry of a bundle is also asked for by itself.
    pub interaction: Interaction,
    /// Type concerned; for `$everything` and bundles it does not matter.
    pub resource_type: &'a str,
    /// Whose record; `None` across people or for resources of nobody.
    pub person: Option<&'a str>,
    /// What for; usually the token's.
    pub purpose: Purpose,
}

/// Why something is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No scope of the token covers it.
    Scope,
    /// The token is confined to one person, and this is not their record.
    OtherPerson,
    /// An auditor sees accesses, never charts.
    AuditOnly,
    /// Reading accesses needs an authorization of its own.
    Audit,
    /// What tells of accesses is never changed or removed.
    AuditIsWrittenByTheRecord,
    /// Care is the only purpose for which any chart may be opened.
    Purpose,
}

impl Reason {
    /// The word for this reason in the journal and in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::OtherPerson => "other-person",
            Self::AuditOnly => "audit-only",
            Self::Audit => "audit",
            Self::AuditIsWrittenByTheRecord => "audit-is-written-by-the-record",
            Self::Purpose => "purpose",
        }
    }

    /// What to tell the caller; says what to do and nothing about the record.
    pub fn text(self) -> &'static str {
        match self {
            Self::Scope => {
                "the token's scopes do not cover this; ask for a scope for this interaction and resource type"
            }
            Self::OtherPerson => "this token is confined to one person's record; open that record",
            Self::AuditOnly => {
                "an auditor reads AuditEvent only; use a clinician's token to open a chart"
            }
            Self::Audit => {
                "reading accesses needs an auditor's token, the person's own, or a scope that names AuditEvent"
            }
            Self::AuditIsWrittenByTheRecord => {
                "an AuditEvent is never changed or removed; create another one instead"
            }
            Self::Purpose => {
                "charts are opened for care; use a token whose purpose is TREAT, or one whose scopes name the resource type"
            }
        }
    }
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Go on; the entry names the basis.
    Allow {
        /// By what right.
        basis: Basis,
    },
    /// Refuse with 403 and journal it.
    Deny {
        /// Why.
        reason: Reason,
        /// [`Reason::text`].
        text: &'static str,
    },
}

fn deny(reason: Reason) -> Decision {
    Decision::Deny { reason, text: reason.text() }
}

/// What a kind of caller may do.
struct Rule {
    /// Scopes of these contexts count.
    contexts: &'static [Context],
    /// A wildcard type in a scope counts.
    wildcard: bool,
    /// May charts be opened at all.
    charts: bool,
    /// Only for care.
    care_only: bool,
    basis: Basis,
}

fn rule(function: &Function) -> Rule {
    use Context::{Patient, System, User};
    let (contexts, wildcard, charts, care_only, basis): (&'static [Context], _, _, _, _) =
        match function {
            Function::Patient => (&[Patient, User], true, true, false, Basis::OwnRecord),
            Function::Physician | Function::Nurse | Function::Pharmacist => {
                (&[User, Patient], true, true, true, Basis::CareRelationship)
            }
            Function::Auditor => (&[User, System], true, false, false, Basis::Law),
            Function::System => (&[System], true, true, false, Basis::Authorization),
            // As the person, by another right.
            Function::Proxy => (&[Patient, User], true, true, false, Basis::Authorization),
            Function::Researcher | Function::Other(_) => {
                (&[User, Patient], false, true, false, Basis::Authorization)
            }
        };
    Rule { contexts, wildcard, charts, care_only, basis }
}

/// Decides. Pure: the same arguments give the same answer.
pub fn decide(claims: &Claims, intended: &Intended<'_>) -> Decision {
    let rule = rule(&claims.function);
    let audits = intended.interaction == Interaction::ReadAudit || intended.resource_type == AUDIT;
    // Others may add what they saw; nobody changes or removes what is there.
    let adds = audits && intended.interaction == Interaction::Create;
    if audits && !adds && intended.interaction.changes() {
        return deny(Reason::AuditIsWrittenByTheRecord);
    }
    if !audits && !rule.charts {
        return deny(Reason::AuditOnly);
    }
    if rule.care_only
        && !audits
        && !matches!(intended.purpose, Purpose::Treatment | Purpose::Emergency)
    {
        return deny(Reason::Purpose);
    }
    // Accesses are about callers as well as about persons: a wildcard meant for
    // charts does not open them, except for those whose own they are and those
    // whose work it is. To add one tells its author nothing.
    let own = claims.function.is_confined();
    let wildcard =
        rule.wildcard && (!audits || adds || own || claims.function == Function::Auditor);
    let resource_type = if audits { AUDIT } else { intended.resource_type };
    let interaction = if audits && !adds { Interaction::ReadAudit } else { intended.interaction };

    let mut other_person = false;
    for scope in &claims.scopes {
        if !rule.contexts.contains(&scope.context)
            || !scope.permits(interaction, resource_type, !wildcard)
        {
            continue;
        }
        // A bundle concerns nobody yet; its entries are decided one by one.
        let bundle = matches!(interaction, Interaction::Batch | Interaction::Transaction);
        let confined = own || scope.context == Context::Patient;
        if !confined || bundle || concerns_the_confined(claims, intended.person) {
            let basis = if audits && !adds && !own && claims.function != Function::Auditor {
                Basis::Authorization
            } else {
                rule.basis
            };
            return Decision::Allow { basis };
        }
        other_person = true;
    }
    deny(match (other_person, audits && !adds) {
        (true, _) => Reason::OtherPerson,
        (false, true) => Reason::Audit,
        (false, false) => Reason::Scope,
    })
}

/// Whether the record is that of the one person the token is confined to.
fn concerns_the_confined(claims: &Claims, person: Option<&str>) -> bool {
    let confined_to = if claims.function.is_confined() {
        claims.patient.as_deref()
    } else {
        patient_context(claims)
    };
    confined_to.is_some() && confined_to == person
}
