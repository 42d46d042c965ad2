//! The report in three forms and two languages.

mod html;
mod json;
mod markdown;
mod plot;
mod words;

use fhir::outcome::Language;

use crate::model::Report;

/// A form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A page that needs nothing else.
    Html,
    /// For machines; without language.
    Json,
    /// For a file that people read and compare.
    Markdown,
}

impl Format {
    /// By its word: `html`, `json` or `md`.
    pub fn named(word: &str) -> Option<Self> {
        match word {
            "html" => Some(Self::Html),
            "json" => Some(Self::Json),
            "md" => Some(Self::Markdown),
            _ => None,
        }
    }

    /// Media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Json => "application/json",
            Self::Markdown => "text/markdown; charset=utf-8",
        }
    }
}

/// The report as a text.
pub fn write(report: &Report, format: Format, language: Language) -> String {
    match format {
        Format::Html => html::page(report, language),
        Format::Json => json::text(report),
        Format::Markdown => markdown::text(report, language),
    }
}
