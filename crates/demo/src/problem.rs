//! Allergies, conditions, and what is prescribed for them.

use crate::catalogue::{ALLERGIES, Drug};
use crate::date::YEAR;
use crate::dice::Dice;
use crate::family::Person;
use crate::json::{Code, Writer};
use crate::visit::Visit;

const CONDITION_STATUS: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";
const CONDITION_CERTAINTY: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
const CONDITION_CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/condition-category";
const ALLERGY_STATUS: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical";
const ALLERGY_CERTAINTY: &str =
    "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";

/// Writes none, one or two allergies.
pub(crate) fn allergies(w: &mut Writer, person: &Person, dice: &mut Dice) {
    if person.age(person.end()) < 1 || !dice.chance(240) {
        return;
    }
    let mut known = Vec::new();
    for _ in 0..dice.between(1, 2) {
        let (code, category, reaction) = dice.weighted(&ALLERGIES);
        if known.contains(&code.code) {
            continue;
        }
        known.push(code.code);
        let grave = reaction.code == "39579001";
        w.resource(&dice.urn(), "AllergyIntolerance");
        w.concept("clinicalStatus", Code::new(ALLERGY_STATUS, "active", "Active"));
        w.concept("verificationStatus", Code::new(ALLERGY_CERTAINTY, "confirmed", "Confirmée"));
        w.text("type", "allergy");
        w.list("category");
        w.text("", category);
        w.close_list();
        w.text("criticality", if grave { "high" } else { "low" });
        w.concept("code", code);
        w.reference("patient", &person.urn);
        let age = (person.end().0 - person.birth.0).min(30 * YEAR);
        w.text("recordedDate", &person.end().plus(-dice.between(0, age)).text());
        w.list("reaction");
        w.open("");
        w.concepts("manifestation", reaction);
        w.text("severity", if grave { "severe" } else { "mild" });
        w.close();
        w.close_list();
        w.post("AllergyIntolerance", None);
    }
}

/// Writes a condition of the problem list; its urn.
pub(crate) fn lasting(
    w: &mut Writer,
    person: &Person,
    visit: &Visit,
    code: Code,
    dice: &mut Dice,
) -> String {
    condition(w, person, visit, (code, "problem-list-item", "Liste des problèmes"), None, dice)
}

/// Writes a condition that passed within weeks; its urn.
pub(crate) fn passing(
    w: &mut Writer,
    person: &Person,
    visit: &Visit,
    code: Code,
    dice: &mut Dice,
) -> String {
    let days = dice.between(4, 28);
    let kind = (code, "encounter-diagnosis", "Diagnostic de la consultation");
    condition(w, person, visit, kind, Some(days), dice)
}

fn condition(
    w: &mut Writer,
    person: &Person,
    visit: &Visit,
    (code, category, label): (Code, &'static str, &'static str),
    days: Option<i64>,
    dice: &mut Dice,
) -> String {
    let urn = dice.urn();
    let over = days.map(|days| visit.day.plus(days)).filter(|end| *end < person.end());
    let (status, display) =
        if over.is_some() { ("resolved", "Résolu") } else { ("active", "Actif") };
    w.resource(&urn, "Condition");
    w.concept("clinicalStatus", Code::new(CONDITION_STATUS, status, display));
    w.concept("verificationStatus", Code::new(CONDITION_CERTAINTY, "confirmed", "Confirmé"));
    w.concepts("category", Code::new(CONDITION_CATEGORY, category, label));
    w.concept("code", code);
    visit.subject(w, person);
    w.text("onsetDateTime", &visit.day.text());
    if let Some(end) = over {
        w.text("abatementDateTime", &end.text());
    }
    w.text("recordedDate", &visit.after(15));
    w.reference("recorder", &visit.practitioner);
    w.post("Condition", None);
    urn
}

/// Writes a prescription: medicine, urn of the condition, whether it goes on.
pub(crate) fn prescription(
    w: &mut Writer,
    person: &Person,
    visit: &Visit,
    (drug, condition, lasting): (Drug, &str, bool),
    dice: &mut Dice,
) {
    w.resource(&dice.urn(), "MedicationRequest");
    let goes_on = lasting && person.death.is_none();
    w.text("status", if goes_on { "active" } else { "completed" });
    w.text("intent", "order");
    w.concept("medicationCodeableConcept", drug.code);
    visit.subject(w, person);
    w.text("authoredOn", &visit.after(20));
    w.reference("requester", &visit.practitioner);
    w.list("reasonReference");
    w.reference("", condition);
    w.close_list();
    w.list("dosageInstruction");
    w.open("");
    w.text("text", drug.directions);
    w.open("timing");
    w.open("repeat");
    w.literal("frequency", drug.times_a_day);
    w.literal("period", "1");
    w.text("periodUnit", "d");
    w.close();
    w.close();
    w.list("doseAndRate");
    w.open("");
    w.quantity("doseQuantity", drug.dose, drug.unit);
    w.close();
    w.close_list();
    w.close();
    w.close_list();
    w.open("dispenseRequest");
    w.literal("numberOfRepeatsAllowed", if lasting { "11" } else { "0" });
    w.close();
    w.post("MedicationRequest", None);
}
