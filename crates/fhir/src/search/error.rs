use std::fmt;

/// Why a search was refused. The text is meant for the caller: it names the
/// parameter, says what is wrong and what would be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchError {
    /// The parameter as the caller wrote it, empty when the fault lies in the
    /// query string as a whole.
    pub parameter: String,
    /// What is wrong and what to do instead, in plain English.
    pub diagnostics: String,
}

impl SearchError {
    pub(crate) fn new(parameter: &str, diagnostics: impl Into<String>) -> Self {
        Self { parameter: parameter.to_owned(), diagnostics: diagnostics.into() }
    }
}

impl fmt::Display for SearchError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.parameter.is_empty() {
            return formatter.write_str(&self.diagnostics);
        }
        write!(formatter, "search parameter '{}': {}", self.parameter, self.diagnostics)
    }
}

impl std::error::Error for SearchError {}
