//! The report as Markdown, without plots.

use std::fmt::Write;

use fhir::outcome::Language;

use super::words::Words;
use crate::model::{Figures, Region, Report};

/// The text.
pub fn text(report: &Report, language: Language) -> String {
    let words = Words(language);
    let title =
        words.of("Dossier: the pilot in figures", "Dossier\u{a0}: le projet pilote en chiffres");
    let (from, to) = (words.instant(report.from_ms), words.instant(report.to_ms));
    let mut text = format!("# {title}\n\n{from} – {to}\n");
    for region in &report.regions {
        self::region(&mut text, region, words);
    }
    text
}

fn region(text: &mut String, region: &Region, words: Words) {
    let _ =
        writeln!(text, "\n## {} {}\n", region.place.code, plain(words.name(&region.place.name)));
    if let Some(phase) = words.phase(&region.place.phase) {
        let _ = writeln!(text, "**{phase}**\n");
    }
    let _ = writeln!(text, "**{}**\n", words.conclusion(region.verdict()));
    let _ = writeln!(
        text,
        "| {} | {} | {} | {} |\n|---|---|---|---|",
        words.of("Question", "Question"),
        words.of("Answer", "Réponse"),
        words.of("Counted", "Compté"),
        words.of("Threshold", "Seuil")
    );
    for answer in &region.answers {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            words.question(answer.question),
            words.verdict(answer.verdict),
            words.figure(answer.figure),
            words.figure(answer.threshold)
        );
    }
    let _ = writeln!(
        text,
        "\n| {} | {} | p50 | p95 | p99 | {} | {} | {} | {} |\n|---|---|---|---|---|---|---|---|---|",
        words.of("Establishment", "Établissement"),
        words.of("Requests", "Requêtes"),
        words.of("Failed", "Échouées"),
        words.of("Refused", "Refusées"),
        words.of("Conflicts", "Conflits"),
        words.of("Emergencies", "Urgences")
    );
    for (_, name, figures) in &region.establishments {
        row(text, words.name(name), figures, words);
    }
    row(text, words.of("all", "tous"), &region.total, words);
    if !region.total.refusals.is_empty() {
        let (reason, requests) = (words.of("Reason", "Motif"), words.of("Requests", "Requêtes"));
        let _ = writeln!(text, "\n| {reason} | {requests} |\n|---|---|");
        for (word, count) in &region.total.refusals {
            let _ = writeln!(text, "| {} | {} |", words.word(word), words.number(*count));
        }
    }
    for load in &region.loads {
        let _ = writeln!(
            text,
            "\n{} {}{} {} = {} + {} + {} + {}",
            words.of("Load", "Chargement"),
            words.instant(load.at_ms),
            words.of(":", "\u{a0}:"),
            words.number(load.read),
            words.number(load.created),
            words.number(load.updated),
            words.number(load.there),
            words.number(load.refused)
        );
    }
}

fn row(text: &mut String, name: &str, figures: &Figures, words: Words) {
    let [p50, p95, p99] = match figures.latency_us {
        Some(latency) => latency.map(|us| words.ms(us)),
        None => ["–", "–", "–"].map(str::to_owned),
    };
    let _ = writeln!(
        text,
        "| {} | {} | {p50} | {p95} | {p99} | {} | {} | {} | {} |",
        plain(name),
        words.number(figures.requests),
        words.number(figures.failed),
        words.number(figures.refusals.values().sum()),
        words.number(figures.conflicts),
        words.small(figures.emergencies)
    );
}

/// A name that breaks no table.
fn plain(name: &str) -> String {
    name.replace('|', "/")
}
