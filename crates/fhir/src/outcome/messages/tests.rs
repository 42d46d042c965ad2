//! Every message in the source has its French, and the French is well made.

use std::fs;
use std::path::{Path, PathBuf};

use super::language::{Piece, entries, pieces};
use super::*;

/// Whose messages reach a caller.
const SOURCES: [&str; 10] = [
    "crates/fhir/src",
    "crates/rest/src",
    "crates/provider/src",
    "crates/access/src/token",
    "crates/access/src/decision",
    "crates/access/src/restriction",
    "crates/access/src/scope.rs",
    "crates/regions/src/route.rs",
    "functions",
    "gateway/src/door/refused.rs",
];

/// Sentences in the source that no caller reads: what they are part of, or
/// told to an operator.
const NOT_FOR_CALLERS: [&str; 10] = [
    "Dossier santé, région {region}",
    "Un jeton est nécessaire pour tout, sauf pour ce qui dit comment en obtenir un.",
    "A bearer token is needed for everything but what says how to get one.",
    "Le dossier en produit lui-même; ceux des clients sont gardés à côté.",
    "The record makes its own; those that clients send are kept beside them.",
    "sandbox; default-src 'none'",
    "default-src 'none'; style-src 'unsafe-inline'",
    "the search tokens of a cell cannot be read",
    "a key has no kid",
    "holds a secret; publish the public key only",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn sources(path: &Path, found: &mut Vec<PathBuf>) {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if name.contains("test") || ["generated", "target", "messages.rs"].contains(&name) {
        return;
    }
    if path.is_dir() {
        let mut inside: Vec<PathBuf> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        inside.sort();
        inside.iter().for_each(|path| sources(path, found));
    } else if name.ends_with(".rs") {
        found.push(path.to_owned());
    }
}

/// The string literals of a Rust source, without its comments, attributes and
/// test modules.
fn literals(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut found = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['"', '/', '\'', 'r', '#']) {
        let (before, from) = rest.split_at(at);
        let one_char = |text: &str| {
            let mut letters = text.chars().skip(1);
            let first = letters.next()?;
            let length =
                if first == '\\' { 3 + text.chars().skip(3).position(|c| c == '\'')? } else { 2 };
            (text.chars().nth(length)? == '\'')
                .then(|| text.chars().take(length + 1).map(char::len_utf8).sum::<usize>())
        };
        let skip = if from.starts_with("//") || from.starts_with("#[doc") {
            from.find('\n').unwrap_or(from.len())
        } else if let Some(raw) = from.strip_prefix("r\"")
            && !before.ends_with(char::is_alphanumeric)
        {
            2 + raw.find('"').unwrap_or(0) + 1
        } else if let Some(raw) = from.strip_prefix("r#\"") {
            3 + raw.find("\"#").unwrap_or(0) + 2
        } else if from.starts_with('\'') {
            one_char(from).unwrap_or(1)
        } else if from.starts_with('"') {
            let (literal, length) = literal(from);
            found.push(literal);
            length
        } else {
            1
        };
        rest = &from[skip..];
    }
    found
}

/// The literal that `text` begins with, its escapes resolved, and its length.
fn literal(text: &str) -> (String, usize) {
    let mut out = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (out, at + 1),
            '\\' => match letters.next().map(|(_, escaped)| escaped) {
                Some('\n') => {
                    let mut ahead = letters.clone();
                    while ahead.next().is_some_and(|(_, letter)| letter.is_whitespace()) {
                        letters.next();
                    }
                }
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some(plain) => out.push(plain),
                None => {}
            },
            plain => out.push(plain),
        }
    }
    (out, text.len())
}

/// Whether a literal reads like a message: words, and the end of a sentence or
/// an advice after a semicolon.
fn is_message(literal: &str) -> bool {
    let words = literal.split(' ').filter(|word| word.chars().any(char::is_alphabetic)).count();
    let ends = literal.ends_with(['.', '?', '…']) || literal.contains("; ");
    words >= 3 && ends && !literal.contains('\n') && !literal.starts_with([' ', '<'])
}

/// The literal as it might be rendered.
fn filled(literal: &str) -> String {
    let text = pieces(literal).map(|piece| match piece {
        Piece::Literal(literal) => literal,
        Piece::Hole(_) => "X7",
    });
    text.collect()
}

#[test]
fn every_message_has_its_french() {
    let mut files = Vec::new();
    for source in SOURCES {
        sources(&root().join(source), &mut files);
    }
    assert!(files.len() > 100, "the sources are not where they were: {files:?}");
    let (mut messages, mut missing) = (0, Vec::new());
    for file in &files {
        for literal in literals(&fs::read_to_string(file).unwrap()) {
            let exempt = NOT_FOR_CALLERS.iter().any(|part| literal.contains(part));
            if exempt || !is_message(&literal) {
                continue;
            }
            messages += 1;
            if french(&filled(&literal)).is_none() {
                missing.push(format!("{}\t{literal}", file.display()));
            }
        }
    }
    for code in IssueType::ALL {
        if french(code.meaning()).is_none() {
            missing.push(code.meaning().to_owned());
        }
    }
    assert!(messages > 150, "only {messages} messages were found");
    assert!(
        missing.is_empty(),
        "{} messages have no French; add a line for each to src/outcome/french.tsv:\n{}",
        missing.len(),
        missing.join("\n")
    );
}

#[test]
fn every_line_is_well_made() {
    let mut seen = std::collections::HashSet::new();
    for (english, french_text) in entries() {
        assert!(seen.insert(english), "twice: {english}");
        let holes = |text| {
            let names = pieces(text).filter_map(|piece| match piece {
                Piece::Hole(name) => Some(name),
                Piece::Literal(_) => None,
            });
            let mut names: Vec<&str> = names.collect();
            names.sort_unstable();
            names.dedup();
            names
        };
        assert_eq!(holes(english), holes(french_text), "{english}");
        // Quebec's usage: a no-break space before a colon and inside « »,
        // none before a semicolon, question or exclamation mark.
        for wrong in [" :", "« ", " »", " ;", " ?", " !", "\u{a0};", "\u{a0}?"] {
            let told = french_text.replace("« ?", "").replace("qui suit «\u{a0}?\u{a0}»", "");
            assert!(!told.contains(wrong), "{wrong:?} in {french_text}");
        }
        assert_ne!(english, french_text);
        assert!(french(&filled(english)).is_some());
    }
}

#[test]
fn a_line_of_the_catalog_gives_its_own_french() {
    for (english, french_text) in entries() {
        let expected: String = pieces(french_text)
            .map(|piece| match piece {
                Piece::Literal(literal) => literal,
                Piece::Hole(_) => "X7",
            })
            .collect();
        assert_eq!(french(&filled(english)).unwrap(), expected, "{english}");
    }
}

#[test]
fn holes_are_filled_and_messages_inside_them_translated() {
    let refusal = Refusal::unavailable("The record cannot be reached just now.", 5);
    assert_eq!(
        french(&refusal.diagnostics).unwrap(),
        "Le dossier ne peut pas être joint pour le moment. Réessayez dans 5 secondes."
    );
    assert_eq!(
        french("Line 1, column 33: There is a comma before the closing }; remove the comma.")
            .unwrap(),
        "Ligne 1, colonne 33\u{a0}: Une virgule précède la } de fermeture; retirez-la."
    );
    // A clause that was made a sentence.
    assert_eq!(
        french("The token's claim 'scope' is missing or malformed; see docs/tokens.md.").unwrap(),
        "L'attribut «\u{a0}scope\u{a0}» du jeton est absent ou mal formé; consultez docs/tokens.md."
    );
    let refusal = Refusal::version_conflict(3).diagnostics;
    assert!(french(&refusal).unwrap().ends_with("If-Match: W/\"3\"."));
    assert_eq!(
        french(
            "search parameter 'date': 'x' is not a number after an optional prefix such as 'gt'."
        )
        .unwrap(),
        "paramètre de recherche «\u{a0}date\u{a0}»\u{a0}: «\u{a0}x\u{a0}» n'est pas un nombre après un préfixe facultatif comme «\u{a0}gt\u{a0}»."
    );
    assert_eq!(french("Nobody wrote this."), None);
    assert_eq!(french(""), None);
}

#[test]
fn the_language_is_what_the_header_prefers() {
    for (header, expected) in [
        ("", "fr"),
        ("en", "en"),
        ("en-CA,en;q=0.9", "en"),
        ("fr-CA, en;q=0.8", "fr"),
        ("fr;q=0.5, en-US;q=0.6", "en"),
        ("EN;Q=1.0", "en"),
        ("en, fr", "en"),
        ("fr, en", "fr"),
        ("de", "fr"),
        ("de, *;q=0.5", "fr"),
        ("*", "fr"),
        ("en;q=0", "fr"),
        ("fr;q=0", "en"),
        ("fr;q=0, *", "en"),
        ("*;q=0.1, en;q=0.2", "en"),
        ("en;q=nonsense", "en"),
        (";;;,,,q=", "fr"),
    ] {
        assert_eq!(Language::asked(header).tag(), expected, "{header}");
    }
}

#[test]
fn an_outcome_in_french_is_a_valid_resource() {
    let refusal = Refusal::not_found("Patient", "1");
    let text = refusal.to_operation_outcome_in(Language::French);
    assert!(text.contains("\"text\":\"Introuvable\""), "{text}");
    assert!(text.contains("Il n'y a pas de Patient d'identifiant 1"), "{text}");
    let document = crate::json::Document::parse(text, &crate::limits::JsonLimits::default());
    assert_eq!(crate::validate::issues(document.unwrap().root()), []);
    let told = information_in("Patient/1 is created as version 1.", Language::French);
    assert!(told.contains("Patient/1 est créée, version 1."), "{told}");
}

proptest::proptest! {
    #[test]
    fn any_text_is_looked_up(text in proptest::prelude::any::<String>(), name in "[A-Za-z0-9'{} .]{0,12}") {
        french(&text);
        Language::asked(&text);
        let told = Refusal::method_not_allowed(&name, "GET");
        proptest::prop_assert!(french(&told.diagnostics).is_some());
    }
}
