//! Whether a resource is shown, and why not.

use super::reason::Reason;
use crate::restriction::Source;

/// Whether a resource is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown<'v> {
    /// It is.
    Yes,
    /// To this caller it does not exist: absent, not counted, not sortable.
    Withheld(Withheld<'v>),
    /// The facts do not tell; ask again with the body.
    Unsure,
}

/// Why a resource is withheld: for the journal, never for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withheld<'v> {
    /// By what rule.
    pub why: Why,
    /// By which Consent, if by one.
    pub source: Option<&'v Source>,
}

/// By what rule a resource is withheld.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// No scope covers its type, or what narrows the scopes leaves it out.
    Scope,
    /// A proxy of a person of 14 or more does not keep it (art. 21).
    Proxy,
    /// The result has not been released to the person yet.
    NotReleased,
    /// The person restricts it (art. 7).
    Restriction,
    /// The person refuses it (art. 8).
    Refusal,
    /// It would give the caller rights, or lift what is withheld from them.
    SelfGrant,
}

impl Why {
    /// The word for the journal and for metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::Proxy => "proxy",
            Self::NotReleased => "not-released",
            Self::Restriction => "restriction",
            Self::Refusal => "refusal",
            Self::SelfGrant => "self-grant",
        }
    }

    /// What the caller is told of a write that [`super::View::accepts`] stops. `None`
    /// of what is answered as if it were not there.
    pub fn reason(self) -> Option<Reason> {
        match self {
            Self::Scope => Some(Reason::Scope),
            Self::Proxy => Some(Reason::Proxy),
            Self::SelfGrant => Some(Reason::SelfGrant),
            Self::NotReleased | Self::Restriction | Self::Refusal => None,
        }
    }
}
