use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::task::{Context, Poll};

use chart::table::Table;
use ledger::growth::Growth;
use ledger::leaf::{leaf, salt};
use ledger::tiles::{File, Tile, entries, tiles, width};
use ledger::tree::Edge;
use store::memory::MemoryTable;

use crate::entry::Entry;
use crate::journal::stream::{SEED, Stream};
use crate::journal::{Environment, JournalError, append, batch};
use crate::ledger::rows::{places, positions_pk};
use crate::ledger::{Log, Sequencer};

/// Time that moves when somebody waits, and seeded chance (SplitMix64).
pub struct World {
    pub now_ms: AtomicI64,
    state: AtomicU64,
}

impl World {
    pub fn new(seed: u64) -> Arc<Self> {
        Arc::new(Self { now_ms: AtomicI64::new(1_790_000_000_000), state: AtomicU64::new(seed) })
    }

    pub fn below(&self, most: u64) -> u64 {
        let mut z = self.state.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
        z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % most.max(1)
    }

    pub fn pass(&self, ms: u64) {
        self.now_ms.fetch_add(i64::try_from(ms).unwrap(), Ordering::SeqCst);
    }

    pub fn clock(self: &Arc<Self>) -> Arc<dyn Fn() -> i64 + Send + Sync> {
        let world = Arc::clone(self);
        Arc::new(move || world.now_ms.load(Ordering::SeqCst))
    }
}

impl Environment for World {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.now_ms.load(Ordering::SeqCst)).unwrap()
    }

    fn fill_random(&self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.below(256) as u8);
    }

    async fn pause(&self, ms: u64) {
        self.pass(ms);
        turn().await;
    }
}

/// Lets the other tasks take a turn.
pub async fn turn() {
    let mut taken = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut taken, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

pub type Task<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Runs tasks until all are done, each step by one chosen by chance.
pub fn run(world: &World, mut tasks: Vec<Task<'_>>) {
    let mut context = Context::from_waker(futures::task::noop_waker_ref());
    let mut steps = 0_u64;
    while !tasks.is_empty() {
        steps += 1;
        assert!(steps < 5_000_000, "the simulation does not end");
        let chosen = usize::try_from(world.below(tasks.len() as u64)).unwrap();
        if tasks[chosen].as_mut().poll(&mut context).is_ready() {
            drop(tasks.swap_remove(chosen));
        }
    }
}

/// Writes entries as one item of a stream.
pub async fn write<T: Table>(
    table: &T,
    world: &World,
    stream: &mut Option<Stream>,
    all: &[Entry],
) -> Result<(), JournalError> {
    let mut bytes = Vec::new();
    all.iter().for_each(|entry| batch::push(&mut bytes, &entry.to_bytes().unwrap()));
    append::write(table, world, "06", stream, bytes).await
}

/// Sequences everything that is there.
pub async fn settle<T: Table>(table: &Arc<T>, world: &Arc<World>) -> u64 {
    let sequencer = Sequencer::new(Arc::clone(table), Arc::clone(world), "06");
    loop {
        let done = sequencer.run().await.unwrap();
        if !done.more && !done.overtaken && done.appended == 0 {
            return done.size;
        }
    }
}

/// An entry's stored bytes, and the seed of the item that holds them.
type Stored = (Vec<u8>, [u8; 32]);

/// Compares the log with one built from scratch: every entry of the streams is
/// one leaf, opened by the salt of its place, and every file is the tree's.
pub async fn audit(table: &MemoryTable) -> BTreeSet<String> {
    let dump = table.dump();
    let mut written: BTreeMap<String, Vec<Stored>> = BTreeMap::new();
    for (key, item) in dump.iter().filter(|(key, _)| key.pk.starts_with("J#06#")) {
        let seed: [u8; 32] = item.bytes(SEED).unwrap_or(&[0; 32]).try_into().unwrap();
        let held = item.bytes("e").unwrap_or_else(|| panic!("{key:?}"));
        for (entry, bytes) in batch::entries(held).unwrap() {
            written.entry(entry.id).or_default().push((bytes.to_vec(), seed));
        }
    }
    let mut placed = BTreeMap::new();
    for (_, item) in dump.iter().filter(|(key, _)| key.pk.starts_with("LP#06#")) {
        for (id, place) in places(item).unwrap() {
            assert!(placed.insert(place.leaf, (id, place.salt)).is_none(), "one leaf, one entry");
        }
    }
    let log = Log::new(Arc::new(table.clone()), "06");
    let head = log.head().await.unwrap().unwrap();
    assert_eq!(placed.len() as u64, head.size());
    let mut growth = Growth::new(Edge::default(), &[], &[]).unwrap();
    let mut logged = BTreeSet::new();
    for (id, held_salt) in placed.into_values() {
        let id = crate::entry::unpacked_id(id);
        let copies = &written[&id];
        let (bytes, _) = &copies[0];
        // The salt is of one of the items that hold the entry, and no other.
        assert!(copies.iter().any(|(_, seed)| salt(seed, &id) == held_salt), "{id}");
        growth.append(&leaf(&held_salt, bytes)).unwrap();
        assert!(logged.insert(id), "an entry was logged twice");
    }
    let all: BTreeSet<String> = written.into_keys().collect();
    assert_eq!(logged, all, "every entry of the streams is logged");
    assert_eq!(growth.edge().root(), head.root());
    let (expected, bundles) = growth.changed();
    for tile in tiles(head.size()) {
        let file = File::Hashes(tile, width(tile, head.size()));
        assert_eq!(log.file(&file).await.unwrap().as_ref(), expected.get(&tile), "{file:?}");
    }
    for (index, bundle) in bundles {
        let file = File::Entries(index, width(Tile { level: 0, index }, head.size()));
        let held = log.file(&file).await.unwrap().unwrap();
        assert_eq!(entries(&held), entries(&bundle));
    }
    let kept = dump.keys().filter(|key| key.pk == positions_pk("06")).count();
    assert!(kept <= dump.keys().filter(|key| key.pk.starts_with("J")).count());
    logged
}
