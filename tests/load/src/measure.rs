//! Runs one case at a number of connections for a time, and counts.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::Method;
use serde_json::Value;
use tokio::task::LocalSet;

use crate::cases::{Ask, Case, Own, observation};
use crate::client::{Answer, Connection, Server};
use crate::corpus::{Corpus, start};
use crate::machine::Process;

/// What one case gave.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Name of the case.
    pub name: String,
    /// Right answers.
    pub answers: u64,
    /// Wrong answers and broken connections, and the first of them.
    pub wrong: u64,
    /// The first wrong answer.
    pub first_wrong: Option<String>,
    /// Right answers a second.
    pub rate: f64,
    /// Half of the answers came within.
    pub p50_us: u64,
    /// 99 of 100 answers came within.
    pub p99_us: u64,
    /// Processor time of the server per answer; known when it runs here.
    pub cpu_us: Option<f64>,
    /// Requests to the store per answer; known when the server counts them.
    pub store_trips: Option<f64>,
    /// Mean size of an answer.
    pub bytes: u64,
}

#[derive(Default)]
struct Counts {
    taken_us: Vec<u64>,
    bytes: u64,
    wrong: u64,
    first_wrong: Option<String>,
}

impl Counts {
    fn add(&mut self, ask: &Ask, answer: Result<Answer>, taken: Duration) {
        let wrong = match answer {
            Err(error) => format!("{error:#}"),
            Ok(answer) if answer.status == ask.status && holds(&answer.body, &ask.holds) => {
                self.bytes += u64::try_from(answer.body.len()).unwrap_or_default();
                self.taken_us.push(u64::try_from(taken.as_micros()).unwrap_or(u64::MAX));
                return;
            }
            Ok(answer) => format!("{} {}", answer.status, start(&answer.body)),
        };
        self.wrong += 1;
        self.first_wrong.get_or_insert(format!("{} {}: {wrong}", ask.method, ask.path));
    }
}

/// Whether a body holds a word; an empty word is always there.
fn holds(body: &[u8], word: &str) -> bool {
    word.is_empty() || body.windows(word.len()).any(|part| part == word.as_bytes())
}

/// Makes for each connection the Observation that it updates.
pub async fn prepare(server: &Rc<Server>, corpus: &Corpus, connections: usize) -> Result<Vec<Own>> {
    let mut owned = Vec::with_capacity(connections);
    let mut connection = Connection::to(server);
    for patient in corpus.patients.iter().cycle().take(connections) {
        let body: Bytes = observation(patient, 0, None);
        let answer = connection.ask(Method::POST, "/Observation", Some(body)).await?;
        if answer.status != 201 {
            bail!("a create was refused with {}: {}", answer.status, start(&answer.body));
        }
        let made: Value = serde_json::from_slice(&answer.body)?;
        let id = made.get("id").and_then(Value::as_str).context("the server gave no id")?;
        owned.push(Own { observation: id.to_owned(), patient: patient.clone() });
    }
    Ok(owned)
}

/// Runs a case; each connection asks again as soon as it is answered.
pub async fn run(
    server: &Rc<Server>,
    case: &Case,
    corpus: &Rc<Corpus>,
    owned: &Rc<Vec<Own>>,
    lasting: Duration,
    process: &Process,
) -> Result<Measured> {
    let counts = Rc::new(RefCell::new(Counts::default()));
    let before = process.usage();
    let trips_before = process.store_trips(server).await;
    let workers = LocalSet::new();
    let started = Instant::now();
    for worker in 0..case.at_once.unwrap_or(owned.len()) {
        let (mut connection, counts) = (Connection::to(server), Rc::clone(&counts));
        let (corpus, owned, ask) = (Rc::clone(corpus), Rc::clone(owned), case.ask);
        workers.spawn_local(async move {
            let mut turn = u64::try_from(worker).unwrap_or_default();
            while let (true, Some(own)) = (started.elapsed() < lasting, owned.get(worker)) {
                let asked = ask(&corpus, own, turn);
                let sent = Instant::now();
                let answer =
                    connection.ask(asked.method.clone(), &asked.path, asked.body.clone()).await;
                let broken = answer.is_err();
                counts.borrow_mut().add(&asked, answer, sent.elapsed());
                if broken {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                turn += 1_009;
            }
        });
    }
    workers.await;
    let taken = started.elapsed();
    let used = process.usage().zip(before).map(|(after, before)| after.saturating_sub(before));
    let trips =
        process.store_trips(server).await.zip(trips_before).map(|(after, before)| after - before);
    let mut counts = counts.take();
    counts.taken_us.sort_unstable();
    let answers = counts.taken_us.len();
    let count = answers.max(1) as f64;
    let at = |part: usize| counts.taken_us.get(answers * part / 100).copied().unwrap_or_default();
    Ok(Measured {
        name: case.name.to_owned(),
        answers: u64::try_from(answers)?,
        wrong: counts.wrong,
        first_wrong: counts.first_wrong,
        rate: answers as f64 / taken.as_secs_f64(),
        p50_us: at(50),
        p99_us: at(99),
        cpu_us: used.map(|used| used.as_secs_f64() * 1e6 / count),
        store_trips: trips.map(|trips| trips / count),
        bytes: counts.bytes / u64::try_from(answers.max(1))?,
    })
}
