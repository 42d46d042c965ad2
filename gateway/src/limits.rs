//! Every number that bounds the gateway, and why it is what it is. The table
//! store's and FHIR's own bounds live with the crates that know them.

/// Largest request body: a transaction of 3,419 entries takes about 8 MB, and
/// the contract is 50 MB.
pub const BODY_BYTES_MAX: usize = 50 * 1024 * 1024;

/// All request bodies being gathered or answered at one time, over one door.
/// Four of the largest, or thousands of ordinary ones.
pub const BODIES_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Largest answer. A page of a thousand versions stays under it; a function
/// that goes over it is at fault.
pub const ANSWER_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Longest request target. Searches with long value lists go by POST.
pub const TARGET_BYTES_MAX: usize = 16 * 1024;

/// Most header fields of a request; browsers and clients send under 40.
pub const HEADERS_MAX: usize = 100;

/// Header bytes of a request over both protocols; a token is under 8 KB.
pub const HEADER_BYTES_MAX: usize = 64 * 1024;

/// From the first byte of a request, or an idle connection, to its complete
/// head: short enough that slow senders cannot hold doors open.
pub const HEAD_READ_MS: u64 = 15_000;

/// Longest silence within a request body.
pub const BODY_SILENCE_MS: u64 = 10_000;

/// Longest time for a whole request body: 50 MB over a satellite link of
/// 4 Mbit/s takes 100 s.
pub const BODY_READ_MS: u64 = 120_000;

/// What a client still sends of a request that was refused before its end is
/// read and thrown away up to so many bytes, because closing on unread bytes
/// would take the answer from it.
pub const LINGER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Longest time for that, and the longest silence within it.
pub const LINGER_MS: u64 = 10_000;
/// See [`LINGER_MS`].
pub const LINGER_SILENCE_MS: u64 = 1_000;

/// Longest TLS handshake: three round trips over a satellite link are 2 s.
pub const TLS_HANDSHAKE_MS: u64 = 10_000;

/// Streams of one HTTP/2 connection at one time.
pub const STREAMS_MAX: u32 = 128;

/// Connections of one door. A file descriptor and about 20 KB each.
pub const CONNECTIONS_MAX: usize = 4_096;

/// Requests inside functions at one time for each worker, of all doors of a
/// process, which share them equally. Above what a core can use, because most of a
/// request's time is spent waiting for the store; not far above, because each has
/// a memory of its own: with twice as many a request costs a sixth more.
pub const IN_FLIGHT_PER_WORKER: usize = 64;

/// The same however many workers there are.
pub const IN_FLIGHT_MAX: usize = 256;

/// Places of a door however many doors there are.
pub const IN_FLIGHT_MIN: usize = 16;

/// Requests of one door waiting for one of these places.
pub const WAITING_MAX: usize = 1_024;

/// Longest wait for a place. A client that waited two seconds has given up, or
/// should hear that it is not its fault.
pub const WAITING_MS: u64 = 2_000;

/// How long a refusal for want of a place is kept back, so that a client that asks
/// again without waiting as it is told does not have the door do nothing but
/// refuse.
pub const SHED_HELD_MS: u64 = 200;

/// Refusals kept back at one time; more leave at once.
pub const SHED_HELD_MAX: usize = 2_048;

/// What `Retry-After` says when there is no place.
pub const RETRY_AFTER_S: u32 = 2;

/// From handing a request to a function until its whole answer. The largest
/// transaction takes a few seconds on a cold store.
pub const ANSWER_MS: u64 = 60_000;

/// Answers that there is nothing leave in time with this beat, and a random part
/// of another after it, so that how long they took does not tell what is withheld
/// from what is absent: several times what finding and judging a resource takes,
/// and less than a person notices.
pub const NOT_FOUND_BEAT_MS: u64 = 20;

/// How often the engine's epoch moves: a computing function gives way to the
/// other requests of its thread this often.
pub const EPOCH_MS: u64 = 10;

/// Epochs that one request may compute through: ten seconds of one core, where
/// the largest transaction needs under two.
pub const EPOCHS_MAX: u32 = 1_000;

/// Linear memory of an instance: the largest body, its parse and its answer.
pub const MEMORY_BYTES_MAX: usize = 512 * 1024 * 1024;

/// Elements of an instance's tables of functions; the largest has under 3,000.
pub const TABLE_ELEMENTS_MAX: usize = 20_000;

/// Instances of all regions in one process at one time, kept ones included.
pub const INSTANCES_MAX: u32 = 1_024;

/// Core modules of one component: its own, and what the component encoding
/// adds for late binding.
pub const CORE_INSTANCES_PER_COMPONENT_MAX: u32 = 16;

/// Memory of an ended instance that stays resident and is cleared by hand
/// rather than given back: what a small request touches.
pub const MEMORY_RESIDENT_BYTES: usize = 1024 * 1024;

/// Likewise for its tables of functions.
pub const TABLE_RESIDENT_BYTES: usize = 64 * 1024;

/// Stack on which a function runs, and how much of it stays resident.
pub const STACK_BYTES: usize = 1024 * 1024;
/// See [`STACK_BYTES`].
pub const STACK_RESIDENT_BYTES: usize = 32 * 1024;

/// Kept instances of one worker thread when reuse is on.
pub const KEPT_MAX: usize = 64;

/// An instance that carried more than this in, and out again, is not kept: a
/// linear memory never shrinks.
pub const KEPT_CARRIED_BYTES_MAX: usize = 256 * 1024;

/// Longest idleness of a kept instance.
pub const KEPT_IDLE_MS: u64 = 10_000;

/// From the signal to stop until what is in flight is cut off.
pub const SHUTDOWN_MS: u64 = 20_000;

/// How often commits that a dead process left are finished or undone, and
/// access entries moved to where they are searched: within seconds, and rarely
/// enough to cost an idle gateway nothing.
pub const MAINTENANCE_MS: u64 = 1_000;

/// How often a region's ledger takes in what its journal accepted, and
/// publishes: everything within five seconds, with room for the drain before it
/// and for a witness that answers late.
pub const LEDGER_MS: u64 = 1_000;

/// The same after a failure.
pub const LEDGER_FAILED_MS: u64 = 5_000;

/// Rounds after which a witness that did not cosign is asked again about the
/// same checkpoint.
pub const LEDGER_WITNESS_AGAIN: u64 = 10;

/// How long a witness, or whoever serves a ledger, may take to answer.
pub const LEDGER_EXCHANGE_MS: u64 = 2_000;

/// Largest answer of either: a full bundle of the longest entries.
pub const LEDGER_ANSWER_BYTES_MAX: usize = 17 * 1024 * 1024;

/// How long a look at the store holds for those who ask whether a region is
/// ready.
pub const READINESS_MS: u64 = 1_000;

/// How long the store may take to answer that look: an answer that takes longer
/// is no use to a caller either, and probes wait for a second or more.
pub const READINESS_ASK_MS: u64 = 500;

/// Longest time for fetching an issuer's keys: a caller may be waiting.
pub const KEYS_FETCH_MS: u64 = 5_000;

/// How often the figures of a door are written down: at the end of each minute.
/// What a process counted since goes with it when it is killed.
pub const SERIES_MS: u64 = 60_000;

/// How often a gateway counts the emergencies that wait for a review: an hour.
pub const REVIEWS_COUNTED_MS: i64 = 3_600_000;

/// Rows of one door's figures that wait for a store that is away: two hours.
pub const SERIES_ROWS_WAITING_MAX: usize = 240;

/// As much of the file of records is read, from its end.
pub const RECORDS_READ_BYTES: u64 = 64 * 1024;

/// Records of one region that its metrics look at.
pub const RECORDS_KNOWN_MAX: usize = 64;

/// How long a page of the report serves the public.
pub const PAGE_KEPT_MS: u64 = 30_000;

/// Pages that are kept: both languages of a few periods.
pub const PAGES_KEPT_MAX: usize = 16;

/// Spans of one request; a transaction of thousands asks the store often.
pub const SPANS_MAX: usize = 128;

/// How often metrics and traces go to the collector.
pub const OTLP_MS: u64 = 5_000;

/// How long the collector may take to answer.
pub const OTLP_SEND_MS: u64 = 3_000;

/// Largest answer of the collector that is read.
pub const OTLP_ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Traced requests that wait for the collector.
pub const TRACES_WAITING_MAX: usize = 2_048;

/// How often the region files are looked at: a change of phase is to show within
/// five seconds, and eighteen small files cost a millisecond.
pub const REGION_FILES_MS: u64 = 2_000;

/// How often files are tried again that could not be followed: a table or a key
/// that is made a minute later still counts.
pub const REGION_FILES_TRIES: u32 = 300;

/// How long requests may go on, on tables that their region has left: as long as
/// any request may take.
pub const FOOTING_LEFT_MS: u64 = ANSWER_MS + 5_000;

/// How far back a region's latency is looked at before it moves, in
/// milliseconds: a day, which is told from the rows of minutes.
pub const LATENCY_MEASURED_MS: i64 = 86_400_000;

/// Oldest rehearsal of a restore that counts before a region moves, in
/// milliseconds: 31 days, as ledgers are verified.
pub const RESTORE_OLD_MS: i64 = 31 * 86_400_000;

/// Longest reason for moving a region although something does not hold: it goes
/// into its entry.
pub const REASON_CHARS_MAX: usize = 200;

/// Bytes of log lines waiting to be written; what goes over is counted and
/// dropped, since no request may wait for a log.
pub const LOG_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How often log lines are written out.
pub const LOG_FLUSH_MS: u64 = 50;

/// A segment of a copy is closed once it holds so many bytes of items: the memory
/// that copying takes is a few of these.
pub const BACKUP_SEGMENT_BYTES: usize = 8 * 1024 * 1024;

/// Longest segment: one item may come on top.
pub const BACKUP_SEGMENT_BYTES_MAX: u64 = 9 * 1024 * 1024;

/// Longest manifest of a copy: 250 bytes for each segment of a record of two
/// terabytes.
pub const BACKUP_MANIFEST_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How often a table service is read twice before a copy of it is given up.
pub const BACKUP_ROUNDS_MAX: u32 = 3;

/// First pause before the store is asked again while copying; doubled each time.
pub const BACKUP_PAUSE_MS: u64 = 50;

/// How often it is asked: over about 50 s.
pub const BACKUP_TRIES_MAX: u32 = 10;

/// Items that are put back at once.
pub const RESTORE_WRITES_AT_ONCE: usize = 500;

/// Longest answer of a component that is tried before it takes over.
pub const UPGRADE_PROBE_MS: u64 = 5_000;

/// Longest command or answer on the socket of a running gateway.
pub const CONTROL_BYTES_MAX: usize = 64 * 1024;

/// How long a running gateway waits for the rest of a command, or for the one
/// that takes over to say that it is open.
pub const CONTROL_MS: u64 = 120_000;

/// How long a gateway whose successor is open asks its clients to leave, one
/// answer at a time, before it closes the connections that are idle.
pub const LEAVE_MS: u64 = 5_000;

/// Listeners that a gateway hands over: three for each of the eighteen regions,
/// with room to spare.
pub const LISTENERS_MAX: usize = 64;

const _: () = assert!(BODY_BYTES_MAX as u64 <= LINGER_BYTES_MAX);
const _: () = assert!(
    (BACKUP_SEGMENT_BYTES + 2 * store::limits::ITEM_BYTES_MAX) as u64 <= BACKUP_SEGMENT_BYTES_MAX
);
const _: () = assert!(LINGER_MS < SHUTDOWN_MS);
const _: () = assert!(READINESS_ASK_MS <= READINESS_MS);
const _: () = assert!(BODY_BYTES_MAX * 4 <= BODIES_BYTES_MAX);
const _: () = assert!(BODY_BYTES_MAX * 4 <= MEMORY_BYTES_MAX);
const _: () = assert!(ANSWER_BYTES_MAX <= MEMORY_BYTES_MAX);
const _: () = assert!(IN_FLIGHT_MAX * 2 + KEPT_MAX * 2 <= INSTANCES_MAX as usize);
// All eighteen regions in one process.
const _: () = assert!(IN_FLIGHT_MIN * 18 * 2 + KEPT_MAX * 2 <= INSTANCES_MAX as usize);
const _: () = assert!(EPOCH_MS * EPOCHS_MAX as u64 <= ANSWER_MS);
