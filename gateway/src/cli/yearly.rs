//! `dossier yearly`: the counts of a year's accesses, as CSV and as a page. Read
//! from the register, page by page, so that its length does not matter.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use fhir::outcome::Language;
use trace::yearly::{Counts, Period, html, markdown};

use crate::cli::register::Door;

/// Options of `dossier yearly`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    door: Door,
    /// The year, in the time zone of the region
    #[arg(long, value_name = "YEAR")]
    year: u16,
    /// Folder for accesses-YEAR-REGION.csv and the page; both are written anew
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// Language of the page
    #[arg(long, value_enum, default_value_t = Tongue::Fr)]
    language: Tongue,
    /// Form of the page
    #[arg(long, value_enum, default_value_t = Form::Md)]
    format: Form,
}

/// Languages of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Tongue {
    /// French
    Fr,
    /// English
    En,
}

/// Forms of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Markdown
    Md,
    /// HTML
    Html,
}

/// Counts, and writes.
///
/// # Errors
/// What keeps the counts from being whole, or the files from being written.
pub async fn run(options: Options) -> Result<()> {
    let year = format!("{:04}", options.year);
    let (from, to) = (format!("{year}-01-01"), format!("{year}-12-31"));
    let mut pages = options.door.pages(&from, &to)?;
    let mut counts = Counts::default();
    let mut counted = 0;
    while let Some(page) = pages.next().await? {
        counted += counts.add_page(&page)?;
    }
    if let Some(division) = counts.disagrees() {
        bail!("the sum of {division} is not the total; report this");
    }
    let directory = options.door.directory()?;
    let period =
        Period { from: &from, to: &to, region: Some(&options.door.region), directory: &directory };
    let (language, tag) = match options.language {
        Tongue::Fr => (Language::French, "fr"),
        Tongue::En => (Language::English, "en"),
    };
    let (page, ending) = match options.format {
        Form::Md => (markdown(&counts, &period, language), "md"),
        Form::Html => (html(&counts, &period, language), "html"),
    };
    fs::create_dir_all(&options.out)
        .with_context(|| format!("making {}", options.out.display()))?;
    let stem = format!("accesses-{year}-{}", options.door.region);
    for (name, text) in
        [(format!("{stem}.csv"), counts.to_csv()), (format!("{stem}-{tag}.{ending}"), page)]
    {
        let path = options.out.join(name);
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))?;
        println!("{}", path.display());
    }
    println!("{counted} accesses");
    Ok(())
}
