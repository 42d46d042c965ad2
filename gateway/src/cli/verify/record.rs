//! Whether logs and record agree, from an export.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use access::ledger::agreement::Agreement;
use anyhow::{Context, Result, anyhow, bail};
use ledger::check;
use ledger::checkpoint::Policy;
use ledger::leaf::Opening;

use super::files::Opened;
use crate::cli::ledger::{ENTRIES, Exported, LATER, VERSIONS, Version};

/// Checks the folder that `dossier ledger export` wrote. Gives the size of each
/// region's log, by code.
///
/// # Errors
/// What does not agree, or cannot be read.
pub fn verify(folder: &Path, policy: &Policy) -> Result<BTreeMap<String, u64>> {
    let mut versions = BTreeSet::new();
    for line in lines(&folder.join(VERSIONS))? {
        let Version(resource_type, id, version) = serde_json::from_str(&line?)?;
        versions.insert((resource_type, id, version));
    }
    let held = versions.len();
    let mut waiting = 0;
    for region in std::fs::read_dir(folder)? {
        let later = region?.path().join(LATER);
        if !later.exists() {
            continue;
        }
        for line in lines(&later)? {
            let Version(resource_type, id, version) = serde_json::from_str(&line?)?;
            // Its entry is accepted, and not in the log yet.
            waiting += u64::from(versions.remove(&(resource_type, id, version)));
        }
    }
    let mut agreement = Agreement::new(versions);
    let (mut logs, mut entries) = (0, 0_u64);
    let mut sizes = BTreeMap::new();
    for region in std::fs::read_dir(folder)? {
        let region = region?.path();
        if !region.is_dir() {
            continue;
        }
        logs += 1;
        let source = Opened::Folder(region.clone());
        let believed =
            super::head(&source, policy).with_context(|| region.display().to_string())?;
        super::told(&believed);
        let head = &believed.checkpoint;
        let code = region.file_name().map(|name| name.to_string_lossy().into_owned());
        sizes.insert(code.unwrap_or_default(), head.size);
        let faults = check::whole(&source, head);
        if !faults.is_none() {
            bail!("{}: the log is not whole:\n{faults}", region.display());
        }
        let leaves = match head.size {
            0 => Vec::new(),
            size => check::range(&source, head, 0, size).map_err(|why| anyhow!(why))?,
        };
        agreement.log(leaves);
        for line in lines(&region.join(ENTRIES))? {
            entries += 1;
            let exported: Exported = serde_json::from_str(&line?)?;
            let opening = exported.opening().context("an exported entry is damaged")?;
            agreement.entry(exported.leaf, &opening);
        }
    }
    let faults = agreement.faults();
    if !faults.is_none() {
        bail!("log and record do not agree:\n{faults}");
    }
    println!("{logs} logs, {entries} entries and {held} versions of the record agree");
    if waiting > 0 {
        println!("{waiting} of the versions have entries that no checkpoint covers yet");
    }
    Ok(sizes)
}

fn lines(path: &Path) -> Result<impl Iterator<Item = std::io::Result<String>>> {
    let file = File::open(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(BufReader::new(file).lines())
}

impl Exported {
    fn opening(&self) -> Option<Opening> {
        let hex = |text: &str| -> Option<Vec<u8>> {
            let digits = text.as_bytes().chunks(2).map(|pair| {
                let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?;
                u8::from_str_radix(pair, 16).ok()
            });
            digits.collect()
        };
        let salt = hex(&self.salt)?.try_into().ok()?;
        Some(Opening { salt, entry: hex(&self.entry)? })
    }
}
