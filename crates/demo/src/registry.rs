//! What charts refer to: establishments, installations, practitioners, roles.

use crate::Bundle;
use crate::dice::Dice;
use crate::json::{Code, Writer};
use crate::names::Group;
use crate::places::{MAURICIE, MONTREAL, Place};
use crate::systems::{ESTABLISHMENT, INSTALLATION, PRACTITIONER, ROLE, SNOMED};

/// Chance of the registry, which is the same for every seed.
const REGISTRY_SEED: u64 = 0x0D05_51E5;

const PROFESSIONS: [(u64, Code); 5] = [
    (5, Code::new(SNOMED, "62247001", "Médecin de famille")),
    (2, Code::new(SNOMED, "224571005", "Infirmière praticienne")),
    (2, Code::new(SNOMED, "106292003", "Infirmière")),
    (1, Code::new(SNOMED, "46255001", "Pharmacien")),
    (2, Code::new(SNOMED, "309343006", "Médecin")),
];

/// The registry of both regions.
pub(crate) fn bundle() -> Bundle {
    let mut w = Writer::transaction();
    for (stream, place) in [&MONTREAL, &MAURICIE].into_iter().enumerate() {
        let mut dice = Dice::new(REGISTRY_SEED, stream as u64);
        region(&mut w, place, &mut dice);
    }
    w.finish(0)
}

fn region(w: &mut Writer, place: &Place, dice: &mut Dice) {
    let mut main = String::new();
    for (_, (id, name)) in place.establishments {
        let urn = dice.urn();
        organization(w, &urn, (id, name));
        if main.is_empty() {
            main = urn;
        }
    }
    for installation in place.installations {
        location(w, &dice.urn(), *installation, &main);
    }
    for number in 1..=place.practitioners {
        let id = place.practitioner(number);
        let urn = dice.urn();
        practitioner(w, (&urn, &id), place, dice);
        role(w, (&urn, &id), &main, dice);
    }
}

fn identified(w: &mut Writer, system: &str, value: &str) {
    w.list("identifier");
    w.identifier("", system, value);
    w.close_list();
    w.literal("active", "true");
}

fn once(system: &str, value: &str) -> String {
    format!("identifier={system}|{value}")
}

fn organization(w: &mut Writer, urn: &str, (id, name): (&str, &str)) {
    w.resource(urn, "Organization");
    identified(w, ESTABLISHMENT, id);
    let kind = "http://terminology.hl7.org/CodeSystem/organization-type";
    w.concepts("type", Code::new(kind, "prov", "Établissement de santé"));
    w.text("name", name);
    w.post("Organization", Some(&once(ESTABLISHMENT, id)));
}

fn location(w: &mut Writer, urn: &str, (id, name, city): (&str, &str, &str), organization: &str) {
    w.resource(urn, "Location");
    w.list("identifier");
    w.identifier("", INSTALLATION, id);
    w.close_list();
    w.text("status", "active");
    w.text("name", name);
    w.text("mode", "instance");
    w.open("address");
    w.text("city", city);
    w.text("state", "QC");
    w.text("country", "CA");
    w.close();
    w.reference("managingOrganization", organization);
    w.post("Location", Some(&once(INSTALLATION, id)));
}

fn practitioner(w: &mut Writer, (urn, id): (&str, &str), place: &Place, dice: &mut Dice) {
    let group = dice.weighted(place.groups);
    let female = dice.chance(580);
    w.resource(urn, "Practitioner");
    identified(w, PRACTITIONER, id);
    w.list("name");
    w.open("");
    w.text("use", "official");
    w.text("family", &group.family(dice));
    w.list("given");
    w.text("", &group.given(female, dice));
    w.close_list();
    w.close();
    w.close_list();
    w.text("gender", if female { "female" } else { "male" });
    w.list("communication");
    w.concept("", Code::new("urn:ietf:bcp:47", "fr-CA", "français (Canada)"));
    if group == Group::English || dice.chance(600) {
        w.concept("", Code::new("urn:ietf:bcp:47", "en-CA", "anglais (Canada)"));
    }
    w.close_list();
    w.post("Practitioner", Some(&once(PRACTITIONER, id)));
}

fn role(w: &mut Writer, (practitioner, id): (&str, &str), organization: &str, dice: &mut Dice) {
    let profession = dice.weighted(&PROFESSIONS);
    w.resource(&dice.urn(), "PractitionerRole");
    identified(w, ROLE, id);
    w.reference("practitioner", practitioner);
    w.reference("organization", organization);
    w.concepts("code", profession);
    w.post("PractitionerRole", Some(&once(ROLE, id)));
}
