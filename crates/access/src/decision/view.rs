//! What of one chart a caller is shown.

use std::sync::Arc;

use fhir::search::{self, Query, parameters::ANY_RESOURCE};

use super::circumstances::{Age, Circumstances, Door, Settings};
use super::reason::Reason;
use super::shown::{Shown, Why, Withheld};
use super::{AUDIT, Decision, Intended, decide, reaches, rule};
use crate::claims::{Claims, Function, Purpose};
use crate::entry::{Basis, Interaction};
use crate::facts::{Code, Condition, Facts};
use crate::limits::{EMERGENCY_REASON_CHARS_MAX, EMERGENCY_REASON_CHARS_MIN};
use crate::restriction::{Bearing, Caller, Kind, Restriction, Source, all, any};
use crate::scope::Scope;
use crate::systems::BASIC;

#[cfg(test)]
mod tests;

/// What a caller is shown of one chart. Owned: it may outlive what it was
/// decided from.
#[derive(Clone, Debug)]
pub struct View {
    basis: Basis,
    now_ms: i64,
    settings: Arc<Settings>,
    /// The scopes that count; every type when one of them covers all.
    grants: Vec<Grant>,
    any_type: bool,
    /// Wildcards cover AuditEvent: of the person themself, of auditors, and of
    /// whoever adds one.
    audits: bool,
    /// The caller stands in for the person, and sees results no sooner.
    delayed: bool,
    /// A proxy who keeps only some types.
    narrowed: bool,
    /// Only professionals and systems record authorizations.
    authorizes: bool,
    restrictions: Arc<[Restriction]>,
    /// Restrictions and refusals that concern the caller, by index.
    withholding: Vec<(usize, Bearing)>,
    /// Procurations that concern the caller.
    giving: Vec<(usize, Bearing)>,
    /// Restrictions that concern the caller and that the emergency lifts.
    lifted: Vec<usize>,
}

/// A scope that permits the interaction, for a type or for all.
#[derive(Clone, Debug)]
struct Grant {
    resource_type: Option<String>,
    constraint: Constraint,
}

/// How a scope is narrowed.
#[derive(Clone, Debug)]
enum Constraint {
    None,
    /// To the results of a search.
    Search(Box<Query>),
    /// By a search that is not understood: nothing matches it.
    Unknown,
}

/// Decides on a chart. Pure: the same arguments give the same answer.
///
/// # Errors
/// The reason for which nothing of the chart may be opened or changed.
pub fn view(
    claims: &Claims,
    intended: &Intended<'_>,
    circumstances: &Circumstances<'_>,
) -> Result<View, Reason> {
    let basis = match decide(claims, intended) {
        Decision::Allow { basis, .. } => basis,
        Decision::Deny { reason, .. } => return Err(reason),
    };
    let audits = matches!(intended.interaction, Interaction::ReadAudit | Interaction::Review)
        || intended.resource_type == AUDIT;
    at_this_door(claims, circumstances.door)?;
    let narrowed = of_age(claims, intended, circumstances, audits)?;
    entitled(claims, intended, circumstances)?;
    let emergency = emergency(claims, circumstances.emergency)?;

    let (grants, any_type) = grants(claims, intended, circumstances);
    let mut view = View {
        basis,
        now_ms: circumstances.now_ms,
        settings: Arc::clone(&circumstances.settings),
        grants,
        any_type,
        audits: matches!(claims.function, Function::Patient | Function::Auditor)
            || (audits && intended.interaction == Interaction::Create),
        delayed: claims.function.is_confined() && !circumstances.settings.release_delays.is_empty(),
        narrowed,
        authorizes: claims.function.is_clinician() || claims.function == Function::System,
        restrictions: Arc::clone(&circumstances.restrictions),
        withholding: Vec::new(),
        giving: Vec::new(),
        lifted: Vec::new(),
    };
    // Accesses are told to whom they may be told: no Consent withholds them.
    if audits {
        view.delayed = false;
        return Ok(view);
    }
    let purpose = if emergency { Purpose::Emergency } else { intended.purpose };
    view.concern(claims, purpose, circumstances, emergency);
    view.basis = if emergency {
        Basis::BreakGlass
    } else if narrowed && !view.giving.is_empty() {
        Basis::Consent
    } else {
        basis
    };
    Ok(view)
}

/// The token's establishment is served here; staff name theirs.
fn at_this_door(claims: &Claims, door: Door) -> Result<(), Reason> {
    let staff = !matches!(
        claims.function,
        Function::Patient | Function::Proxy | Function::Auditor | Function::System
    );
    let nowhere = staff && claims.establishment.is_none();
    if door == Door::Elsewhere || nowhere { Err(Reason::Region) } else { Ok(()) }
}

/// Art. 21: whether the person is old enough for what they, or their proxy,
/// intend. Gives whether a proxy's sight is narrowed.
fn of_age(
    claims: &Claims,
    intended: &Intended<'_>,
    circumstances: &Circumstances<'_>,
    audits: bool,
) -> Result<bool, Reason> {
    // A bundle concerns nobody yet; its entries are decided one by one.
    if matches!(intended.interaction, Interaction::Batch | Interaction::Transaction) {
        return Ok(false);
    }
    match (&claims.function, circumstances.age()) {
        (Function::Patient, Age::Of) => Ok(false),
        (Function::Patient, _) => Err(Reason::Age),
        (Function::Proxy, Age::Under) => Ok(false),
        (Function::Proxy, _) if audits => Err(Reason::Proxy),
        (Function::Proxy, _) => Ok(true),
        _ => Ok(false),
    }
}

/// Arts. 38 and 39: who offers no care is authorized; researchers do research.
fn entitled(
    claims: &Claims,
    intended: &Intended<'_>,
    circumstances: &Circumstances<'_>,
) -> Result<(), Reason> {
    if !matches!(claims.function, Function::Other(_) | Function::Researcher) {
        return Ok(());
    }
    if claims.function == Function::Researcher && intended.purpose != Purpose::Research {
        return Err(Reason::ResearchPurpose);
    }
    // The registries tell of nobody's health.
    if intended.person.is_none() && fhir::types::is_registry_type(intended.resource_type) {
        return Ok(());
    }
    let Circumstances { authorizations, settings, now_ms, .. } = circumstances;
    let covered =
        authorizations.iter().any(|each| each.covers(claims, &settings.own_bases, *now_ms));
    if covered { Ok(()) } else { Err(Reason::Authorization) }
}

/// Whether an emergency is rightly declared (art. 7).
fn emergency(claims: &Claims, reason: Option<&str>) -> Result<bool, Reason> {
    let Some(reason) = reason else { return Ok(false) };
    if !claims.function.is_clinician() {
        return Err(Reason::BreakGlass);
    }
    let length = reason.trim().chars().count();
    if (EMERGENCY_REASON_CHARS_MIN..=EMERGENCY_REASON_CHARS_MAX).contains(&length) {
        Ok(true)
    } else {
        Err(Reason::EmergencyReason)
    }
}

/// The scopes that permit the interaction in this record, and whether one of
/// them covers every type without narrowing.
fn grants(
    claims: &Claims,
    intended: &Intended<'_>,
    circumstances: &Circumstances<'_>,
) -> (Vec<Grant>, bool) {
    let rule = rule(&claims.function);
    let mut grants = Vec::new();
    let mut any_type = false;
    for scope in &claims.scopes {
        let own_type = scope.resource_type.as_deref();
        let (interaction, asked) = (intended.interaction, own_type.unwrap_or(ANY_RESOURCE));
        let permits = scope.permits(interaction, asked, false)
            || scope.permits_constrained(interaction, asked).is_some();
        let counts = rule.contexts.contains(&scope.context)
            && (own_type.is_some() || rule.wildcard)
            && permits
            && reaches(claims, scope, intended.person);
        if !counts {
            continue;
        }
        let constraint = constraint(scope, circumstances);
        any_type |= own_type.is_none() && matches!(constraint, Constraint::None);
        grants.push(Grant { resource_type: scope.resource_type.clone(), constraint });
    }
    (grants, any_type)
}

fn constraint(scope: &Scope, circumstances: &Circumstances<'_>) -> Constraint {
    let Some(text) = scope.constraint.as_deref() else { return Constraint::None };
    // A search is one of a type: no wildcard is narrowed.
    let Some(own_type) = scope.resource_type.as_deref() else { return Constraint::Unknown };
    let own_bases: Vec<&str> =
        circumstances.settings.own_bases.iter().map(String::as_str).collect();
    let settings = search::Settings {
        own_bases: &own_bases,
        now_ms: circumstances.now_ms,
        count_default: 1,
        count_max: 1,
        lenient: false,
    };
    match Query::parse(own_type, text, &settings) {
        Ok(query) => Constraint::Search(Box::new(query)),
        Err(_) => Constraint::Unknown,
    }
}

impl View {
    /// Finds what concerns the caller among the chart's restrictions.
    fn concern(
        &mut self,
        claims: &Claims,
        purpose: Purpose,
        circumstances: &Circumstances<'_>,
        emergency: bool,
    ) {
        let caller = Caller::new(claims, &circumstances.settings.own_bases);
        for (at, restriction) in circumstances.restrictions.iter().enumerate() {
            let Circumstances { now_ms, deceased, .. } = *circumstances;
            let Some(bearing) = restriction.bearing(&caller, purpose, now_ms, deceased) else {
                continue;
            };
            match restriction.kind() {
                Kind::Procuration => self.giving.push((at, bearing)),
                Kind::Restriction if emergency => self.lifted.push(at),
                Kind::Restriction | Kind::Refusal(_) => self.withholding.push((at, bearing)),
            }
        }
    }

    /// By what right the chart is open, for the entry.
    pub fn basis(&self) -> Basis {
        self.basis
    }

    /// Whether nothing is withheld whatever is in the chart, so that no resource
    /// need be asked for, but those of type AuditEvent.
    pub fn whole(&self) -> bool {
        self.any_type && !self.delayed && !self.narrowed && self.withholding.is_empty()
    }

    /// Whether the emergency opened this view.
    pub fn breaks_glass(&self) -> bool {
        self.basis == Basis::BreakGlass
    }

    /// The Consents whose restrictions the emergency lifts for this access.
    pub fn lifted(&self) -> impl Iterator<Item = &Source> {
        self.lifted.iter().filter_map(|at| self.restrictions.get(*at)).map(Restriction::source)
    }

    /// Whether a Consent had a part in this decision: one withholds or gives
    /// something, or was lifted (IHE BALP, AuthZconsent).
    pub fn by_consent(&self) -> bool {
        !self.withholding.is_empty()
            || !self.lifted.is_empty()
            || (self.narrowed && !self.giving.is_empty())
    }

    /// The Consents that withhold or give something.
    pub fn consents(&self) -> impl Iterator<Item = &Source> {
        let giving = if self.narrowed { self.giving.as_slice() } else { &[] };
        let deciding = self.withholding.iter().chain(giving);
        deciding.filter_map(|(at, _)| self.restrictions.get(*at)).map(Restriction::source)
    }

    /// Whether the caller may see a resource of this chart.
    pub fn shows(&self, facts: &dyn Facts) -> Shown<'_> {
        if self.whole() && (self.audits || facts.resource_type() != AUDIT) {
            return Shown::Yes;
        }
        let mut unsure = false;
        let rules: [(Why, &dyn Fn() -> Option<bool>); 3] = [
            (Why::Scope, &|| self.covers(facts)),
            (Why::Proxy, &|| self.gives(facts)),
            (Why::NotReleased, &|| self.released(facts)),
        ];
        for (why, holds) in rules {
            match settled(holds(), facts) {
                Some(true) => {}
                Some(false) => return Shown::Withheld(Withheld { why, source: None }),
                None => unsure = true,
            }
        }
        for (at, bearing) in &self.withholding {
            let Some(restriction) = self.restrictions.get(*at) else { continue };
            match restriction.takes(*bearing, facts) {
                Some(false) => {}
                Some(true) => {
                    let why = match restriction.kind() {
                        Kind::Refusal(_) => Why::Refusal,
                        _ => Why::Restriction,
                    };
                    let source = Some(restriction.source());
                    return Shown::Withheld(Withheld { why, source });
                }
                None => unsure = true,
            }
        }
        if unsure { Shown::Unsure } else { Shown::Yes }
    }

    /// Whether the caller may write a resource with this content, or delete one
    /// that had it: what narrows the scopes must match it, a proxy writes what a
    /// proxy sees, and nobody writes their own rights. Whether the version that
    /// it replaces is theirs to see, [`View::shows`] tells.
    pub fn accepts(&self, facts: &dyn Facts) -> Shown<'_> {
        let rules: [(Why, &dyn Fn() -> Option<bool>); 3] = [
            (Why::Scope, &|| self.covers(facts)),
            (Why::Proxy, &|| self.gives(facts)),
            (Why::SelfGrant, &|| self.grants_nothing(facts)),
        ];
        let mut unsure = false;
        for (why, holds) in rules {
            match settled(holds(), facts) {
                Some(true) => {}
                Some(false) => return Shown::Withheld(Withheld { why, source: None }),
                None => unsure = true,
            }
        }
        if unsure { Shown::Unsure } else { Shown::Yes }
    }

    /// Whether a resource gives the caller no rights: it is no authorization
    /// (unless theirs to record), and no Consent that withholds from them or, at
    /// 14, gives to a proxy.
    fn grants_nothing(&self, facts: &dyn Facts) -> Option<bool> {
        match facts.resource_type() {
            "Basic" if !self.authorizes => {
                let authorization = Code::new(BASIC, "authorization");
                facts.holds(&Condition::Code(&authorization)).map(|is| !is)
            }
            "Consent" => {
                let withholding = self.withholding.iter().map(|(at, _)| at);
                let mut own =
                    withholding.chain(&self.lifted).filter_map(|at| self.restrictions.get(*at));
                Some(!self.narrowed && !own.any(|each| each.source().consent == facts.id()))
            }
            _ => Some(true),
        }
    }

    /// Whether a scope covers the type, and what narrows it matches.
    fn covers(&self, facts: &dyn Facts) -> Option<bool> {
        let covering = self.grants.iter().filter(|grant| match &grant.resource_type {
            Some(held) => held == facts.resource_type(),
            // Accesses are never under a wildcard meant for charts.
            None => self.audits || facts.resource_type() != AUDIT,
        });
        any(covering.map(|grant| match &grant.constraint {
            Constraint::None => Some(true),
            Constraint::Unknown => Some(false),
            Constraint::Search(query) => facts.holds(&Condition::Search(query)),
        }))
    }

    /// Whether a proxy sees it: what proxies keep, and what a procuration gives.
    fn gives(&self, facts: &dyn Facts) -> Option<bool> {
        if !self.narrowed
            || self.settings.proxy_keeps.iter().any(|kept| kept == facts.resource_type())
        {
            return Some(true);
        }
        any(self.giving.iter().map(|(at, bearing)| {
            self.restrictions.get(*at).map_or(Some(false), |given| given.takes(*bearing, facts))
        }))
    }

    /// Whether it has waited long enough for the person to see it.
    fn released(&self, facts: &dyn Facts) -> Option<bool> {
        if !self.delayed {
            return Some(true);
        }
        let delays = self.settings.release_delays.iter();
        let fitting = delays.filter(|delay| delay.resource_type == facts.resource_type());
        all(fitting.map(|delay| {
            let released = facts.holds(&Condition::ReleasedBy(self.now_ms - delay.delay_ms));
            let of_category = || {
                let category = |code| facts.holds(&Condition::Category(code));
                delay
                    .categories
                    .is_empty()
                    .then_some(true)
                    .or_else(|| any(delay.categories.iter().map(category)))
            };
            // Released, or of another category.
            any([released, of_category().map(|of| !of)].into_iter())
        }))
    }
}

/// What nothing more can tell is decided against showing.
fn settled(holds: Option<bool>, facts: &dyn Facts) -> Option<bool> {
    if holds.is_none() && facts.complete() { Some(false) } else { holds }
}
