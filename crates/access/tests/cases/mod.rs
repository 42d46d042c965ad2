//! Random requests and charts, described without the words of the code that
//! decides, and how each is put before it. The independent oracle
//! (`tests/oracle-cedar`) puts the same descriptions before its own policies.

#![allow(dead_code)]

use std::sync::Arc;

use access::authorization::Authorization;
use access::claims::{Claims, Function, Purpose};
use access::decision::{Circumstances, Door, Intended, ReleaseDelay, Settings, Shown, view};
use access::entry::Interaction;
use access::facts::{BodyFacts, Code, Facts};
use access::restriction::{Naming, Restriction, Source, of_consent};
use access::scope::Scope;
use fhir::json::Document;
use fhir::limits::JsonLimits;
use serde_json::{Value, json};

mod consents;
#[allow(unused_imports)]
pub use consents::{Actor, Consent, Kind, Provision};

/// 2026-06-01 at noon, UTC.
pub const NOW_MS: i64 = 1_780_315_200_000;
const DAY_MS: i64 = 86_400_000;

/// A small generator of numbers (splitmix64): a seed tells a case.
pub struct Dice(pub u64);

impl Dice {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    pub fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    /// Each choice one time in `of`.
    pub fn some<T: Clone>(&mut self, choices: &[T], of: usize) -> Vec<T> {
        choices.iter().filter(|_| self.one_in(of)).cloned().collect()
    }
}

/// One scope.
#[derive(Clone, Debug)]
pub struct Scoped {
    pub context: &'static str,
    pub kind: Option<&'static str>,
    pub letters: &'static str,
    /// A category that narrows it.
    pub category: Option<&'static str>,
}

/// One resource of the chart of `ann`.
#[derive(Clone, Debug)]
pub struct Resource {
    pub kind: &'static str,
    pub id: &'static str,
    pub category: Option<&'static str>,
    pub code: &'static str,
    pub labels: Vec<&'static str>,
    pub year: Option<i64>,
    pub issued_days_ago: i64,
}

/// What is known of the caller's authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    Nothing,
    InForce,
    Expired,
    Anothers,
}

/// A request, the chart it is about, and the moment.
#[derive(Clone, Debug)]
pub struct Case {
    pub function: &'static str,
    pub purpose: Purpose,
    pub user: Option<&'static str>,
    pub licence: Option<&'static str>,
    pub establishment: Option<&'static str>,
    pub client: &'static str,
    pub scopes: Vec<Scoped>,
    pub token_patient: Option<&'static str>,
    pub interaction: Interaction,
    pub resource: Resource,
    pub birth_date: Option<&'static str>,
    pub deceased: bool,
    pub here: bool,
    pub emergency: Option<&'static str>,
    pub authorization: Held,
    pub delay_days: Option<u16>,
    pub keeps: Vec<&'static str>,
    /// Of the pool.
    pub consents: Vec<usize>,
}

pub const FUNCTIONS: [&str; 11] = [
    "physician",
    "nurse",
    "pharmacist",
    "patient",
    "proxy",
    "auditor",
    "system",
    "researcher",
    "clerk",
    "relative",
    "physician",
];
const INTERACTIONS: [Interaction; 8] = [
    Interaction::Read,
    Interaction::Search,
    Interaction::Everything,
    Interaction::Export,
    Interaction::Create,
    Interaction::Update,
    Interaction::Delete,
    Interaction::ReadAudit,
];
const KINDS: [&str; 5] = ["Observation", "Observation", "Condition", "Immunization", "Patient"];
const USERS: [Option<&str>; 7] = [
    None,
    Some("Practitioner/a"),
    Some("Practitioner/b"),
    Some("PractitionerRole/a"),
    Some("RelatedPerson/a"),
    Some("RelatedPerson/b"),
    Some("Device/a"),
];

impl Case {
    pub fn random(dice: &mut Dice, pool: usize) -> Self {
        let function = dice.of(&FUNCTIONS);
        let natural = match function {
            "patient" | "proxy" => "patient",
            "system" => "system",
            _ => "user",
        };
        let scopes = (0..dice.below(3) + usize::from(!dice.one_in(12)))
            .map(|_| scoped(dice, natural, function))
            .collect();
        let care = ["physician", "nurse", "pharmacist"].contains(&function);
        let purpose = match function {
            "researcher" if !dice.one_in(5) => Purpose::Research,
            _ if care && !dice.one_in(6) => dice.of(&[Purpose::Treatment, Purpose::Emergency]),
            _ => dice.of(&Purpose::ALL),
        };
        let audits = function == "auditor" && !dice.one_in(4);
        let interaction = if audits { Interaction::ReadAudit } else { dice.of(&INTERACTIONS) };
        let mut resource = Resource::random(dice);
        if dice.one_in(25) || interaction == Interaction::ReadAudit {
            resource.kind = "AuditEvent";
        }
        let emergency = [Some("life at risk, unconscious"), Some("short"), None, None];
        Self {
            function,
            purpose,
            user: dice.of(&USERS),
            licence: dice.of(&[None, Some("l1"), Some("l2")]),
            establishment: dice.of(&[Some("e1"), Some("e1"), Some("e2"), Some("e2"), None]),
            client: dice.of(&["c1", "c2"]),
            scopes,
            token_patient: dice.of(&[Some("ann"), Some("ann"), Some("ann"), Some("bob"), None]),
            interaction,
            resource,
            birth_date: dice.of(&[
                Some("1980-02-29"),
                Some("2012-06-01"),
                Some("2012-06-02"),
                Some("2012"),
                Some("2020"),
                Some("2011"),
                None,
            ]),
            deceased: dice.one_in(5),
            here: !dice.one_in(12),
            emergency: if care || dice.one_in(20) { dice.of(&emergency) } else { None },
            authorization: dice.of(&[
                Held::InForce,
                Held::InForce,
                Held::InForce,
                Held::Nothing,
                Held::Expired,
                Held::Anothers,
            ]),
            delay_days: dice.of(&[None, Some(3), Some(30)]),
            keeps: dice.some(&["Immunization", "Observation"], 3),
            consents: (0..dice.below(4)).map(|_| dice.below(pool)).collect(),
        }
    }

    pub fn scope_text(&self) -> String {
        let texts = self.scopes.iter().map(|scope| {
            let kind = scope.kind.unwrap_or("*");
            let narrowed = scope.category.map(|category| format!("?category={category}"));
            format!("{}/{kind}.{}{}", scope.context, scope.letters, narrowed.unwrap_or_default())
        });
        texts.collect::<Vec<_>>().join(" ")
    }

    pub fn claims(&self) -> Claims {
        Claims {
            subject: "s".to_owned(),
            name: None,
            fhir_user: self.user.map(str::to_owned),
            function: Function::from_code(self.function),
            licence: self.licence.map(str::to_owned),
            establishment: self.establishment.map(str::to_owned),
            purpose: self.purpose,
            patient: self.token_patient.map(str::to_owned),
            client_id: self.client.to_owned(),
            scopes: Scope::parse_all(&self.scope_text()).unwrap(),
            token_id: None,
            issuer: "i".to_owned(),
            expires_at_s: 0,
            issued_at_s: None,
        }
    }

    pub fn settings(&self) -> Settings {
        let category = Code::new("urn:c", "laboratory");
        let delay = self.delay_days.map(|days| ReleaseDelay {
            resource_type: "Observation".to_owned(),
            categories: vec![category],
            delay_ms: i64::from(days) * DAY_MS,
        });
        Settings {
            release_delays: delay.into_iter().collect(),
            proxy_keeps: self.keeps.iter().map(|kept| (*kept).to_owned()).collect(),
            ..Settings::default()
        }
    }

    pub fn authorizations(&self) -> Vec<Authorization> {
        let (subject, end) = match self.authorization {
            Held::Nothing => return Vec::new(),
            Held::InForce => ("s", "2026-12-31"),
            Held::Expired => ("s", "2026-05-31"),
            Held::Anothers => ("t", "2026-12-31"),
        };
        let basic = json!({
            "resourceType": "Basic",
            "code": {"coding": [{"system": "urn:dossier:basic", "code": "authorization"}]},
            "subject": {"identifier": {"system": "i", "value": subject}},
            "author": {"reference": "Practitioner/director"},
            "extension": [
                {"url": "urn:dossier:extension:authorization-period", "valuePeriod": {"start": "2026-01-01", "end": end}},
                {"url": "urn:dossier:extension:training-date", "valueDate": "2025-01-01"},
                {"url": "urn:dossier:extension:undertaking-date", "valueDate": "2025-01-01"},
            ],
        });
        let document = parse(&basic);
        vec![Authorization::of_basic(document.root(), "a", &NAMING).unwrap().unwrap()]
    }

    /// What is decided: a word, `shown` for what is let through.
    pub fn outcome(&self, pool: &[Vec<Restriction>]) -> &'static str {
        let chosen = self.consents.iter().flat_map(|at| pool[*at].iter().cloned());
        self.outcome_under(chosen.collect())
    }

    pub fn outcome_under(&self, restrictions: Vec<Restriction>) -> &'static str {
        let document = parse(&self.resource.body());
        let facts = BodyFacts::new(document.root(), self.resource.id, NOW_MS);
        self.decided(restrictions, self.emergency, &facts).unwrap_or("unsure")
    }

    /// The word for what is decided by these facts; `None` when they do not tell.
    pub fn decided(
        &self,
        restrictions: Vec<Restriction>,
        emergency: Option<&str>,
        facts: &dyn Facts,
    ) -> Option<&'static str> {
        let claims = self.claims();
        let authorizations = self.authorizations();
        let circumstances = Circumstances {
            now_ms: NOW_MS,
            birth_date: self.birth_date,
            deceased: self.deceased,
            restrictions: Arc::from(restrictions),
            authorizations: &authorizations,
            settings: Arc::new(self.settings()),
            door: if self.here { Door::Serves } else { Door::Elsewhere },
            emergency,
        };
        let intended = Intended {
            interaction: self.interaction,
            resource_type: self.resource.kind,
            person: Some("ann"),
            purpose: self.purpose,
        };
        let view = match view(&claims, &intended, &circumstances) {
            Ok(view) => view,
            Err(reason) => return Some(reason.word()),
        };
        if self.reads_accesses() {
            return Some("shown");
        }
        let word = |shown: Shown<'_>| match shown {
            Shown::Yes => Some("shown"),
            Shown::Withheld(withheld) => Some(withheld.why.word()),
            Shown::Unsure => None,
        };
        match self.interaction {
            Interaction::Create => word(view.accepts(facts)),
            Interaction::Update | Interaction::Delete => match word(view.shows(facts)) {
                Some("shown") => word(view.accepts(facts)),
                other => other,
            },
            _ => word(view.shows(facts)),
        }
    }

    pub fn reads_accesses(&self) -> bool {
        let audits =
            self.interaction == Interaction::ReadAudit || self.resource.kind == "AuditEvent";
        audits && !self.interaction.changes()
    }
}

fn scoped(dice: &mut Dice, natural: &'static str, function: &str) -> Scoped {
    let context = if dice.one_in(5) { dice.of(&["user", "patient", "system"]) } else { natural };
    let kinds = [Some("Observation"), Some("Condition"), Some("Patient"), Some("AuditEvent")];
    let typed = matches!(function, "researcher" | "clerk" | "relative");
    let kind = match dice.below(if typed { 9 } else { 3 }) {
        0 => None,
        _ => dice.of(&kinds),
    };
    let category = if kind == Some("Observation") && dice.one_in(4) {
        Some(dice.of(&["laboratory", "imaging"]))
    } else {
        None
    };
    Scoped { context, kind, letters: dice.of(&["rs", "cruds", "r", "s", "cud"]), category }
}

impl Resource {
    fn random(dice: &mut Dice) -> Self {
        Self {
            kind: dice.of(&KINDS),
            id: dice.of(&["1", "2"]),
            category: dice.of(&[None, Some("laboratory"), Some("imaging")]),
            code: dice.of(&["A", "B"]),
            labels: dice.some(&["HIV", "PSY"], 3),
            year: dice.of(&[None, Some(2018), Some(2019), Some(2020), Some(2021)]),
            issued_days_ago: dice.of(&[0, 2, 4, 29, 31]),
        }
    }

    pub fn body(&self) -> Value {
        let mut body = json!({
            "resourceType": self.kind,
            "id": self.id,
            "code": {"coding": [{"system": "urn:k", "code": self.code}]},
            "issued": fhir::resource::instant(NOW_MS - self.issued_days_ago * DAY_MS),
            "meta": {"security": self.labels.iter().map(|label| {
                json!({"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": label})
            }).collect::<Vec<_>>()},
        });
        if let Some(category) = self.category {
            body["category"] = json!([{"coding": [{"system": "urn:c", "code": category}]}]);
        }
        // What is dated by its care alone.
        body["effectiveDateTime"] = match self.year {
            Some(year) => json!(format!("{year}-07-01")),
            None => json!("unknown"),
        };
        body
    }
}

pub const NAMING: Naming<'static> = Naming {
    issuers: &["i"],
    licence_systems: &[],
    establishment_systems: &[],
    functions: &["clerk"],
    own_bases: &[],
    known: &[],
};

pub fn parse(value: &Value) -> Document {
    Document::parse(value.to_string(), &JsonLimits::default()).unwrap()
}

/// Consents of a seed, and the restrictions that they are read as.
pub fn pool(seed: u64, size: usize) -> (Vec<Consent>, Vec<Vec<Restriction>>) {
    let mut dice = Dice(seed);
    let consents: Vec<Consent> = (0..size).map(|_| Consent::random(&mut dice)).collect();
    let read = consents.iter().enumerate().map(|(at, consent)| {
        let source = Source { consent: format!("consent-{at}"), version: 1 };
        let resource = consent.resource();
        let document = parse(&resource);
        of_consent(document.root(), &source, &NAMING)
            .unwrap_or_else(|fault| panic!("{fault}\n{resource}"))
            .unwrap_or_default()
    });
    let read = read.collect();
    (consents, read)
}
