use super::*;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn anything_comes_back(text in proptest::collection::vec(any::<u8>(), 0..3000)) {
        prop_assert_eq!(unpack(&pack(&text), text.len()), Some(text));
    }

    #[test]
    fn what_is_of_phrases_comes_back(
        parts in proptest::collection::vec((0..DICTIONARY.len(), 1_usize..200, 0_u8..4), 0..20),
    ) {
        let mut text = Vec::new();
        for (place, length, byte) in parts {
            text.extend(DICTIONARY.iter().skip(place).take(length));
            text.push(byte);
            text.extend(text.iter().rev().take(length / 3).copied().collect::<Vec<u8>>());
        }
        prop_assert_eq!(unpack(&pack(&text), text.len()), Some(text));
    }

    #[test]
    fn another_length_is_refused(text in "[a-z\":{}]{1,300}", more in 1_usize..20) {
        let packed = pack(text.as_bytes());
        prop_assert_eq!(unpack(&packed, text.len() + more), None);
        prop_assert_eq!(unpack(&packed, text.len().saturating_sub(more)), None);
    }

    #[test]
    fn no_bytes_break_it(packed in proptest::collection::vec(any::<u8>(), 0..200), length in 0_usize..100_000) {
        let _ = unpack(&packed, length);
    }
}

#[test]
fn both_codes_are_complete_and_know_every_symbol() {
    assert_eq!(CODE_LENGTHS.len(), FIRST_SYMBOLS + SECOND_SYMBOLS);
    for lengths in [&CODE_LENGTHS[..FIRST_SYMBOLS], &CODE_LENGTHS[FIRST_SYMBOLS..]] {
        assert!(lengths.iter().all(|length| (1..=11).contains(length)));
        let taken: u32 = lengths.iter().map(|length| 1 << (11 - length)).sum();
        assert_eq!(taken, 1 << 11);
        assert!(lengths.iter().any(|length| *length > 7), "padding could be taken for a word");
    }
    assert!(DICTIONARY.len() <= 1 << 15);
}

/// Files of other days are read: neither changes once something was packed.
#[test]
fn the_stored_form_is_pinned() {
    use sha2::{Digest as _, Sha256};
    let digest = |bytes: &[u8]| -> String {
        Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    };
    assert_eq!(digest(DICTIONARY), "2ace022048a1719d");
    assert_eq!(digest(CODE_LENGTHS), "503df17f576a25b6");
}

struct Counting {
    first: Vec<u64>,
    second: Vec<u64>,
}

impl Sink for Counting {
    fn first(&mut self, symbol: usize) {
        self.first[symbol] += 16;
    }
    fn second(&mut self, symbol: usize) {
        self.second[symbol] += 16;
    }
    fn extra(&mut self, _: usize, _: u32) {}
}

/// Learns code lengths for the dictionary from texts: `scripts/phrases` calls it.
#[test]
#[ignore = "makes phrase_codes.bin anew from the texts in PHRASES_SAMPLES"]
fn learn_code_lengths() {
    let samples = std::fs::read(std::env::var("PHRASES_SAMPLES").unwrap()).unwrap();
    // Every symbol keeps a word: texts may be of any kind.
    let mut counts = Counting { first: vec![8; FIRST_SYMBOLS], second: vec![8; SECOND_SYMBOLS] };
    // Samples are separated by a byte that JSON does not have.
    samples.split(|byte| *byte == 0).for_each(|text| spell(text, &mut counts));
    let mut lengths = code_lengths(counts.first);
    lengths.extend(code_lengths(counts.second));
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/src/codec/phrase_codes.bin"), lengths)
        .unwrap();
}

/// Lengths of Huffman's code, counts made more even until no word is too long.
fn code_lengths(mut counts: Vec<u64>) -> Vec<u8> {
    loop {
        let mut groups: Vec<(u64, Vec<usize>)> =
            counts.iter().enumerate().map(|(symbol, count)| (*count, vec![symbol])).collect();
        let mut lengths = vec![0_u8; counts.len()];
        while groups.len() > 1 {
            groups.sort_by_key(|group| std::cmp::Reverse(group.0));
            let (one, other) = (groups.pop().unwrap(), groups.pop().unwrap());
            let symbols: Vec<usize> = one.1.into_iter().chain(other.1).collect();
            symbols.iter().for_each(|symbol| lengths[*symbol] += 1);
            groups.push((one.0 + other.0, symbols));
        }
        if lengths.iter().all(|length| u32::from(*length) <= super::super::prefix_code::BITS_MAX) {
            return lengths;
        }
        counts.iter_mut().for_each(|count| *count = (*count).div_ceil(2) + 1);
    }
}
