//! Small texts, packed as literals and references to what came before or to a
//! fixed dictionary (LZ77), in fixed prefix codes. A resource of some hundred
//! bytes pays for no tables of its own, and unpacking one takes a microsecond or
//! two: deflate spends more than that on each text's own code.
//!
//! A text is a row of symbols of the first alphabet until it has its length:
//! - 0 to 255: that byte;
//! - from [`LENGTHS`] on: a reference of so many bytes ([`length_symbol`]),
//!   followed by a symbol of the second alphabet, whence: as far back as the
//!   last reference ([`AGAIN`]), so many bytes back ([`distance_symbol`]), or a
//!   place in the dictionary ([`PLACES`]), its low bits after it. The dictionary
//!   stands before the text; a reference ends with it.
//!
//! **Dictionary, code lengths and alphabets are part of the stored form and
//! never change**; others take another codec.

use std::sync::OnceLock;

use super::prefix_code::{BitReader, BitWriter, PrefixCode};

/// Phrases that resources are made of: the standard's names and systems, codes
/// and words common in care, and how they follow one another.
const DICTIONARY: &[u8] = include_bytes!("phrases.bin");
/// Lengths of the words of both alphabets, one byte each.
const CODE_LENGTHS: &[u8] = include_bytes!("phrase_codes.bin");

/// First symbol of a length.
const LENGTHS: usize = 256;
/// Symbols of the first alphabet.
pub(super) const FIRST_SYMBOLS: usize = LENGTHS + 40;
/// Shortest reference.
const MATCH_MIN: usize = 4;
/// Longest reference.
const MATCH_MAX: usize = MATCH_MIN + 0xffff;

/// As far back as the last reference.
const AGAIN: usize = 0;
/// First symbol of a distance.
const DISTANCES: usize = 1;
/// First symbol of a place in the dictionary.
const PLACES: usize = DISTANCES + 52;
/// Low bits of a place, after its symbol.
const PLACE_BITS: u32 = 7;
/// Symbols of the second alphabet.
#[cfg(test)]
pub(super) const SECOND_SYMBOLS: usize = PLACES + (1 << (15 - PLACE_BITS));

/// Candidates looked at for one reference, in the text and in the dictionary.
const CANDIDATES_MAX: usize = 12;
/// A reference so long is taken at once.
const GOOD_ENOUGH: usize = 24;

/// Where the symbols of a text go: into bits, or into counts to learn from.
pub(super) trait Sink {
    fn first(&mut self, symbol: usize);
    fn second(&mut self, symbol: usize);
    fn extra(&mut self, bits: usize, count: u32);
}

struct Codes {
    first: PrefixCode,
    second: PrefixCode,
}

fn codes() -> &'static Codes {
    static CODES: OnceLock<Codes> = OnceLock::new();
    CODES.get_or_init(|| {
        let (first, second) = CODE_LENGTHS.split_at_checked(FIRST_SYMBOLS).unwrap_or_default();
        Codes { first: PrefixCode::new(first), second: PrefixCode::new(second) }
    })
}

struct Packing {
    codes: &'static Codes,
    bits: BitWriter,
}

impl Sink for Packing {
    fn first(&mut self, symbol: usize) {
        self.codes.first.put(symbol, &mut self.bits);
    }
    fn second(&mut self, symbol: usize) {
        self.codes.second.put(symbol, &mut self.bits);
    }
    fn extra(&mut self, bits: usize, count: u32) {
        self.bits.put(bits as u64, count);
    }
}

/// Packs a text; how long it is must be kept elsewhere.
pub(super) fn pack(text: &[u8]) -> Vec<u8> {
    let mut packing = Packing { codes: codes(), bits: BitWriter::default() };
    spell(text, &mut packing);
    packing.bits.finish()
}

/// Undoes [`pack`], when `packed` is a text of `length` bytes.
pub(super) fn unpack(packed: &[u8], length: usize) -> Option<Vec<u8>> {
    let codes = codes();
    let mut bits = BitReader::new(packed);
    // A reference takes two bits or more: a length that lies is not believed.
    let mut text = Vec::with_capacity(length.min(packed.len().saturating_mul(64)));
    let mut last = 0;
    while text.len() < length {
        bits.fill();
        let symbol = codes.first.take(&mut bits)?;
        if let Ok(byte) = u8::try_from(symbol) {
            text.push(byte);
            continue;
        }
        let count = length_of(symbol, &mut bits)?;
        if count > length - text.len() {
            return None;
        }
        bits.fill();
        let back = match codes.second.take(&mut bits)? {
            AGAIN => last,
            symbol if symbol < PLACES => distance_of(symbol, &mut bits),
            symbol => {
                let place = (symbol - PLACES) << PLACE_BITS | bits.take(PLACE_BITS);
                (DICTIONARY.len() + text.len()).checked_sub(place)?
            }
        };
        last = back;
        copy(&mut text, back, count)?;
    }
    (text.len() == length && bits.is_whole()).then_some(text)
}

/// Appends `count` bytes that begin `back` bytes before the end, the dictionary
/// standing before the text.
fn copy(text: &mut Vec<u8>, back: usize, count: usize) -> Option<()> {
    if back == 0 {
        return None;
    }
    match text.len().checked_sub(back) {
        Some(start) if back >= count => text.extend_from_within(start..start + count),
        Some(start) => {
            for at in start..start + count {
                text.push(*text.get(at)?);
            }
        }
        None => {
            let start = DICTIONARY.len().checked_sub(back - text.len())?;
            text.extend_from_slice(DICTIONARY.get(start..start + count)?);
        }
    }
    Some(())
}

/// A length's symbol, and the bits after it.
fn length_symbol(length: usize) -> (usize, usize, u32) {
    let over = length - MATCH_MIN;
    if over < 16 {
        return (LENGTHS + over, 0, 0);
    }
    let log = over.ilog2();
    let half = over >> (log - 1) & 1;
    let symbol = LENGTHS + 16 + (log as usize - 4) * 2 + half;
    (symbol, over & ((1 << (log - 1)) - 1), log - 1)
}

fn length_of(symbol: usize, bits: &mut BitReader<'_>) -> Option<usize> {
    let over = symbol.checked_sub(LENGTHS)?;
    if over < 16 {
        return Some(MATCH_MIN + over);
    }
    let log = u32::try_from((over - 16) / 2 + 4).ok()?;
    let half = (over - 16) % 2;
    Some(MATCH_MIN + ((2 + half) << (log - 1) | bits.take(log - 1)))
}

/// A distance's symbol, and the bits after it.
fn distance_symbol(distance: usize) -> (usize, usize, u32) {
    let over = distance - 1;
    if over < 2 {
        return (DISTANCES + over, 0, 0);
    }
    let log = over.ilog2();
    let half = over >> (log - 1) & 1;
    let symbol = DISTANCES + 2 + (log as usize - 1) * 2 + half;
    (symbol, over & ((1 << (log - 1)) - 1), log - 1)
}

fn distance_of(symbol: usize, bits: &mut BitReader<'_>) -> usize {
    let over = symbol - DISTANCES;
    if over < 2 {
        return over + 1;
    }
    let log = ((over - 2) / 2 + 1) as u32;
    let half = (over - 2) % 2;
    ((2 + half) << (log - 1) | bits.take(log - 1)) + 1
}

/// Gives the symbols of a text to `sink`.
pub(super) fn spell(text: &[u8], sink: &mut impl Sink) {
    let mut finder = Finder::new(text);
    let (mut at, mut last) = (0, 0);
    let mut ahead = None;
    while let Some(byte) = text.get(at) {
        let mut found = ahead.take().unwrap_or_else(|| finder.longest(at, last));
        if let Some(one) = found.filter(|one| one.length < GOOD_ENOUGH) {
            // A longer one a byte later is worth a literal.
            let later = finder.longest(at + 1, last);
            if later.is_some_and(|later| later.gain > one.gain + 4) {
                found = None;
                ahead = Some(later);
            }
        }
        match found {
            None => {
                sink.first(usize::from(*byte));
                finder.note(at);
                at += 1;
            }
            Some(Found { length, back, .. }) => {
                let (symbol, bits, count) = length_symbol(length);
                sink.first(symbol);
                sink.extra(bits, count);
                if back == last {
                    sink.second(AGAIN);
                } else if back <= at {
                    let (symbol, bits, count) = distance_symbol(back);
                    sink.second(symbol);
                    sink.extra(bits, count);
                } else {
                    let place = DICTIONARY.len() + at - back;
                    sink.second(PLACES + (place >> PLACE_BITS));
                    sink.extra(place & ((1 << PLACE_BITS) - 1), PLACE_BITS);
                }
                last = back;
                (at..at + length).for_each(|at| finder.note(at));
                at += length;
            }
        }
    }
}

/// A reference that could be made.
#[derive(Clone, Copy)]
struct Found {
    length: usize,
    back: usize,
    /// About the bits it saves.
    gain: usize,
}

/// Finds what a text repeats: chains of places by the hash of four bytes.
struct Finder<'a> {
    text: &'a [u8],
    dictionary: &'static Chains,
    own: Chains,
}

struct Chains {
    shift: u32,
    /// By hash: the last place, plus one.
    heads: Vec<u32>,
    /// By place: the one before of the same hash, plus one.
    before: Vec<u32>,
}

impl Chains {
    fn new(places: usize) -> Self {
        let bits = places.max(256).ilog2().min(15);
        Self { shift: 32 - bits, heads: vec![0; 1 << bits], before: Vec::with_capacity(places) }
    }

    fn hash(&self, four: [u8; 4]) -> usize {
        (u32::from_le_bytes(four).wrapping_mul(0x9e37_79b1) >> self.shift) as usize
    }

    /// Notes the next place.
    fn note(&mut self, bytes: &[u8]) {
        let at = self.before.len();
        let four = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
        let head = four.map(|four| self.hash(*four)).and_then(|hash| self.heads.get_mut(hash));
        let mark = u32::try_from(at + 1).unwrap_or(0);
        self.before.push(head.map_or(0, |head| std::mem::replace(head, mark)));
    }

    /// Places that may begin with these bytes, the last first.
    fn candidates(&self, four: [u8; 4]) -> impl Iterator<Item = usize> {
        let head = self.heads.get(self.hash(four)).copied().unwrap_or(0);
        let mut next = head;
        std::iter::from_fn(move || {
            let at = (next as usize).checked_sub(1)?;
            next = self.before.get(at).copied().unwrap_or(0);
            Some(at)
        })
        .take(CANDIDATES_MAX)
    }
}

fn dictionary_chains() -> &'static Chains {
    static CHAINS: OnceLock<Chains> = OnceLock::new();
    CHAINS.get_or_init(|| {
        let mut chains = Chains::new(DICTIONARY.len());
        DICTIONARY.iter().for_each(|_| chains.note(DICTIONARY));
        chains
    })
}

impl<'a> Finder<'a> {
    fn new(text: &'a [u8]) -> Self {
        Self { text, dictionary: dictionary_chains(), own: Chains::new(text.len()) }
    }

    /// Notes that the text has got to `at`, one after another.
    fn note(&mut self, at: usize) {
        if self.own.before.len() == at {
            self.own.note(self.text);
        }
    }

    /// The reference at `at` that saves most, if any does.
    fn longest(&self, at: usize, last: usize) -> Option<Found> {
        let rest = self.text.get(at..)?;
        let four = *rest.first_chunk::<4>()?;
        let mut best: Option<Found> = None;
        let mut weigh = |source: Option<&[u8]>, back: usize, cost: usize| {
            let source = source.unwrap_or_default();
            // Shorter than the best: not worth a closer look.
            let tail = best.map_or(MATCH_MIN, |best| best.length) - 1;
            if source.get(tail) != rest.get(tail) {
                return;
            }
            let length = common(source, rest);
            // A literal takes about five bits.
            let gain = (length * 5).saturating_sub(cost);
            if length >= MATCH_MIN && gain > best.map_or(4, |best| best.gain) {
                best = Some(Found { length, back, gain });
            }
        };
        if last > 0 {
            match at.checked_sub(last) {
                Some(from) => weigh(self.text.get(from..), last, 8),
                None => {
                    let from = (DICTIONARY.len() + at).checked_sub(last);
                    weigh(from.and_then(|from| DICTIONARY.get(from..)), last, 8);
                }
            }
        }
        for from in self.own.candidates(four).filter(|from| *from < at) {
            let back = at - from;
            weigh(self.text.get(from..), back, 9 + back.ilog2() as usize);
        }
        for from in self.dictionary.candidates(four) {
            weigh(DICTIONARY.get(from..), DICTIONARY.len() + at - from, 21);
        }
        best
    }
}

/// How many bytes two have in common at their beginnings.
fn common(one: &[u8], other: &[u8]) -> usize {
    let (ones, _) = one.as_chunks::<8>();
    let (others, _) = other.as_chunks::<8>();
    let mut length = 0;
    for (one, other) in ones.iter().zip(others) {
        let differing = u64::from_le_bytes(*one) ^ u64::from_le_bytes(*other);
        if differing != 0 {
            return (length + differing.trailing_zeros() as usize / 8).min(MATCH_MAX);
        }
        length += 8;
    }
    let (one, other) = (one.get(length..), other.get(length..));
    let rest = one.unwrap_or_default().iter().zip(other.unwrap_or_default());
    (length + rest.take_while(|(one, other)| one == other).count()).min(MATCH_MAX)
}

#[cfg(test)]
mod tests;
