//! `Prefer`: how a caller would like to be answered (RFC 7240, R4 §3.1.0.1.9,
//! §3.1.1.1, §3.1.6).

use http::HeaderMap;

/// What `Prefer: return=` asks for (R4 §3.1.0.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Return {
    /// The resource as stored.
    #[default]
    Representation,
    /// No body.
    Minimal,
    /// An OperationOutcome.
    OperationOutcome,
}

/// What `Prefer: handling=` asks for: whether unknown search parameters are
/// refused or left out (R4 §3.1.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Handling {
    /// They are refused. What this server does unless told otherwise.
    #[default]
    Strict,
    /// They are left out, and named in the answer.
    Lenient,
}

/// The preferences of a request. Each of them may be absent, and what is not
/// understood is no preference (RFC 7240 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Prefer {
    /// `return=`, when it was said.
    pub returned: Option<Return>,
    /// `handling=`, when it was said.
    pub handling: Option<Handling>,
    /// `respond-async`: the answer may come later (R4 §3.1.6, Bulk Data).
    pub respond_async: bool,
}

impl Prefer {
    /// Reads every `Prefer` header. The first of several equal preferences
    /// counts (RFC 7240 §2); names are compared without regard to case.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut prefer = Self::default();
        let lists = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        for preference in lists.flat_map(|list| split(list, ',')) {
            // RFC 7240 parts a preference's parameters with ';'; FHIR clients
            // are seen to part preferences with it, and both are understood.
            for part in split(preference, ';') {
                let (name, value) = part.split_once('=').unwrap_or((part, ""));
                let value = value.trim().trim_matches('"');
                match name.trim().to_ascii_lowercase().as_str() {
                    "return" => {
                        let asked = match value.to_ascii_lowercase().as_str() {
                            "minimal" => Some(Return::Minimal),
                            "representation" => Some(Return::Representation),
                            "operationoutcome" => Some(Return::OperationOutcome),
                            _ => None,
                        };
                        prefer.returned = prefer.returned.or(asked);
                    }
                    "handling" => {
                        let asked = match value.to_ascii_lowercase().as_str() {
                            "strict" => Some(Handling::Strict),
                            "lenient" => Some(Handling::Lenient),
                            _ => None,
                        };
                        prefer.handling = prefer.handling.or(asked);
                    }
                    "respond-async" => prefer.respond_async = true,
                    _ => {}
                }
            }
        }
        prefer
    }

    /// How the answer to a change is given.
    pub fn returned(self) -> Return {
        self.returned.unwrap_or_default()
    }

    /// How unknown parameters are handled.
    pub fn handling(self) -> Handling {
        self.handling.unwrap_or_default()
    }
}

/// The parts of a header's value, parted where no quoted string is open.
pub(crate) fn split(list: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    list.split(move |letter: char| {
        quoted ^= letter == '"';
        letter == separator && !quoted
    })
    .map(str::trim)
    .filter(|part| !part.is_empty())
}
