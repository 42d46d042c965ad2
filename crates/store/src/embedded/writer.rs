//! The one thread that writes a file. Requests wait in a queue; the thread
//! takes all that wait, runs them one after another in a single SQLite
//! transaction, and answers them once that transaction is on disk. So the cost
//! of a durable write, one fsync, is shared by all who wait for it, while each
//! gets the result it would have had alone.
//!
//! Once a minute it also deletes items whose time to live is over, a few hundred
//! at a time with requests between, so that nobody waits long behind them.

use chart::table::{TableError, TableResult};
use dynoxide::storage::Storage;
use futures::channel::oneshot;
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::apply::{self, Prepared};
use super::statements::{Statements, unavailable};
use super::tokens::{Known, OTHER_UNDER_TOKEN, Tokens};

/// Most requests that wait; one more is told to slow down.
const QUEUE_REQUESTS_MAX: usize = 4096;
/// A group is closed once it holds so many writes …
const GROUP_WRITES_MAX: usize = 1000;
/// … or so many bytes of items.
const GROUP_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Expired items are looked for so often …
const EXPIRY_EVERY: Duration = Duration::from_secs(60);
/// … and so many are deleted at a time; when there are more, after a moment.
const EXPIRED_MAX: u32 = 500;
/// That moment.
const EXPIRY_AGAIN: Duration = Duration::from_millis(200);

/// An operation of the engine, given the tokens of committed transactions.
pub(super) type Operation = Box<dyn FnOnce(&Storage, &mut Tokens) + Send>;

/// Something to be done by the writer's thread.
pub(super) enum Request {
    /// All or nothing.
    Transact {
        /// Idempotency token and digest of the transaction.
        token: Option<(String, u64)>,
        /// Its writes, whose keys differ.
        writes: Vec<Prepared>,
        /// Where the result goes.
        reply: oneshot::Sender<TableResult<()>>,
    },
    /// Each by itself.
    Each {
        /// The writes.
        writes: Vec<Prepared>,
        /// Where the results go, in the order of the writes.
        reply: oneshot::Sender<Vec<TableResult<()>>>,
    },
    /// An operation of the engine, which makes its own transaction.
    Engine(Operation),
    /// Delete some of what expired before an instant, in seconds since 1970.
    Expire {
        /// The instant.
        now_s: i64,
        /// Where the number of items goes.
        reply: oneshot::Sender<TableResult<usize>>,
    },
}

impl Request {
    fn size(&self) -> (usize, usize) {
        match self {
            Self::Transact { writes, .. } | Self::Each { writes, .. } => {
                (writes.len(), writes.iter().map(Prepared::bytes).sum())
            }
            Self::Engine(_) | Self::Expire { .. } => (0, 0),
        }
    }
}

/// The queue before the writer's thread.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<SyncSender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread on its own connection.
    pub(super) fn start(storage: Storage, table_name: &str) -> std::io::Result<Self> {
        let (queue, requests) = sync_channel(QUEUE_REQUESTS_MAX);
        let statements = Statements::new(table_name);
        let thread =
            std::thread::Builder::new().name(format!("store-{table_name}")).spawn(move || {
                Work { storage, statements, tokens: Tokens::default() }.run(&requests)
            })?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Puts a request into the queue.
    pub(super) fn submit(&self, request: Request) -> TableResult<()> {
        let queue = self.queue.as_ref().ok_or(TableError::Throttled)?;
        queue.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => TableError::Throttled,
            TrySendError::Disconnected(_) => gone(),
        })
    }
}

impl Drop for Writer {
    /// Waits until everything in the queue is written and answered.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The thread ended, so whether the request was written is not known.
pub(super) fn gone() -> TableError {
    TableError::Unavailable("the embedded store's writer has ended".to_owned())
}

/// A reply that waits for the group to be durable.
enum Answer {
    One(oneshot::Sender<TableResult<()>>, TableResult<()>),
    Each(oneshot::Sender<Vec<TableResult<()>>>, Vec<TableResult<()>>),
}

impl Answer {
    /// Sends it; one who no longer waits has no use for it.
    fn send(self, failure: Option<&TableError>) {
        match (self, failure) {
            (Self::One(reply, result), None) => drop(reply.send(result)),
            (Self::One(reply, _), Some(failure)) => drop(reply.send(Err(failure.clone()))),
            (Self::Each(reply, results), None) => drop(reply.send(results)),
            (Self::Each(reply, results), Some(failure)) => {
                drop(reply.send(results.iter().map(|_| Err(failure.clone())).collect()));
            }
        }
    }
}

struct Work {
    storage: Storage,
    statements: Statements,
    tokens: Tokens,
}

impl Work {
    fn run(mut self, requests: &Receiver<Request>) {
        let mut expiry = Instant::now() + EXPIRY_EVERY;
        loop {
            match requests.recv_timeout(expiry.saturating_duration_since(Instant::now())) {
                Ok(first) => self.take(first, requests),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            if Instant::now() >= expiry {
                // What fails now, another process being at it, is done later.
                let deleted = self.expire(now_s()).unwrap_or(0);
                let more = u32::try_from(deleted).is_ok_and(|deleted| deleted >= EXPIRED_MAX);
                expiry = Instant::now() + if more { EXPIRY_AGAIN } else { EXPIRY_EVERY };
            }
        }
    }

    /// Does a request and what waits behind it, as far as it goes in one group.
    fn take(&mut self, first: Request, requests: &Receiver<Request>) {
        let mut group = Vec::new();
        let (mut writes, mut bytes) = (0, 0);
        let mut next = Some(first);
        while let Some(request) = next.take() {
            match request {
                Request::Engine(operation) => {
                    self.commit(std::mem::take(&mut group));
                    (writes, bytes) = (0, 0);
                    operation(&self.storage, &mut self.tokens);
                }
                Request::Expire { now_s, reply } => {
                    self.commit(std::mem::take(&mut group));
                    (writes, bytes) = (0, 0);
                    drop(reply.send(self.expire(now_s).map_err(unavailable)));
                }
                request => {
                    let (more_writes, more_bytes) = request.size();
                    (writes, bytes) = (writes + more_writes, bytes + more_bytes);
                    group.push(request);
                }
            }
            if writes < GROUP_WRITES_MAX && bytes < GROUP_BYTES_MAX {
                next = requests.try_recv().ok();
            }
        }
        self.commit(group);
    }

    /// Deletes some of what expired; tells how many.
    fn expire(&self, now_s: i64) -> rusqlite::Result<usize> {
        self.statements.delete_expired(self.storage.conn(), now_s, EXPIRED_MAX)
    }

    /// Runs a group in one SQLite transaction and answers once it is durable.
    fn commit(&mut self, group: Vec<Request>) {
        if group.is_empty() {
            return;
        }
        let mut answers = Vec::with_capacity(group.len());
        let mut committed = HashMap::new();
        // The file may be locked by another process: then nothing was written.
        if self.storage.begin_transaction().is_err() {
            for request in group {
                refuse(request, &TableError::Throttled);
            }
            return;
        }
        let mut failure = None;
        for request in group {
            if failure.is_some() {
                refuse_into(request, &mut answers);
                continue;
            }
            match self.apply(request, &mut answers, &mut committed) {
                Ok(()) => {}
                Err(error) => failure = Some(unavailable(error)),
            }
        }
        if failure.is_none()
            && let Err(error) = self.storage.commit()
        {
            failure = Some(TableError::Unavailable(format!("embedded store: {error}")));
        }
        if failure.is_some() {
            // Nothing to add when this fails as well: the answer is unknown already.
            let _ = self.storage.rollback();
        } else {
            let now = Instant::now();
            for (token, digest) in committed {
                self.tokens.remember(&token, digest, now);
            }
        }
        for answer in answers {
            answer.send(failure.as_ref());
        }
    }

    fn apply(
        &mut self,
        request: Request,
        answers: &mut Vec<Answer>,
        committed: &mut HashMap<String, u64>,
    ) -> rusqlite::Result<()> {
        match request {
            Request::Transact { token, writes, reply } => {
                let known = token.as_ref().map_or(Known::No, |(token, digest)| {
                    match committed.get(token) {
                        Some(held) if held == digest => Known::Same,
                        Some(_) => Known::Other,
                        None => self.tokens.look_up(token, *digest, Instant::now()),
                    }
                });
                let result = match known {
                    Known::Same => Ok(Ok(())),
                    Known::Other => Ok(Err(TableError::Rejected(OTHER_UNDER_TOKEN.to_owned()))),
                    Known::No => apply::transaction(self.storage.conn(), &self.statements, &writes),
                };
                // The caller is answered in any case, with the group.
                let (result, outcome) = match result {
                    Ok(result) => (result, Ok(())),
                    Err(error) => (Ok(()), Err(error)),
                };
                if let (Known::No, Ok(()), Some((token, digest))) = (known, &result, token) {
                    committed.insert(token, digest);
                }
                answers.push(Answer::One(reply, result));
                outcome
            }
            Request::Each { writes, reply } => {
                let mut results = Vec::with_capacity(writes.len());
                let mut outcome = Ok(());
                for write in &writes {
                    match apply::single(self.storage.conn(), &self.statements, write) {
                        Ok(result) => results.push(result),
                        Err(error) => {
                            outcome = Err(error);
                            break;
                        }
                    }
                }
                results.resize_with(writes.len(), || Ok(()));
                answers.push(Answer::Each(reply, results));
                outcome
            }
            Request::Engine(_) | Request::Expire { .. } => Ok(()),
        }
    }
}

/// Seconds since 1970.
fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Answers a request that was not begun.
fn refuse(request: Request, error: &TableError) {
    let mut answers = Vec::new();
    refuse_into(request, &mut answers);
    for answer in answers {
        answer.send(Some(error));
    }
}

/// Keeps the place of a request's answer in a group that fails.
fn refuse_into(request: Request, answers: &mut Vec<Answer>) {
    match request {
        Request::Transact { reply, .. } => answers.push(Answer::One(reply, Ok(()))),
        Request::Each { writes, reply } => {
            answers.push(Answer::Each(reply, writes.iter().map(|_| Ok(())).collect()));
        }
        Request::Engine(_) | Request::Expire { .. } => {}
    }
}
