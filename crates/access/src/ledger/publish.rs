//! Signing and publishing checkpoints: only of a head that is durable, and only
//! of a log that still begins with what was published before.

use chart::table::{Condition, Item, Table, TableError, Value, Write};
use ledger::Hash;
use ledger::checkpoint::Checkpoint;
use ledger::keys::{SignerKey, VerifierKey};
use ledger::note::Note;
use ledger::tree::{empty_root, extends};

use super::log::Log;
use super::rows::{NOTE, SIZE, checkpoint_key, number};
use crate::journal::JournalError;

/// A checkpoint that should be published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// Signed by the log; cosignatures can be added.
    pub note: Note,
    /// Leaves.
    pub size: u64,
}

impl<T: Table> Log<T> {
    /// The checkpoint of the head, signed, when it is ahead of the published
    /// one, or that one again when a witness of these did not cosign it.
    ///
    /// # Errors
    /// What the table says; [`JournalError::Corrupt`], and nothing is signed,
    /// when the log does not begin with what was published.
    pub async fn due(
        &self,
        key: &SignerKey,
        witnesses: &[VerifierKey],
    ) -> Result<Option<Due>, JournalError> {
        let published = self.published().await?;
        let Some(head) = self.head().await? else {
            let gone = published.is_some();
            return if gone { Err(SHORTENED) } else { Ok(None) };
        };
        let before = match &published {
            Some(note) => Checkpoint::parse(&note.text).map_err(|_| DAMAGED)?,
            None => Checkpoint { origin: String::new(), size: 0, root: empty_root() },
        };
        if before.size > head.size() {
            return Err(SHORTENED);
        }
        let origin = key.verifier().name().to_owned();
        let (size, root) = (head.size(), head.root());
        let checkpoint = Checkpoint { origin, size, root };
        if let Some(note) = published.filter(|note| note.text == checkpoint.to_text()) {
            // A log whose key was changed signs with the new one as well.
            let mut keys = witnesses.iter().chain([key.verifier()]);
            if keys.all(|key| note.signatures.iter().any(|line| key.made(line))) {
                return Ok(None);
            }
            let mut due = Due { note, size };
            due.note.add([key.sign(&due.note.text, 0).map_err(|_| UNSIGNABLE)?]);
            return Ok(Some(due));
        }
        self.begins_with(&before, size, &root).await?;
        let note = checkpoint.sign(key).map_err(|_| UNSIGNABLE)?;
        Ok(Some(Due { note, size }))
    }

    async fn begins_with(
        &self,
        before: &Checkpoint,
        size: u64,
        root: &Hash,
    ) -> Result<(), JournalError> {
        let proof = self.consistency(before.size, size).await?;
        let grew = extends(before.size, &before.root, size, root, &proof);
        if grew { Ok(()) } else { Err(JournalError::Corrupt("the ledger was changed")) }
    }

    /// Publishes a checkpoint, unless a later one is there already.
    ///
    /// # Errors
    /// What the table says.
    pub async fn publish(&self, mut due: Due) -> Result<(), JournalError> {
        // Another gateway may have published the same with other cosignatures.
        if let Some(held) = self.published().await?.filter(|held| held.text == due.note.text) {
            due.note.add(held.signatures);
        }
        let next = i64::try_from(due.size).unwrap_or(i64::MAX).saturating_add(1);
        let not_later =
            Condition::Any(vec![Condition::Absent, Condition::Less(SIZE.to_owned(), next)]);
        let item =
            Item::default().with(SIZE, number(due.size)).with(NOTE, Value::S(due.note.to_text()));
        match self.table.write(Write::put(checkpoint_key(&self.region), item, not_later)).await {
            Ok(()) | Err(TableError::Condition(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

const DAMAGED: JournalError = JournalError::Corrupt("the ledger's checkpoint is damaged");
const SHORTENED: JournalError =
    JournalError::Corrupt("the ledger is shorter than its published checkpoint");
const UNSIGNABLE: JournalError = JournalError::Corrupt("the ledger's key is not one of a log");
