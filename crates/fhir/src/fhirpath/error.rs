//! What can be wrong with an expression or its evaluation.

/// What kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FhirPathErrorKind {
    /// The text is not FHIRPath, or calls a function that does not exist.
    Syntax,
    /// The text is longer, or nested deeper, than [`crate::limits::FhirPathLimits`] allow.
    TooLarge,
    /// The evaluation took more steps than allowed.
    TooCostly,
    /// One item was needed and there were several.
    Several,
    /// An operand or argument is of a type that the operation does not take.
    Type,
}

/// Why an expression cannot be parsed or evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FhirPathError {
    /// What kind of fault.
    pub kind: FhirPathErrorKind,
    /// Where in the expression's text, in bytes, when it is the text's fault.
    pub at: Option<usize>,
    /// What is wrong and what to do. Never quotes the data.
    pub message: String,
}

impl FhirPathError {
    pub(super) fn syntax(at: usize, message: impl Into<String>) -> Self {
        Self { kind: FhirPathErrorKind::Syntax, at: Some(at), message: message.into() }
    }

    pub(super) fn too_large(message: impl Into<String>) -> Self {
        Self { kind: FhirPathErrorKind::TooLarge, at: None, message: message.into() }
    }

    pub(super) fn too_costly() -> Self {
        Self {
            kind: FhirPathErrorKind::TooCostly,
            at: None,
            message: "The expression takes too many steps over this resource; make it narrower."
                .to_owned(),
        }
    }

    pub(super) fn several(what: &str) -> Self {
        Self {
            kind: FhirPathErrorKind::Several,
            at: None,
            message: format!(
                "{what} takes one item and there are several; use first() or where()."
            ),
        }
    }

    pub(super) fn typed(message: impl Into<String>) -> Self {
        Self { kind: FhirPathErrorKind::Type, at: None, message: message.into() }
    }
}

impl std::fmt::Display for FhirPathError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.at {
            Some(at) => write!(f, "At character {at} of the FHIRPath: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for FhirPathError {}
