//! How long it takes to verify a token: cold, and when it is remembered. Prints
//! the median of many, by algorithm.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a measurement of known tokens")]

use std::hint::black_box;
use std::time::Instant;

use access::token::{Issuers, Remembering};

const CONFIGURATION: &str = include_str!("../tests/tokens/issuers.json");
const TOKENS: &str = include_str!("../tests/tokens/tokens.json");
/// When these tokens are valid, seconds since 1970.
const NOW_S: i64 = 1_790_000_000;
const ROUNDS: usize = 2_000;
/// Calls between two looks at the clock, of what is faster than a look.
const AT_ONCE: u32 = 100;

/// Median microseconds of one call.
fn median(mut call: impl FnMut(), at_once: u32, rounds: usize) -> f64 {
    let mut taken: Vec<f64> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            (0..at_once).for_each(|_| call());
            start.elapsed().as_secs_f64() * 1e6 / f64::from(at_once)
        })
        .collect();
    taken.sort_by(f64::total_cmp);
    taken[rounds / 2]
}

fn main() {
    let issuers = Issuers::parse(CONFIGURATION).unwrap();
    let tokens: serde_json::Map<String, serde_json::Value> = serde_json::from_str(TOKENS).unwrap();
    println!("{:<8}{:>12}{:>16}{:>10}", "", "cold, µs", "remembered, µs", "bytes");
    let mut slow = false;
    for (algorithm, token) in &tokens {
        let token = token.as_str().unwrap();
        let cold = median(|| drop(black_box(issuers.verify(token, NOW_S).unwrap())), 1, ROUNDS);
        let remembering = Remembering::new(issuers.clone());
        remembering.verify(token, NOW_S).unwrap();
        let held = || drop(black_box(remembering.verify(token, NOW_S).unwrap()));
        let remembered = median(held, AT_ONCE, ROUNDS);
        println!("{algorithm:<8}{cold:>12.1}{remembered:>16.2}{:>10}", token.len());
        slow |= cold > 200.0 || remembered > 5.0;
    }
    println!(
        "wanted: at most 200 cold and 5 remembered{}",
        if slow { ": NOT met" } else { ": met" }
    );
}
