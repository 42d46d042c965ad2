//! Every bound of this crate, in one place.

/// Longest time that a histogram tells apart, in microseconds (134 s): twice
/// what a request may take. What takes longer counts as this long.
pub const LATENCY_US_MAX: u64 = (1 << 27) - 1;
/// Largest row in its stored encoding, in bytes. The store takes 400 KB; sixty
/// establishments and a dozen functions with every bucket in use take 200 KB.
pub const ROW_BYTES_MAX: usize = 360 * 1024;
/// Establishments of one slice; those beyond it are counted together.
pub const ESTABLISHMENTS_MAX: usize = 128;
/// Points of a plot.
pub const POINTS_MAX: usize = 120;
/// A period up to this long is told from the rows of minutes, a longer one from
/// those of hours, in milliseconds: a day.
pub const MINUTES_SPAN_MS: i64 = 26 * 3_600_000;
/// Longest period of a report, in milliseconds: 400 days.
pub const PERIOD_MS_MAX: i64 = 400 * 86_400_000;
/// How long a row of a minute is kept, in seconds: 35 days.
pub const MINUTES_KEPT_S: i64 = 35 * 86_400;
/// How long a row of an hour is kept, in seconds: 800 days, two yearly reports.
pub const HOURS_KEPT_S: i64 = 800 * 86_400;
/// The public is told numbers of emergencies rounded down to multiples of this,
/// and below it only that they are below.
pub const SMALL_NUMBER: u64 = 5;
/// Longest line of a file of records, in bytes.
pub const RECORD_BYTES_MAX: usize = 4_096;
/// How far back emergencies are looked for that wait for a review, in
/// milliseconds: 31 days.
pub const EMERGENCIES_COUNTED_MS: i64 = 31 * 86_400_000;
/// Records of one period of one region that a report looks at.
pub const RECORDS_MAX: usize = 1_000;
/// Longest reason that a record keeps, in characters.
pub const REASON_CHARS_MAX: usize = 300;
