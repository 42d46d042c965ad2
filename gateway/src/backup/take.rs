//! Takes a copy of the tables into a folder.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use chart::Environment;
use chart::table::{Item, Key};
use store::definition::TableKind;

use super::manifest::{FILE, Manifest};
use super::marker;
use super::segment::Writer;
use super::source::Source;
use super::sum::Sum;
use crate::limits;
use crate::record::System;

/// A copy of what `source` holds. Gives its manifest and that one's digest.
///
/// Of files it is their state at one instant, whoever writes meanwhile. A table
/// service has no such thing: there the tables are read twice, and the copy is of
/// the moment between both readings when nothing changed from the first to the
/// second; when something did, both begin again, a few times.
///
/// # Errors
/// When the folder holds something, the store cannot be read, or somebody writes
/// to the table service all the time.
pub async fn take(source: &mut Source, folder: &Path) -> Result<(Manifest, String)> {
    prepare(folder)?;
    for _ in 0..limits::BACKUP_ROUNDS_MAX {
        let began_ms = System.now_ms();
        let mut writer = Writer::new(folder);
        let mut sums: Vec<Sum> = Vec::new();
        for kind in TableKind::ALL {
            source.each(kind, |page| added(&mut writer, kind, page)).await?;
            sums.push(writer.end_table()?);
        }
        let (at_ms, point) = match source {
            Source::Snapshot(_) => (began_ms, "snapshot"),
            Source::Service(_) => {
                let between_ms = System.now_ms();
                if !same(source, &sums).await? {
                    clear(folder)?;
                    continue;
                }
                (between_ms, "unchanged")
            }
        };
        let [record, access] = sums.as_slice() else { bail!("a table is missing") };
        let sums = [record.written(), access.written()];
        let taken_at = fhir::resource::instant(at_ms);
        let manifest = Manifest::new(taken_at, point, sums, writer.segments);
        let digest = manifest.write(folder)?;
        return Ok((manifest, digest));
    }
    bail!(
        "the tables change while they are read, so that no copy would be of one moment: restore \
         them to a second of their point-in-time recovery under other names, and copy those with \
         --table-prefix"
    )
}

fn added(writer: &mut Writer, kind: TableKind, page: &[(Key, Item)]) -> Result<bool> {
    if page.iter().any(|(key, _)| *key == marker()) {
        bail!("a copy is being put back into these tables; let that end first");
    }
    writer.add(kind, page).map(|()| true)
}

async fn same(source: &mut Source, sums: &[Sum]) -> Result<bool> {
    for (kind, sum) in TableKind::ALL.into_iter().zip(sums) {
        if !source.sum(kind, None).await?.written().agrees(&sum.written()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A new folder, or one where a copy was begun and not finished.
fn prepare(folder: &Path) -> Result<()> {
    if folder.join(FILE).exists() {
        bail!("{} holds a copy already; choose another folder", folder.display());
    }
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("making {}", folder.display()))?;
    clear(folder)?;
    if fs::read_dir(folder)?.next().is_some() {
        bail!("{} holds other files; choose a folder that is empty", folder.display());
    }
    Ok(())
}

/// Removes segments that no manifest tells of.
fn clear(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let ours = TableKind::ALL.iter().any(|kind| {
            name.strip_prefix(kind.base_name()).is_some_and(|rest| rest.starts_with('-'))
        });
        if (ours && name.ends_with(".segment")) || name == "manifest.draft" {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
