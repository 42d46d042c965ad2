//! The log keys of regions. In development each is made under the data folder
//! at the first start, readable by this user only; a live region is given its
//! own by `--log-keys`.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail};
use ledger::keys::{Kind, SignerKey};

use crate::record::Ground;

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

/// Name of the file of a region's private key.
pub fn file(region: &str, ground: &Ground) -> String {
    match ground {
        Ground::Central => format!("{region}.key"),
        Ground::Rehearsal(_) => format!("{region}.rehearsal.key"),
    }
}

/// A region's private key, whose name says whether the region rehearses by it:
/// what was signed for practice is never taken for the ledger.
///
/// # Errors
/// When the file is none, or the key of the other ledger.
pub fn of_region(path: &Path, ground: &Ground) -> Result<SignerKey> {
    let key = read(path)?;
    let practice = key.verifier().name().contains("/rehearsal/");
    if practice != ground.rehearses() {
        bail!(
            "{} is named {}: the key of a rehearsal has /rehearsal/ in its name, and no other has; \
             make one with dossier ledger key",
            path.display(),
            key.verifier().name()
        );
    }
    Ok(key)
}

/// The development key of a region; its public half lies beside it.
///
/// # Errors
/// When it can be neither read nor made.
pub fn development(data: &Path, region: &str, ground: &Ground) -> Result<SignerKey> {
    ensure(
        &data.join("ledger"),
        &format!("dossier.invalid/{}/{region}", ground.ledger()),
        region,
        ground,
    )
    .map(|(key, _)| key)
}

/// The key of a region in `folder`, made under `name` when it is missing; whether
/// it was. Its public half lies beside it.
///
/// # Errors
/// When it can be neither read nor made.
pub fn ensure(
    folder: &Path,
    name: &str,
    region: &str,
    ground: &Ground,
) -> Result<(SignerKey, bool)> {
    let path = folder.join(file(region, ground));
    let missing = !path.exists();
    if missing {
        let key = make(name, Kind::Log)?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        store(&path, &key).with_context(|| format!("making {}", path.display()))?;
    }
    let key = of_region(&path, ground)?;
    fs::write(path.with_extension("vkey"), format!("{}\n", key.verifier()))?;
    Ok((key, missing))
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
