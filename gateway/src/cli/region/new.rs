//! `dossier region new`.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use regions::{Draft, DraftEstablishment, Link};

use super::{derived, infra};
use crate::cli::Places;
use crate::ledger::keys;
use crate::peers;
use crate::record::{self, Ground};

/// Options of `dossier region new`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    places: Places,
    /// Health region code, two digits
    #[arg(value_name = "CODE")]
    code: String,
    /// French name
    #[arg(long, value_name = "NAME")]
    name_fr: String,
    /// English name [default: the French one]
    #[arg(long, value_name = "NAME")]
    name_en: Option<String>,
    /// Establishment: its id, which tokens carry, its name, kind and municipality,
    /// and its English name if it has one; may be repeated, the main one first
    #[arg(long = "establishment", required = true, value_parser = establishment,
          value_name = "ID=NAME|KIND|MUNICIPALITY[|ENGLISH NAME]")]
    establishments: Vec<DraftEstablishment>,
    /// Day on which it is to open, such as 2027-09-01; indicative
    #[arg(long, value_name = "DAY")]
    opens: String,
    /// Region next to it, which must name it in turn; may be repeated [default:
    /// every region whose file names it]
    #[arg(long = "neighbour", value_name = "CODE")]
    neighbours: Vec<String>,
    /// Base address of its FHIR interface [default: port 84CODE of this machine]
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Port of health and metrics [default: 94CODE]
    #[arg(long, value_name = "PORT")]
    admin_port: Option<u16>,
    /// Where other gateways reach it [default: port 74CODE of this machine]
    #[arg(long, value_name = "HOST:PORT")]
    peer: Option<String>,
    /// IANA name of its time zone
    #[arg(long, value_name = "ZONE", default_value = "America/Toronto")]
    time_zone: String,
    /// Its line to the centre
    #[arg(long, value_name = "LINK", default_value = "fibre", value_parser = ["fibre", "satellite"])]
    link: String,
    /// Folder for the keys of its two ledgers [default: ledger under --data]
    #[arg(long, value_name = "DIR")]
    log_keys: Option<PathBuf>,
    /// What the names of its ledgers begin with
    #[arg(long, value_name = "DOMAIN", default_value = "dossier.invalid")]
    log_name: String,
    /// Folder of the keys by which gateways know each other [default: peers under
    /// --data]
    #[arg(long, value_name = "DIR")]
    peer_keys: Option<PathBuf>,
}

fn establishment(text: &str) -> Result<DraftEstablishment, String> {
    let wrong = "write it as ID=NAME|KIND|MUNICIPALITY, with |ENGLISH NAME if there is one";
    let (id, rest) = text.split_once('=').ok_or(wrong)?;
    let parts: Vec<&str> = rest.split('|').map(str::trim).collect();
    let (name, kind, municipality, english) = match parts.as_slice() {
        [name, kind, municipality] => (*name, *kind, *municipality, *name),
        [name, kind, municipality, english] => (*name, *kind, *municipality, *english),
        _ => return Err(wrong.to_owned()),
    };
    if [id, name, kind, municipality, english].iter().any(|part| part.is_empty()) {
        return Err(wrong.to_owned());
    }
    Ok(DraftEstablishment {
        id: id.to_owned(),
        name_fr: name.to_owned(),
        name_en: english.to_owned(),
        kind: kind.to_owned(),
        municipality: municipality.to_owned(),
    })
}

/// Does it, and says what to do next.
///
/// # Errors
/// What of it is there already, or would not be in order.
pub fn run(options: &Options) -> Result<()> {
    let code = &options.code;
    let mut files = record::region_files(&options.places.regions)?;
    let path = options.places.regions.join(format!("{code}.toml"));
    if path.exists() {
        bail!(
            "{} is there already, and nothing is overwritten: change it by hand, and its phase \
             with dossier region phase {code}",
            path.display()
        );
    }
    let text = draft(options, &files)?.to_text();
    files.push((path.display().to_string(), text.clone()));
    let directory = record::directory_of(&files).map_err(|faults| {
        anyhow!("the region would not be in order:\n  {}", faults.join("\n  "))
    })?;
    let region = directory.region(code).context("the draft bears another code")?;
    let derived = derived::files(&infra(&options.places.regions), region);
    // Looked at before anything is written, so that a mistake leaves nothing.
    for (path, text) in &derived {
        if fs::read_to_string(path).is_ok_and(|held| held != *text) {
            bail!("{} is there already and says something else: remove it", path.display());
        }
    }
    for (path, text) in &derived {
        made(path, write(path, text)?);
    }
    let log_keys = options.log_keys.clone().unwrap_or_else(|| options.places.data.join("ledger"));
    for ground in [Ground::Rehearsal(code.clone()), Ground::Central] {
        let log = format!("{}/{}/{code}", options.log_name, ground.ledger());
        let (_, new) = keys::ensure(&log_keys, &log, code, &ground)?;
        made(&log_keys.join(keys::file(code, &ground)), new);
    }
    let peer_keys = options.peer_keys.clone().unwrap_or_else(|| options.places.data.join("peers"));
    for file in peers::make(&peer_keys, std::slice::from_ref(code))? {
        made(&peer_keys.join(file), true);
    }
    // Last: it is what makes the region one.
    made(&path, write(&path, &text)?);
    next(options);
    Ok(())
}

fn draft(options: &Options, files: &[(String, String)]) -> Result<Draft> {
    let code = &options.code;
    let number: u16 = code.parse().ok().filter(|_| code.len() == 2).with_context(|| {
        format!("`{code}` is not a health region code; write two digits from 01 to 18")
    })?;
    let neighbours = match options.neighbours.as_slice() {
        [] => files.iter().filter_map(|(_, text)| names(text, code)).collect(),
        given => given.to_vec(),
    };
    Ok(Draft {
        code: code.clone(),
        name_fr: options.name_fr.clone(),
        name_en: options.name_en.clone().unwrap_or_else(|| options.name_fr.clone()),
        opens: options.opens.clone(),
        endpoint: options
            .endpoint
            .clone()
            .unwrap_or_else(|| format!("http://127.0.0.1:{}/fhir", 8_400 + number)),
        admin_port: options.admin_port.unwrap_or(9_400 + number),
        peer: options.peer.clone().unwrap_or_else(|| format!("127.0.0.1:{}", 7_400 + number)),
        time_zone: options.time_zone.clone(),
        link: Link::from_word(&options.link).context("the link is fibre or satellite")?,
        neighbours,
        establishments: options.establishments.clone(),
    })
}

/// The code of a region whose file names `code` as its neighbour. Read by itself:
/// the files are not in order while they name a region that is not there.
fn names(text: &str, code: &str) -> Option<String> {
    regions::neighbours_of(text)
        .and_then(|(own, neighbours)| neighbours.iter().any(|held| held == code).then_some(own))
}

/// Writes a file that is not there; whether it was not.
fn write(path: &Path, text: &str) -> Result<bool> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    let written = OpenOptions::new().write(true).create_new(true).open(path);
    let written = written.and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error).with_context(|| format!("writing {}", path.display())),
    }
}

fn made(path: &Path, new: bool) {
    println!("{} {}", if new { "made" } else { "kept" }, path.display());
}

fn next(options: &Options) {
    let code = &options.code;
    println!(
        "\nRegion {code} is planned. What comes next (docs/regions.md, \"Opening a region\"):\n  \
         dossier tables create --rehearsal {code}\n  \
         dossier region phase {code} rehearsal --dry-run\n  \
         dossier region phase {code} rehearsal\n  \
         dossier up --region {code}"
    );
}
