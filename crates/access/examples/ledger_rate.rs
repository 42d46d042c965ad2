//! How fast entries are sequenced on the embedded store, and how long a proof
//! takes in a large log: `cargo run --release -p access --example ledger_rate --
//! ENTRIES LEAVES`. The large log is built from hashes alone.
#![allow(missing_docs, clippy::unwrap_used)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use access::claims::{Function, Purpose};
use access::entry::{Agent, Entry, Interaction, Outcome, id};
use access::journal::{Environment, Journal};
use access::ledger::{Log, Sequencer};
use chart::table::{Condition, Item, Key, Table, Value, Write};
use futures::executor::block_on;
use ledger::growth::{Growth, partial};
use ledger::leaf::leaf;
use ledger::tree::{Edge, includes};
use store::definition::TableKind;
use store::embedded::Embedded;

/// Leaves appended at once while the large log is built.
const AT_ONCE: u64 = 65_536;

struct World(AtomicU64);

impl Environment for World {
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        u64::try_from(since.as_millis()).unwrap()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        let drawn = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        bytes.iter_mut().zip(drawn.iter().rev().cycle()).for_each(|(byte, drawn)| *byte = *drawn);
    }

    async fn pause(&self, _: u64) {}
}

fn entry(world: &World, number: u64) -> Entry {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    let at_ms = world.now_ms();
    Entry {
        id: id(at_ms, random),
        at_ms,
        region: "06".to_owned(),
        establishment: "ciusss-nim".to_owned(),
        agent: Agent { function: Function::Physician, ..Agent::unknown() },
        persons: vec![format!("person{number}")],
        interaction: Interaction::Read,
        items: Vec::new(),
        query: None,
        purpose: Purpose::Treatment,
        basis: None,
        request_id: format!("request-{number}"),
        network_address: "192.0.2.1".to_owned(),
        outcome: Outcome { status: 200, denied: None },
        decided: access::entry::Decided::default(),
    }
}

fn main() {
    let asked = |at: usize, otherwise: u64| {
        std::env::args().nth(at).map_or(otherwise, |text| text.parse().unwrap())
    };
    let (count, leaves) = (asked(1, 20_000), asked(2, 1_000_000));
    let folder = tempfile::tempdir().unwrap();
    let embedded = Embedded::open(folder.path()).unwrap();
    let table = Arc::new(embedded.table(TableKind::Access));
    sequenced(&table, count);
    proven(&*table, &table, leaves);
}

fn sequenced(table: &Arc<impl Table + 'static>, count: u64) {
    let world = Arc::new(World(AtomicU64::new(1)));
    let (journal, flusher) = Journal::new(Arc::clone(table), Arc::clone(&world), "06");
    let flushing = std::thread::spawn(move || block_on(flusher));
    for first in (0..count).step_by(500) {
        let all: Vec<Entry> =
            (first..(first + 500).min(count)).map(|number| entry(&world, number)).collect();
        let appends = all.iter().map(|each| journal.append(each));
        block_on(futures::future::join_all(appends)).into_iter().for_each(Result::unwrap);
    }
    drop(journal);
    flushing.join().unwrap();
    let sequencer = Sequencer::new(Arc::clone(table), world, "06");
    let began = Instant::now();
    while block_on(sequencer.run()).unwrap().appended > 0 {}
    let taken = began.elapsed();
    let rate = count as f64 / taken.as_secs_f64();
    println!("{count} entries sequenced in {taken:.2?}: {rate:.0} a second");
}

fn proven<T: Table + 'static>(table: &T, shared: &Arc<T>, leaves: u64) {
    let mut edge = Edge::default();
    let mut held: Vec<(ledger::tiles::Tile, Vec<u8>)> = Vec::new();
    while edge.size() < leaves {
        let known: Vec<Vec<u8>> = partial(edge.size())
            .map(|tile| held.iter().find(|(at, _)| *at == tile).unwrap().1.clone())
            .collect();
        let mut growth = Growth::new(edge.clone(), &known, &[]).unwrap();
        for number in edge.size()..(edge.size() + AT_ONCE).min(leaves) {
            growth.append(&leaf(&[0; 16], &number.to_be_bytes())).unwrap();
        }
        edge = growth.edge().clone();
        let (tiles, _) = growth.changed();
        let writes = tiles.iter().map(|(tile, bytes)| {
            let part = tile.index / 4096;
            let key =
                Key::new(format!("LT#99#{}#{part}", tile.level), format!("{:012}", tile.index));
            let item = Item::default().with("b", Value::B(bytes.clone()));
            Write::put(key, item, Condition::Always)
        });
        block_on(table.write_each(writes.collect())).into_iter().for_each(Result::unwrap);
        held = tiles.into_iter().collect();
    }
    let log = Log::new(Arc::clone(shared), "99");
    let mut times = Vec::new();
    for turn in 0..500_u64 {
        let index = turn.wrapping_mul(0x9e37_79b9_7f4a_7c15) % leaves;
        let began = Instant::now();
        let path = block_on(log.inclusion(index, leaves)).unwrap();
        times.push(began.elapsed());
        let leaf = ledger::tree::leaf_hash(&leaf(&[0; 16], &index.to_be_bytes()));
        assert!(includes(&leaf, index, leaves, &path, &edge.root()));
    }
    times.sort();
    let at = |place: usize| times.get(place).copied().unwrap_or_default();
    println!("a proof among {leaves} leaves: median {:.2?}, longest {:.2?}", at(250), at(499));
}
