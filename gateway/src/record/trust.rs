//! Whose tokens are trusted, and who is given some here.

use std::path::PathBuf;
use std::time::Duration;

use access::token::{Clients, Issuers, SigningIssuer};
use anyhow::{Context, Result, bail};
use clap::Args;

use super::issuer;
use crate::cli::Places;

/// Where the settings of tokens are.
#[derive(Args, Clone, Debug)]
pub struct Tokens {
    /// Trusted issuers of tokens [default: the development issuer under --data]
    #[arg(long, value_name = "FILE")]
    issuers: Option<PathBuf>,
    /// Machines that are given tokens at /oauth/token
    #[arg(long, value_name = "FILE")]
    clients: Option<PathBuf>,
    /// Private JWK (P-256) that signs these tokens [default, without --issuers:
    /// the development issuer's]
    #[arg(long, value_name = "FILE", requires = "token_issuer")]
    token_key: Option<PathBuf>,
    /// Name (iss) of these tokens' issuer
    #[arg(long, value_name = "URL", requires = "token_key")]
    token_issuer: Option<String>,
    /// Address of the token endpoint as machines know it; may be repeated
    /// [default: /oauth/token at the region's endpoint, and at the door's port on
    /// this machine when it listens on loopback]
    #[arg(long = "token-endpoint", value_name = "URL")]
    pub endpoints: Vec<String>,
    /// Minutes after which keys at a jwks_url are fetched again
    #[arg(long, value_name = "N", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=1_440))]
    keys_every: u64,
    /// Certificates of the authorities to trust when keys are fetched, in PEM
    /// [default: those that the system trusts]
    #[arg(long, value_name = "FILE")]
    pub keys_authorities: Option<PathBuf>,
}

/// What the settings say.
pub struct Trust {
    /// Whose tokens are trusted: our own among them, when we give any.
    pub issuers: Issuers,
    /// Who signs our own, if we give any.
    pub signer: Option<SigningIssuer>,
    /// To whom.
    pub clients: Clients,
}

impl Tokens {
    /// How often keys are fetched.
    pub fn every(&self) -> Duration {
        Duration::from_secs(self.keys_every * 60)
    }

    /// Reads the files.
    ///
    /// # Errors
    /// What to correct in them.
    pub fn read(&self, places: &Places) -> Result<Trust> {
        let signer = match (&self.token_key, &self.token_issuer, &self.issuers) {
            (Some(file), Some(url), _) => Some(
                SigningIssuer::from_private_jwk(url, issuer::AUDIENCE, &text(file)?)
                    .with_context(|| format!("reading {}", file.display()))?,
            ),
            (_, _, None) => Some(issuer::open(&places.data)?),
            (_, _, Some(_)) => None,
        };
        let issuers = match &self.issuers {
            Some(file) => Issuers::parse(&text(file)?)
                .with_context(|| format!("in the issuers {}", file.display()))?,
            None => Issuers::default(),
        };
        let issuers = match &signer {
            Some(signer) => issuers.with(signer.trusted()?)?,
            None => issuers,
        };
        let clients = match &self.clients {
            Some(file) if signer.is_some() => Clients::parse(&text(file)?)
                .with_context(|| format!("in the clients {}", file.display()))?,
            Some(_) => {
                bail!(
                    "--clients needs a key to sign their tokens: give --token-key and --token-issuer"
                )
            }
            None => Clients::default(),
        };
        Ok(Trust { issuers, signer, clients })
    }
}

fn text(file: &PathBuf) -> Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))
}
