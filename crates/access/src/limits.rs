//! Every bound of this crate, in one place.

/// Longest bearer token that is looked at, in bytes.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Verified tokens that a gateway remembers.
pub const TOKENS_REMEMBERED_MAX: usize = 4096;
/// Clocks may differ by so much, in seconds (RFC 7519 §4.1.4).
pub const LEEWAY_S: i64 = 60;
/// A token may not live longer than this from its issue, in seconds.
pub const TOKEN_LIFE_S_MAX: i64 = 24 * 3600;
/// Scopes that a token may hold.
pub const SCOPES_MAX: usize = 256;
/// Parameters of the search that narrows one scope.
pub const CONSTRAINT_PAIRS_MAX: usize = 16;
/// Longest value of a single claim, in bytes.
pub const CLAIM_BYTES_MAX: usize = 512;
/// A client's assertion ends at most so long from now, in seconds (SMART App
/// Launch 2.2, Asymmetric Authentication: five minutes).
pub const ASSERTION_LIFE_S_MAX: i64 = 300;
/// Life of an access token that we sign for a client, in seconds.
pub const GRANT_LIFE_S: i64 = 300;
/// Keys of one issuer or client.
pub const KEYS_MAX: usize = 64;
/// Longest JWK Set that is taken from an address, in bytes.
pub const JWKS_BYTES_MAX: usize = 256 * 1024;
/// A `kid` that is not known makes its issuer's address be asked again, at most
/// this often, in seconds.
pub const KEYS_ASK_AGAIN_S: i64 = 10;
/// Keys that cannot be fetched again are kept for so long, in seconds: an
/// issuer's outage of a day stops nobody, a key that was withdrawn serves no
/// longer than that.
pub const KEYS_KEPT_S: i64 = 24 * 3600;
/// Shortest RSA modulus accepted, in bits (RFC 7518 §3.3).
pub const RSA_BITS_MIN: usize = 2048;
/// Longest RSA modulus accepted, in bits.
pub const RSA_BITS_MAX: usize = 4096;

/// Longest entry in its stored encoding, in bytes. An access that would need
/// more (thousands of items) is journaled as several entries by its caller.
pub const ENTRY_BYTES_MAX: usize = 340 * 1024;

/// Entries of one item of a stream or of an index, in bytes; the store takes
/// items of 400 KB.
pub const BATCH_BYTES_MAX: usize = 360 * 1024;
/// Entries that wait for the flusher.
pub const QUEUE_ENTRIES_MAX: usize = 4096;
/// Bytes of the entries that wait for the flusher.
pub const QUEUE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Times that one write is tried before the journal gives up.
pub const WRITE_ATTEMPTS_MAX: u32 = 6;
/// First pause between two tries, in milliseconds; it doubles.
pub const RETRY_PAUSE_MS: u64 = 5;
/// Items of one stream that one pass of the drain takes.
pub const DRAIN_ITEMS_MAX: u32 = 64;
/// Entries of the outbox that one pass of the drain takes.
pub const DRAIN_OUTBOX_MAX: usize = 1000;
/// Entries of one index item lie at most this far apart, in milliseconds.
pub const INDEX_SPAN_MS: u64 = 60_000;
/// A stream in which nothing was written for so long is closed, in milliseconds.
pub const STREAM_IDLE_MS: u64 = 10 * 60_000;
/// Entries on one page of a search.
pub const PAGE_ENTRIES_MAX: usize = 1000;
/// Index items fetched at once.
pub const INDEX_PAGE_ITEMS: u32 = 32;
/// Entries that one transaction of the sequencer appends: eight full tiles.
pub const SEQUENCE_ENTRIES_MAX: usize = 2048;
/// Streams of which one transaction of the sequencer takes entries.
pub const SEQUENCE_STREAMS_MAX: usize = 24;
/// Seconds in which the entries of one such transaction were made: one item of
/// the place index each.
pub const SEQUENCE_SECONDS_MAX: usize = 24;
/// Items of one stream that the sequencer reads at once.
pub const SEQUENCE_ITEMS: u32 = 8;
/// Streams that the sequencer reads side by side.
pub const SEQUENCE_STREAMS_AT_ONCE: usize = 12;

// The head, streams (two items each when they begin or end), places, tiles and
// bundles that so many entries fill or begin, and two levels above.
const _: () = assert!(
    1 + 2 * SEQUENCE_STREAMS_MAX
        + SEQUENCE_SECONDS_MAX
        + 2 * (SEQUENCE_ENTRIES_MAX / 256 + 1)
        + 2 * 2
        + 5
        <= 100
);

// An item takes at least one entry, and the queue at least one item.
const _: () = assert!(ENTRY_BYTES_MAX + 4 <= BATCH_BYTES_MAX);
const _: () = assert!(BATCH_BYTES_MAX <= QUEUE_BYTES_MAX);
// A body that is not sent is not paid for: what a token may hold must leave
// room for the entry that its claims are copied into.
const _: () = assert!(TOKEN_BYTES_MAX < ENTRY_BYTES_MAX);

/// Provisions nested in one another in a Consent; the root is the first.
pub const CONSENT_DEPTH_MAX: usize = 4;
/// Provisions of one restriction: a set of them is one machine word.
pub const CONSENT_PROVISIONS_MAX: usize = 64;
/// Values of one element of a provision.
pub const CONSENT_VALUES_MAX: usize = 64;
/// Shortest reason of an emergency, in characters.
pub const EMERGENCY_REASON_CHARS_MIN: usize = 10;
/// Longest reason of an emergency, in characters.
pub const EMERGENCY_REASON_CHARS_MAX: usize = 500;

/// Items of one stream that one pass of the rules takes.
pub const JUDGE_ITEMS_MAX: u32 = 64;
/// Meetings of a user and a person that one pass of the rules looks at in the
/// record, at most about so many: what it costs is bounded, and under load it
/// falls behind rather than take from those who read charts.
pub const JUDGE_MEETINGS_MAX: usize = 200;
/// More charts than these within one hour of the clock by one user are many.
pub const CHARTS_PER_HOUR_MAX: usize = 60;
/// More charts than these within one day (UTC) by one user are many.
pub const CHARTS_PER_DAY_MAX: usize = 250;
/// Charts that are remembered of one user's day. Beyond, each access is judged
/// as if it were the first.
pub const CHARTS_REMEMBERED_MAX: usize = 10_000;
/// Accesses on one page of the list to be reviewed.
pub const REVIEWS_PAGE_MAX: usize = 200;
/// Accesses on the list that one question looks at; then its page is short and
/// has a link to the next.
pub const REVIEWS_LOOKED_AT_MAX: usize = 4_000;
/// Findings that one review takes.
pub const FINDINGS_MAX: usize = 20;
/// Longest note of a reviewer, in characters.
pub const REVIEW_NOTE_CHARS_MAX: usize = 2_000;
/// Shortest note of a reviewer, in characters.
pub const REVIEW_NOTE_CHARS_MIN: usize = 10;

// A day remembered fits an item of the store.
const _: () = assert!(CHARTS_REMEMBERED_MAX * 19 < 390 * 1024);
const _: () = assert!(CHARTS_PER_DAY_MAX < CHARTS_REMEMBERED_MAX);
/// How often it is written down that everything has been judged, when nothing
/// new was, in milliseconds.
pub const JUDGED_TOLD_MS: u64 = 30_000;
