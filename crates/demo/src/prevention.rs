//! Immunizations by age, and procedures.

use crate::catalogue::{CHILDHOOD, COVID, INFLUENZA, PNEUMOCOCCUS, TETANUS, ZOSTER};
use crate::date::{Date, YEAR};
use crate::dice::Dice;
use crate::family::Person;
use crate::json::{Code, Writer};
use crate::patient::to;
use crate::systems::{ESTABLISHMENT, SNOMED};
use crate::visit::Visit;

/// The province's electronic register reaches back to this day.
const REGISTER_FROM: Date = Date(12_000);

/// Writes the immunizations of a life, as far as the register goes.
pub(crate) fn immunizations(w: &mut Writer, person: &Person, dice: &mut Dice) {
    if dice.chance(40) {
        return;
    }
    let mut doses: Vec<(Date, Code)> = Vec::new();
    for (age_days, vaccine) in CHILDHOOD {
        if dice.chance(930) {
            doses.push((person.birth.plus(age_days + dice.between(0, 40)), vaccine));
        }
    }
    for age in [25, 35, 45, 55, 65, 75] {
        if dice.chance(550) {
            doses.push((person.birth.plus(age * YEAR + dice.between(0, 700)), TETANUS));
        }
    }
    for (age, per_mille, vaccine) in [(65, 700, PNEUMOCOCCUS), (66, 350, ZOSTER)] {
        if dice.chance(per_mille) {
            doses.push((person.birth.plus(age * YEAR + dice.between(20, 600)), vaccine));
        }
    }
    for (year, day) in (2018..2026).map(|year| (year, Date::of(year, 10, 12))) {
        let age = person.age(day);
        let per_mille = if age >= 65 { 600 } else { 130 };
        if age >= 1 && dice.chance(per_mille) {
            doses.push((day.plus(dice.between(0, 60)), INFLUENZA));
        }
        if year >= 2021 && age >= 5 && dice.chance(if year == 2021 { 850 } else { per_mille }) {
            doses.push((day.plus(dice.between(0, 60)), COVID));
        }
    }
    doses.retain(|(day, _)| *day >= REGISTER_FROM && *day < person.end());
    doses.sort_by_key(|(day, _)| *day);
    for (day, vaccine) in doses {
        immunization(w, person, day, vaccine, dice);
    }
}

fn immunization(w: &mut Writer, person: &Person, day: Date, vaccine: Code, dice: &mut Dice) {
    w.resource(&dice.urn(), "Immunization");
    w.text("status", "completed");
    w.concept("vaccineCode", vaccine);
    w.reference("patient", &person.urn);
    w.text("occurrenceDateTime", &day.text());
    w.literal("primarySource", "true");
    w.text("lotNumber", &format!("DEMO{:05}", dice.below(100_000)));
    let left = dice.chance(500);
    let (site, display) = if left { ("LA", "bras gauche") } else { ("RA", "bras droit") };
    let system = "http://terminology.hl7.org/CodeSystem/v3-ActSite";
    w.concept("site", Code::new(system, site, display));
    w.quantity("doseQuantity", "0.50", "mL");
    w.list("performer");
    w.open("");
    w.reference("actor", &to(("Organization", ESTABLISHMENT), person.establishment.0));
    w.close();
    w.close_list();
    w.post("Immunization", None);
}

/// Writes a procedure done in the visit.
pub(crate) fn procedure(
    w: &mut Writer,
    person: &Person,
    visit: &Visit,
    code: Code,
    dice: &mut Dice,
) {
    w.resource(&dice.urn(), "Procedure");
    w.text("status", "completed");
    let category = match code.code {
        "80146002" | "288086009" => Code::new(SNOMED, "387713003", "Acte chirurgical"),
        _ => Code::new(SNOMED, "103693007", "Acte diagnostique"),
    };
    w.concept("category", category);
    w.concept("code", code);
    visit.subject(w, person);
    w.open("performedPeriod");
    w.text("start", &visit.after(10));
    w.text("end", &visit.after(10 + dice.between(5, 60)));
    w.close();
    w.list("performer");
    w.open("");
    w.reference("actor", &visit.practitioner);
    w.close();
    w.close_list();
    w.post("Procedure", None);
}
