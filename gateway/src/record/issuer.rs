//! The development issuer: its key lives under the data folder, readable by
//! this user only, and is made on first use. A live region is told its
//! issuers with `--issuers` and never trusts this one.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use access::token::SigningIssuer;
use anyhow::{Context, Result, anyhow};

/// The issuer's name in its tokens; reserved, so that it is nobody's.
const URL: &str = "https://issuer.dossier.invalid/development";

/// Whom the tokens that are signed here are for.
pub const AUDIENCE: &str = "dossier";

/// The issuer of this data folder.
///
/// # Errors
/// When its key can be neither read nor made.
pub fn open(data: &Path) -> Result<SigningIssuer> {
    let folder = data.join("issuer");
    let path = folder.join("private.jwk");
    match fs::read_to_string(&path) {
        Ok(jwk) => read(&path, &jwk),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            make(&folder, &path).with_context(|| format!("making {}", path.display()))
        }
        Err(error) => Err(error).with_context(|| format!("reading {}", path.display())),
    }
}

fn read(path: &Path, jwk: &str) -> Result<SigningIssuer> {
    SigningIssuer::from_private_jwk(URL, AUDIENCE, jwk)
        .with_context(|| format!("{} is damaged; remove it to have a new one made", path.display()))
}

fn make(folder: &Path, path: &Path) -> Result<SigningIssuer> {
    let mut random = Ok(());
    let made = SigningIssuer::create(URL, AUDIENCE, |bytes| {
        random = random.and(getrandom::fill(bytes));
    });
    // First, since without chance no key can be made.
    random.map_err(|error| anyhow!("no random numbers: {error}"))?;
    let issuer = made?;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    // Two processes may be first at the same time: whoever links the name
    // wins, and the other reads what is there.
    let draft = folder.join(format!("{}.draft", std::process::id()));
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(issuer.private_jwk().as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Ok(()) => Ok(issuer),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            read(path, &fs::read_to_string(path)?)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
