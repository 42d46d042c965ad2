//! The list of accesses as a page: HTML without anything from elsewhere, and
//! plain text.

use fhir::outcome::Language;
use fhir::xhtml::escaped;

use crate::sentence::{Kind, Line, Whose};

/// What a page says around its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<'a> {
    /// French or English.
    pub language: Language,
    /// To whom.
    pub whose: Whose,
    /// The lines, newest first.
    pub lines: &'a [Line],
    /// Address of the next page, with older accesses.
    pub next: Option<&'a str>,
}

struct Labels {
    title: &'static str,
    lead: &'static str,
    none: &'static str,
    heads: [&'static str; 5],
    older: &'static str,
    marks: [&'static str; 3],
}

fn labels(language: Language, whose: Whose) -> Labels {
    match language {
        Language::French => Labels {
            title: match whose {
                Whose::Own => "Qui a consulté votre dossier de santé",
                Whose::Other => "Qui a consulté le dossier de santé de la personne",
            },
            lead: "Chaque accès est inscrit, même refusé. Les plus récents d'abord.",
            none: "Aucun accès dans cette période.",
            heads: ["Quand", "Qui", "Quoi", "Pourquoi", "D'où"],
            older: "Accès plus anciens",
            marks: ["Urgence", "Refusé", "Sans suite"],
        },
        Language::English => Labels {
            title: match whose {
                Whose::Own => "Who looked at your health record",
                Whose::Other => "Who looked at the person's health record",
            },
            lead: "Every access is recorded, even when refused. Newest first.",
            none: "No access in this period.",
            heads: ["When", "Who", "What", "Why", "From where"],
            older: "Older accesses",
            marks: ["Emergency", "Refused", "No result"],
        },
    }
}

/// Styles of the page: readable on a phone, in print and in dark surroundings.
const STYLE: &str = "body{font:1rem/1.5 sans-serif;margin:1rem auto;max-width:70rem;padding:0 1rem}\
table{border-collapse:collapse;width:100%}th,td{border:1px solid #767676;padding:.4rem .6rem;\
text-align:left;vertical-align:top}.mark{border:2px solid;font-weight:bold;padding:0 .3rem}\
.told{margin:0}.refused,.failed{background:#f4f4f4;color:#222}.emergency{background:#fff3d6;\
color:#222}@media(max-width:40rem){thead{position:absolute;left:-999rem}tr{border:1px solid;\
display:block;margin-bottom:1rem}td{border:0;display:block}}";

/// The page in HTML: a table with a caption and headings, a sentence in each row.
pub fn html(page: &Page<'_>) -> String {
    let labels = labels(page.language, page.whose);
    let tag = page.language.tag();
    let title = labels.title;
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n<meta \
         name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}\
         </title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n<p>{}</p>\n",
        labels.lead
    );
    if page.lines.is_empty() {
        text.push_str(&format!("<p>{}</p>\n", labels.none));
    } else {
        text.push_str(&format!("<table>\n<caption>{title}</caption>\n<thead>\n<tr>"));
        for head in labels.heads {
            text.push_str(&format!("<th scope=\"col\">{head}</th>"));
        }
        text.push_str("</tr>\n</thead>\n<tbody>\n");
        page.lines.iter().for_each(|line| row(&mut text, line, &labels));
        text.push_str("</tbody>\n</table>\n");
    }
    if let Some(next) = page.next {
        let next = escaped(next);
        text.push_str(&format!("<p><a rel=\"next\" href=\"{next}\">{}</a></p>\n", labels.older));
    }
    text.push_str("</main>\n</body>\n</html>\n");
    text
}

fn row(text: &mut String, line: &Line, labels: &Labels) {
    let (class, mark) = match line.kind {
        Kind::Ordinary => ("", ""),
        Kind::Emergency => (" class=\"emergency\"", labels.marks[0]),
        Kind::Refused => (" class=\"refused\"", labels.marks[1]),
        Kind::Failed => (" class=\"failed\"", labels.marks[2]),
    };
    let mark = match mark {
        "" => String::new(),
        mark => format!("<span class=\"mark\">{mark}</span> "),
    };
    text.push_str(&format!(
        "<tr{class}><td>{}</td><td>{}</td><td>{mark}<p class=\"told\">{}</p></td><td>{}</td>\
         <td>{}</td></tr>\n",
        escaped(&line.when),
        escaped(&line.who),
        escaped(&line.sentence),
        escaped(&line.why),
        escaped(&line.place),
    ));
}

/// The page in plain text: a sentence in each line.
pub fn text(page: &Page<'_>) -> String {
    let labels = labels(page.language, page.whose);
    let mut text = format!("{}\n{}\n\n", labels.title, labels.lead);
    for line in page.lines {
        let sentence = line.sentence.replace(['\r', '\n'], " ");
        text.push_str(&format!("- {sentence} [{}]\n", line.place));
    }
    if page.lines.is_empty() {
        text.push_str(&format!("{}\n", labels.none));
    }
    if let Some(next) = page.next {
        let colon = match page.language {
            Language::French => "\u{a0}:",
            Language::English => ":",
        };
        text.push_str(&format!("\n{}{colon} {next}\n", labels.older));
    }
    text
}
