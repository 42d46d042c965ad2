//! Which types and whose records a caller may search: `access::decision` says,
//! for every type and person by itself.

use super::asked::Asked;
use crate::decide::permitted;
use crate::session::Session;
use access::entry::{Basis, Interaction};
use contracts::Refusal;
use fhir::search::{ChainLink, Include, Query};

/// A decision that says no: the word for it in the journal, and the refusal.
pub(crate) type Denied = (&'static str, Refusal);

/// By what right the search is made, with those types left out that were not
/// named and may not be searched. `chart`: whose chart is searched, if one is.
///
/// # Errors
/// The first that is not permitted: a type, a person named, a type inside a
/// chain, or what an include leads to.
pub(crate) fn decided(
    session: &Session,
    interaction: Interaction,
    asked: &mut Asked,
    chart: Option<&str>,
) -> Result<Basis, Denied> {
    let person = chart.or_else(|| session.confined_to());
    let may = |resource_type: &str, person: Option<&str>| {
        permitted(&session.claims, interaction, resource_type, person)
    };
    if asked.every {
        let first = asked.queries.first().map(|query| may(query.resource_type(), person));
        asked.queries.retain(|query| may(query.resource_type(), person).is_ok());
        if let (true, Some(Err(denied))) = (asked.queries.is_empty(), first) {
            return Err(denied);
        }
    }
    let mut basis = None;
    for query in &asked.queries {
        basis = Some(may(query.resource_type(), person)?);
        for named in query.person() {
            may(query.resource_type(), Some(named))?;
        }
        inside(session, query)?;
    }
    for include in asked.lead.includes() {
        may_include(session, include)?;
    }
    basis.map_or_else(|| may("Resource", person), Ok)
}

/// Whether the caller may search what the chains of a query search.
///
/// # Errors
/// Names the parameter.
pub(crate) fn inside(session: &Session, query: &Query) -> Result<(), Denied> {
    for chain in query.chains() {
        let inner = match chain.link() {
            ChainLink::Forward { targets, .. } => targets.iter().collect(),
            ChainLink::Reverse { source, .. } => vec![&**source],
        };
        for query in inner {
            let named = |(reason, refusal): Denied| {
                let text = format!(
                    "{} The parameter searches {} as well; name the type that is meant, as in \
                     subject:Patient.name.",
                    refusal.diagnostics,
                    query.resource_type()
                );
                let refusal = Refusal { diagnostics: text, ..refusal };
                (reason, refusal.at(chain.name()))
            };
            searches(session, query.resource_type()).map_err(named)?;
            inside(session, query)?;
        }
    }
    Ok(())
}

/// Whether the caller may search a type at all, as far as the token reaches.
pub(crate) fn searches(session: &Session, resource_type: &str) -> Result<Basis, Denied> {
    permitted(&session.claims, Interaction::Search, resource_type, session.confined_to())
}

/// Whether a resource of somebody's, or of nobody, may be shown with the matches.
pub(crate) fn shows(session: &Session, resource_type: &str, person: Option<&str>) -> bool {
    let person = person.or_else(|| session.confined_to());
    permitted(&session.claims, Interaction::Search, resource_type, person).is_ok()
}

/// Whether an include leads to something that the caller may see. What it leads
/// to besides is left out.
fn may_include(session: &Session, include: &Include) -> Result<(), Denied> {
    let types: Vec<&str> = match (include.reverse, &include.source, &include.target) {
        (true, Some(source), _) => vec![source],
        (false, _, Some(target)) => vec![target],
        (false, Some(_), None) => {
            include.parameter.map(|parameter| parameter.targets()).unwrap_or_default()
        }
        _ => Vec::new(),
    };
    let mut denied = None;
    for resource_type in &types {
        match searches(session, resource_type) {
            Ok(_) => return Ok(()),
            Err(refused) => denied = Some(refused),
        }
    }
    match denied {
        None => Ok(()),
        Some((reason, refusal)) => {
            let name = if include.reverse { "_revinclude" } else { "_include" };
            Err((reason, refusal.at(name)))
        }
    }
}
