//! `dossier demo`: synthetic people, into a folder or through a region's door.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use demo::People;

use crate::cli::load::{Phase, Piece, Place, Sorting, Through};

/// Options of `dossier demo`.
#[derive(Args)]
pub struct Options {
    /// How many people, at least; families are never split
    #[arg(long, value_name = "N", default_value_t = 100)]
    people: u64,
    /// Other people for another seed, the same for the same
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Write the bundles to this folder instead of loading them
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    #[command(flatten)]
    through: Through,
}

/// Makes them.
///
/// # Errors
/// When a file cannot be written, or what keeps a load from beginning.
pub async fn run(options: Options) -> Result<()> {
    let people = People::new(options.seed, options.people);
    if let Some(folder) = &options.out {
        return write(folder, people);
    }
    let registry = Phase { source: Box::new(bundle(demo::registry(), "the registry")), at_once: 1 };
    let seed = options.seed;
    let families = people.enumerate().flat_map(move |(index, family)| {
        let name = format!("seed {seed}, family {index}");
        bundle(family, &name)
    });
    let families = Phase { source: Box::new(families), at_once: options.through.at_once() };
    options.through.load(vec![registry, families], options.people).await
}

/// A bundle as pieces; its weight is its people.
fn bundle(bundle: demo::Bundle, name: &str) -> std::vec::IntoIter<Piece> {
    let mut pieces = Vec::new();
    Sorting::new(name.into()).take(bundle.text.into_bytes(), Place::Whole, &mut pieces);
    if let Some(Piece::Parcel(parcel)) = pieces.last_mut() {
        parcel.weight = bundle.patients as u64;
    }
    pieces.into_iter()
}

/// `registry.json`, and a file for each family.
fn write(folder: &Path, people: People) -> Result<()> {
    let put = |name: String, bundle: &demo::Bundle| {
        let path = folder.join(name);
        fs::write(&path, &bundle.text).with_context(|| format!("writing {}", path.display()))
    };
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    put("registry.json".to_owned(), &demo::registry())?;
    let (mut families, mut patients, mut entries) = (0_usize, 0, 0);
    for family in people {
        put(format!("{families:04}.json"), &family)?;
        families += 1;
        patients += family.patients;
        entries += family.entries;
    }
    eprintln!("{families} families, {patients} people, {entries} resources");
    Ok(())
}
