//! The log keys of regions. In development each is made under the data folder
//! at the first start, readable by this user only; a live region is given its
//! own by `--log-keys`.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use ledger::keys::{Kind, SignerKey};

/// A private key of a log.
///
/// # Errors
/// When the file is none.
pub fn read(path: &Path) -> Result<SignerKey> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("reading the log key {}", path.display()))?;
    let key = SignerKey::parse(&text).with_context(|| format!("{} is no key", path.display()))?;
    if key.verifier().kind() != Kind::Log {
        bail!("{} is a witness's key; a log's is of type 1", path.display());
    }
    Ok(key)
}

/// The development key of a region; its public half lies beside it.
///
/// # Errors
/// When it can be neither read nor made.
pub fn development(data: &Path, region: &str) -> Result<SignerKey> {
    let folder = data.join("ledger");
    let path = folder.join(format!("{region}.key"));
    if !path.exists() {
        let name = format!("dossier.invalid/ledger/{region}");
        let key = make(&name, Kind::Log)?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        store(&path, &key).with_context(|| format!("making {}", path.display()))?;
    }
    let key = read(&path)?;
    fs::write(folder.join(format!("{region}.vkey")), format!("{}\n", key.verifier()))?;
    Ok(key)
}

/// A new key.
///
/// # Errors
/// When the name cannot name a key, or there is no chance to draw from.
pub fn make(name: &str, kind: Kind) -> Result<SignerKey> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| anyhow!("no random numbers: {error}"))?;
    Ok(SignerKey::from_seed(name, kind, &seed)?)
}

/// Stores a private key that is not there yet. Two processes may be first at
/// the same time: whoever links the name wins.
///
/// # Errors
/// When it cannot be written.
fn store(path: &Path, key: &SignerKey) -> Result<()> {
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    writeln!(file, "{}", key.to_text())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
