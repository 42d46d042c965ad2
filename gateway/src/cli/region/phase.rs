//! `dossier region phase`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use chart::Environment;
use clap::Args;
use regions::{Directory, Item, Move, Phase, Region, with_phase};

use super::checklist::{Finding, State, Subject};
use super::entry::Told;
use super::{derived, infra};
use crate::cli::{Places, operator, replace, report};
use crate::limits::REASON_CHARS_MAX;
use crate::record::{self, Choice, System};

/// Options of `dossier region phase`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    places: Places,
    #[command(flatten)]
    choice: Choice,
    #[command(flatten)]
    objectives: report::Held,
    /// Region to move, by its code
    #[arg(value_name = "CODE")]
    code: String,
    /// Phase to move it to: planned, rehearsal, live or paused
    #[arg(value_name = "PHASE", value_parser = phase)]
    phase: Phase,
    /// Measure and say what was found; move nothing
    #[arg(long)]
    dry_run: bool,
    /// Answer for an item that does not hold, with the reason, which is recorded;
    /// may be repeated. Files, tables and keys cannot be answered for
    #[arg(long = "accept", value_name = "ITEM=REASON", value_parser = accepted)]
    accepted: Vec<(Item, String)>,
    #[command(flatten)]
    by: operator::By,
    /// Where its door is [default: the endpoint of its file]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Folder of the keys of its ledgers [default: ledger under --data]
    #[arg(long, value_name = "DIR")]
    log_keys: Option<PathBuf>,
    /// Folder of the keys by which gateways know each other [default: peers under
    /// --data]
    #[arg(long, value_name = "DIR")]
    peer_keys: Option<PathBuf>,
}

fn phase(word: &str) -> Result<Phase, String> {
    Phase::from_word(word).ok_or_else(|| "write planned, rehearsal, live or paused".to_owned())
}

fn accepted(text: &str) -> Result<(Item, String), String> {
    let (word, reason) = text.split_once('=').ok_or("write it as ITEM=REASON")?;
    let item = Item::from_word(word).ok_or_else(|| {
        let words = Item::ALL.map(Item::word).join(", ");
        format!("there is no item {word}; the items are {words}")
    })?;
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
        return Err(format!("give a reason of 1 to {REASON_CHARS_MAX} letters: it is recorded"));
    }
    if !item.may_be_accepted() {
        return Err(format!("{word} must hold: without it nothing would be served"));
    }
    Ok((item, reason.to_owned()))
}

/// Moves it.
///
/// # Errors
/// There is no such move, something does not hold, or it could not be written.
pub async fn run(options: &Options) -> Result<()> {
    let code = &options.code;
    let mut files = record::region_files(&options.places.regions)?;
    let directory = record::directory(&options.places.regions)?;
    let region = directory
        .region(code)
        .with_context(|| format!("there is no region {code} in the region files"))?;
    let step = Move::new(region.phase, options.phase)?;
    let name = format!("{code}.toml");
    let path = options.places.regions.join(&name);
    let held = files.iter_mut().find(|(held, _)| *held == path.display().to_string());
    let (_, text) = held.with_context(|| format!("there is no file {}", path.display()))?;
    let now_ms = System.now_ms();
    let day = fhir::resource::instant(now_ms);
    let changed = with_phase(text, step.to(), day.get(..10).unwrap_or_default());
    let changed = changed.map_err(|why| anyhow::anyhow!("{}: {why}", path.display()))?;
    let before = std::mem::replace(text, changed.clone());
    let findings = measured(options, &directory, region, (step, &files, now_ms)).await?;
    print(region, step, &findings);
    let failing = findings.iter().filter(|one| matches!(one.state, State::Fails(_))).count();
    if failing > 0 {
        bail!("region {code} stays {}: {failing} of what must hold does not", step.from().word());
    }
    if options.dry_run {
        println!("nothing was moved, since this is a dry run");
        return Ok(());
    }
    let by = options.by.name();
    let told = Told { code, step, findings: &findings, by: &by, done: true };
    let entries = journaled(options, &told, region).await?;
    let written = unchanged(&path, &before).and_then(|()| replace(&path, &changed));
    if let Err(error) = written {
        // The journal says what is, not what was meant.
        let undone = Told { done: false, ..told };
        journaled(options, &undone, region).await?;
        return Err(error);
    }
    println!(
        "{}: phase {} since {}",
        path.display(),
        step.to().word(),
        day.get(..10).unwrap_or_default()
    );
    println!("recorded as {}", entries.join(" and "));
    refreshed(options, region)?;
    next(code, step);
    Ok(())
}

async fn measured(
    options: &Options,
    directory: &Directory,
    region: &Region,
    (step, files, now_ms): (Move, &[(String, String)], i64),
) -> Result<Vec<Finding>> {
    let data = &options.places.data;
    let origin = options.url.clone().or_else(|| region.endpoint.clone());
    let origin = origin.map(|url| {
        let url = url.trim_end_matches('/');
        url.strip_suffix("/fhir").unwrap_or(url).to_owned()
    });
    let subject = Subject {
        step,
        region,
        directory,
        files,
        data,
        choice: &options.choice,
        objectives: &options.objectives.read()?,
        log_keys: options.log_keys.clone().unwrap_or_else(|| data.join("ledger")),
        peer_keys: options.peer_keys.clone().unwrap_or_else(|| data.join("peers")),
        origin,
        now_ms,
    };
    let mut accepted: BTreeMap<Item, String> = options.accepted.iter().cloned().collect();
    let mut findings = subject.findings().await;
    for finding in &mut findings {
        let reason = accepted.remove(&finding.item);
        if let (State::Fails(_), Some(reason)) = (&finding.state, reason) {
            finding.state = State::Accepted(reason);
        }
    }
    let unasked: Vec<&str> = accepted.keys().map(|item| item.word()).collect();
    ensure!(
        unasked.is_empty(),
        "{} is nothing that this move asks for; leave --accept out",
        unasked.join(", ")
    );
    Ok(findings)
}

fn print(region: &Region, step: Move, findings: &[Finding]) {
    let (from, to) = (step.from().word(), step.to().word());
    println!("region {} ({}): {from} -> {to}", region.code, region.name.fr);
    for Finding { item, state, told } in findings {
        let mark = if matches!(state, State::Holds) { '✓' } else { '✗' };
        println!("  {mark} {:<8} {told}", item.word());
        match state {
            State::Holds => {}
            State::Accepted(reason) => println!("    accepted: {reason}"),
            State::Fails(remedy) => println!("    -> {remedy}"),
        }
    }
}

/// In the journal of every ground that the move touches: the one that is left and
/// the one that begins.
async fn journaled(options: &Options, told: &Told<'_>, region: &Region) -> Result<Vec<String>> {
    use crate::record::Ground;
    let phases = [told.step.from(), told.step.to()];
    let mut grounds: Vec<Ground> = phases.map(|phase| Ground::in_phase(&region.code, phase)).into();
    grounds.dedup();
    let mut entries = Vec::new();
    for ground in grounds {
        let [_, access] = ground.tables(&options.places.data, &options.choice).await?;
        let id = told.journal(access).await?;
        entries.push(format!(
            "AuditEvent/{id}.0 of the {}",
            match ground {
                Ground::Central => "central record",
                Ground::Rehearsal(_) => "rehearsal",
            }
        ));
    }
    Ok(entries)
}

/// Whether the file still says what was measured.
fn unchanged(path: &std::path::Path, before: &str) -> Result<()> {
    let now =
        std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    ensure!(now == before, "{} was changed meanwhile; look, and ask again", path.display());
    Ok(())
}

/// What infrastructure is made of the region follows its phase, where it is as it
/// was made.
fn refreshed(options: &Options, before: &Region) -> Result<()> {
    let directory = record::directory(&options.places.regions)?;
    let region = directory.region(&before.code).context("the region is gone")?;
    let infra = infra(&options.places.regions);
    let olds = derived::files(&infra, before);
    for ((path, old), (_, new)) in olds.iter().zip(derived::files(&infra, region)) {
        match std::fs::read_to_string(path) {
            Ok(held) if held == new => {}
            Ok(held) if held == *old => {
                replace(path, &new)?;
                println!("{}: follows", path.display());
            }
            Ok(_) => println!("{}: changed by hand, left as it is", path.display()),
            Err(_) => println!("{}: missing; scripts/infrastructure makes it", path.display()),
        }
    }
    Ok(())
}

fn next(code: &str, step: Move) {
    println!("gateways that run take it in within five seconds, or at once on SIGHUP");
    if step.from() == Phase::Planned {
        println!("its own, when it does not run yet: dossier up --region {code}");
    }
}
