//! What is measured, before it is written in one form or the other.

/// Upper bounds of the latency histograms, in microseconds; dense around the
/// budgets of the design.
pub const BOUNDS_US: [u64; 14] = [
    100, 250, 500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000,
    5_000_000, 30_000_000,
];

/// What its numbers mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows while the process runs.
    Counter,
    /// As it is now.
    Gauge,
    /// Times, by [`BOUNDS_US`].
    Histogram,
}

/// One number, or one histogram.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Whole(u64),
    /// A share, or seconds.
    Real(f64),
    /// How many in each bucket, the last without a bound; and all times together.
    Histogram {
        /// By bucket, not added up.
        counts: [u64; BOUNDS_US.len() + 1],
        /// In microseconds.
        sum_us: u64,
    },
}

/// The labels of a sample, besides the region.
pub type Labels = Vec<(&'static str, String)>;

/// Numbers of one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// Without the common prefix.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// See [`Kind`].
    pub kind: Kind,
    /// By label.
    pub samples: Vec<(Labels, Value)>,
}

impl Family {
    /// Without numbers yet.
    pub fn new(name: &'static str, help: &'static str, kind: Kind) -> Self {
        Self { name, help, kind, samples: Vec::new() }
    }

    /// One gauge without labels.
    pub fn gauge(name: &'static str, help: &'static str, value: Value) -> Self {
        let mut family = Self::new(name, help, Kind::Gauge);
        family.add(Vec::new(), value);
        family
    }

    /// Adds a number.
    pub fn add(&mut self, labels: Labels, value: Value) {
        self.samples.push((labels, value));
    }
}

/// A number of the moment, with its name and help.
pub struct Gauge {
    /// Without the common prefix.
    pub name: &'static str,
    /// One sentence.
    pub help: &'static str,
    /// Its value.
    pub value: u64,
}

impl From<Gauge> for Family {
    fn from(gauge: Gauge) -> Self {
        Self::gauge(gauge.name, gauge.help, Value::Whole(gauge.value))
    }
}
