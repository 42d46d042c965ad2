use std::sync::Arc;

use chart::table::{Condition, Table, Write};
use futures::executor::block_on;
use ledger::checkpoint::{Checkpoint, Policy};
use ledger::keys::{Kind, SignerKey};
use ledger::tree::extends;
use store::memory::MemoryTable;

use super::entry;
use super::world::{World, settle, write};
use crate::journal::{Environment, JournalError};
use crate::ledger::Log;
use crate::ledger::rows::head_key;

fn key(seed: u8) -> SignerKey {
    SignerKey::from_seed("example.org/ledger/06", Kind::Log, &[seed; 32]).unwrap()
}

struct House {
    world: Arc<World>,
    table: Arc<MemoryTable>,
    log: Log<MemoryTable>,
    next: u32,
}

impl House {
    fn new() -> Self {
        let world = World::new(9);
        let table = Arc::new(MemoryTable::with_clock(world.clock()));
        let log = Log::new(Arc::clone(&table), "06");
        Self { world, table, log, next: 0 }
    }

    fn grow(&mut self, count: u32) {
        let made = self.next..self.next + count;
        self.next = made.end;
        let all: Vec<_> = made.map(|each| entry(self.world.now_ms(), each)).collect();
        block_on(write(&*self.table, &self.world, &mut None, &all)).unwrap();
        block_on(settle(&self.table, &self.world));
    }

    fn publish(&self, key: &SignerKey) -> Result<Option<u64>, JournalError> {
        let Some(due) = block_on(self.log.due(key, &[]))? else { return Ok(None) };
        let size = due.size;
        block_on(self.log.publish(due))?;
        Ok(Some(size))
    }
}

#[test]
fn a_checkpoint_is_published_when_the_log_grew() {
    let mut house = House::new();
    assert_eq!(house.publish(&key(1)), Ok(None), "nothing is no log yet");
    house.grow(300);
    assert_eq!(house.publish(&key(1)), Ok(Some(300)));
    assert_eq!(house.publish(&key(1)), Ok(None));
    let first = block_on(house.log.published()).unwrap().unwrap();
    house.grow(500);
    assert_eq!(house.publish(&key(1)), Ok(Some(800)));
    let second = block_on(house.log.published()).unwrap().unwrap();
    let heads = [first, second].map(|note| {
        let policy = Policy { logs: vec![key(1).verifier().clone()], ..Policy::default() };
        policy.believe(&note).unwrap().checkpoint
    });
    let proof = block_on(house.log.consistency(300, 800)).unwrap();
    assert!(extends(300, &heads[0].root, 800, &heads[1].root, &proof));
}

#[test]
fn a_late_publisher_takes_nothing_back() {
    let mut house = House::new();
    house.grow(3);
    let late = block_on(house.log.due(&key(1), &[])).unwrap().unwrap();
    house.grow(3);
    assert_eq!(house.publish(&key(1)), Ok(Some(6)));
    block_on(house.log.publish(late)).unwrap();
    let text = block_on(house.log.published()).unwrap().unwrap().text;
    assert_eq!(Checkpoint::parse(&text).unwrap().size, 6);
}

#[test]
fn cosignatures_are_added_and_kept() {
    let mut house = House::new();
    house.grow(3);
    assert_eq!(house.publish(&key(1)), Ok(Some(3)));
    for seed in [2, 3] {
        let witness =
            SignerKey::from_seed(&format!("w/{seed}"), Kind::Witness, &[seed; 32]).unwrap();
        let missing = [witness.verifier().clone()];
        let mut due = block_on(house.log.due(&key(1), &missing)).unwrap().unwrap();
        due.note.signatures.truncate(1);
        let cosignature = witness.sign(&due.note.text, 5).unwrap();
        due.note.add([cosignature]);
        block_on(house.log.publish(due)).unwrap();
    }
    assert_eq!(block_on(house.log.published()).unwrap().unwrap().signatures.len(), 3);
    // After a rotation the same checkpoint is signed by the new key as well.
    assert_eq!(house.publish(&key(7)), Ok(Some(3)));
    assert_eq!(block_on(house.log.published()).unwrap().unwrap().signatures.len(), 4);
}

fn is_forgotten(pk: &str) -> bool {
    ["LS#", "LP#", "JS#"].iter().any(|kind| pk.starts_with(kind))
}

#[test]
fn nothing_is_signed_of_a_log_that_was_changed_or_shortened() {
    let mut house = House::new();
    house.grow(300);
    let before = block_on(house.table.get(&head_key("06"))).unwrap().unwrap();
    house.grow(20);
    assert_eq!(house.publish(&key(1)), Ok(Some(320)));
    let back = Write::put(head_key("06"), before, Condition::Always);
    block_on(house.table.write(back)).unwrap();
    assert!(matches!(house.publish(&key(1)), Err(JournalError::Corrupt(_))));
    // Sequenced anew after a restore that lost a stream: other leaves.
    let gone: Vec<_> = house.table.dump().into_keys().filter(|key| is_forgotten(&key.pk)).collect();
    for key in gone {
        block_on(house.table.write(Write::delete(key, Condition::Always))).unwrap();
    }
    house.grow(40);
    assert!(matches!(house.publish(&key(1)), Err(JournalError::Corrupt(_))));
    block_on(house.table.write(Write::delete(head_key("06"), Condition::Always))).unwrap();
    assert!(matches!(house.publish(&key(1)), Err(JournalError::Corrupt(_))));
}
