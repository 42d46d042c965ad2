use access::entry::{Basis, Decided, ItemSeen, Outcome as Ended, id};

use super::*;

/// 2026-11-26T19:05:00Z: 14 h 05 in Montréal.
const AT_MS: u64 = 1_795_719_900_000;
const REGION: &str = r#"
code = "06"
name = { fr = "Montréal", en = "Montreal" }
phase = "live"
endpoint = "http://127.0.0.1:8406/fhir"
admin_port = 9406
time_zone = "America/Toronto"
link = "fibre"
neighbours = []
administrative_regions = [6]
[release_delay_days]
document = 0
imaging = 30
laboratory = 0
pathology = 30
[[establishment]]
id = "demo-06-nim"
name = { fr = "CIUSSS du Nord-de-l'Île-de-Montréal", en = "CIUSSS of the North" }
kind = "CIUSSS"
municipality = "Montréal"
demonstration = true
"#;

fn directory() -> Directory {
    Directory::read([("06.toml", REGION)]).unwrap()
}

fn entry(resource_type: &str) -> Entry {
    Entry {
        id: id(AT_MS, [1; 10]),
        at_ms: AT_MS,
        region: "06".into(),
        establishment: "demo-06-nim".into(),
        agent: Agent {
            subject: "dr".into(),
            name: Some("Dre Anne Roy".into()),
            function: Function::Physician,
            licence: Some("12345".into()),
            client_id: "app".into(),
            token_id: None,
            issuer: "https://issuer".into(),
        },
        persons: vec!["ann".into()],
        interaction: Interaction::Read,
        items: vec![ItemSeen {
            resource_type: resource_type.into(),
            id: "x".into(),
            version: 1,
            person: Some(0),
            change: Change::Read,
        }],
        query: None,
        purpose: Purpose::Treatment,
        basis: Some(Basis::CareRelationship),
        request_id: "r".into(),
        network_address: "10.0.0.7".into(),
        outcome: Ended { status: 200, denied: None },
        decided: Decided::default(),
    }
}

fn told_to(entry: &Entry, language: Language, whose: Whose) -> String {
    let directory = directory();
    let zone = Zone::of("America/Toronto");
    line(entry, "ann", &[], &Telling { directory: &directory, zone, language, whose }).sentence
}

fn french(entry: &Entry) -> String {
    told_to(entry, Language::French, Whose::Own).replace('\u{a0}', " ")
}

#[test]
fn a_read_is_one_sentence() {
    let read = entry("MedicationRequest");
    assert_eq!(
        french(&read),
        "Le 26 novembre 2026 à 14 h 05, Dre Anne Roy, médecin au CIUSSS du \
         Nord-de-l'Île-de-Montréal, a lu vos ordonnances pour vous soigner."
    );
    assert_eq!(
        told_to(&read, Language::English, Whose::Own),
        "On November 26, 2026 at 2:05 p.m., Dre Anne Roy, physician at CIUSSS of the North, read \
         your prescriptions to care for you."
    );
    assert_eq!(
        told_to(&read, Language::French, Whose::Other),
        "Le 26 novembre 2026 à 14 h 05, Dre Anne Roy, médecin au CIUSSS du \
         Nord-de-l'Île-de-Montréal, a lu les ordonnances de la personne pour la soigner."
    );
}

#[test]
fn results_of_a_laboratory_are_named_when_they_were_asked_for() {
    let mut search = entry("Observation");
    search.interaction = Interaction::Search;
    search.query = Some("Observation?patient=ann&category=laboratory".into());
    assert!(french(&search).contains("a consulté vos résultats de laboratoire"));
    search.items.clear();
    assert!(french(&search).contains("a consulté vos résultats de laboratoire"));
    search.query = Some("Observation?patient=ann".into());
    assert!(french(&search).contains("a consulté vos résultats et mesures"));
}

#[test]
fn what_was_refused_and_what_failed_is_said_plainly() {
    let mut refused = entry("Patient");
    refused.outcome = Ended { status: 403, denied: Some("purpose".into()) };
    let text = french(&refused);
    assert!(text.contains("a demandé à lire vos renseignements d'identité"), "{text}");
    assert!(
        text.ends_with("; l'accès a été refusé, car le but déclaré ne le permet pas."),
        "{text}"
    );
    refused.outcome = Ended { status: 404, denied: None };
    assert!(french(&refused).ends_with("; rien n'a été montré."));
    let text = told_to(&refused, Language::English, Whose::Own);
    assert!(text.contains("asked to read") && text.ends_with("; nothing was shown."), "{text}");
}

#[test]
fn an_emergency_is_told_with_its_reason_and_its_review() {
    let mut emergency = entry("Observation");
    emergency.decided.emergency = Some("Patiente inconsciente".into());
    emergency.decided.consents = vec!["Consent/c/_history/1".into()];
    emergency.purpose = Purpose::Emergency;
    let text = french(&emergency);
    assert!(text.contains("avec ce motif : « Patiente inconsciente »."), "{text}");
    assert!(text.contains("Une restriction d'accès a été levée"), "{text}");
    assert!(text.ends_with("Cet accès doit être examiné par l'établissement."), "{text}");
    let directory = directory();
    let telling = Telling {
        directory: &directory,
        zone: Zone::of("America/Toronto"),
        language: Language::French,
        whose: Whose::Own,
    };
    let reviewed = |outcome| {
        let review = Reviewed { entry: &emergency.id, outcome, at_ms: AT_MS };
        line(&emergency, "ann", &[review], &telling).sentence
    };
    assert!(
        reviewed(Outcome::Justified)
            .ends_with("a été examiné le 26 novembre 2026 et jugé justifié.")
    );
    assert!(reviewed(Outcome::NotJustified).ends_with("et jugé non justifié."));
}

#[test]
fn the_person_is_told_you() {
    let mut own = entry("Immunization");
    own.agent.function = Function::Patient;
    own.purpose = Purpose::PatientRequest;
    own.establishment.clear();
    assert_eq!(french(&own), "Le 26 novembre 2026 à 14 h 05, vous avez lu vos vaccins.");
    assert_eq!(
        told_to(&own, Language::English, Whose::Own),
        "On November 26, 2026 at 2:05 p.m., you read your vaccinations."
    );
    assert!(
        told_to(&own, Language::French, Whose::Other)
            .contains("la personne elle-même a lu les vaccins")
    );
    // Somebody else with a patient's token who was refused is not "you".
    own.outcome = Ended { status: 403, denied: Some("other-person".into()) };
    assert!(!french(&own).contains("vous avez"));
}

#[test]
fn nobody_elses_part_of_an_access_is_told() {
    let mut search = entry("Patient");
    search.interaction = Interaction::Search;
    search.persons.push("bob".into());
    search.items.push(ItemSeen {
        resource_type: "Consent".into(),
        id: "bobs".into(),
        version: 1,
        person: Some(1),
        change: Change::Read,
    });
    let text = french(&search);
    assert!(
        text.contains("renseignements d'identité") && !text.contains("consentements"),
        "{text}"
    );
}

#[test]
fn changes_are_told_as_such() {
    let mut change = entry("Condition");
    let told = |change: &mut Entry, kind| {
        change.items[0].change = kind;
        french(change)
    };
    assert!(
        told(&mut change, Change::Created)
            .contains("a ajouté des problèmes de santé dans votre dossier")
    );
    assert!(
        told(&mut change, Change::Deleted)
            .contains("a supprimé des problèmes de santé de votre dossier")
    );
    change.items.push(ItemSeen { change: Change::Created, ..change.items[0].clone() });
    assert!(french(&change).contains("a ajouté ou modifié"));
}

#[test]
fn gathering_loses_no_access() {
    let directory = directory();
    let telling = Telling {
        directory: &directory,
        zone: Zone::of("America/Toronto"),
        language: Language::French,
        whose: Whose::Own,
    };
    let types = ["Patient", "Observation", "Observation", "Condition", "Immunization", "Encounter"];
    let mut entries: Vec<Entry> = types
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let minutes = u64::try_from(at).unwrap();
            let at_ms = AT_MS - minutes * 60_000;
            Entry { id: id(at_ms, [7; 10]), at_ms, ..entry(name) }
        })
        .collect();
    // One that stands out, one of somebody else, and one an hour before.
    entries[2].outcome = Ended { status: 403, denied: None };
    entries[4].agent.subject = "another".into();
    entries[5].at_ms -= 60 * 60_000;
    let lines = gathered(&entries, "ann", &[], &telling);
    let told: Vec<&String> = lines.iter().flat_map(|line| &line.entries).collect();
    let all: Vec<&String> = entries.iter().map(|entry| &entry.id).collect();
    assert_eq!(told, all, "every access is in exactly one line, in its order");
    assert_eq!(lines.iter().map(|line| line.count).collect::<Vec<_>>(), [2, 1, 1, 1, 1]);
    let first = lines[0].sentence.replace('\u{a0}', " ");
    assert!(
        first.starts_with("Le 26 novembre 2026, de 14 h 04 à 14 h 05, Dre Anne Roy"),
        "{first}"
    );
    assert!(
        first.contains("vos renseignements d'identité et vos résultats et mesures (2 accès)"),
        "{first}"
    );
}

#[test]
fn a_page_shows_text_as_text() {
    let mut read = entry("Observation");
    read.agent.name = Some("<script>alert('x')</script>".into());
    let directory = directory();
    let zone = Zone::of("America/Toronto");
    let telling =
        Telling { directory: &directory, zone, language: Language::French, whose: Whose::Own };
    let lines = [line(&read, "ann", &[], &telling)];
    let page = crate::log::Page {
        language: Language::French,
        whose: Whose::Own,
        lines: &lines,
        next: Some("http://x/?a=1&_page=\"2"),
    };
    let html = crate::log::html(&page);
    assert!(!html.contains("<script>") && html.contains("&lt;script&gt;"));
    assert!(html.contains("href=\"http://x/?a=1&amp;_page=&quot;2\""));
    assert!(crate::log::text(&page).lines().any(|line| line.starts_with("- Le 26 novembre")));
}
