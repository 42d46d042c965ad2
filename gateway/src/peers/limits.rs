//! Every number that bounds what passes between gateways.

/// How often a region's readiness is asked. An answer that differs so many
/// times in a row changes what is thought of it: [`DOWN_AFTER`], [`UP_AFTER`].
pub const PROBE_EVERY_MS: u64 = 750;

/// How long the answer may take on a wide line, new connection included.
pub const PROBE_FIBRE_MS: u64 = 600;

/// The same over a satellite: two round trips of half a second.
pub const PROBE_SATELLITE_MS: u64 = 1_200;

/// Probes in a row without an answer after which a region is away: one lost
/// packet moves nobody.
pub const DOWN_AFTER: u32 = 3;

/// Probes in a row with an answer after which it is back.
pub const UP_AFTER: u32 = 2;

/// Longest time from a failure to requests finding another door.
pub const FAILOVER_MS: u64 = 5_000;

/// Longest time for a new connection: TCP and TLS 1.3 are two round trips.
pub const CONNECT_MS: u64 = 1_500;

/// Requests for one region on their way over one door at one time. They take no
/// place of those that are answered here, so that a region that is slow leaves
/// room for its own.
pub const IN_FLIGHT_MAX: usize = 128;

/// Idle connections to one region that a worker thread keeps.
pub const IDLE_MAX: usize = 32;

/// Longest idleness of a kept connection; the other side keeps them for as long
/// as a head may take ([`crate::limits::HEAD_READ_MS`]).
pub const IDLE_MS: u64 = 10_000;

/// What a hop takes off the time that is left, so that the one who waits is told
/// in time by the one who does not answer.
pub const HOP_MS: u64 = 50;

/// Longest attempt when another door may follow: half of what an answer may take,
/// so that a gateway that holds requests while it answers probes leaves time.
pub const ATTEMPT_MS: u64 = 30_000;

/// Less time than this is not worth a hop.
pub const LEFT_MS_MIN: u64 = 20;

/// Answers in a row that failed after which nothing more is passed on to a
/// region that still answers its probes.
pub const BREAKER_FAILURES: u32 = 5;

/// How long that lasts; then one request tries again.
pub const BREAKER_MS: u64 = 2_000;

/// Second attempts for each hundred requests that are passed on: what fails for
/// all is not doubled by trying again.
pub const RETRY_PERCENT: u32 = 10;

/// Second attempts saved up, and there from the start.
pub const RETRIES_SAVED_MAX: u32 = 20;

/// Days that the certificate of a peers' authority is good for.
pub const AUTHORITY_DAYS: u64 = 3_650;

/// Days that a region's certificate is good for: renewed yearly, with a year to
/// forget it in.
pub const CERTIFICATE_DAYS: u64 = 730;

/// Seconds before now from which certificates are good: clocks differ.
pub const CLOCKS_DIFFER_S: u64 = 86_400;

const SLOWEST_PROBE_MS: u64 =
    if PROBE_SATELLITE_MS > PROBE_EVERY_MS { PROBE_SATELLITE_MS } else { PROBE_EVERY_MS };
const _: () = assert!(PROBE_EVERY_MS + SLOWEST_PROBE_MS * DOWN_AFTER as u64 <= FAILOVER_MS);
const _: () = assert!(IDLE_MS < crate::limits::HEAD_READ_MS);
const _: () = assert!(LEFT_MS_MIN < HOP_MS);
const _: () = assert!(ATTEMPT_MS * 2 <= crate::limits::ANSWER_MS);
