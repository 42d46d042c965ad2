//! Why a token was refused. Every text says what to do; none repeats the token.

use crate::scope::ScopeError;

/// Why a token was refused; answered with 401 and `WWW-Authenticate: Bearer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No bearer token at all.
    Missing,
    /// Longer than [`crate::limits::TOKEN_BYTES_MAX`].
    TooLong,
    /// Not three parts of base64url that hold JSON objects.
    Malformed,
    /// A member is named twice in the header or the payload.
    DuplicateMember,
    /// The header marks an extension as critical.
    Critical,
    /// The header's `typ` is of another kind of token.
    Type,
    /// `none`, a shared-secret algorithm or an unknown one.
    AlgorithmUnsupported,
    /// The key is bound to another algorithm.
    AlgorithmOfKey,
    /// The issuer is not configured.
    IssuerUnknown,
    /// The issuer has no key of this `kid`.
    KeyUnknown,
    /// The signature does not verify.
    Signature,
    /// Not meant for this record.
    Audience,
    /// Past `exp`.
    Expired,
    /// Before `nbf` or `iat`.
    NotYetValid,
    /// Valid for longer than [`crate::limits::TOKEN_LIFE_S_MAX`].
    LivesTooLong,
    /// This claim is missing or malformed.
    Claim(&'static str),
    /// A scope is malformed or not supported yet.
    Scope(ScopeError),
}

impl Refusal {
    /// The error code of RFC 6750 §3.1; `None` when no token was sent at all.
    pub fn bearer_error(&self) -> Option<&'static str> {
        match self {
            Self::Missing => None,
            _ => Some("invalid_token"),
        }
    }

    /// A short word for metrics and logs, which never hold the token.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::TooLong => "too-long",
            Self::Malformed => "malformed",
            Self::DuplicateMember => "duplicate-member",
            Self::Critical => "critical",
            Self::Type => "type",
            Self::AlgorithmUnsupported => "algorithm",
            Self::AlgorithmOfKey => "algorithm-of-key",
            Self::IssuerUnknown => "issuer",
            Self::KeyUnknown => "key",
            Self::Signature => "signature",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::LivesTooLong => "lives-too-long",
            Self::Claim(name) => name,
            Self::Scope(_) => "scope",
        }
    }
}

/// What the caller is told. Until the signature has verified it is one text for
/// all: whoever forges a token learns nothing of how far it came. The journal
/// has the [`Refusal::word`].
impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = match self {
            Self::Missing => "no bearer token; send one as 'Authorization: Bearer <token>'",
            Self::TooLong
            | Self::Malformed
            | Self::DuplicateMember
            | Self::Critical
            | Self::Type
            | Self::AlgorithmUnsupported
            | Self::AlgorithmOfKey
            | Self::IssuerUnknown
            | Self::KeyUnknown
            | Self::Signature => {
                "it is no access token that an issuer trusted here has signed; docs/tokens.md says what one is"
            }
            Self::Audience => {
                "the token is meant for another service (aud); ask for one for this record"
            }
            Self::Expired => "the token has expired; ask for a new one",
            Self::NotYetValid => {
                "the token is not valid yet; check the clocks of the issuer and of this caller"
            }
            Self::LivesTooLong => {
                "the token is valid for more than a day; ask for a shorter-lived one"
            }
            Self::Claim(name) => {
                return write!(
                    f,
                    "the token's claim '{name}' is missing or malformed; see docs/tokens.md"
                );
            }
            Self::Scope(error) => return write!(f, "{error}"),
        };
        f.write_str(text)
    }
}

impl std::error::Error for Refusal {}
