//! The table and the JSON.

use serde_json::{Value, json};

use crate::machine::Machine;
use crate::measure::Measured;

/// Everything measured on one server in one mode.
pub struct Run {
    /// What was measured.
    pub title: String,
    /// Resources of the large chart.
    pub large_resources: usize,
    /// What loading took, when something was loaded for this run.
    pub loaded: Option<Loaded>,
    /// Milliseconds from start to first answer, cold and warm.
    pub start_ms: Option<(u64, u64)>,
    /// Resident memory right after loading, in bytes.
    pub memory_loaded: Option<u64>,
    /// Resident memory after the run and at its highest, in bytes.
    pub memory: Option<(u64, u64)>,
    /// The cases.
    pub cases: Vec<Measured>,
}

/// What loading took.
pub struct Loaded {
    /// How many resources.
    pub resources: usize,
    /// Resources a second.
    pub rate: f64,
    /// Processor time of the server per resource.
    pub cpu_us: Option<f64>,
    /// Bytes on disk per resource right after loading.
    pub bytes: Option<u64>,
}

fn cell(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}

/// Prints the table of one run.
pub fn print(run: &Run) {
    println!("\n{}", run.title);
    println!(
        "{:<28} {:>9} {:>9} {:>9} {:>9} {:>7} {:>9} {:>6}",
        "", "per s", "p50 ms", "p99 ms", "CPU ms", "store", "bytes", "wrong"
    );
    if let Some(loaded) = &run.loaded {
        println!(
            "{:<28} {:>9.0} {:>9} {:>9} {:>9} {:>7} {:>9} {:>6}",
            "loading, resources",
            loaded.rate,
            "–",
            "–",
            cell(loaded.cpu_us.map(|us| us / 1e3), 3),
            "–",
            loaded.bytes.map_or_else(|| "–".to_owned(), |bytes| bytes.to_string()),
            0
        );
    }
    for case in &run.cases {
        println!(
            "{:<28} {:>9.0} {:>9.2} {:>9.2} {:>9} {:>7} {:>9} {:>6}",
            case.name,
            case.rate,
            case.p50_us as f64 / 1e3,
            case.p99_us as f64 / 1e3,
            cell(case.cpu_us.map(|us| us / 1e3), 3),
            cell(case.store_trips, 2),
            case.bytes,
            case.wrong
        );
        if let Some(wrong) = &case.first_wrong {
            println!("  first wrong answer: {wrong}");
        }
    }
    println!("the large chart has {} resources", run.large_resources);
    if let Some((cold, warm)) = run.start_ms {
        println!("start to first answer: {cold} ms cold, {warm} ms with a warm cache");
    }
    if let (Some(loaded), Some((now, highest))) = (run.memory_loaded, run.memory) {
        println!(
            "memory: {} MB after loading, {} MB at the end, at most {} MB",
            loaded / 1_000_000,
            now / 1_000_000,
            highest / 1_000_000
        );
    }
}

/// Everything as JSON.
pub fn to_json(machine: &Machine, connections: usize, seconds: f64, runs: &[Run]) -> Value {
    json!({
        "machine": {
            "processor": machine.processor,
            "cores": machine.cores,
            "memory_bytes": machine.memory_bytes,
            "kernel": machine.kernel,
        },
        "connections": connections,
        "seconds_per_case": seconds,
        "runs": runs.iter().map(run_to_json).collect::<Vec<_>>(),
    })
}

fn run_to_json(run: &Run) -> Value {
    json!({
        "title": run.title,
        "large_chart_resources": run.large_resources,
        "loaded_resources": run.loaded.as_ref().map(|loaded| loaded.resources),
        "load_resources_per_s": run.loaded.as_ref().map(|loaded| loaded.rate),
        "load_cpu_us_per_resource": run.loaded.as_ref().and_then(|loaded| loaded.cpu_us),
        "stored_bytes_per_resource": run.loaded.as_ref().and_then(|loaded| loaded.bytes),
        "cold_start_ms": run.start_ms.map(|(cold, _)| cold),
        "warm_start_ms": run.start_ms.map(|(_, warm)| warm),
        "memory_bytes_after_loading": run.memory_loaded,
        "memory_bytes": run.memory.map(|(now, _)| now),
        "memory_bytes_highest": run.memory.map(|(_, highest)| highest),
        "cases": run.cases.iter().map(|case| json!({
            "name": case.name.trim(),
            "per_s": case.rate,
            "p50_us": case.p50_us,
            "p99_us": case.p99_us,
            "cpu_us": case.cpu_us,
            "store_round_trips": case.store_trips,
            "answer_bytes": case.bytes,
            "answers": case.answers,
            "wrong": case.wrong,
        })).collect::<Vec<_>>(),
    })
}
