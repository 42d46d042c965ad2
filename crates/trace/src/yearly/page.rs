//! The counts as a page that people read, in Markdown and in HTML.

use fhir::outcome::Language;
use fhir::xhtml::escaped;
use regions::Directory;

use super::{Count, Counts, DIVISIONS, title};

/// What is counted, as the heading says.
#[derive(Clone, Copy, Debug)]
pub struct Period<'a> {
    /// First day, as asked.
    pub from: &'a str,
    /// Last day, as asked.
    pub to: &'a str,
    /// Code of the region; every region when none.
    pub region: Option<&'a str>,
    /// Names of regions and establishments.
    pub directory: &'a Directory,
}

struct Labels {
    title: &'static str,
    note: &'static str,
    heads: [&'static str; 5],
    unknown: &'static str,
    total: &'static str,
    everywhere: &'static str,
    emergencies: [&'static str; 3],
    reviews: [&'static str; 2],
    none: &'static str,
}

const FRENCH: Labels = Labels {
    title: "Accès aux renseignements de santé",
    note: "Chaque accès inscrit au journal compte une fois, qu'il ait été permis ou refusé\u{a0}; les \
           totaux de chaque tableau sont égaux.",
    heads: ["Valeur", "Accès", "Refusés", "Sans suite", "Urgences"],
    unknown: "(non indiqué)",
    total: "Total",
    everywhere: "toutes les régions",
    emergencies: ["Accès d'urgence par établissement et personne", "Établissement", "Personne"],
    reviews: ["Examens d'accès", "Conclusion"],
    none: "Aucun.",
};

const ENGLISH: Labels = Labels {
    title: "Accesses to health information",
    note: "Every access in the journal counts once, whether permitted or refused; the totals of \
           all tables are equal.",
    heads: ["Value", "Accesses", "Refused", "Failed", "Emergencies"],
    unknown: "(not stated)",
    total: "Total",
    everywhere: "all regions",
    emergencies: ["Emergency accesses by establishment and person", "Establishment", "Person"],
    reviews: ["Reviews of accesses", "Outcome"],
    none: "None.",
};

fn labels(language: Language) -> &'static Labels {
    match language {
        Language::French => &FRENCH,
        Language::English => &ENGLISH,
    }
}

/// A table with its title: heads and rows.
struct Table {
    title: String,
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
}

fn tables(counts: &Counts, period: &Period<'_>, language: Language) -> Vec<Table> {
    let labels = labels(language);
    let mut tables = Vec::new();
    let numbers = |count: &Count| {
        [count.accesses, count.refused, count.failed, count.emergency].map(|one| one.to_string())
    };
    for division in DIVISIONS {
        let held = counts.by.get(division).into_iter().flatten();
        let mut rows: Vec<Vec<String>> = held
            .map(|(value, count)| {
                let name = named(division, value, period, language, labels);
                [name].into_iter().chain(numbers(count)).collect()
            })
            .collect();
        let total = [labels.total.to_owned()].into_iter().chain(numbers(&counts.total));
        rows.push(total.collect());
        let heads = labels.heads.map(str::to_owned).to_vec();
        tables.push(Table { title: title(division, language).to_owned(), heads, rows });
    }
    let [title, establishment, user] = labels.emergencies.map(str::to_owned);
    let rows = counts.emergencies.iter().map(|((place, who), number)| {
        let place = named("establishment", place, period, language, labels);
        vec![place, who.clone(), number.to_string()]
    });
    let [_, accesses, ..] = labels.heads.map(str::to_owned);
    let heads = vec![establishment, user, accesses.clone()];
    tables.push(Table { title, heads, rows: rows.collect() });
    let [title, outcome] = labels.reviews.map(str::to_owned);
    let rows = counts.reviews.iter().map(|(code, number)| {
        vec![named("outcome", code, period, language, labels), number.to_string()]
    });
    tables.push(Table { title, heads: vec![outcome, accesses], rows: rows.collect() });
    tables
}

/// A value as it is shown: establishments by name, codes as words.
fn named(
    division: &str,
    value: &str,
    period: &Period<'_>,
    language: Language,
    labels: &Labels,
) -> String {
    if value.is_empty() {
        return labels.unknown.to_owned();
    }
    let french = language == Language::French;
    if division == "establishment" {
        let found = period.directory.establishment(value).map(|(_, held)| &held.name);
        return found.map_or_else(
            || value.to_owned(),
            |name| if french { name.fr.clone() } else { name.en.clone() },
        );
    }
    if !french {
        return value.to_owned();
    }
    let word = match (division, value) {
        ("function", "physician") => "médecin",
        ("function", "nurse") => "infirmière ou infirmier",
        ("function", "pharmacist") => "pharmacienne ou pharmacien",
        ("function", "patient") => "la personne elle-même",
        ("function", "proxy") => "parent ou mandataire",
        ("function", "auditor") => "vérification des accès",
        ("function", "researcher") => "chercheuse ou chercheur",
        ("function", "system") => "système",
        ("action", "read" | "vread") => "lecture",
        ("action", "history-instance" | "history-type" | "history-system") => "historique",
        ("action", "search-type" | "search-system") => "recherche",
        ("action", "everything") => "lecture du dossier entier",
        ("action", "create") => "création",
        ("action", "update" | "patch") => "modification",
        ("action", "delete") => "suppression",
        ("action", "batch" | "transaction") => "lot ou transaction",
        ("action", "read-audit") => "lecture des accès",
        ("action", "export") => "exportation",
        ("action", "review") => "examen d'un accès",
        ("purpose", "TREAT") => "traitement",
        ("purpose", "ETREAT") => "traitement d'urgence",
        ("purpose", "TRAIN") => "enseignement",
        ("purpose", "HOPERAT") => "administration",
        ("purpose", "HRESCH") => "recherche",
        ("purpose", "HLEGAL") => "fins juridiques",
        ("purpose", "PATRQT") => "demande de la personne",
        ("basis", "care-relationship") => "relation de soins",
        ("basis", "own-record") => "son propre dossier",
        ("basis", "authorization") => "autorisation",
        ("basis", "consent") => "consentement",
        ("basis", "law") => "loi",
        ("basis", "break-glass") => "bris de glace",
        ("result", "done") => "permis",
        ("result", "refused") => "refusé",
        ("result", "failed") => "sans suite",
        ("emergency", "declared") => "déclarée",
        ("emergency", "none") => "aucune",
        ("outcome", "justified") => "justifié",
        ("outcome", "not-justified") => "non justifié",
        ("outcome", "follow-up") => "à suivre",
        _ => return value.to_owned(),
    };
    // Codes that share a word are told apart by the code.
    match division {
        "action" => format!("{word} ({value})"),
        _ => word.to_owned(),
    }
}

fn subtitle(period: &Period<'_>, language: Language) -> String {
    let labels = labels(language);
    let region = match period.region {
        None => labels.everywhere.to_owned(),
        Some(code) => {
            let name = period.directory.region(code).map(|region| &region.name);
            let name = name.map(|name| match language {
                Language::French => name.fr.as_str(),
                Language::English => name.en.as_str(),
            });
            format!("{code} {}", name.unwrap_or_default())
        }
    };
    let (from, to) = (period.from, period.to);
    match language {
        Language::French => format!("Du {from} au {to}, {region}"),
        Language::English => format!("From {from} to {to}, {region}"),
    }
}

/// The counts in Markdown.
pub fn markdown(counts: &Counts, period: &Period<'_>, language: Language) -> String {
    let labels = labels(language);
    let cell = |text: &str| text.replace('|', "\\|").replace(['\r', '\n'], " ");
    let mut text =
        format!("# {}\n\n{}\n\n{}\n", labels.title, subtitle(period, language), labels.note);
    for table in tables(counts, period, language) {
        text.push_str(&format!("\n## {}\n\n", table.title));
        if table.rows.is_empty() {
            text.push_str(&format!("{}\n", labels.none));
            continue;
        }
        text.push_str(&format!("| {} |\n", table.heads.join(" | ")));
        text.push_str(&format!("|{}\n", "---|".repeat(table.heads.len())));
        for row in &table.rows {
            let row: Vec<String> = row.iter().map(|value| cell(value)).collect();
            text.push_str(&format!("| {} |\n", row.join(" | ")));
        }
    }
    text
}

/// The counts in HTML, without anything from elsewhere.
pub fn html(counts: &Counts, period: &Period<'_>, language: Language) -> String {
    let labels = labels(language);
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}\
         </title>\n<style>body{{font:1rem/1.5 sans-serif;margin:1rem auto;max-width:60rem}}\
         table{{border-collapse:collapse}}th,td{{border:1px solid #767676;padding:.3rem .6rem;\
         text-align:left}}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{}</p>\n<p>{}\
         </p>\n",
        language.tag(),
        escaped(&subtitle(period, language)),
        labels.note,
        title = labels.title,
    );
    for table in tables(counts, period, language) {
        let title = escaped(&table.title);
        if table.rows.is_empty() {
            text.push_str(&format!("<h2>{title}</h2>\n<p>{}</p>\n", labels.none));
            continue;
        }
        text.push_str(&format!("<h2>{title}</h2>\n<table>\n<thead><tr>"));
        for head in &table.heads {
            text.push_str(&format!("<th scope=\"col\">{}</th>", escaped(head)));
        }
        text.push_str("</tr></thead>\n<tbody>\n");
        for row in &table.rows {
            text.push_str("<tr>");
            for value in row {
                text.push_str(&format!("<td>{}</td>", escaped(value)));
            }
            text.push_str("</tr>\n");
        }
        text.push_str("</tbody>\n</table>\n");
    }
    text.push_str("</main>\n</body>\n</html>\n");
    text
}
