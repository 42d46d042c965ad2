//! Encounters and the vital signs taken in them.

use crate::date::Date;
use crate::dice::Dice;
use crate::family::Person;
use crate::json::{Code, Writer, decimal};
use crate::patient::to;
use crate::systems::{ACT, ESTABLISHMENT, INSTALLATION, LOINC, PRACTITIONER, SNOMED};

/// Why people met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing wrong.
    #[default]
    CheckUp,
    /// For a problem.
    Problem,
    /// In an emergency room.
    Emergency,
    /// By telephone or video.
    Remote,
    /// Some days in hospital.
    Stay,
}

/// An encounter to which the rest refers.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub urn: String,
    pub day: Date,
    /// Minute of the day at which it began.
    pub minute: i64,
    /// Last day.
    pub end: Date,
    pub kind: Kind,
    /// Conditional reference.
    pub practitioner: String,
}

impl Visit {
    /// So many minutes after the beginning, as a FHIR `dateTime`.
    pub(crate) fn after(&self, minutes: i64) -> String {
        self.day.at((self.minute + minutes).min(1439))
    }

    /// Subject, encounter.
    pub(crate) fn subject(&self, w: &mut Writer, person: &Person) {
        w.reference("subject", &person.urn);
        w.reference("encounter", &self.urn);
    }
}

/// Writes an encounter on `day`.
pub(crate) fn write(
    w: &mut Writer,
    person: &Person,
    day: Date,
    kind: Kind,
    dice: &mut Dice,
) -> Visit {
    let urn = dice.urn();
    let minute = match kind {
        Kind::Emergency => dice.between(0, 1300),
        _ => dice.between(32, 64) * 15,
    };
    let days = if kind == Kind::Stay { dice.between(1, 11) } else { 0 };
    let own = person.practitioner.clone().filter(|_| matches!(kind, Kind::CheckUp | Kind::Problem));
    let other = person.place.practitioner(1 + dice.below(person.place.practitioners));
    let practitioner = to(("Practitioner", PRACTITIONER), &own.unwrap_or(other));
    let end = day.plus(days).min(person.end());
    let visit = Visit { urn, day, minute, end, kind, practitioner };
    let (class, kind_of) = codes(kind);
    w.resource(&visit.urn, "Encounter");
    w.text("status", "finished");
    w.coding("class", class);
    w.concepts("type", kind_of);
    w.reference("subject", &person.urn);
    w.list("participant");
    w.open("");
    w.reference("individual", &visit.practitioner);
    w.close();
    w.close_list();
    w.open("period");
    w.text("start", &day.at(minute));
    w.text("end", &if end > day { end.at(660) } else { day.at((minute + 25).min(1439)) });
    w.close();
    let (id, name) = person.establishment;
    let installation = person.place.installations.get(dice.below(6) as usize);
    if let Some((place, label, _)) = installation.filter(|(place, _, _)| place.starts_with(id)) {
        w.list("location");
        w.open("");
        w.open("location");
        w.text("reference", &to(("Location", INSTALLATION), place));
        w.text("display", label);
        w.close();
        w.close();
        w.close_list();
    }
    w.open("serviceProvider");
    w.text("reference", &to(("Organization", ESTABLISHMENT), id));
    w.text("display", name);
    w.close();
    w.post("Encounter", None);
    visit
}

fn codes(kind: Kind) -> (Code, Code) {
    let (class, label, code, display) = match kind {
        Kind::CheckUp => ("AMB", "ambulatoire", "185349003", "Consultation de suivi"),
        Kind::Problem => ("AMB", "ambulatoire", "185345009", "Consultation pour un symptôme"),
        Kind::Emergency => ("EMER", "urgence", "50849002", "Passage à l'urgence"),
        Kind::Remote => ("VR", "à distance", "185317003", "Consultation téléphonique"),
        Kind::Stay => ("IMP", "hospitalisation", "32485007", "Hospitalisation"),
    };
    (Code::new(ACT, class, label), Code::new(SNOMED, code, display))
}

/// Starts an observation: everything but its value.
pub(crate) fn observation(
    w: &mut Writer,
    person: &Person,
    visit: &Visit,
    (urn, category, code, minutes): (&str, &'static str, Code, i64),
) {
    let system = "http://terminology.hl7.org/CodeSystem/observation-category";
    let label = if category == "laboratory" { "Laboratoire" } else { "Signes vitaux" };
    w.resource(urn, "Observation");
    w.text("status", "final");
    w.concepts("category", Code::new(system, category, label));
    w.concept("code", code);
    visit.subject(w, person);
    w.text("effectiveDateTime", &visit.after(minutes));
    w.list("performer");
    w.reference("", &visit.practitioner);
    w.close_list();
}

/// Writes the vital signs of a visit in person.
pub(crate) fn vital_signs(
    w: &mut Writer,
    person: &Person,
    visit: &Visit,
    hypertension: bool,
    dice: &mut Dice,
) {
    if visit.kind == Kind::Remote {
        return;
    }
    let age = person.age(visit.day);
    let months = (visit.day.0 - person.birth.0) / 30;
    if age >= 3 {
        blood_pressure(w, person, visit, hypertension, dice);
    }
    let (height, weight) = size(person, months, dice);
    let mut one = |code, display, value: String, unit, dice: &mut Dice| {
        let code = Code::new(LOINC, code, display);
        observation(w, person, visit, (&dice.urn(), "vital-signs", code, 5));
        w.quantity("valueQuantity", &value, unit);
        w.post("Observation", None);
    };
    one("29463-7", "Poids", decimal(weight, 1), "kg", dice);
    if age < 18 || dice.chance(250) {
        one("8302-2", "Taille", decimal(height, 1), "cm", dice);
    }
    if age >= 18 && dice.chance(300) {
        let index = weight * 100_000 / (height * height / 10).max(1);
        one("39156-5", "Indice de masse corporelle", decimal(index, 1), "kg/m2", dice);
    }
    if age < 2 {
        let head = 340 + (months * 11).min(130) + dice.between(-8, 8);
        one("9843-4", "Périmètre crânien", decimal(head, 1), "cm", dice);
    }
    let pulse = dice.between(58, 96) + (10 - age).max(0) * 4;
    one("8867-4", "Fréquence cardiaque", decimal(pulse, 0), "/min", dice);
    if visit.kind != Kind::CheckUp {
        one("8310-5", "Température", decimal(dice.between(362, 392), 1), "Cel", dice);
        one("2708-6", "Saturation en oxygène", decimal(dice.between(92, 100), 0), "%", dice);
    }
}

fn blood_pressure(
    w: &mut Writer,
    person: &Person,
    visit: &Visit,
    hypertension: bool,
    dice: &mut Dice,
) {
    let rise = if hypertension { 18 } else { 0 };
    let age = person.age(visit.day).min(80);
    let systolic = 94 + age / 2 + rise + dice.between(-8, 14);
    let diastolic = 58 + age / 5 + rise / 2 + dice.between(-6, 8);
    let code = Code::new(LOINC, "85354-9", "Tension artérielle");
    observation(w, person, visit, (&dice.urn(), "vital-signs", code, 5));
    w.list("component");
    for (code, display, value) in
        [("8480-6", "Tension systolique", systolic), ("8462-4", "Tension diastolique", diastolic)]
    {
        w.open("");
        w.concept("code", Code::new(LOINC, code, display));
        w.quantity("valueQuantity", &decimal(value, 0), "mm[Hg]");
        w.close();
    }
    w.close_list();
    w.post("Observation", None);
}

/// Height in tenths of a centimetre, weight in tenths of a kilogram.
fn size(person: &Person, months: i64, dice: &mut Dice) -> (i64, i64) {
    let (height, weight) = match months {
        0..=12 => (500 + months * 21, 34 + months * 5),
        13..=24 => (752 + (months - 12) * 9, 94 + (months - 12) * 2),
        25..=215 => (860 + (months - 24) * 43 / 10, 118 + (months - 24) * 27 / 10),
        _ if person.female => (1630, 680),
        _ => (1760, 815),
    };
    let grown = months > 215;
    let spread = if grown { 160 } else { weight / 12 };
    (height + dice.between(-height / 40, height / 40), weight + dice.between(-spread, spread))
}
