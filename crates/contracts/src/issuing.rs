//! Records of the token endpoint (`issuing`).

use crate::Refusal;

/// The parameters of a request for a token, as sent (`request`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenRequest {
    /// `grant_type`.
    pub grant_type: Option<String>,
    /// `client_assertion_type`.
    pub assertion_type: Option<String>,
    /// `client_assertion`.
    pub assertion: Option<String>,
    /// `scope`.
    pub scope: Option<String>,
}

/// What was granted (`grant`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenGrant {
    /// A bearer token.
    pub access_token: String,
    /// Seconds for which it is valid.
    pub expires_in_s: u32,
    /// What it may do, separated by spaces.
    pub scope: String,
}

/// Why there is no token (`rejection`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRejection {
    /// The code of RFC 6749 §5.2.
    pub error: String,
    /// The status, and what to do.
    pub why: Refusal,
}
