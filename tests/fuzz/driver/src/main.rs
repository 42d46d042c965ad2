//! One process fuzzes one target, named by `FUZZ_TARGET`.
#![no_main]

use std::sync::LazyLock;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let known = fuzz::TARGETS.iter().find(|(known, _)| *known == name);
    let names: Vec<&str> = fuzz::TARGETS.iter().map(|(name, _)| *name).collect();
    known.unwrap_or_else(|| panic!("FUZZ_TARGET is one of {}", names.join(", "))).1
});

libfuzzer_sys::fuzz_target!(|data: &[u8]| TARGET(data));
