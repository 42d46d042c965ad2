use std::fmt;

use crate::outcome::Refusal;

/// What kind of refusal it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchFault {
    /// A parameter, modifier or option that is not supported here.
    Unsupported,
    /// A value or a query string that is not as FHIR says.
    Invalid,
    /// More parameters, values or text than one search may have.
    TooMuch,
}

/// Why a search was refused. The text is meant for the caller: it names the
/// parameter, says what is wrong and what would be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchError {
    /// What kind of refusal it is.
    pub fault: SearchFault,
    /// The parameter as the caller wrote it, empty when the fault lies in the
    /// query string as a whole.
    pub parameter: String,
    /// What is wrong and what to do instead, in plain English.
    pub diagnostics: String,
}

impl SearchError {
    pub(crate) fn unsupported(parameter: &str, diagnostics: impl Into<String>) -> Self {
        Self::new(SearchFault::Unsupported, parameter, diagnostics.into())
    }

    pub(crate) fn invalid(parameter: &str, diagnostics: impl Into<String>) -> Self {
        Self::new(SearchFault::Invalid, parameter, diagnostics.into())
    }

    pub(crate) fn too_much(parameter: &str, diagnostics: impl Into<String>) -> Self {
        Self::new(SearchFault::TooMuch, parameter, diagnostics.into())
    }

    fn new(fault: SearchFault, parameter: &str, diagnostics: String) -> Self {
        Self { fault, parameter: parameter.to_owned(), diagnostics }
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

/// 400 in each case: a search is refused as a whole, never answered in part.
impl From<SearchError> for Refusal {
    fn from(error: SearchError) -> Self {
        let diagnostics = error.to_string();
        let refusal = match error.fault {
            SearchFault::Unsupported => Self::not_supported(diagnostics),
            SearchFault::Invalid | SearchFault::TooMuch => Self::invalid(diagnostics),
        };
        // R4 OperationOutcome.issue.location: "http." and the parameter's name.
        match error.parameter.as_str() {
            "" => refusal,
            name => refusal.at(format!("http.{name}")),
        }
    }
}
