//! The SMART configuration (SMART App Launch 2.2, Conformance: using
//! well-known).

use fhir::json::Writer;

/// Where tokens are asked for, below the origin.
const TOKEN: &str = "/oauth/token";
/// Where the public keys of these tokens are.
const KEYS: &str = "/oauth/jwks";

/// Address of the token endpoint of the server at `origin`.
pub fn token_endpoint(origin: &str) -> String {
    format!("{origin}{TOKEN}")
}

/// The configuration of the server at `origin`. There is no authorization
/// endpoint: people get their tokens from the issuers that the record trusts, so
/// that no launch and no sign-in is among the capabilities, and `issuer`, which
/// is for them, is left out.
pub fn configuration(origin: &str) -> String {
    let mut writer = Writer::with_capacity(1024);
    writer.begin_object();
    writer.field("token_endpoint", &token_endpoint(origin));
    writer.field("jwks_uri", &format!("{origin}{KEYS}"));
    let lists: [(&str, &[&str]); 6] = [
        ("grant_types_supported", &["client_credentials"]),
        ("token_endpoint_auth_methods_supported", &["private_key_jwt"]),
        (
            "token_endpoint_auth_signing_alg_values_supported",
            &["RS384", "ES384", "RS256", "ES256", "EdDSA"],
        ),
        (
            "scopes_supported",
            &[
                "system/*.cruds",
                "system/*.rs",
                "system/*.read",
                "system/*.write",
                "system/AuditEvent.rs",
            ],
        ),
        // Required of every server, whether codes are given or not.
        ("code_challenge_methods_supported", &["S256"]),
        (
            "capabilities",
            &[
                "client-confidential-asymmetric",
                "permission-patient",
                "permission-user",
                "permission-v1",
                "permission-v2",
            ],
        ),
    ];
    for (name, values) in lists {
        writer.key(name).begin_array();
        for value in values {
            writer.string(value);
        }
        writer.end_array();
    }
    writer.end_object();
    writer.finish()
}
