//! A person as a `Patient`.

use crate::family::Person;
use crate::json::{Code, Writer};
use crate::systems::{ESTABLISHMENT, PARENT_CARD, PERSON, PRACTITIONER, ROLE_CODE};
use crate::{date::Date, nam};

const MARITAL: &str = "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus";
const IDENTIFIER_TYPE: &str = "http://terminology.hl7.org/CodeSystem/v2-0203";

/// Writes the entry of the person.
pub(crate) fn write(w: &mut Writer, person: &Person) {
    w.resource(&person.urn, "Patient");
    extensions(w, person);
    identifiers(w, person);
    w.literal("active", "true");
    names(w, person);
    if let Some(telephone) = &person.telephone {
        w.list("telecom");
        w.open("");
        w.text("system", "phone");
        w.text("value", telephone);
        w.text("use", "home");
        w.close();
        w.close_list();
    }
    w.text("gender", person.gender);
    w.text("birthDate", &person.birth.text());
    if let Some(death) = person.death {
        w.text("deceasedDateTime", &death.text());
    }
    address(w, person);
    if let Some(married) = person.married {
        let (code, display) = if married { ("M", "Marié") } else { ("S", "Célibataire") };
        w.concept("maritalStatus", Code::new(MARITAL, code, display));
    }
    if let Some(order) = person.multiple_birth {
        w.literal("multipleBirthInteger", &order.to_string());
    }
    contacts(w, person);
    language(w, person.language);
    if let Some(practitioner) = &person.practitioner {
        w.list("generalPractitioner");
        w.reference("", &to(("Practitioner", PRACTITIONER), practitioner));
        w.close_list();
    }
    w.open("managingOrganization");
    w.text("reference", &to(("Organization", ESTABLISHMENT), person.establishment.0));
    w.text("display", person.establishment.1);
    w.close();
    w.post("Patient", None);
}

/// A conditional reference to a resource of the registry.
pub(crate) fn to((kind, system): (&str, &str), value: &str) -> String {
    format!("{kind}?identifier={system}|{value}")
}

fn extensions(w: &mut Writer, person: &Person) {
    w.list("extension");
    w.open("");
    w.text("url", "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName");
    w.text("valueString", &person.mother.1);
    w.close();
    if let Some(card) = &person.parent_card {
        w.open("");
        w.text("url", PARENT_CARD);
        w.identifier("valueIdentifier", nam::SYSTEM, card);
        w.close();
    }
    w.close_list();
}

fn identifiers(w: &mut Writer, person: &Person) {
    w.list("identifier");
    w.open("");
    w.text("use", "secondary");
    w.text("system", PERSON);
    w.text("value", &person.id);
    w.close();
    for card in &person.cards {
        w.open("");
        w.text("use", if card.end.is_some() { "old" } else { "official" });
        w.concept("type", Code::new(IDENTIFIER_TYPE, "JHN", "Numéro d'assurance maladie (NAM)"));
        w.text("system", nam::SYSTEM);
        w.text("value", &card.nam);
        w.period("period", card.start, card.end);
        w.close();
    }
    w.close_list();
}

fn name(w: &mut Writer, usage: &str, family: &str, given: &[String], period: [Option<Date>; 2]) {
    w.open("");
    w.text("use", usage);
    w.text("family", family);
    w.list("given");
    for given in given {
        w.text("", given);
    }
    w.close_list();
    w.period("period", period[0], period[1]);
    w.close();
}

fn names(w: &mut Writer, person: &Person) {
    let since = person.former.as_ref().map(|(_, day)| *day);
    let usage = if person.given.iter().any(|given| given.starts_with("Bébé")) {
        "temp"
    } else {
        "official"
    };
    w.list("name");
    name(w, usage, &person.family, &person.given, [since, None]);
    if let Some((family, day)) = &person.former {
        name(w, "old", family, &person.given, [None, Some(day.plus(-1))]);
    }
    w.close_list();
}

fn address(w: &mut Writer, person: &Person) {
    w.list("address");
    w.open("");
    w.text("use", "home");
    w.list("line");
    w.text("", &person.address.line);
    w.close_list();
    w.text("city", person.address.city);
    w.text("state", "QC");
    w.text("postalCode", &person.address.postal_code);
    w.text("country", "CA");
    w.close();
    w.close_list();
}

/// Mother and father, by whom namesakes are told apart.
fn contacts(w: &mut Writer, person: &Person) {
    w.list("contact");
    let mother = Some((&person.mother, "MTH", "Mère"));
    let father = person.father.as_ref().map(|father| (father, "FTH", "Père"));
    for ((given, family), code, display) in mother.into_iter().chain(father) {
        w.open("");
        w.concepts("relationship", Code::new(ROLE_CODE, code, display));
        w.open("name");
        w.text("family", family);
        w.list("given");
        w.text("", given);
        w.close_list();
        w.close();
        w.close();
    }
    w.close_list();
}

fn language(w: &mut Writer, tag: &'static str) {
    let display = match tag {
        "fr-CA" => "français (Canada)",
        "en-CA" => "anglais (Canada)",
        "iu" => "inuktitut",
        "cr" => "cri",
        "ar" => "arabe",
        "ht" => "créole haïtien",
        "es" => "espagnol",
        "zh" => "chinois",
        _ => "vietnamien",
    };
    w.list("communication");
    w.open("");
    w.concept("language", Code::new("urn:ietf:bcp:47", tag, display));
    w.literal("preferred", "true");
    w.close();
    w.close_list();
}
