//! By what gateways know each other: an authority of their own, and for each
//! region one certificate, which is good as server and as client. The region is
//! in the certificate's name; what a header says of it counts for nothing.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::client::verify_server_name;
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::limits;

/// The authority's certificate, which every gateway has.
pub const AUTHORITY: &str = "authority.pem";
/// Its private key, which no gateway needs.
pub const AUTHORITY_KEY: &str = "authority.key";

/// What one region shows to others, and by what it judges them.
pub struct Identity {
    /// Accepts other gateways, and nobody else.
    pub acceptor: TlsAcceptor,
    /// Goes to other gateways.
    pub connector: TlsConnector,
}

/// The name in a region's certificate: of the domain that is set aside for
/// names that are nobody's (`.internal`).
pub fn name(code: &str) -> Result<ServerName<'static>> {
    ServerName::try_from(written(code)).context("a region's code is two digits")
}

fn written(code: &str) -> String {
    format!("{code}.region.dossier.internal")
}

/// Which of these regions a connection's certificate, already found to be of the
/// authority, belongs to.
pub fn region_of<'a>(
    certificates: Option<&[CertificateDer<'_>]>,
    codes: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let parsed = ParsedCertificate::try_from(certificates?.first()?).ok()?;
    let bears =
        |code: &&str| name(code).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok());
    codes.into_iter().find(bears)
}

/// Reads a region's keys from a folder that [`make`] filled.
///
/// # Errors
/// Names the file that is missing or not what it should be.
pub fn load(folder: &Path, code: &str) -> Result<Identity> {
    let read = |file: &str| {
        let path = folder.join(file);
        let chain: Result<Vec<CertificateDer<'static>>, _> =
            CertificateDer::pem_file_iter(&path).and_then(Iterator::collect);
        let chain = chain.with_context(|| {
            format!("reading {}; `dossier regions keys` makes it", path.display())
        })?;
        ensure!(!chain.is_empty(), "{} holds no certificate", path.display());
        Ok(chain)
    };
    let mut roots = RootCertStore::empty();
    for certificate in read(AUTHORITY)? {
        roots.add(certificate)?;
    }
    let (chain, path) = (read(&format!("{code}.pem"))?, folder.join(format!("{code}.key")));
    // Whoever is given another region's files by mistake is told now, not by
    // everybody's refusals later.
    if region_of(Some(&chain), [code]).is_none() {
        bail!(
            "{} is not a certificate of region {code}",
            folder.join(format!("{code}.pem")).display()
        );
    }
    let key = || {
        PrivateKeyDer::from_pem_file(&path)
            .with_context(|| format!("reading the private key {}", path.display()))
    };
    let (roots, provider) = (Arc::new(roots), Arc::new(rustls::crypto::ring::default_provider()));
    let versions = [&rustls::version::TLS13];
    let judge =
        WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider));
    let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions)?
        .with_client_cert_verifier(judge.build()?)
        .with_single_cert(chain.clone(), key()?)?;
    let client = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)?
        .with_root_certificates(roots)
        .with_client_auth_cert(chain, key()?)?;
    let (acceptor, connector) = (Arc::new(server).into(), Arc::new(client).into());
    Ok(Identity { acceptor, connector })
}

/// Makes what is missing in `folder`: the authority, and certificates for these
/// regions. Returns the files that are new. Several processes may do it at once.
///
/// # Errors
/// When a file can be neither read nor made.
pub fn make(folder: &Path, codes: &[String]) -> Result<Vec<String>> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut made = Vec::new();
    let authority = authority()?;
    let issuer_key = key(folder, AUTHORITY_KEY, &mut made)?;
    if !folder.join(AUTHORITY).exists() {
        put(folder, AUTHORITY, &authority.self_signed(&issuer_key)?.pem(), &mut made)?;
    }
    let issuer = Issuer::from_params(&authority, issuer_key);
    for code in codes {
        let file = format!("{code}.pem");
        if folder.join(&file).exists() {
            continue;
        }
        let own = key(folder, &format!("{code}.key"), &mut made)?;
        let mut asked = CertificateParams::new([written(code)])?;
        (asked.not_before, asked.not_after) =
            life(date_time_ymd(1970, 1, 1), limits::CERTIFICATE_DAYS)?;
        asked.distinguished_name.push(DnType::CommonName, written(code));
        asked.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        asked.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        asked.use_authority_key_identifier_extension = true;
        put(folder, &file, &asked.signed_by(&own, &issuer)?.pem(), &mut made)?;
    }
    Ok(made)
}

/// Always the same but for its dates: it is the key that makes the authority, so
/// that it need not be read back from its certificate.
fn authority() -> Result<CertificateParams> {
    let mut authority = CertificateParams::new(Vec::<String>::new())?;
    (authority.not_before, authority.not_after) =
        life(date_time_ymd(1970, 1, 1), limits::AUTHORITY_DAYS)?;
    authority.distinguished_name = rcgen::DistinguishedName::new();
    authority.distinguished_name.push(DnType::CommonName, "Dossier gateways");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(authority)
}

/// From a day ago, for so many days. `epoch` is 1970, in the type of dates that
/// certificates are made with.
fn life<T>(epoch: T, days: u64) -> Result<(T, T)>
where
    T: Copy + std::ops::Add<Duration, Output = T>,
{
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let start = epoch + now.saturating_sub(Duration::from_secs(limits::CLOCKS_DIFFER_S));
    Ok((start, start + Duration::from_secs(days * 86_400)))
}

/// The private key of a file, made when there is none: whoever links the name
/// first wins, and the others read what is there.
fn key(folder: &Path, file: &str, made: &mut Vec<String>) -> Result<KeyPair> {
    let path = folder.join(file);
    if !path.exists() {
        let draft = draft(folder, file, &KeyPair::generate()?.serialize_pem())?;
        let linked = fs::hard_link(&draft, &path);
        fs::remove_file(&draft)?;
        match linked {
            Ok(()) => made.push(file.to_owned()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error).with_context(|| format!("making {}", path.display())),
        }
    }
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    KeyPair::from_pem(&text).with_context(|| format!("{} is no private key", path.display()))
}

fn put(folder: &Path, file: &str, text: &str, made: &mut Vec<String>) -> Result<()> {
    let draft = draft(folder, file, text)?;
    fs::rename(&draft, folder.join(file))?;
    made.push(file.to_owned());
    Ok(())
}

fn draft(folder: &Path, file: &str, text: &str) -> Result<std::path::PathBuf> {
    let draft = folder.join(format!("{file}.{}.draft", std::process::id()));
    let mut options = fs::OpenOptions::new();
    let mut open = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    open.write_all(text.as_bytes())?;
    open.sync_all()?;
    Ok(draft)
}

#[cfg(test)]
mod tests;
