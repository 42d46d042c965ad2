//! `dossier up`: the doors of one region or several, over one record.

mod doors;
mod follow;
mod footing;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ::report::slice::Event;
use anyhow::{Context, Result, bail};
use clap::Args;
use doors::{Doors, every_door, upgrader};
use follow::{Follow, Seat};
use footing::Standing;
use regions::Directory;
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::{Places, report};
use crate::control;
use crate::door::tls::Certificate;
use crate::door::{self, Workers};
use crate::functions::Functions;
use crate::log::Log;
use crate::manifest::Manifest;
use crate::peers::Peers;
use crate::pilot::Pilot;
use crate::record::{Central, Ground, Place};
use crate::region::{Doorway, Parts, Region, Tracing};
use crate::{keys, ledger, limits, otlp, peers, record};

/// Options of `dossier up`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    pub places: Places,
    /// Region to serve, by its code; may be repeated [default: every live one]
    #[arg(long = "region", value_name = "CODE")]
    regions: Vec<String>,
    /// Ports of the doors [default: those of the region files]
    #[arg(long, value_name = "06=8406,04=8404", value_delimiter = ',', value_parser = port)]
    ports: Vec<(String, u16)>,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,
    /// Speak TLS: `dev`, or the files `chain.pem,key.pem`
    #[arg(long, value_name = "dev|CHAIN,KEY")]
    tls: Option<Certificate>,
    /// Requests of one caller that an instance may answer; 1 makes a fresh one
    /// for each
    #[arg(long, value_name = "N", default_value_t = 1)]
    reuse: u32,
    /// Run the functions without their sandbox, for the bench only: nothing is
    /// isolated, never in production
    #[arg(long, conflicts_with = "reuse")]
    native: bool,
    /// Threads that answer [default: one per core]
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
    /// Take the doors of the gateway that has them now, over the same --data,
    /// once this one is open: nobody is turned away between the two
    #[arg(long)]
    take_over: bool,
    /// Where the record is
    #[command(flatten)]
    store: record::Choice,
    /// Whose tokens are trusted, and who is given some
    #[command(flatten)]
    tokens: record::Tokens,
    /// In whose name the store is asked
    #[command(flatten)]
    acting: record::roles::Choice,
    /// What keeps the ledgers
    #[command(flatten)]
    ledger: ledger::Choice,
    /// Where metrics and traces go besides
    #[command(flatten)]
    otlp: otlp::Choice,
    /// What the figures of the pilot are held against
    #[command(flatten)]
    objectives: report::Held,
    /// The gateways of other regions
    #[command(flatten)]
    peers: peers::Choice,
}

/// A region's two addresses.
struct Addresses {
    code: String,
    door: SocketAddr,
    admin: SocketAddr,
}

/// Serves until SIGTERM or SIGINT, then lets what is inside finish.
///
/// # Errors
/// What keeps the doors from opening.
pub async fn run(options: Options) -> Result<()> {
    let directory = record::directory(&options.places.regions)?;
    let addresses = addresses(&options, &directory)?;
    let manifest = Manifest::read(&options.places.manifest)?;
    let log = Arc::new(Log::default());
    let writing = tokio::spawn(write_log(Arc::clone(&log)));
    let functions = functions(&manifest, &options, &log)?;
    let routes = Arc::new(manifest.routes);
    let fetch = keys::fetch(options.tokens.keys_authorities.clone());
    let trust = (options.tokens.read(&options.places)?, Arc::clone(&fetch));
    let (names, told) = (functions.names(), Arc::clone(&log));
    let acting = (&options.acting, names.as_slice());
    let central = Central::open(&options.places, &options.store, trust, acting, told).await?;
    let (published, every) = (central.published_keys(), options.tokens.every());
    // Before the doors open, so that the first caller is known.
    keys::refresh(&published, &fetch, every, &log).await;
    tokio::spawn(keys::keep(published, fetch, every, Arc::clone(&log)));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let count = options.workers.unwrap_or(cores);
    let workers = Arc::new(Workers::start(count)?);
    let tls = options.tls.as_ref();
    let tls = tls.map(|shown| shown.acceptor(&options.places.data.join("tls"))).transpose()?;
    let tracing = Tracing { sampling: options.otlp.sampling(), exporter: options.otlp.exporter()? };
    let before = match options.take_over {
        true => control::take_over(&options.places.data, &every_door(&addresses))?,
        false => None,
    };
    let mut opened = gateways(&options, &directory, &addresses, &log)?;
    let standing = Standing::new(central, &directory, &options, &log)?;
    let pilot = Arc::clone(&standing.pilot);
    let (mut doors, mut seats) = (Doors::default(), Vec::new());
    for place in &addresses {
        let (peers, gateways) = match opened.remove(&place.code) {
            Some(opened) => (opened.peers, opened.door),
            None => (Arc::new(Peers::none(&place.code)), None),
        };
        let known = Arc::clone(&peers);
        let away = Arc::new(move || known.away());
        let endpoints = endpoints(&options, &directory, place);
        let placed = Place { code: place.code.clone(), endpoints, away };
        let ground = Ground::of_code(&directory, &place.code);
        let (footing, behind) = standing.footing(&placed, &directory, ground).await?;
        let region = Region::new(Parts {
            code: place.code.clone(),
            routes: Arc::clone(&routes),
            functions: functions.clone(),
            footing,
            tracing: tracing.clone(),
            doors: addresses.len(),
            workers: count,
            peers,
            log: Arc::clone(&log),
            reuse: options.reuse,
            secure: tls.is_some(),
        });
        let doorway = Doorway::new(region);
        doors.open(place, &doorway, (tls.as_ref(), gateways), &workers)?;
        seats.push(Seat::new(placed, doorway, behind));
    }
    let watching = Watching::begin(&pilot, &tracing, &doors.doorways, &log);
    let upgrader = upgrader(&options, &functions, &routes, &doors, &log)?;
    let mut follow = Follow::new(&options.places.regions, directory, standing, seats)?;
    tokio::select! {
        stopped = doors.serve(before, upgrader, (&options, &workers, &log)) => stopped?,
        never = follow.keep() => never?,
    }
    log.event("closing", None);
    let whole = door::close(&doors.doorways, &workers).await;
    watching.end(&doors.doorways).await;
    follow.end().await;
    log.event(if whole { "closed" } else { "closed, some requests were cut off" }, None);
    writing.abort();
    log.flush(&mut std::io::stdout());
    Ok(())
}

/// What tells others how the doors fare.
struct Watching {
    pilot: Arc<Pilot>,
    exporter: Option<Arc<otlp::Exporter>>,
    began_ns: u64,
}

impl Watching {
    fn begin(
        pilot: &Arc<Pilot>,
        tracing: &Tracing,
        doorways: &[Arc<Doorway>],
        log: &Arc<Log>,
    ) -> Self {
        let began_ns = otlp::now_ns();
        let (pilot, exporter) = (Arc::clone(pilot), tracing.exporter.clone());
        tokio::spawn(Arc::clone(&pilot).keep(Arc::clone(log)));
        tokio::spawn(lag(doorways.to_vec()));
        if let Some(exporter) = exporter.clone() {
            tokio::spawn(exporter.keep(doorways.to_vec(), began_ns, Arc::clone(log)));
        }
        Self { pilot, exporter, began_ns }
    }

    /// What was counted and traced until now is not lost with the process. Who
    /// does not take it was told of in the log before.
    async fn end(self, doorways: &[Arc<Doorway>]) {
        self.pilot.flush().await;
        if let Some(exporter) = self.exporter {
            let _ = exporter.send(doorways, self.began_ns).await;
        }
    }
}

/// Counts how each ledger fares, as often as it is kept.
async fn lag(doorways: Vec<Arc<Doorway>>) {
    loop {
        tokio::time::sleep(Duration::from_millis(limits::LEDGER_MS)).await;
        for region in doorways.iter().map(|doorway| doorway.region()) {
            region.series.ledger(region.ledger.figures());
            for _ in 0..region.peers.changed() {
                region.series.event(Event::NeighbourChanged);
            }
        }
    }
}

/// The ways to and from other regions' gateways, by region.
fn gateways(
    options: &Options,
    directory: &Directory,
    addresses: &[Addresses],
    log: &Arc<Log>,
) -> Result<BTreeMap<String, peers::Opened>> {
    let chosen = |code: &str| options.ports.iter().any(|(held, _)| held == code);
    let served: Vec<peers::Served<'_>> = addresses
        .iter()
        .map(|place| (place.code.as_str(), chosen(&place.code), place.door.ip()))
        .collect();
    peers::open(&options.peers, &options.places.data, directory, &served, log)
}

fn functions(manifest: &Manifest, options: &Options, log: &Log) -> Result<Functions> {
    if options.native {
        log.event("no sandbox: for the bench only", None);
        return Functions::native(manifest);
    }
    Functions::sandboxed(manifest, &options.places.manifest, &options.places.data)
}

fn port(text: &str) -> Result<(String, u16), String> {
    let (code, port) = text.split_once('=').ok_or("write ports as 06=8406,04=8404")?;
    let port = port.parse().map_err(|_| format!("{port} is not a port"))?;
    Ok((code.to_owned(), port))
}

/// The addresses of the regions to serve. The admin port is the one of the
/// region file, or, when the door's port is chosen, a thousand above it.
fn addresses(options: &Options, directory: &Directory) -> Result<Vec<Addresses>> {
    let chosen: BTreeMap<&str, u16> =
        options.ports.iter().map(|(code, port)| (code.as_str(), *port)).collect();
    let live = directory.regions().iter().filter(|region| region.phase == regions::Phase::Live);
    let codes: Vec<String> = match options.regions.as_slice() {
        [] => live.map(|region| region.code.clone()).collect(),
        given => given.to_vec(),
    };
    if let Some(unserved) = chosen.keys().find(|code| !codes.iter().any(|held| held == *code)) {
        bail!("--ports names region {unserved}, which is not served here");
    }
    let each = codes.iter().map(|code| {
        let region = directory
            .region(code)
            .with_context(|| format!("there is no region {code} in the region files"))?;
        let (door, admin) = match chosen.get(code.as_str()) {
            Some(port) => (Some(*port), port.checked_add(1_000)),
            None => (region.endpoint.as_deref().and_then(port_of), region.admin_port),
        };
        let (Some(door), Some(admin)) = (door, admin) else {
            bail!("region {code} has no port in its file; give one with --ports {code}=PORT");
        };
        Ok(Addresses {
            code: code.clone(),
            door: SocketAddr::new(options.listen, door),
            admin: SocketAddr::new(options.listen, admin),
        })
    });
    each.collect()
}

/// Addresses of the token endpoint of a region, as machines may know them. Never
/// taken from a request: whoever asks chooses what it says of its host.
fn endpoints(options: &Options, directory: &Directory, place: &Addresses) -> Vec<String> {
    if !options.tokens.endpoints.is_empty() {
        return options.tokens.endpoints.clone();
    }
    let mut origins = Vec::new();
    let endpoint = directory.region(&place.code).and_then(|region| region.endpoint.as_deref());
    if let Some(origin) = endpoint.and_then(|endpoint| endpoint.strip_suffix("/fhir")) {
        origins.push(origin.to_owned());
    }
    if place.door.ip().is_loopback() {
        let scheme = if options.tls.is_some() { "https" } else { "http" };
        let here = ["127.0.0.1", "localhost"];
        origins.extend(here.map(|host| format!("{scheme}://{host}:{}", place.door.port())));
    }
    origins.into_iter().map(|origin| format!("{origin}/oauth/token")).collect()
}

/// Port of a region's endpoint.
pub fn port_of(endpoint: &str) -> Option<u16> {
    endpoint.parse::<http::Uri>().ok()?.port_u16()
}

async fn write_log(log: Arc<Log>) {
    let mut every = tokio::time::interval(Duration::from_millis(limits::LOG_FLUSH_MS));
    loop {
        every.tick().await;
        log.flush(&mut std::io::stdout());
    }
}

/// Returns when the process is asked to stop.
///
/// # Errors
/// When signals cannot be listened to.
pub async fn stop_signal() -> Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}
