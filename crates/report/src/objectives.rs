//! What the pilot promises, and from where on its figures decide: one file,
//! `infra/objectives.toml`.

use serde::{Deserialize, Serialize};

/// The file that is shipped.
const SHIPPED: &str = include_str!("../../../infra/objectives.toml");

/// The objectives. Shares are from 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Objectives {
    /// Least share of requests that do not fail by our fault.
    pub availability: f64,
    /// Within how many milliseconds a request is to be answered.
    pub latency_ms: u64,
    /// Least share of requests of which that must hold.
    pub latency_share: f64,
    /// Requests from which on a question is answered.
    pub requests_min: u64,
    /// Days from which on the use is judged.
    pub days_min: u64,
    /// Longest time until everything accepted is published, in milliseconds.
    pub ledger_lag_ms: u64,
    /// Longest time between two verifications of a whole ledger, in days.
    pub verified_days: i64,
    /// Greatest share of what a load read that is refused.
    pub load_refused_share: f64,
    /// Greatest share of requests under a declared emergency.
    pub emergency_share: f64,
    /// Least share of emergencies that are reviewed.
    pub reviewed_share: f64,
    /// Greatest share of changes that meet another's.
    pub conflict_share: f64,
    /// Greatest share of requests that are refused for want of a place.
    pub shed_share: f64,
}

impl Objectives {
    /// Reads a file of objectives.
    ///
    /// # Errors
    /// What is wrong with it, with its line.
    pub fn read(text: &str) -> Result<Self, String> {
        let objectives: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        let shares = [
            ("availability", objectives.availability),
            ("latency_share", objectives.latency_share),
            ("load_refused_share", objectives.load_refused_share),
            ("emergency_share", objectives.emergency_share),
            ("reviewed_share", objectives.reviewed_share),
            ("conflict_share", objectives.conflict_share),
            ("shed_share", objectives.shed_share),
        ];
        match shares.into_iter().find(|(_, share)| !(0.0..=1.0).contains(share)) {
            Some((name, share)) => Err(format!("{name} = {share}: write a share from 0 to 1")),
            None if objectives.latency_ms == 0 => Err("latency_ms = 0: write milliseconds".into()),
            None => Ok(objectives),
        }
    }

    /// Those that are shipped.
    ///
    /// # Errors
    /// As [`Objectives::read`]; a test reads them.
    pub fn shipped() -> Result<Self, String> {
        Self::read(SHIPPED)
    }
}
