//! The one place that says yes or no: what a caller may do, to whom, and why.
//! Denied unless a rule allows it.
//!
//! [`decide`] is the coarse answer, before a chart is read: token, interaction,
//! type and person. [`view`] is the whole one: it also takes what is known of
//! the person and of the moment, and tells of each resource whether it is shown.

use crate::claims::{Claims, Function, Purpose};
use crate::entry::{Basis, Interaction};
use crate::scope::{Context, Scope, patient_context};

mod circumstances;
mod reason;
mod shown;
#[cfg(test)]
pub(crate) mod tests;
mod view;

pub use circumstances::{Circumstances, Door, ReleaseDelay, Settings};
pub use reason::Reason;
pub use shown::{Shown, Why, Withheld};
pub use view::{View, view};

/// Code of the function (`function`) of whoever operates a region's gateway.
pub const OPERATOR: &str = "operator";
/// The type whose resources are the journal itself.
const AUDIT: &str = "AuditEvent";

/// The type as which the list of accesses to be reviewed is read.
pub const REVIEW: &str = "Task";

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

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Go on; the entry names the basis.
    Allow {
        /// By what right.
        basis: Basis,
        /// Only for what a search that narrows the scopes finds: nothing is read
        /// or written that [`View::shows`] or [`View::accepts`] does not let
        /// through.
        constrained: bool,
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
            Function::Proxy => (&[Patient, User], true, true, false, Basis::Law),
            Function::Other(_) | Function::Researcher => {
                (&[User, Patient], false, true, false, Basis::Authorization)
            }
        };
    Rule { contexts, wildcard, charts, care_only, basis }
}

/// Decides. Pure: the same arguments give the same answer.
pub fn decide(claims: &Claims, intended: &Intended<'_>) -> Decision {
    let rule = rule(&claims.function);
    let reviews = intended.interaction == Interaction::Review;
    let listed = intended.interaction == Interaction::ReadAudit && intended.resource_type == REVIEW;
    let audits = intended.interaction == Interaction::ReadAudit
        || reviews
        || intended.resource_type == AUDIT;
    // To review is the auditors' work, and nobody else's; so is the list of it,
    // which is about callers.
    if (reviews || listed) && claims.function != Function::Auditor {
        return deny(Reason::Audit);
    }
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
    let own = claims.function == Function::Patient;
    let wildcard =
        rule.wildcard && (!audits || adds || own || claims.function == Function::Auditor);
    let resource_type = if audits { AUDIT } else { intended.resource_type };
    let reads_audit = audits && !adds && !reviews;
    let interaction = if reads_audit { Interaction::ReadAudit } else { intended.interaction };

    let basis = || {
        if audits && !adds && !own && claims.function != Function::Auditor {
            Basis::Authorization
        } else {
            rule.basis
        }
    };
    let mut other_person = false;
    let mut narrowed = false;
    for scope in claims.scopes.iter().filter(|scope| rule.contexts.contains(&scope.context)) {
        let constrained = scope.permits_constrained(interaction, resource_type).is_some();
        if !constrained && !scope.permits(interaction, resource_type, !wildcard) {
            continue;
        }
        // A bundle concerns nobody yet; its entries are decided one by one.
        let bundle = matches!(interaction, Interaction::Batch | Interaction::Transaction);
        match bundle || reaches(claims, scope, intended.person) {
            true if constrained => narrowed = true,
            true => return Decision::Allow { basis: basis(), constrained: false },
            false => other_person = true,
        }
    }
    if narrowed {
        return Decision::Allow { basis: basis(), constrained: true };
    }
    deny(match (other_person, audits && !adds) {
        (true, _) => Reason::OtherPerson,
        (false, true) => Reason::Audit,
        (false, false) => Reason::Scope,
    })
}

/// Whether a caller may do what keeps a region's door running and tells nothing
/// of anybody: carry its ledger forward. `tokens.verify` has seen that the
/// caller's establishment is of this door.
///
/// # Errors
/// [`Reason::Operator`].
pub fn operates(claims: &Claims) -> Result<(), Reason> {
    match &claims.function {
        Function::Other(code) if code == OPERATOR => Ok(()),
        _ => Err(Reason::Operator),
    }
}

/// Whether a scope reaches this record: the caller is not confined to one, or
/// this is the one.
fn reaches(claims: &Claims, scope: &Scope, person: Option<&str>) -> bool {
    let confined = scope.context == Context::Patient || claims.function.is_confined();
    !confined || concerns_the_confined(claims, person)
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
