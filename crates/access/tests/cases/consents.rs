//! Consents as a person might mean them, and as resources.

use access::claims::Purpose;
use serde_json::{Value, json};

use super::Dice;

/// What a Consent is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Restriction,
    /// Towards researchers (scope `research`).
    Research,
    /// Towards researchers and relatives (category `refusal`).
    Refusal,
    Procuration,
}

/// One Consent.
#[derive(Clone, Debug)]
pub struct Consent {
    pub kind: Kind,
    pub root: Provision,
}

/// By role, by identity, or by both.
#[derive(Clone, Debug)]
pub struct Actor {
    pub role: Option<&'static str>,
    /// `Practitioner/a`, `licence:l1`, `establishment:e1`, `client:c1`.
    pub who: Option<&'static str>,
}

/// One provision.
#[derive(Clone, Debug, Default)]
pub struct Provision {
    pub permits: bool,
    /// Whether its period is now; `None` without one.
    pub current: Option<bool>,
    pub actors: Vec<Actor>,
    pub purposes: Vec<Purpose>,
    pub types: Vec<&'static str>,
    pub categories: Vec<&'static str>,
    pub codes: Vec<&'static str>,
    pub labels: Vec<&'static str>,
    pub ids: Vec<&'static str>,
    pub years: Option<(i64, i64)>,
    pub exceptions: Vec<Provision>,
}

const WHO: [&str; 10] = [
    "Practitioner/a",
    "Practitioner/b",
    "RelatedPerson/a",
    "licence:l1",
    "licence:l2",
    "establishment:e1",
    "establishment:e2",
    "client:c1",
    "client:c2",
    "Device/a",
];

impl Consent {
    pub fn random(dice: &mut Dice) -> Self {
        use Kind::{Procuration, Refusal, Research, Restriction};
        let kind =
            dice.of(&[Restriction, Restriction, Restriction, Research, Refusal, Procuration]);
        Self { kind, root: Provision::random(dice, kind, kind == Procuration, 1) }
    }

    pub fn resource(&self) -> Value {
        let scope = if self.kind == Kind::Research { "research" } else { "patient-privacy" };
        let category = match self.kind {
            Kind::Refusal => "refusal",
            Kind::Procuration => "procuration",
            _ => "",
        };
        let category = match category {
            "" => concept("http://loinc.org", "59284-0"),
            ours => concept("urn:dossier:consent-category", ours),
        };
        json!({
            "resourceType": "Consent",
            "status": "active",
            "scope": concept("http://terminology.hl7.org/CodeSystem/consentscope", scope),
            "category": [category],
            "patient": {"reference": "Patient/ann"},
            "policyRule": concept("urn:dossier:policy", "R-22.1"),
            "provision": self.root.element(),
        })
    }
}

fn concept(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": system, "code": code}]})
}

impl Provision {
    fn random(dice: &mut Dice, kind: Kind, permits: bool, depth: usize) -> Self {
        let mut actors: Vec<Actor> = Vec::new();
        let named = kind == Kind::Procuration && depth == 1;
        if named || dice.one_in(2) {
            actors = (0..=dice.below(2)).map(|_| Actor::random(dice, kind)).collect();
        }
        let nested = if depth < 3 && dice.one_in(3) { 1 + dice.below(2) } else { 0 };
        let exceptions =
            (0..nested).map(|_| Self::random(dice, kind, !permits, depth + 1)).collect();
        let mut some = |choices: &[&'static str]| {
            if dice.one_in(3) { dice.some(choices, 2) } else { Vec::new() }
        };
        Self {
            permits,
            actors,
            exceptions,
            types: some(&["Observation", "Condition", "Patient", "Immunization"]),
            categories: some(&["laboratory", "imaging"]),
            codes: some(&["A", "B"]),
            labels: some(&["HIV", "PSY"]),
            ids: some(&["Observation/1", "Condition/2"]),
            years: dice.of(&[None, None, None, Some((2019, 2020)), Some((2021, 2021))]),
            current: dice.of(&[None, None, None, Some(true), Some(false)]),
            purposes: if dice.one_in(4) { dice.some(&Purpose::ALL, 3) } else { Vec::new() },
        }
    }

    fn element(&self) -> Value {
        const ACT_CODE: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
        const REASON: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
        let codings = |system: &str, codes: &[&str]| {
            codes.iter().map(|code| json!({"system": system, "code": code})).collect::<Vec<_>>()
        };
        let mut element = json!({"type": if self.permits { "permit" } else { "deny" }});
        let mut put = |name: &str, values: Vec<Value>| {
            if !values.is_empty() {
                element[name] = json!(values);
            }
        };
        put("class", codings("http://hl7.org/fhir/resource-types", &self.types));
        put("code", self.codes.iter().map(|code| concept("urn:k", code)).collect());
        put("securityLabel", codings(ACT_CODE, &self.labels));
        let purposes: Vec<&str> = self.purposes.iter().map(|purpose| purpose.code()).collect();
        put("purpose", codings(REASON, &purposes));
        put("extension", self.categories.iter().map(|code| {
            json!({"url": "urn:dossier:extension:consent-category", "valueCoding": {"system": "urn:c", "code": code}})
        }).collect());
        put(
            "data",
            self.ids
                .iter()
                .map(|id| json!({"meaning": "instance", "reference": {"reference": id}}))
                .collect(),
        );
        put("actor", self.actors.iter().map(Actor::element).collect());
        put("provision", self.exceptions.iter().map(Self::element).collect());
        if let Some((from, to)) = self.years {
            element["dataPeriod"] = json!({"start": from.to_string(), "end": to.to_string()});
        }
        match self.current {
            Some(true) => element["period"] = json!({"start": "2026-01-01", "end": "2026-12-31"}),
            Some(false) => element["period"] = json!({"end": "2026-05-31"}),
            None => {}
        }
        element
    }
}

impl Actor {
    fn random(dice: &mut Dice, kind: Kind) -> Self {
        let roles: &[&'static str] = match kind {
            Kind::Restriction => {
                &["professional", "nurse", "physician", "clerk", "proxy", "system", "researcher"]
            }
            Kind::Research | Kind::Refusal => &["researcher", "relative", "proxy"],
            Kind::Procuration => &["proxy"],
        };
        let (role, who) = (dice.of(roles), dice.of(&WHO));
        match dice.below(4) {
            0 => Self { role: Some(role), who: None },
            1 => Self { role: Some(role), who: Some(who) },
            _ => Self { role: None, who: Some(who) },
        }
    }

    fn element(&self) -> Value {
        let role = match self.role {
            Some(role) => concept("urn:dossier:function", role),
            None => concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"),
        };
        let reference = match self.who.map(|who| who.split_once(':').ok_or(who)) {
            None => json!({"display": "whoever has this role"}),
            Some(Err(reference)) => json!({"reference": reference}),
            Some(Ok((system, value))) => {
                json!({"identifier": {"system": format!("urn:dossier:{system}"), "value": value}})
            }
        };
        json!({"role": role, "reference": reference})
    }
}
