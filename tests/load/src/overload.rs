//! More than the server can do: requests come at three times its capacity
//! whether or not those before were answered. What is measured begins when a
//! request was due, so that a server that stalls is not flattered.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::Method;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::LocalSet;

use crate::cases::observation;
use crate::client::{Connection, Server};
use crate::corpus::{self, Corpus};
use crate::gateway::{Gateway, Mode};
use crate::options::Options;

/// Times the capacity.
const TIMES: f64 = 3.0;
/// How long the server is overloaded.
const FLOOD: Duration = Duration::from_secs(10);
/// How long capacity and the ordinary latency are measured.
const MEASURE: Duration = Duration::from_secs(5);
/// Within which the latency must be as before.
const RECOVERY: Duration = Duration::from_secs(30);
/// Of the capacity, that must be answered well.
const LEAST: f64 = 0.9;
/// The same of reads alone: nothing that is dearer is shed in their place, and
/// each that is refused costs a twelfth of one that is answered, twice for each
/// answer.
const READS_LEAST: f64 = 0.7;
/// Of the capacity, while it is ordinary.
const ORDINARY: f64 = 0.4;
/// An answer that takes longer is of no use to anybody.
const USEFUL: Duration = Duration::from_millis(2_500);
/// Connections that find the capacity.
const AT_ONCE: usize = 48;

/// A kind of request: its name and its connections.
struct Kind {
    name: &'static str,
    connections: usize,
    role: &'static str,
    emergency: bool,
    ask: fn(&Corpus, u64) -> (Method, String, Option<Bytes>),
}

/// The most urgent first.
const KINDS: [Kind; 4] = [
    Kind { name: "emergency", connections: 100, role: "clinician", emergency: true, ask: read },
    Kind { name: "write", connections: 300, role: "system", emergency: false, ask: write },
    Kind { name: "read", connections: 1_800, role: "clinician", emergency: false, ask: read },
    Kind { name: "bulk", connections: 400, role: "system", emergency: false, ask: history },
];

fn patient(corpus: &Corpus, turn: u64) -> &str {
    let many = u64::try_from(corpus.patients.len()).unwrap_or(1).max(1);
    let at = usize::try_from(turn.wrapping_mul(7_919) % many).unwrap_or_default();
    corpus.patients.get(at).map_or("", String::as_str)
}

fn read(corpus: &Corpus, turn: u64) -> (Method, String, Option<Bytes>) {
    (Method::GET, format!("/Patient/{}", patient(corpus, turn)), None)
}

fn write(corpus: &Corpus, turn: u64) -> (Method, String, Option<Bytes>) {
    let body = observation(patient(corpus, turn), turn, None);
    (Method::POST, "/Observation".to_owned(), Some(body))
}

/// Of a type that almost every commit changes: of a rare one it would cost more
/// with all that the flood writes, and the latency after it could not be compared.
fn history(_: &Corpus, _: u64) -> (Method, String, Option<Bytes>) {
    (Method::GET, "/Observation/_history?_count=50".to_owned(), None)
}

/// Shares of all requests, by kind. Histories cost most and are shed first, so
/// that of the mixture more is served than the capacity; of reads alone the
/// goodput is like the capacity.
const MIXED: Mix = [0.05, 0.15, 0.55, 0.25];
const READS: Mix = [0.0, 0.0, 1.0, 0.0];

type Mix = [f64; KINDS.len()];

/// What became of the requests of one kind.
#[derive(Default)]
struct Counts {
    offered: u64,
    good_us: Vec<u64>,
    late: u64,
    shed: u64,
    wrong: u64,
}

impl Counts {
    fn at(&self, share: f64) -> u64 {
        let mut all = self.good_us.clone();
        all.sort_unstable();
        let place = ((all.len() as f64 * share) as usize).min(all.len().saturating_sub(1));
        all.get(place).copied().unwrap_or_default()
    }
}

/// Requests that are due, and whoever waits for them.
#[derive(Default)]
struct Due {
    queue: RefCell<VecDeque<(Instant, u64)>>,
    more: Notify,
    over: Cell<bool>,
}

struct World {
    corpus: Corpus,
    servers: Vec<Rc<Server>>,
}

/// Starts a gateway with one worker, floods it, and prints the table.
pub async fn run(options: &Options, bundles: &[(Value, Bytes)]) -> Result<()> {
    let gateway = Gateway::start(&options.gateway, &options.data, Mode::OneWorker).await?;
    let base = gateway.base();
    let servers = KINDS.iter().map(|kind| {
        let mut headers = vec![gateway.authorization(kind.role)?];
        if kind.emergency {
            headers.push("Emergency-Reason: unconscious on arrival".to_owned());
        }
        Server::at(&base, &headers)
    });
    let servers: Vec<_> = servers.collect::<Result<_>>()?;
    let loader = Server::at(&base, &[gateway.authorization("system")?])?;
    let corpus = corpus::load(&loader, bundles).await?;
    ensure!(!corpus.patients.is_empty(), "the bundles hold no Patient");
    let world = Rc::new(World { corpus, servers });
    println!("a mixture:");
    let peak = capacity(&world, MIXED).await;
    let ordinary = peak * ORDINARY;
    let before = total(&flood(&world, MIXED, ordinary, MEASURE).await);
    println!(
        "capacity {peak:.0}/s; at {ordinary:.0}/s p50 {:.1} ms, p99 {:.1} ms",
        ms(before.at(0.5)),
        ms(before.at(0.99))
    );
    let counts = flood(&world, MIXED, peak * TIMES, FLOOD).await;
    table(&counts);
    let good = total(&counts).good_us.len() as f64 / FLOOD.as_secs_f64();
    println!("goodput {good:.0}/s of {peak:.0}/s: {:.0} %", 100.0 * good / peak);
    let normal = recovery(&world, ordinary, before.at(0.99)).await;
    let [emergency, .., bulk] = &counts[..] else { anyhow::bail!("no kinds") };
    let kept = |of: &Counts| of.good_us.len() as f64 / of.offered.max(1) as f64;
    ensure!(good >= LEAST * peak, "goodput is under 90 % of the capacity");
    ensure!(kept(emergency) > 0.99, "emergencies were shed: {:.3}", kept(emergency));
    ensure!(kept(bulk) <= kept(emergency), "the least urgent were served before emergencies");
    let within = normal.context("p99 was not as before within 30 s")?;
    println!("p99 as before {} s after the flood\n", within.as_secs());
    reads(&world).await
}

/// Reads alone: what is served costs what the capacity was made of.
async fn reads(world: &Rc<World>) -> Result<()> {
    let peak = capacity(world, READS).await;
    println!("reads alone: capacity {peak:.0}/s");
    let counts = flood(world, READS, peak * TIMES, FLOOD).await;
    table(&counts);
    let good = total(&counts).good_us.len() as f64 / FLOOD.as_secs_f64();
    println!("goodput {good:.0}/s of {peak:.0}/s: {:.0} %", 100.0 * good / peak);
    ensure!(good >= READS_LEAST * peak, "goodput of reads is under 70 % of the capacity");
    Ok(())
}

/// Right answers a second when each connection asks again as soon as it is
/// answered, in the mixture of the flood.
async fn capacity(world: &Rc<World>, mix: Mix) -> f64 {
    let good = Rc::new(Cell::new(0u64));
    let started = Instant::now();
    let askers = LocalSet::new();
    for asker in 0..AT_ONCE {
        let (world, good) = (Rc::clone(world), Rc::clone(&good));
        askers.spawn_local(async move {
            let mut connections: Vec<_> = world.servers.iter().map(Connection::to).collect();
            let mut turn = asker as u64;
            while started.elapsed() < MEASURE {
                let at = kind_of(mix, turn);
                let (Some(kind), Some(connection)) = (KINDS.get(at), connections.get_mut(at))
                else {
                    return;
                };
                let (method, path, body) = (kind.ask)(&world.corpus, turn);
                let answer = connection.ask(method, &path, body).await;
                good.set(good.get() + u64::from(answer.is_ok_and(|held| held.status < 300)));
                turn += AT_ONCE as u64 + 1;
            }
        });
    }
    askers.await;
    good.get() as f64 / started.elapsed().as_secs_f64()
}

/// The kind of a turn, so that each has its share of every hundred.
fn kind_of(mix: Mix, turn: u64) -> usize {
    let mixed = (turn.wrapping_mul(61) % 100) as f64 / 100.0;
    let mut sum = 0.0;
    let found = mix.iter().position(|share| {
        sum += share;
        mixed < sum
    });
    found.unwrap_or(KINDS.len() - 1)
}

/// Offers so many a second for so long, and waits for what is under way.
async fn flood(world: &Rc<World>, mix: Mix, rate: f64, lasting: Duration) -> Vec<Counts> {
    let due: Vec<Rc<Due>> = KINDS.iter().map(|_| Rc::default()).collect();
    let counts: Vec<Rc<RefCell<Counts>>> = KINDS.iter().map(|_| Rc::default()).collect();
    let askers = LocalSet::new();
    for (at, kind) in KINDS.iter().enumerate() {
        for _ in 0..kind.connections {
            let (Some(due), Some(counts)) = (due.get(at), counts.get(at)) else { continue };
            askers.spawn_local(ask(Rc::clone(world), at, Rc::clone(due), Rc::clone(counts)));
        }
    }
    let offering = due.clone();
    let counted = counts.clone();
    askers.spawn_local(async move {
        let started = Instant::now();
        let mut turn = 0u64;
        while started.elapsed() < lasting {
            let owed = (started.elapsed().as_secs_f64() * rate) as u64;
            while turn < owed {
                let at = kind_of(mix, turn);
                if let (Some(due), Some(counts)) = (offering.get(at), counted.get(at)) {
                    let instant = started + Duration::from_secs_f64(turn as f64 / rate);
                    due.queue.borrow_mut().push_back((instant, turn));
                    due.more.notify_one();
                    counts.borrow_mut().offered += 1;
                }
                turn += 1;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for due in &offering {
            due.over.set(true);
            due.more.notify_waiters();
        }
    });
    askers.await;
    counts.into_iter().map(|counts| counts.take()).collect()
}

async fn ask(world: Rc<World>, at: usize, due: Rc<Due>, counts: Rc<RefCell<Counts>>) {
    let (Some(kind), Some(server)) = (KINDS.get(at), world.servers.get(at)) else { return };
    let mut connection = Connection::to(server);
    loop {
        let next = due.queue.borrow_mut().pop_front();
        let Some((instant, turn)) = next else {
            if due.over.get() {
                return;
            }
            // A call between the look and the wait is kept by `notify_one`.
            let _ = tokio::time::timeout(Duration::from_millis(100), due.more.notified()).await;
            continue;
        };
        let (method, path, body) = (kind.ask)(&world.corpus, turn);
        let answer = connection.ask(method, &path, body).await;
        let taken = instant.elapsed();
        let mut counts = counts.borrow_mut();
        match answer.map(|held| held.status) {
            Ok(200..300) if taken <= USEFUL => {
                counts.good_us.push(u64::try_from(taken.as_micros()).unwrap_or(u64::MAX));
            }
            Ok(200..300) => counts.late += 1,
            Ok(503) => counts.shed += 1,
            _ => counts.wrong += 1,
        }
    }
}

fn total(counts: &[Counts]) -> Counts {
    let mut total = Counts::default();
    for of in counts {
        total.offered += of.offered;
        total.good_us.extend(&of.good_us);
        total.late += of.late;
        total.shed += of.shed;
        total.wrong += of.wrong;
    }
    total
}

fn ms(us: u64) -> f64 {
    us as f64 / 1_000.0
}

fn table(counts: &[Counts]) {
    let seconds = FLOOD.as_secs_f64();
    println!("| class | offered/s | goodput/s | shed/s | late/s | wrong | p50 ms | p99 ms |");
    println!("|---|---|---|---|---|---|---|---|");
    let row = |name: &str, of: &Counts| {
        let rate = |count: u64| count as f64 / seconds;
        println!(
            "| {name} | {:.0} | {:.0} | {:.0} | {:.0} | {} | {:.1} | {:.1} |",
            rate(of.offered),
            rate(u64::try_from(of.good_us.len()).unwrap_or(u64::MAX)),
            rate(of.shed),
            rate(of.late),
            of.wrong,
            ms(of.at(0.5)),
            ms(of.at(0.99))
        );
    };
    for (kind, of) in KINDS.iter().zip(counts).filter(|(_, of)| of.offered > 0) {
        row(kind.name, of);
    }
    row("all", &total(counts));
}

/// From the end of the flood until a second whose p99 is as before, within a
/// half; or a few milliseconds, which on a shared machine is the same.
async fn recovery(world: &Rc<World>, rate: f64, before_us: u64) -> Option<Duration> {
    let started = Instant::now();
    while started.elapsed() < RECOVERY {
        let second = total(&flood(world, MIXED, rate, Duration::from_secs(1)).await);
        let (p99, wrong) = (second.at(0.99), second.shed + second.wrong + second.late);
        println!(
            "{:.0} s after: p50 {:.1} ms, p99 {:.1} ms, {wrong} not answered well",
            started.elapsed().as_secs_f64(),
            ms(second.at(0.5)),
            ms(p99)
        );
        if wrong == 0 && p99 <= (before_us + before_us / 2).max(before_us + 10_000) {
            return Some(started.elapsed());
        }
    }
    None
}
