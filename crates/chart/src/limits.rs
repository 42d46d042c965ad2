//! Every number of this crate that bounds something.

/// Writes in one transaction of the table.
pub const TRANSACTION_WRITES_MAX: usize = 100;
/// Bytes in one transaction: the store allows 4 MB. What is binary is counted in
/// base64 by some endpoints, a third more, so less than three quarters of it are
/// used.
pub const TRANSACTION_BYTES_MAX: usize = 2_900_000;
/// Bytes of a packed body kept in one item: the store allows 400 KB with names
/// and key; what is longer goes into pieces.
pub const PIECE_BYTES_MAX: usize = 350_000;
/// Bytes of tokens in a resource cell.
pub const TOKENS_BYTES_MAX: usize = 16_000;
/// Bytes of a body before packing.
pub const BODY_BYTES_MAX: usize = 64_000_000;
/// Resources in one commit.
pub const CHANGES_MAX: usize = 50_000;

/// Registry partitions per type. **Part of the stored form: never change it.**
pub const REGISTRY_SHARDS: u64 = 16;
/// Outbox partitions per region. **Part of the stored form.**
pub const OUTBOX_SHARDS: u64 = 4;
/// Partitions of the feed: what is written to one of them is bounded by the
/// store (1,000 units a second, two for an item of a transaction), what is read
/// by their number. **Part of the stored form.**
pub const FEED_SHARDS: u64 = 8;
/// Items of one shard of the feed read at once.
pub const FEED_ITEMS_AT_ONCE: u32 = 250;
/// Partitions of unfinished commits. **Part of the stored form.**
pub const UNFINISHED_SHARDS: u64 = 4;

/// How long a staged commit may stay pending before anyone may abort it.
pub const LEASE_MS: i64 = 30_000;
/// More lease for each resource of the commit.
pub const LEASE_PER_CHANGE_MS: i64 = 20;
/// A sweeper leaves younger commits to the process that made them.
pub const SWEEP_AFTER_MS: i64 = 5_000;
/// How long the record of a finished commit is kept, longer than any late
/// duplicate of its writes may be under way.
pub const RECORD_KEPT_MS: i64 = 7 * 86_400_000;
/// How long the answer to a retry key is kept.
pub const RETRY_KEY_KEPT_MS: i64 = 86_400_000;

/// Times a read of many begins again before it gives up.
pub const READ_RESTARTS_MAX: u32 = 3;
/// Longest pass of a read of many; a longer one begins again.
pub const READ_PASS_MS_MAX: i64 = 30_000;
/// Largest difference between two clocks of the system that reads of many
/// tolerate.
pub const CLOCK_SKEW_MS_MAX: i64 = 2_000;
/// How long a resource cell remembers the last commit of many that touched it:
/// more than a pass and the skew of clocks.
pub const TRACE_KEPT_MS: i64 = 60_000;

/// Parts of a job that are read.
pub const JOB_PARTS_MAX: usize = 10_000;

/// Repetitions of one request whose reply was lost or that was told to wait.
pub const STORE_ATTEMPTS_MAX: u32 = 10;
/// Repetitions of a read that failed so.
pub const READ_ATTEMPTS_MAX: u32 = 5;
/// Times a commit is planned again because of what others did.
pub const COMMIT_ATTEMPTS_MAX: u32 = 40;
/// Shortest pause before a repetition.
pub const BACKOFF_MS_MIN: u64 = 4;
/// Longest pause before a repetition.
pub const BACKOFF_MS_MAX: u64 = 800;

const _: () = assert!(TRACE_KEPT_MS > READ_PASS_MS_MAX + CLOCK_SKEW_MS_MAX);
const _: () = assert!(SWEEP_AFTER_MS < LEASE_MS);
const _: () = assert!(TRANSACTION_BYTES_MAX.div_ceil(3) * 4 < 4_000_000);
const _: () = assert!(PIECE_BYTES_MAX + TOKENS_BYTES_MAX < 400_000);
