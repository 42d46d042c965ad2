//! TLS at the door: rustls with ring, TLS 1.2 and 1.3, HTTP/2 by ALPN.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// Where the certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// Made on first use, for this machine only, and trusted by nobody.
    Development,
    /// Files in PEM: the chain, and its private key.
    Files(PathBuf, PathBuf),
}

impl FromStr for Certificate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(',') {
            None if text == "dev" => Ok(Self::Development),
            Some((chain, key)) if !chain.is_empty() && !key.is_empty() => {
                Ok(Self::Files(chain.into(), key.into()))
            }
            _ => Err("write dev, or the two files as chain.pem,key.pem".into()),
        }
    }
}

impl Certificate {
    /// What accepts connections with this certificate; the development one
    /// lives in `folder`.
    ///
    /// # Errors
    /// When a file is missing or not what it should be.
    pub fn acceptor(&self, folder: &Path) -> Result<TlsAcceptor> {
        let (chain, key) = match self {
            Self::Files(chain, key) => (chain.clone(), key.clone()),
            Self::Development => development(folder)?,
        };
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&chain)
            .and_then(Iterator::collect)
            .with_context(|| format!("reading the certificate {}", chain.display()))?;
        if certificates.is_empty() {
            bail!("{} holds no certificate", chain.display());
        }
        let key = PrivateKeyDer::from_pem_file(&key)
            .with_context(|| format!("reading the private key {}", key.display()))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(certificates, key)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn development(folder: &Path) -> Result<(PathBuf, PathBuf)> {
    let (chain, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    if !chain.exists() || !key.exists() {
        fs::create_dir_all(folder)?;
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let made = rcgen::generate_simple_self_signed(names)?;
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&key)?;
        std::io::Write::write_all(&mut file, made.signing_key.serialize_pem().as_bytes())?;
        fs::write(&chain, made.cert.pem())?;
    }
    Ok((chain, key))
}

#[cfg(test)]
mod tests;
