//! `dossier report`: how the pilot fared, from the figures that the gateways keep.

use std::path::PathBuf;

use ::report::write::{Format, write};
use ::report::{Audience, Objectives};
use anyhow::{Context, Result, anyhow, bail};
use chart::Environment;
use clap::Args;
use fhir::outcome::Language;

use crate::cli::Places;
use crate::pilot::{self, page, records};
use crate::record::{self, Choice, GroundChoice, System};

/// Which objectives.
#[derive(Args, Clone, Debug)]
pub struct Held {
    /// File of the objectives that figures are held against [default: those of
    /// infra/objectives.toml, as built in]
    #[arg(long = "objectives", value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Held {
    /// Reads them.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read(&self) -> Result<Objectives> {
        let Some(file) = &self.file else {
            return Objectives::shipped().map_err(|why| anyhow!(why));
        };
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("reading the objectives in {}", file.display()))?;
        Objectives::read(&text).map_err(|why| anyhow!("{}: {why}", file.display()))
    }
}

/// Options of `dossier report`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    places: Places,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    objectives: Held,
    /// First day, or instant [default: 30 days before the last]
    #[arg(long, value_name = "2026-11-01")]
    from: Option<String>,
    /// Last day, or instant [default: now]
    #[arg(long, value_name = "2026-11-30")]
    to: Option<String>,
    /// Form
    #[arg(long, value_name = "FORM", default_value = "md", value_parser = ["html", "json", "md"])]
    format: String,
    /// Language
    #[arg(long, value_name = "LANGUAGE", default_value = "fr", value_parser = ["fr", "en"])]
    lang: String,
    /// Only this region; may be repeated
    #[arg(long = "region", value_name = "CODE")]
    regions: Vec<String>,
    #[command(flatten)]
    ground: GroundChoice,
    /// As the public is shown it: emergencies rounded
    #[arg(long)]
    public: bool,
}

/// Prints it.
///
/// # Errors
/// When the period is none, or the store cannot be read.
pub async fn run(options: Options) -> Result<()> {
    let objectives = options.objectives.read()?;
    let directory = record::directory(&options.places.regions)?;
    let ground = options.ground.ground(&options.places.regions)?;
    for code in &options.regions {
        if directory.region(code).is_none() {
            bail!("there is no region {code} in the region files");
        }
    }
    let period = page::period(options.from.as_deref(), options.to.as_deref(), System.now_ms());
    let Ok(period) = period else {
        bail!("--from and --to are days such as 2026-11-01, or instants, at most 400 days apart");
    };
    let data = &options.places.data;
    let [_, access] = ground.tables(data, &options.choice).await?;
    let mut input = pilot::input(&access, &directory, period, ground.code()).await?;
    if !options.regions.is_empty() {
        input.regions.retain(|(place, _)| options.regions.contains(&place.code));
    }
    // What commands left here and no gateway has taken in yet.
    input.records.extend(records::read(&records::folder(&ground.data(data))));
    let audience = if options.public { Audience::Public } else { Audience::Operators };
    let report = pilot::finished(input, &objectives, audience);
    let format = Format::named(&options.format).unwrap_or(Format::Markdown);
    let language = if options.lang == "en" { Language::English } else { Language::French };
    print!("{}", write(&report, format, language));
    Ok(())
}
