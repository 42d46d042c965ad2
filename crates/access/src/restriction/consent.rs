//! From a Consent (R4 §6.2) to restrictions.

use fhir::json::Value;
use fhir::search::DateRange;

use super::actor::{self, Actor, Identity, Role};
use super::element::{Element, is_in};
use super::misunderstood::{Fault, Misunderstood};
use super::provision::Provision;
use super::what::What;
use super::{Against, Kind, Naming, RELATIVE, Restriction, Source};
use crate::claims::{Function, Purpose};
use crate::facts::Code;
use crate::limits::{CONSENT_DEPTH_MAX, CONSENT_PROVISIONS_MAX};
use crate::systems::{
    ACT_CODE, ACT_REASON, CONFIDENTIALITY, CONSENT_ACTION, CONSENT_CATEGORY, CONSENT_SCOPE,
    EXTENSION_CATEGORY, FUNCTION, PARTICIPATION, POLICY, RESOURCE_TYPES,
};

/// Confidentiality from the lowest to the highest (v3-Confidentiality).
const CONFIDENTIALITIES: [&str; 6] = ["U", "L", "M", "N", "R", "V"];

/// Sensitivity labels that stand for several others, whose narrower labels the
/// record does not look up.
const UMBRELLAS: [&str; 4] = ["BH", "SUD", "SPI", "MH"];

/// What a Consent withholds, refuses or gives: `None` when it is none that the
/// record enforces, because it is not active, or neither of privacy nor a
/// refusal of research.
///
/// # Errors
/// [`Misunderstood`] names the first element of an active one that cannot be
/// enforced exactly.
pub fn of_consent(
    consent: Value<'_>,
    source: &Source,
    naming: &Naming<'_>,
) -> Result<Option<Vec<Restriction>>, Misunderstood> {
    let consent = Element::resource(consent, "Consent");
    if consent.text("status").as_deref() != Some("active") {
        return Ok(None);
    }
    let root = consent.get("provision");
    let Some(kind) = kind(&consent, root.as_ref())? else { return Ok(None) };
    consent.unmodified()?;
    policy(&consent)?;
    whose(&consent)?;
    let root = root.ok_or_else(|| consent.refused_at("provision", Fault::NoProvision))?;
    let permits = kind == Kind::Procuration;
    let mut restrictions = Vec::new();
    if root.value.get("type").is_some() {
        restrictions.push((root, None));
    } else {
        // R4: the root has no type, and what is nested departs from the policy.
        let period = untyped(&root)?;
        restrictions.extend(root.each("provision")?.into_iter().map(|nested| (nested, period)));
    }
    let read = restrictions.into_iter().map(|(root, period)| {
        let mut reader = Reader { naming, kind, provisions: Vec::new() };
        reader.provision(&root, permits, 1)?;
        if let Some(first) = reader.provisions.first_mut() {
            first.period = both(first.period, period);
        }
        Ok(Restriction { source: source.clone(), kind, provisions: reader.provisions })
    });
    read.collect::<Result<Vec<_>, _>>().map(Some)
}

/// What kind of Consent it is; `None` when it is not for the record to enforce.
fn kind(consent: &Element<'_>, root: Option<&Element<'_>>) -> Result<Option<Kind>, Misunderstood> {
    let scope =
        |code| consent.value.get("scope").is_some_and(|scope| is_in(scope, CONSENT_SCOPE, code));
    let ours =
        |code| consent.value.each("category").any(|each| is_in(each, CONSENT_CATEGORY, code));
    let categories = consent.value.each("category").flat_map(|each| each.each("coding"));
    let named = categories
        .filter(|coding| coding.get("system").is_some_and(|system| system.is_str(CONSENT_CATEGORY)))
        .count();
    let refused = || consent.refused_at("category", Fault::Category);
    match (scope("patient-privacy"), named) {
        (_, 2..) => Err(refused()),
        (true, 0) => Ok(Some(Kind::Restriction)),
        (true, _) if ours("restriction") => Ok(Some(Kind::Restriction)),
        (true, _) if ours("refusal") => Ok(Some(Kind::Refusal(Against::Both))),
        (true, _) if ours("procuration") => Ok(Some(Kind::Procuration)),
        (_, 1) => Err(refused()),
        (false, _) if scope("research") => {
            // To take part in a study is none of the record's business; not to is.
            let denies = |element: &Element<'_>| element.text("type").as_deref() == Some("deny");
            let refuses = match root {
                None => false,
                Some(root) => {
                    let mut refuses = denies(root);
                    for nested in root.each("provision")? {
                        refuses |= root.value.get("type").is_none() && denies(&nested);
                    }
                    refuses
                }
            };
            Ok(refuses.then_some(Kind::Refusal(Against::Researchers)))
        }
        (false, _) => Ok(None),
    }
}

/// The policy that the provisions depart from must be the record's own.
fn policy(consent: &Element<'_>) -> Result<(), Misunderstood> {
    if let Some(rule) = consent.get("policyRule")
        && !is_in(rule.value, ACT_CODE, "OPTIN")
        && !is_in(rule.value, POLICY, "R-22.1")
    {
        return Err(rule.refused(Fault::Policy));
    }
    for policy in consent.each("policy")? {
        let law = format!("{POLICY}:R-22.1");
        if policy.text("uri").is_some_and(|uri| uri != law) {
            return Err(policy.refused_at("uri", Fault::Policy));
        }
    }
    Ok(())
}

fn whose(consent: &Element<'_>) -> Result<(), Misunderstood> {
    let named = consent.get("patient").is_some_and(|patient| {
        patient.text("reference").is_some_and(|reference| reference.contains("Patient/"))
    });
    if named { Ok(()) } else { Err(consent.refused_at("patient", Fault::Patient)) }
}

/// The period of a root without type, which holds nothing else but provisions.
fn untyped(root: &Element<'_>) -> Result<Option<DateRange>, Misunderstood> {
    let nested = root.value.each("provision").next().is_some();
    let bare = |name: &str| matches!(name, "id" | "period" | "provision");
    if !nested || !root.value.members().all(|(name, _)| bare(&name)) {
        return Err(root.refused(Fault::Untyped));
    }
    root.get("period").map(|period| period.period()).transpose()
}

/// The time that is in both; where they do not meet, one that never comes.
fn both(one: Option<DateRange>, other: Option<DateRange>) -> Option<DateRange> {
    match (one, other) {
        (Some(one), Some(other)) => Some(DateRange {
            lower_ms: one.lower_ms.max(other.lower_ms),
            upper_ms: one.upper_ms.min(other.upper_ms),
        }),
        (one, other) => one.or(other),
    }
}

struct Reader<'n> {
    naming: &'n Naming<'n>,
    kind: Kind,
    provisions: Vec<Provision>,
}

impl Reader<'_> {
    /// Reads a provision and its exceptions; gives its index.
    fn provision(
        &mut self,
        element: &Element<'_>,
        permits: bool,
        depth: usize,
    ) -> Result<usize, Misunderstood> {
        if depth > CONSENT_DEPTH_MAX || self.provisions.len() == CONSENT_PROVISIONS_MAX {
            return Err(element.refused(Fault::TooMany));
        }
        element.unmodified()?;
        let wanted = if permits { "permit" } else { "deny" };
        if element.text("type").as_deref() != Some(wanted) {
            return Err(element.refused_at("type", Fault::Type));
        }
        action(element)?;
        let period = element.get("period").map(|period| period.period()).transpose()?;
        let actors = self.actors(element, permits, depth)?;
        let purposes = purposes(element)?;
        let what = what(element, permits, self.naming)?;
        let at = self.provisions.len();
        self.provisions.push(Provision { permits, period, actors, purposes, what, exceptions: 0 });
        for nested in element.each("provision")? {
            let exception = self.provision(&nested, !permits, depth + 1)?;
            if let Some(provision) = self.provisions.get_mut(at) {
                provision.exceptions |= 1 << exception;
            }
        }
        Ok(at)
    }

    fn actors(
        &self,
        element: &Element<'_>,
        permits: bool,
        depth: usize,
    ) -> Result<Vec<Actor>, Misunderstood> {
        let elements = element.each("actor")?;
        if self.kind == Kind::Procuration && permits && depth == 1 && elements.is_empty() {
            return Err(element.refused_at("actor", Fault::Nobody));
        }
        let read = elements.iter().map(|element| {
            let read = actor(element, self.naming)?;
            match read.role.as_ref().and_then(|role| misplaced(self.kind, role)) {
                Some(fault) => Err(element.refused_at("role", fault)),
                None => Ok(read),
            }
        });
        read.collect()
    }
}

/// Why a role has no place in a Consent of this kind: it would never be met.
fn misplaced(kind: Kind, role: &Role) -> Option<Fault> {
    let function = match role {
        Role::Professional => None,
        Role::Function(function) => Some(function),
    };
    match (kind, function) {
        // Nothing is withheld from the person, and auditors open no chart.
        (_, Some(Function::Patient | Function::Auditor)) => Some(Fault::Role),
        (Kind::Restriction, _) => None,
        (Kind::Procuration, Some(Function::Proxy)) => None,
        (Kind::Procuration, _) => Some(Fault::Role),
        (Kind::Refusal(_), Some(Function::Researcher | Function::Proxy)) => None,
        (Kind::Refusal(_), Some(Function::Other(code))) if code == RELATIVE => None,
        (Kind::Refusal(_), _) => Some(Fault::Refused),
    }
}

/// What is withheld is access, and with it use and disclosure.
fn action(element: &Element<'_>) -> Result<(), Misunderstood> {
    let actions = element.each("action")?;
    let is = |action: &Element<'_>, code| is_in(action.value, CONSENT_ACTION, code);
    for action in &actions {
        if !["access", "use", "disclose"].into_iter().any(|code| is(action, code)) {
            return Err(action.refused(Fault::Action));
        }
    }
    if actions.is_empty() || actions.iter().any(|action| is(action, "access")) {
        Ok(())
    } else {
        Err(element.refused_at("action", Fault::Action))
    }
}

fn actor(element: &Element<'_>, naming: &Naming<'_>) -> Result<Actor, Misunderstood> {
    element.unmodified()?;
    let role_element =
        element.get("role").ok_or_else(|| element.refused_at("role", Fault::Role))?;
    let role = match role_element.codings()?.as_slice() {
        [one] if one.system == PARTICIPATION && one.code == "IRCP" => None,
        [one] if one.system == FUNCTION => {
            Some(actor::role(&one.code, naming).ok_or_else(|| role_element.refused(Fault::Role))?)
        }
        _ => return Err(role_element.refused(Fault::Role)),
    };
    let Some(reference) = element.get("reference") else {
        return Err(element.refused_at("reference", Fault::Actor));
    };
    let identities = who(&reference, naming)?;
    if role.is_none() && identities.is_empty() {
        return Err(reference.refused(Fault::Actor));
    }
    Ok(Actor { role, identities })
}

/// Who a Reference means, by its literal and by its identifier; nobody in
/// particular when it has neither.
pub(crate) fn who(
    reference: &Element<'_>,
    naming: &Naming<'_>,
) -> Result<Vec<Identity>, Misunderstood> {
    let refused = || reference.refused(Fault::Actor);
    let mut found = Vec::new();
    let by_identifier = reference.get("identifier");
    if let Some(identifier) = &by_identifier {
        let (system, value) = (identifier.text("system"), identifier.text("value"));
        let (Some(system), Some(value)) = (system, value) else { return Err(refused()) };
        found.push(actor::identified(&system, &value, naming).ok_or_else(refused)?);
    }
    if let Some(text) = reference.text("reference") {
        let (kind, id) = actor::local(&text, naming.own_bases).ok_or_else(refused)?;
        match actor::identities(kind, id, naming) {
            Some(identities) => found.extend(identities),
            // The identifier names it just as well.
            None if by_identifier.is_some() => {}
            None => return Err(refused()),
        }
    }
    Ok(found)
}

fn purposes(element: &Element<'_>) -> Result<Vec<Purpose>, Misunderstood> {
    let read = element.each("purpose")?.into_iter().map(|purpose| {
        let code = purpose.coding()?;
        let known = Purpose::from_code(&code.code).filter(|_| code.system == ACT_REASON);
        known.ok_or_else(|| purpose.refused(Fault::Purpose))
    });
    read.collect()
}

fn what(element: &Element<'_>, permits: bool, naming: &Naming<'_>) -> Result<What, Misunderstood> {
    let mut what = What::default();
    for class in element.each("class")? {
        let code = class.coding()?;
        if code.system != RESOURCE_TYPES || !fhir::types::is_resource_type(&code.code) {
            return Err(class.refused(Fault::Class));
        }
        what.types.push(code.code);
    }
    for concept in element.each("code")? {
        what.codes.extend(concept.codings()?);
    }
    for extension in element.each("extension")? {
        if extension.text("url").as_deref() != Some(EXTENSION_CATEGORY) {
            continue;
        }
        match (extension.get("valueCoding"), extension.get("valueCodeableConcept")) {
            (Some(coding), None) => what.categories.push(coding.coding()?),
            (None, Some(concept)) => what.categories.extend(concept.codings()?),
            _ => return Err(extension.refused(Fault::Coding)),
        }
    }
    for label in element.each("securityLabel")? {
        what.labels.push(labels(&label, permits)?);
    }
    for data in element.each("data")? {
        what.instances.push(instance(&data, naming)?);
    }
    what.period = element.get("dataPeriod").map(|period| period.period()).transpose()?;
    Ok(what)
}

/// The labels that one stands for. Confidentiality is a high-water mark (R4
/// Consent.provision.securityLabel): a permission for one covers what is less
/// confidential, a denial what is more.
fn labels(label: &Element<'_>, permits: bool) -> Result<Vec<Code>, Misunderstood> {
    let code = label.coding()?;
    if code.system == ACT_CODE && UMBRELLAS.contains(&code.code.as_str()) {
        return Err(label.refused(Fault::Label));
    }
    if code.system != CONFIDENTIALITY {
        return Ok(vec![code]);
    }
    let at = CONFIDENTIALITIES.iter().position(|known| *known == code.code);
    let at = at.ok_or_else(|| label.refused(Fault::Coding))?;
    let covered = CONFIDENTIALITIES.iter().enumerate();
    let covered = covered.filter(|(each, _)| if permits { *each <= at } else { *each >= at });
    Ok(covered.map(|(_, known)| Code::new(CONFIDENTIALITY, known)).collect())
}

fn instance(data: &Element<'_>, naming: &Naming<'_>) -> Result<(String, String), Misunderstood> {
    if data.text("meaning").as_deref() != Some("instance") {
        return Err(data.refused_at("meaning", Fault::Meaning));
    }
    let reference = data.get("reference").ok_or_else(|| data.refused(Fault::Data))?;
    let text = reference.text("reference").ok_or_else(|| reference.refused(Fault::Data))?;
    let (kind, id) =
        actor::local(&text, naming.own_bases).ok_or_else(|| reference.refused(Fault::Data))?;
    Ok((kind.to_owned(), id.to_owned()))
}
