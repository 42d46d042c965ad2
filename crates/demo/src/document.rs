//! Short clinical notes, in French or English as their author chose.

use crate::dice::Dice;
use crate::family::Person;
use crate::json::{Code, Writer};
use crate::patient::to;
use crate::systems::{ESTABLISHMENT, LOINC};
use crate::visit::{Kind, Visit};

/// Writes a note of the visit as a `DocumentReference`.
pub(crate) fn write(w: &mut Writer, person: &Person, visit: &Visit, dice: &mut Dice) {
    let english = dice.chance(if person.language == "en-CA" { 700 } else { 40 });
    let (code, title) = match (visit.kind, english) {
        (Kind::Stay, false) => ("18842-5", "Sommaire d'hospitalisation"),
        (Kind::Stay, true) => ("18842-5", "Discharge summary"),
        (Kind::Emergency, false) => ("34111-5", "Note d'urgence"),
        (Kind::Emergency, true) => ("34111-5", "Emergency department note"),
        (_, false) => ("11506-3", "Note d'évolution"),
        (_, true) => ("11506-3", "Progress note"),
    };
    let text = note(person, visit, (title, english), dice);
    w.resource(&dice.urn(), "DocumentReference");
    w.text("status", "current");
    w.text("docStatus", "final");
    w.concept("type", Code::new(LOINC, code, title));
    let category = "http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category";
    w.concepts("category", Code::new(category, "clinical-note", "Note clinique"));
    w.reference("subject", &person.urn);
    w.text("date", &visit.end.at(1200));
    w.list("author");
    w.reference("", &visit.practitioner);
    w.close_list();
    w.reference("custodian", &to(("Organization", ESTABLISHMENT), person.establishment.0));
    w.list("content");
    w.open("");
    w.open("attachment");
    w.text("contentType", "text/plain; charset=utf-8");
    w.text("language", if english { "en-CA" } else { "fr-CA" });
    w.text("data", &base64(text.as_bytes()));
    w.text("title", title);
    w.close();
    w.close();
    w.close_list();
    w.open("context");
    w.list("encounter");
    w.reference("", &visit.urn);
    w.close_list();
    w.close();
    w.post("DocumentReference", None);
}

fn note(person: &Person, visit: &Visit, (title, english): (&str, bool), dice: &mut Dice) -> String {
    let age = person.age(visit.day);
    let (complaint, finding, plan) = if english {
        (dice.pick(&COMPLAINTS_EN), dice.pick(&FINDINGS_EN), dice.pick(&PLANS_EN))
    } else {
        (dice.pick(&COMPLAINTS_FR), dice.pick(&FINDINGS_FR), dice.pick(&PLANS_FR))
    };
    let day = visit.day.text();
    if english {
        format!(
            "{title}\nDate: {day}\nAge: {age}\n\nReason: {complaint}\nExamination: {finding}\n\
             Plan: {plan}\n\nDemonstration document: this person does not exist.\n"
        )
    } else {
        format!(
            "{title}\nDate : {day}\nÂge : {age} ans\n\nMotif : {complaint}\nExamen : {finding}\n\
             Conduite : {plan}\n\nDocument de démonstration : cette personne n'existe pas.\n"
        )
    }
}

const COMPLAINTS_FR: [&str; 6] = [
    "suivi régulier, se sent bien depuis la dernière visite.",
    "fatigue depuis deux semaines, sans fièvre ni perte de poids.",
    "toux sèche depuis cinq jours, sans dyspnée.",
    "douleur lombaire après un effort, sans irradiation.",
    "renouvellement de la médication, bonne observance.",
    "céphalées occasionnelles, soulagées par l'acétaminophène.",
];
const FINDINGS_FR: [&str; 4] = [
    "bon état général, auscultation cardiaque et pulmonaire normale.",
    "abdomen souple et non douloureux, pas d'œdème des membres inférieurs.",
    "gorge érythémateuse sans exsudat, tympans normaux.",
    "mobilité du rachis légèrement limitée, examen neurologique normal.",
];
const PLANS_FR: [&str; 4] = [
    "poursuivre le traitement, revoir dans six mois.",
    "bilan sanguin demandé, résultats à discuter par téléphone.",
    "repos, hydratation, revenir si la fièvre apparaît ou persiste.",
    "physiothérapie, analgésie au besoin, relance dans un mois.",
];
const COMPLAINTS_EN: [&str; 4] = [
    "routine follow-up, feeling well since the last visit.",
    "tired for two weeks, no fever, no weight loss.",
    "dry cough for five days, no shortness of breath.",
    "medication renewal, taken as directed.",
];
const FINDINGS_EN: [&str; 3] = [
    "looks well, heart and lungs normal on auscultation.",
    "abdomen soft and not tender, no leg swelling.",
    "throat red without exudate, ears normal.",
];
const PLANS_EN: [&str; 3] = [
    "continue treatment, review in six months.",
    "blood tests ordered, results to be discussed by telephone.",
    "rest and fluids, come back if fever appears or persists.",
];

/// Base64 with padding (RFC 4648, section 4).
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut group = 0_u32;
        for index in 0..3 {
            group = group << 8 | chunk.get(index).copied().map_or(0, u32::from);
        }
        for place in 0..4 {
            let six = (group >> (18 - 6 * place) & 63) as u8;
            text.push(match six {
                _ if place > chunk.len() => '=',
                0..=25 => char::from(b'A' + six),
                26..=51 => char::from(b'a' + six - 26),
                52..=61 => char::from(b'0' + six - 52),
                62 => '+',
                _ => '/',
            });
        }
    }
    text
}
