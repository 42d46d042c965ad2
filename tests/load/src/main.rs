//! `dossier-load`: the same load on any FHIR server. Loads charts, then asks
//! for one case after another at a number of connections, checks the answers,
//! and prints what it cost.

mod cases;
mod client;
mod corpus;
mod gateway;
mod machine;
mod measure;
mod options;
mod overload;
mod report;

use std::rc::Rc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use serde_json::Value;
use tokio::task::LocalSet;

use crate::cases::Case;
use crate::client::Server;
use crate::gateway::{Gateway, Mode};
use crate::machine::{Machine, Process, bytes_below};
use crate::options::Options;
use crate::report::Run;

fn main() -> Result<()> {
    let options = Options::read(std::env::args().skip(1))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, measure_all(&options))
}

async fn measure_all(options: &Options) -> Result<()> {
    let bundles = corpus::read(&options.bundles)?;
    let machine = Machine::this();
    println!(
        "{} · {} cores · {} GB · Linux {}\n{} connections, {:.1} s per case, every answer checked",
        machine.processor,
        machine.cores,
        machine.memory_bytes / 1_000_000_000,
        machine.kernel,
        options.connections,
        options.lasting.as_secs_f64()
    );
    if options.mode == "overload" {
        println!("overload: {}", options.gateway.display());
        return overload::run(options, &bundles).await;
    }
    let runs = match &options.base {
        Some(base) => foreign(options, base, &bundles).await?,
        None => own(options, &bundles).await?,
    };
    if let Some(path) = &options.json {
        let seconds = options.lasting.as_secs_f64();
        let told = report::to_json(&machine, options.connections, seconds, &runs);
        std::fs::write(path, format!("{told:#}\n"))?;
    }
    let wrong: u64 = runs.iter().flat_map(|run| &run.cases).map(|case| case.wrong).sum();
    anyhow::ensure!(wrong == 0, "{wrong} answers were wrong");
    Ok(())
}

/// A server that runs already.
async fn foreign(options: &Options, base: &str, bundles: &[(Value, Bytes)]) -> Result<Vec<Run>> {
    let server = Server::at(base, &options.headers)?;
    let process = Process { id: options.process, metrics: None };
    let runs = measured(options, &server, &process, bundles, base.to_owned(), None).await?;
    runs.iter().for_each(report::print);
    Ok(runs)
}

/// The gateway, in each mode that it has.
async fn own(options: &Options, bundles: &[(Value, Bytes)]) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    for mode in [Mode::Fresh, Mode::Reuse, Mode::Native] {
        if !mode.name().contains(&options.mode) {
            continue;
        }
        if !Gateway::has(&options.gateway, mode)? {
            println!("\n{}: this gateway has no such mode", mode.name());
            continue;
        }
        let gateway = Gateway::start(&options.gateway, &options.data, mode).await?;
        let server = Server::at(&gateway.base(), &[gateway.authorization("system")?])?;
        let process = gateway.process()?;
        let title = mode.name().to_owned();
        let mut measured =
            measured(options, &server, &process, bundles, title, Some(&gateway)).await?;
        let ms = |taken: Duration| u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
        if let Some(first) = measured.first_mut() {
            first.start_ms = Some((ms(gateway.cold_start), ms(gateway.warm_start)));
        }
        measured.iter().for_each(report::print);
        runs.extend(measured);
    }
    Ok(runs)
}

/// Loads the bundles and runs the cases; for each number of `--growth` again
/// those that concern one person, once so many others are there.
async fn measured(
    options: &Options,
    server: &Rc<Server>,
    process: &Process,
    bundles: &[(Value, Bytes)],
    title: String,
    gateway: Option<&Gateway>,
) -> Result<Vec<Run>> {
    let data = gateway.map(|_| options.data.as_path());
    let bytes_before = data.map(bytes_below);
    let used_before = process.usage();
    let corpus = Rc::new(corpus::load(server, bundles).await?);
    let count = corpus.resources.max(1);
    let memory_loaded = process.memory().map(|(now, _)| now);
    let used = process.usage().zip(used_before).map(|(after, before)| after.saturating_sub(before));
    let grown =
        data.map(bytes_below).zip(bytes_before).map(|(after, before)| after.saturating_sub(before));
    let owned = Rc::new(measure::prepare(server, &corpus, options.connections).await?);
    let asked = |case: &Case| case.name.contains(&options.case);
    let mut cases = Vec::new();
    for case in cases::CASES.iter().filter(|case| asked(case)) {
        cases.push(measure::run(server, case, &corpus, &owned, options.lasting, process).await?);
    }
    let mut runs = vec![Run {
        title: title.clone(),
        large_resources: corpus.large_resources,
        loaded: Some(report::Loaded {
            resources: corpus.resources,
            rate: count as f64 / corpus.taken.as_secs_f64(),
            cpu_us: used.map(|used| used.as_secs_f64() * 1e6 / count as f64),
            bytes: grown.map(|grown| grown / u64::try_from(count).unwrap_or(1)),
        }),
        start_ms: None,
        memory_loaded,
        memory: process.memory(),
        cases,
    }];
    for people in &options.growth {
        let gateway = gateway.context("--growth is for a gateway that the bench starts")?;
        gateway.people(*people)?;
        let mut cases = Vec::new();
        let of_one = |case: &&Case| cases::OF_ONE.contains(&case.name) && asked(case);
        for case in cases::CASES.iter().filter(of_one) {
            let measured =
                measure::run(server, case, &corpus, &owned, options.lasting, process).await?;
            cases.push(measured);
        }
        runs.push(Run {
            title: format!("{title}, among {people} other people"),
            large_resources: corpus.large_resources,
            loaded: None,
            start_ms: None,
            memory_loaded: None,
            memory: process.memory(),
            cases,
        });
    }
    Ok(runs)
}
