//! This machine, and the server's process on it, from `/proc`.

use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use http::Method;

use crate::client::{Connection, Server};

/// Ticks of a second in `/proc/<pid>/stat`; Linux fixes it for user space.
const TICKS_PER_S: u64 = 100;

/// The server's process, when it runs here, and its metrics, when it has any.
#[derive(Default)]
pub struct Process {
    /// Process id.
    pub id: Option<u32>,
    /// Where `/metrics` is.
    pub metrics: Option<Rc<Server>>,
}

impl Process {
    /// Processor time of all its threads so far.
    pub fn usage(&self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.id?)).ok()?;
        // The name in brackets may hold spaces; fields 14 and 15 are user and system.
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
        Some(Duration::from_millis(ticks * 1_000 / TICKS_PER_S))
    }

    /// Resident memory now and at its highest, in bytes.
    pub fn memory(&self) -> Option<(u64, u64)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id?)).ok()?;
        let kilobytes = |name: &str| -> Option<u64> {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        Some((kilobytes("VmRSS:")? * 1_024, kilobytes("VmHWM:")? * 1_024))
    }

    /// Requests to the store so far: the sum of the server's counters whose
    /// name speaks of store requests.
    pub async fn store_trips(&self, _: &Rc<Server>) -> Option<f64> {
        let mut connection = Connection::to(self.metrics.as_ref()?);
        let answer = connection.ask(Method::GET, "/metrics", None).await.ok()?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let counts: Vec<f64> = text
            .lines()
            .filter(|line| {
                line.contains("store_") && line.contains("_total") && !line.starts_with('#')
            })
            .filter_map(|line| line.rsplit(' ').next()?.parse().ok())
            .collect();
        (!counts.is_empty()).then(|| counts.iter().sum())
    }
}

/// What the figures were measured on.
pub struct Machine {
    /// Model of the processor.
    pub processor: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Memory of the machine in bytes.
    pub memory_bytes: u64,
    /// Kernel.
    pub kernel: String,
}

impl Machine {
    /// This one.
    pub fn this() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let value = |text: &str, name: &str| -> String {
            let line = text.lines().find(|line| line.starts_with(name));
            let told = line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim());
            told.unwrap_or("unknown").to_owned()
        };
        let memory = value(&read("/proc/meminfo"), "MemTotal");
        let kilobytes =
            memory.split_whitespace().next().and_then(|number| number.parse::<u64>().ok());
        Self {
            processor: value(&read("/proc/cpuinfo"), "model name"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_bytes: kilobytes.unwrap_or_default() * 1_024,
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        }
    }
}

/// Bytes on disk below a folder.
pub fn bytes_below(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(about) if about.is_dir() => bytes_below(&entry.path()),
        Ok(about) => about.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
