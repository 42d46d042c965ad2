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
mod report;

use std::rc::Rc;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use serde_json::Value;
use tokio::task::LocalSet;

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
    let runs = match &options.base {
        Some(base) => vec![foreign(options, base, &bundles).await?],
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
async fn foreign(options: &Options, base: &str, bundles: &[(Value, Bytes)]) -> Result<Run> {
    let server = Server::at(base, &options.headers)?;
    let process = Process { id: options.process, metrics: None };
    let run = measured(options, &server, &process, bundles, base.to_owned(), None).await?;
    report::print(&run);
    Ok(run)
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
        let data = Some(options.data.as_path());
        let mut run = measured(options, &server, &process, bundles, title, data).await?;
        let ms = |taken: Duration| u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
        run.start_ms = Some((ms(gateway.cold_start), ms(gateway.warm_start)));
        report::print(&run);
        runs.push(run);
    }
    Ok(runs)
}

async fn measured(
    options: &Options,
    server: &Rc<Server>,
    process: &Process,
    bundles: &[(Value, Bytes)],
    title: String,
    data: Option<&std::path::Path>,
) -> Result<Run> {
    let bytes_before = data.map(bytes_below);
    let used_before = process.usage();
    let corpus = Rc::new(corpus::load(server, bundles).await?);
    let count = corpus.resources.max(1);
    let memory_loaded = process.memory().map(|(now, _)| now);
    let used = process.usage().zip(used_before).map(|(after, before)| after.saturating_sub(before));
    let grown =
        data.map(bytes_below).zip(bytes_before).map(|(after, before)| after.saturating_sub(before));
    let owned = Rc::new(measure::prepare(server, &corpus, options.connections).await?);
    let mut cases = Vec::new();
    for case in cases::CASES.iter().filter(|case| case.name.contains(&options.case)) {
        cases.push(measure::run(server, case, &corpus, &owned, options.lasting, process).await?);
    }
    Ok(Run {
        title,
        loaded: corpus.resources,
        load_rate: count as f64 / corpus.taken.as_secs_f64(),
        load_cpu_us: used.map(|used| used.as_secs_f64() * 1e6 / count as f64),
        start_ms: None,
        memory_loaded,
        memory: process.memory(),
        stored_bytes: grown.map(|grown| grown / u64::try_from(count).unwrap_or(1)),
        cases,
    })
}
