//! The report as one page: nothing is fetched, nothing runs, and a phone, a
//! screen reader and a printer can all read it.

use std::fmt::Write;

use super::plot;
use super::words::Words;
use crate::model::{Audience, Budget, Figures, Region, Report};
use crate::questions::Verdict;
use fhir::outcome::Language;
use fhir::xhtml::escaped;

const STYLE: &str = include_str!("style.css");

/// The page.
pub fn page(report: &Report, language: Language) -> String {
    let words = Words(language);
    let title =
        words.of("Dossier: the pilot in figures", "Dossier\u{a0}: le projet pilote en chiffres");
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title}</title><style>{STYLE}</style></head>\n<body>\n<header><h1>{title}</h1>\n",
        language.tag()
    );
    head(&mut page, report, words);
    page.push_str("</header>\n<main>\n");
    for region in &report.regions {
        self::region(&mut page, report, region, words);
    }
    if report.regions.is_empty() {
        let none = words.of("No region is in use.", "Aucune région n’est en service.");
        let _ = writeln!(page, "<p>{none}</p>");
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn head(page: &mut String, report: &Report, words: Words) {
    let (from, to) = (words.instant(report.from_ms), words.instant(report.to_ms));
    let made = words.instant(report.made_ms);
    let (of, until, at) =
        (words.of("From", "Du"), words.of("to", "au"), words.of("Made at", "Établi le"));
    let _ = writeln!(page, "<p>{of} {from} {until} {to}. {at} {made}.</p>");
    let says = words.of(
        "Counts by establishment and nothing about a person. Latencies are within 1.6% of what \
         was counted.",
        "Des comptes par établissement et rien sur une personne. Les latences sont à 1,6\u{a0}% \
         près de ce qui fut compté.",
    );
    let few = words.of(
        " Numbers of emergency accesses are rounded down to fives.",
        " Les nombres d’accès d’urgence sont arrondis à cinq près, vers le bas.",
    );
    let few = if report.audience == Audience::Public { few } else { "" };
    let _ = writeln!(page, "<p class=\"soft\">{says}{few}</p>");
    let other = words.of(
        "?lang=fr\" hreflang=\"fr\" lang=\"fr\">Français",
        "?lang=en\" hreflang=\"en\" lang=\"en\">English",
    );
    let label = words.of("Regions", "Régions");
    let _ = write!(page, "<nav aria-label=\"{label}\"><ul>");
    for region in &report.regions {
        let (code, name) = (&region.place.code, escaped(words.name(&region.place.name)));
        let _ = write!(page, "<li><a href=\"#region-{code}\">{code} {name}</a></li>");
    }
    let _ = writeln!(page, "<li><a href=\"{other}</a></li></ul></nav>");
}

fn region(page: &mut String, report: &Report, region: &Region, words: Words) {
    let (code, name) = (&region.place.code, escaped(words.name(&region.place.name)));
    let _ = writeln!(page, "<section aria-labelledby=\"region-{code}\">");
    let _ = writeln!(page, "<h2 id=\"region-{code}\">{code} {name}</h2>");
    if let Some(phase) = words.phase(&region.place.phase) {
        let _ = writeln!(page, "<p class=\"phase\"><strong>{phase}</strong></p>");
    }
    let _ = writeln!(page, "<p><strong>{}</strong></p>", words.conclusion(region.verdict()));
    questions(page, region, words);
    let lines = words.of(
        "p50 solid, p95 dashed, p99 dotted; the red line is the objective.",
        "p50 en trait plein, p95 en tirets, p99 en pointillé; la ligne rouge est l’objectif.",
    );
    let _ = writeln!(
        page,
        "<figure>{}<figcaption>{}. {lines}</figcaption></figure>",
        plot::latency(report, region, words),
        words.of("Latency over time", "Latence au fil du temps"),
    );
    let _ = writeln!(
        page,
        "<figure>{}<figcaption>{}.</figcaption></figure>",
        plot::requests(report, region, words),
        words.of(
            "Requests over time; red: failed",
            "Requêtes au fil du temps; en rouge\u{a0}: échouées"
        ),
    );
    establishments(page, region, words);
    functions(page, region, words);
    refusals(page, region, words);
    events(page, region, words);
    budget(page, region, words);
    trace(page, region, words);
    loads(page, region, words);
    page.push_str("</section>\n");
}

/// A table that a narrow screen can move sideways, also by keyboard.
fn table(page: &mut String, caption: &str, heads: &[&str], rows: &[Vec<String>]) {
    let _ = write!(
        page,
        "<div class=\"scroll\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\"><table>\
         <caption>{caption}</caption><thead><tr>"
    );
    for head in heads {
        let _ = write!(page, "<th scope=\"col\">{head}</th>");
    }
    page.push_str("</tr></thead><tbody>");
    for row in rows {
        page.push_str("<tr>");
        for (at, cell) in row.iter().enumerate() {
            let (open, close) = if at == 0 { ("th scope=\"row\"", "th") } else { ("td", "td") };
            let _ = write!(page, "<{open}>{cell}</{close}>");
        }
        page.push_str("</tr>");
    }
    page.push_str("</tbody></table></div>\n");
}

fn questions(page: &mut String, region: &Region, words: Words) {
    let heads = [
        words.of("Question", "Question"),
        words.of("Answer", "Réponse"),
        words.of("Counted", "Compté"),
        words.of("Threshold", "Seuil"),
    ];
    let row = |answer: &crate::questions::Answer| {
        let class = match answer.verdict {
            Verdict::Yes => "yes",
            Verdict::No => "no",
            Verdict::NotEnough => "soft",
        };
        vec![
            words.question(answer.question).to_owned(),
            format!("<span class=\"{class}\">{}</span>", words.verdict(answer.verdict)),
            words.figure(answer.figure),
            words.figure(answer.threshold),
        ]
    };
    let rows: Vec<_> = region.answers.iter().map(row).collect();
    let caption = words.of("The questions that decide", "Les questions qui décident");
    // A narrow screen sets each question above its answer.
    page.push_str("<div class=\"questions\">");
    table(page, caption, &heads, &rows);
    page.push_str("</div>\n");
}

fn establishments(page: &mut String, region: &Region, words: Words) {
    let heads = [
        words.of("Establishment", "Établissement"),
        words.of("Requests", "Requêtes"),
        "p50",
        "p95",
        "p99",
        words.of("Failed", "Échouées"),
        words.of("Refused", "Refusées"),
        words.of("Conflicts", "Conflits"),
        words.of("Emergencies", "Urgences"),
    ];
    let row = |name: String, figures: &Figures| {
        let mut row = vec![name, words.number(figures.requests)];
        match figures.latency_us {
            Some(latency) => row.extend(latency.map(|us| words.ms(us))),
            None => row.extend(["–", "–", "–"].map(str::to_owned)),
        }
        row.push(words.number(figures.failed));
        row.push(words.number(figures.refusals.values().sum()));
        row.push(words.number(figures.conflicts));
        row.push(words.small(figures.emergencies));
        row
    };
    let mut rows: Vec<_> = region
        .establishments
        .iter()
        .map(|(_, name, figures)| row(escaped(words.name(name)), figures))
        .collect();
    rows.push(row(words.of("all", "tous").to_owned(), &region.total));
    table(page, words.of("By establishment", "Par établissement"), &heads, &rows);
}

fn functions(page: &mut String, region: &Region, words: Words) {
    let heads =
        [words.of("Function", "Fonction"), words.of("Requests", "Requêtes"), "p50", "p95", "p99"];
    let rows: Vec<_> = region
        .functions
        .iter()
        .map(|(name, count, latency)| {
            let mut row = vec![escaped(name), words.number(*count)];
            row.extend(latency.unwrap_or_default().map(|us| words.ms(us)));
            row
        })
        .collect();
    if !rows.is_empty() {
        table(page, words.of("By function", "Par fonction"), &heads, &rows);
    }
}

fn refusals(page: &mut String, region: &Region, words: Words) {
    let mut held: Vec<(&String, &u64)> = region.total.refusals.iter().collect();
    held.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let rows: Vec<_> =
        held.iter().map(|(word, count)| vec![words.word(word), words.number(**count)]).collect();
    let heads = [words.of("Reason", "Motif"), words.of("Requests", "Requêtes")];
    if !rows.is_empty() {
        table(page, words.of("Refusals by reason", "Refus par motif"), &heads, &rows);
    }
}

fn events(page: &mut String, region: &Region, words: Words) {
    let rows: Vec<_> = region
        .events
        .iter()
        .map(|(word, count)| vec![words.word(word), words.number(*count)])
        .collect();
    let heads = [words.of("Event", "Événement"), words.of("Times", "Fois")];
    if !rows.is_empty() {
        let caption =
            words.of("Between doors, and for want of room", "Entre portes, et faute de place");
        table(page, caption, &heads, &rows);
    }
}

fn budget(page: &mut String, region: &Region, words: Words) {
    let row = |name: &str, budget: Budget| {
        let burned = budget.burned.map_or_else(|| "–".to_owned(), |burned| words.share(burned));
        let allowed = words.number(budget.allowed as u64);
        vec![name.to_owned(), allowed, words.number(budget.spent), burned]
    };
    let rows = [
        row(words.of("Failures", "Échecs"), region.availability),
        row(words.of("Slow answers", "Réponses lentes"), region.latency),
    ];
    let heads = [
        words.of("Budget", "Budget"),
        words.of("Allowed", "Permis"),
        words.of("Spent", "Dépensé"),
        words.of("Burned", "Consommé"),
    ];
    table(page, words.of("Error budget", "Budget d’erreur"), &heads, &rows);
}

fn trace(page: &mut String, region: &Region, words: Words) {
    let title = words.of("The ledger of accesses", "Le registre des accès");
    let _ = writeln!(page, "<h3>{title}</h3>");
    match region.ledger {
        Some(ledger) => {
            let _ = writeln!(
                page,
                "<p>{} {}, {} {}; {} {}\u{a0}ms.</p>",
                words.number(ledger.size),
                words.of("sequenced", "inscrits"),
                words.number(ledger.published),
                words.of("published", "publiés"),
                words.of("longest lag", "plus long retard"),
                words.number(ledger.lag_ms_max)
            );
        }
        None => {
            let none = words.of("Nothing counted.", "Rien de compté.");
            let _ = writeln!(page, "<p>{none}</p>");
        }
    }
    let rows: Vec<_> = region
        .verifications
        .iter()
        .take(SHOWN)
        .map(|one| {
            let held = words.of("held", "conforme").to_owned();
            let fault = one.fault.as_deref().unwrap_or(words.of("failed", "non conforme"));
            let outcome = if one.whole { held } else { escaped(fault) };
            vec![words.instant(one.at_ms), escaped(&one.what), words.number(one.size), outcome]
        })
        .collect();
    if !rows.is_empty() {
        let heads = [
            words.of("When", "Quand"),
            words.of("Checked", "Vérifié"),
            words.of("Entries", "Entrées"),
            words.of("Outcome", "Résultat"),
        ];
        table(page, words.of("Verifications", "Vérifications"), &heads, &rows);
    }
}

/// Loads and verifications shown one by one.
const SHOWN: usize = 20;

fn loads(page: &mut String, region: &Region, words: Words) {
    let rows: Vec<_> = region
        .loads
        .iter()
        .take(SHOWN)
        .map(|load| {
            let mut row = vec![words.instant(load.at_ms)];
            let counts = [load.read, load.created, load.updated, load.there, load.refused];
            row.extend(counts.map(|count| words.number(count)));
            row.push(
                words
                    .of(
                        if load.balanced { "yes" } else { "no" },
                        if load.balanced { "oui" } else { "non" },
                    )
                    .to_owned(),
            );
            row
        })
        .collect();
    if rows.is_empty() {
        return;
    }
    let heads = [
        words.of("When", "Quand"),
        words.of("Read", "Lus"),
        words.of("Created", "Créés"),
        words.of("Updated", "Modifiés"),
        words.of("There", "Présents"),
        words.of("Refused", "Refusés"),
        words.of("Balanced", "Concorde"),
    ];
    table(page, words.of("Loads", "Chargements"), &heads, &rows);
}
