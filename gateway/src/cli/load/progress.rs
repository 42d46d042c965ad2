//! How far the load is, on the error stream: a line that is written over on a
//! terminal, a line every few seconds elsewhere.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::count::grouped;

/// Columns of the bar.
const BAR_COLUMNS: usize = 24;

/// Counts what is done.
#[derive(Debug)]
pub struct Progress {
    begun: Instant,
    /// All the work, in any unit; 0 when it is not known.
    weight: u64,
    weight_done: AtomicU64,
    bundles: AtomicU64,
    resources: AtomicU64,
    unfit: AtomicU64,
}

impl Progress {
    /// Of so much work.
    pub fn new(weight: u64) -> Self {
        Self {
            begun: Instant::now(),
            weight,
            weight_done: AtomicU64::new(0),
            bundles: AtomicU64::new(0),
            resources: AtomicU64::new(0),
            unfit: AtomicU64::new(0),
        }
    }

    /// A bundle of so many resources is settled.
    pub fn done(&self, resources: u64, weight: u64) {
        self.bundles.fetch_add(1, Ordering::Relaxed);
        self.resources.fetch_add(resources, Ordering::Relaxed);
        self.passed(weight);
    }

    /// An item was met that cannot be sent.
    pub fn unfit(&self) {
        self.unfit.fetch_add(1, Ordering::Relaxed);
    }

    /// Work was done that sent nothing.
    pub fn passed(&self, weight: u64) {
        self.weight_done.fetch_add(weight, Ordering::Relaxed);
    }

    /// The line after so much time, and a bar before it if one is wanted.
    pub fn line(&self, elapsed: Duration, bar: bool) -> String {
        let (bundles, resources) =
            (self.bundles.load(Ordering::Relaxed), self.resources.load(Ordering::Relaxed));
        let unfit = self.unfit.load(Ordering::Relaxed);
        let elapsed_s = elapsed.as_secs_f64().max(0.001);
        let rate = (resources as f64 / elapsed_s) as u64;
        let mut line = String::new();
        let part = self.part();
        if let Some(part) = part {
            if bar {
                let full = ((part * BAR_COLUMNS as f64) as usize).min(BAR_COLUMNS);
                line.push_str(&format!("[{:<BAR_COLUMNS$}] ", "#".repeat(full)));
            }
            line.push_str(&format!("{:>3} % ", (part * 100.0) as u64));
        }
        line.push_str(&format!(
            "{} bundles, {} resources, {}/s",
            grouped(bundles),
            grouped(resources),
            grouped(rate)
        ));
        if unfit > 0 {
            line.push_str(&format!(", {} unfit", grouped(unfit)));
        }
        if let Some(part) = part.filter(|part| *part > 0.01 && *part < 1.0) {
            let left_s = elapsed_s * (1.0 - part) / part;
            line.push_str(&format!(", {} left", clock(left_s as u64)));
        }
        line
    }

    fn part(&self) -> Option<f64> {
        let done = self.weight_done.load(Ordering::Relaxed) as f64;
        (self.weight > 0).then(|| (done / self.weight as f64).min(1.0))
    }

    /// Shows it until it is dropped.
    pub async fn show(&self) {
        let terminal = std::io::stderr().is_terminal();
        let every = if terminal { Duration::from_millis(200) } else { Duration::from_secs(5) };
        loop {
            tokio::time::sleep(every).await;
            let line = self.line(self.begun.elapsed(), terminal);
            // Nobody is left to tell when the error stream is closed.
            let _ = if terminal {
                write!(std::io::stderr(), "\r{line}\x1b[K")
            } else {
                writeln!(std::io::stderr(), "{line}")
            };
        }
    }

    /// Shows the end of it.
    pub fn close(&self) {
        let line = self.line(self.begun.elapsed(), false);
        let start = if std::io::stderr().is_terminal() { "\r\x1b[K" } else { "" };
        let took = self.begun.elapsed().as_secs_f64();
        let _ = writeln!(std::io::stderr(), "{start}{line}, {took:.1} s");
    }
}

/// Seconds as people say them.
fn clock(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}
