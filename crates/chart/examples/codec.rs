//! Prints what bodies of bundles take once packed, and how long packing and
//! unpacking take.
//!
//! `cargo run --release -p chart --example codec BUNDLE.json…`

use chart::codec::{pack, unpack};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

#[derive(Default)]
struct Sum {
    count: usize,
    plain: usize,
    packed: usize,
    packing: Duration,
    unpacking: Duration,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for path in std::env::args().skip(1) {
        let text = std::fs::read_to_string(path)?;
        for body in text.split("\"resource\": ").skip(1) {
            let body = resource(body);
            let name = body.split('"').nth(3).unwrap_or_default().to_owned();
            let started = Instant::now();
            let packed = pack(body.as_bytes());
            let packing = started.elapsed();
            let started = Instant::now();
            let unpacked = unpack(&packed)?;
            let unpacking = started.elapsed();
            assert_eq!(unpacked, body.as_bytes());
            for name in [name, "all".to_owned()] {
                let sum = sums.entry(name).or_default();
                sum.count += 1;
                sum.plain += body.len();
                sum.packed += packed.len();
                sum.packing += packing;
                sum.unpacking += unpacking;
            }
        }
    }
    println!(
        "{:<28}{:>8}{:>8}{:>8}{:>9}{:>9}",
        "type", "count", "plain", "packed", "us pack", "us unp."
    );
    for (name, sum) in sums {
        let each = |total: usize| total / sum.count;
        let micros = |time: Duration| time.as_secs_f64() * 1e6 / sum.count as f64;
        println!(
            "{name:<28}{:>8}{:>8}{:>8}{:>9.1}{:>9.1}",
            sum.count,
            each(sum.plain),
            each(sum.packed),
            micros(sum.packing),
            micros(sum.unpacking)
        );
    }
    Ok(())
}

/// The object that a text begins with.
fn resource(text: &str) -> &str {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' if !quoted => depth += 1,
            b'}' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return text.get(..=at).unwrap_or(text);
                }
            }
            _ => {}
        }
    }
    text
}
