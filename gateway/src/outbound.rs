//! The secure way outwards, to a door or to an issuer's keys: rustls with ring,
//! TLS 1.2 and 1.3.

use std::io::{Error, Result as IoResult};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A connection, secure or not.
pub trait Line: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

/// Makes connections secure, for hosts whose certificate comes from one of these
/// authorities: those of `file`, or those that the system trusts.
///
/// # Errors
/// When there is none.
pub fn connector(file: Option<&Path>) -> Result<TlsConnector> {
    let certificates: Vec<CertificateDer<'static>> = match file {
        Some(file) => CertificateDer::pem_file_iter(file)
            .and_then(Iterator::collect)
            .with_context(|| format!("reading the certificates in {}", file.display()))?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let mut roots = RootCertStore::empty();
    // A system may keep some that are past use; others may serve.
    let (taken, _) = roots.add_parsable_certificates(certificates);
    if taken == 0 {
        bail!("no certificates of authorities are found; give them with --authorities FILE");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Makes a connection to `host` secure.
///
/// # Errors
/// When who answers does not prove that it is this host.
pub async fn secured(
    connector: &TlsConnector,
    host: &str,
    stream: TcpStream,
) -> IoResult<Box<dyn Line>> {
    let name = ServerName::try_from(host.to_owned()).map_err(Error::other)?;
    Ok(Box::new(connector.connect(name, stream).await?))
}
