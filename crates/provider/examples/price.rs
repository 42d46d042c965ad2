//! What the audit costs a read by id: the same reads over the same tables, once
//! journaled durably before the answer, indexed and sequenced, and once with an
//! access table that takes everything and keeps nothing. CPU of the whole
//! process; what HTTP and the sandbox cost besides is in docs/performance.md.
//!
//! `cargo run --release -p provider --example price -- [READS]`

mod world;

use std::time::Instant;

use chart::table::{Item, Key, Query, QueryPage, Table, TableResult, Write};
use contracts::{Change, ChangeKind, CommitOptions, Intent, Interaction, Place, ResourceKey};
use futures::executor::block_on;
use futures::future::try_join_all;
use provider::{Provider, Session};
use store::embedded::{Embedded, EmbeddedTable};
use world::{Failure, Now, door};

/// Threads that answer, and how many each answers at once: the gateway's on two
/// cores, and the bench's sixteen connections.
const THREADS: usize = 2;
const AT_ONCE: usize = 8;

/// A table that may forget what it is given.
#[derive(Clone)]
struct Kept {
    table: EmbeddedTable,
    forgets: bool,
}

impl Table for Kept {
    async fn get(&self, key: &Key) -> TableResult<Option<Item>> {
        self.table.get(key).await
    }
    async fn get_many(&self, keys: &[Key]) -> TableResult<Vec<Option<Item>>> {
        self.table.get_many(keys).await
    }
    async fn query(&self, query: &Query) -> TableResult<QueryPage> {
        self.table.query(query).await
    }
    async fn write(&self, write: Write) -> TableResult<()> {
        if self.forgets { Ok(()) } else { self.table.write(write).await }
    }
    async fn write_each(&self, writes: Vec<Write>) -> Vec<TableResult<()>> {
        if self.forgets {
            return writes.iter().map(|_| Ok(())).collect();
        }
        self.table.write_each(writes).await
    }
    async fn transact(&self, token: &str, writes: Vec<Write>) -> TableResult<()> {
        if self.forgets { Ok(()) } else { self.table.transact(token, writes).await }
    }
}

type Walls = Provider<Kept, Now>;

/// What so many reads took.
#[derive(Clone, Copy, Default)]
struct Took {
    per_second: f64,
    cpu_us: f64,
    afterwards_us: f64,
}

fn main() -> Result<(), Failure> {
    let reads: usize = std::env::args().nth(1).map_or(Ok(40_000), |text| text.parse())?;
    let folder = std::env::temp_dir().join(format!("dossier-price-{}", std::process::id()));
    let store = Embedded::open(&folder)?;
    let record = Kept { table: store.record(), forgets: false };
    let access = |forgets| Kept { table: store.access(), forgets };
    let (audited, session) = door([record.clone(), access(false)])?;
    let person = person(&audited, &session)?;
    let (unaudited, stranger) = door([record, access(true)])?;
    // Each warms up; then they take turns, so that the machine's moods are shared.
    let mut sums = [Took::default(); 2];
    const TURNS: usize = 4;
    for turn in 0..=TURNS {
        for (sum, (walls, session)) in
            sums.iter_mut().zip([(&audited, &session), (&unaudited, &stranger)])
        {
            let took = measured(walls, session, &person, reads / TURNS)?;
            if turn > 0 {
                sum.per_second += took.per_second / TURNS as f64;
                sum.cpu_us += took.cpu_us / TURNS as f64;
                sum.afterwards_us += took.afterwards_us / TURNS as f64;
            }
        }
    }
    for (name, took) in ["audited", "unaudited"].iter().zip(sums) {
        let Took { per_second, cpu_us, afterwards_us } = took;
        println!(
            "{name:<10}{per_second:>9.0} reads/s {cpu_us:>7.1} \u{b5}s of CPU each, \
             {afterwards_us:.1} more to index and sequence"
        );
    }
    let [with, without] = sums.map(|took| took.cpu_us + took.afterwards_us);
    println!("the audit: {:.1} \u{b5}s of CPU", with - without);
    drop((audited, unaudited, store));
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

/// A person in the record, by the id.
fn person(walls: &Walls, session: &Session) -> Result<String, Failure> {
    let body = br#"{"resourceType":"Patient","name":[{"family":"Tremblay","given":["Luc"]}]}"#;
    let change = Change { body: body.to_vec(), ..Change::of(ChangeKind::Create, "Patient") };
    let intent = Intent::to(Interaction::Create);
    let done = block_on(walls.commit(session, intent, vec![change], CommitOptions::default()));
    let receipt = done.map_err(|refusal| format!("{refusal:?}"))?;
    let made = receipt.outcomes.first().ok_or("nothing was made")?;
    Ok(made.key.id.clone())
}

fn measured(walls: &Walls, session: &Session, person: &str, reads: usize) -> Result<Took, Failure> {
    let (cpu, began) = (cpu_us()?, Instant::now());
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| scope.spawn(|| answering(walls, session, person, reads / THREADS)))
            .collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread died")?)
    })
    .map_err(|why: String| why)?;
    let (answered, took) = (cpu_us()?, began.elapsed());
    while block_on(walls.drain())? {}
    block_on(walls.sequence()).map_err(|error| format!("{error:?}"))?;
    let all = reads as f64;
    Ok(Took {
        per_second: all / took.as_secs_f64(),
        cpu_us: (answered - cpu) / all,
        afterwards_us: (cpu_us()? - answered) / all,
    })
}

fn answering(walls: &Walls, session: &Session, person: &str, reads: usize) -> Result<(), String> {
    let one = || async {
        for _ in 0..reads / AT_ONCE {
            let key = ResourceKey { resource_type: "Patient".into(), id: person.to_owned() };
            let place = Place::Holding(key.clone());
            let chart = walls.open_chart(session, Intent::to(Interaction::Read), place).await?;
            walls.chart_read(&chart, &key).await?;
        }
        Ok(())
    };
    let all = try_join_all((0..AT_ONCE).map(|_| one()));
    block_on(all).map(drop).map_err(|refusal: contracts::Refusal| format!("{refusal:?}"))
}

/// CPU of this process so far, in microseconds, by ticks of a hundredth of a
/// second (proc(5)).
fn cpu_us() -> Result<f64, Failure> {
    let text = std::fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = text.rsplit_once(')').ok_or("no stat")?;
    let ticks = |at: usize| -> Result<f64, Failure> {
        Ok(fields.split_whitespace().nth(at).ok_or("no time")?.parse()?)
    };
    Ok((ticks(11)? + ticks(12)?) * 10_000.0)
}
