//! Appending from many tasks at once: each waits until the item that holds its
//! entry is durable, and one write serves all that waited.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use chart::table::Table;
use futures::channel::oneshot;
use futures::task::AtomicWaker;

use super::stream::Stream;
use super::{Environment, JournalError, batch};
use crate::entry::Entry;
use crate::limits::{BATCH_BYTES_MAX, QUEUE_BYTES_MAX, QUEUE_ENTRIES_MAX};

/// The journal of one gateway. Clones share one queue; when the last is dropped
/// or one is closed, the flusher writes what is queued and ends.
pub struct Journal<T, E> {
    table: Arc<T>,
    environment: Arc<E>,
    region: String,
    shared: Arc<Shared>,
    alone: Arc<futures::lock::Mutex<Option<Stream>>>,
    // Dropped with the last clone.
    _closer: Arc<Closer>,
}

impl<T, E> Clone for Journal<T, E> {
    fn clone(&self) -> Self {
        Self {
            table: Arc::clone(&self.table),
            environment: Arc::clone(&self.environment),
            region: self.region.clone(),
            shared: Arc::clone(&self.shared),
            alone: Arc::clone(&self.alone),
            _closer: Arc::clone(&self._closer),
        }
    }
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    waker: AtomicWaker,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    closed: bool,
}

struct Waiting {
    entry: Vec<u8>,
    answer: oneshot::Sender<Result<(), JournalError>>,
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // No code panics while it holds the lock.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        self.queue().closed = true;
        self.waker.wake();
    }

    /// What waits, up to one item; `None` once closed and empty.
    async fn take(&self) -> Option<Vec<Waiting>> {
        poll_fn(|context| {
            // Registered first: a push between looking and sleeping wakes us.
            self.waker.register(context.waker());
            let mut queue = self.queue();
            let mut taken = Vec::new();
            let mut bytes = 0;
            while let Some(first) = queue.waiting.front() {
                let more = first.entry.len() + 4;
                if bytes + more > BATCH_BYTES_MAX && !taken.is_empty() {
                    break;
                }
                bytes += more;
                taken.extend(queue.waiting.pop_front());
            }
            queue.bytes = queue.bytes.saturating_sub(bytes);
            match (taken.is_empty(), queue.closed) {
                (false, _) => Poll::Ready(Some(taken)),
                (true, true) => Poll::Ready(None),
                (true, false) => Poll::Pending,
            }
        })
        .await
    }
}

struct Closer(Arc<Shared>);

impl Drop for Closer {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Refuses whoever waits when the flusher ends, however it ends.
struct Ending(Arc<Shared>);

impl Drop for Ending {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        queue.closed = true;
        queue.bytes = 0;
        queue.waiting.clear();
    }
}

impl<T, E> Journal<T, E>
where
    T: Table + 'static,
    E: Environment + 'static,
{
    /// The journal of a gateway of `region`, over the table *access*, and its
    /// flusher: a future that some thread must run for [`Journal::append`] to
    /// make progress, until it ends by itself after [`Journal::close`].
    pub fn new(
        table: Arc<T>,
        environment: Arc<E>,
        region: &str,
    ) -> (Self, impl Future<Output = ()> + Send + use<T, E>) {
        let region = region.to_owned();
        let shared = Arc::new(Shared::default());
        let flusher = flush(
            Arc::clone(&table),
            Arc::clone(&environment),
            region.clone(),
            Ending(Arc::clone(&shared)),
        );
        let closer = Arc::new(Closer(Arc::clone(&shared)));
        let alone = Arc::default();
        (Self { table, environment, region, shared, alone, _closer: closer }, flusher)
    }

    /// Returns once the entry is durable. It shares its write with all that
    /// wait at the time.
    ///
    /// # Errors
    /// Whether the entry is durable is unknown after [`JournalError::Table`];
    /// after any other error it is not. No byte of the record may be sent.
    pub async fn append(&self, entry: &Entry) -> Result<(), JournalError> {
        let entry = entry.to_bytes()?;
        let (answer, answered) = oneshot::channel();
        {
            let mut queue = self.shared.queue();
            if queue.closed {
                return Err(JournalError::Stopped);
            }
            let bytes = queue.bytes + entry.len() + 4;
            if queue.waiting.len() >= QUEUE_ENTRIES_MAX || bytes > QUEUE_BYTES_MAX {
                return Err(JournalError::Full);
            }
            queue.bytes = bytes;
            queue.waiting.push_back(Waiting { entry, answer });
        }
        self.shared.waker.wake();
        answered.await.unwrap_or(Err(JournalError::Stopped))
    }

    /// Like [`Journal::append`], where no flusher runs: one write for this entry
    /// alone, and one more before the first to open the stream.
    ///
    /// # Errors
    /// As [`Journal::append`].
    pub async fn append_alone(&self, entry: &Entry) -> Result<(), JournalError> {
        let mut bytes = Vec::new();
        batch::push(&mut bytes, &entry.to_bytes()?);
        let mut stream = self.alone.lock().await;
        write(&*self.table, &*self.environment, &self.region, &mut stream, bytes).await
    }

    /// Entries that wait for the flusher now, for metrics.
    pub fn waiting(&self) -> usize {
        self.shared.queue().waiting.len()
    }

    /// Takes no more entries; the flusher writes what is queued and ends.
    pub fn close(&self) {
        self.shared.close();
    }
}

async fn flush<T: Table, E: Environment>(
    table: Arc<T>,
    environment: Arc<E>,
    region: String,
    ending: Ending,
) {
    let mut stream = None;
    while let Some(taken) = ending.0.take().await {
        let mut bytes = Vec::with_capacity(taken.iter().map(|each| each.entry.len() + 4).sum());
        for waiting in &taken {
            batch::push(&mut bytes, &waiting.entry);
        }
        let result = write(&*table, &*environment, &region, &mut stream, bytes).await;
        for waiting in taken {
            // Whoever no longer waits has no answer to give either.
            let _ = waiting.answer.send(result.clone());
        }
    }
}

/// Writes one batch into the stream, opening one when there is none. A stream
/// that fails is given up; one that was fenced off is replaced, once.
pub(crate) async fn write<T: Table, E: Environment>(
    table: &T,
    environment: &E,
    region: &str,
    held: &mut Option<Stream>,
    batch: Vec<u8>,
) -> Result<(), JournalError> {
    let replaceable = held.is_some();
    let mut stream = match held.take() {
        Some(stream) => stream,
        None => Stream::open(table, environment, region).await?,
    };
    let mut result = stream.write(table, environment, batch.clone()).await;
    if result == Err(JournalError::Fenced) && replaceable {
        stream = Stream::open(table, environment, region).await?;
        result = stream.write(table, environment, batch).await;
    }
    if result.is_ok() {
        *held = Some(stream);
    }
    result
}
