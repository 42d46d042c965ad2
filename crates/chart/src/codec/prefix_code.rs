//! A fixed prefix code: canonical, from the lengths of its words alone, and the
//! bits it is written in (the first in the lowest bit of the first byte).

/// Longest word, in bits.
pub(super) const BITS_MAX: u32 = 11;

/// The code of one alphabet.
pub(super) struct PrefixCode {
    /// By symbol: the word, its first bit lowest, and its length.
    words: Vec<(u16, u8)>,
    /// By the next [`BITS_MAX`] bits: the symbol and the length of its word;
    /// length 0 where no word begins so.
    symbols: Vec<(u16, u8)>,
}

impl PrefixCode {
    /// The code whose words have these lengths (RFC 1951 §3.2.2); 0 means that
    /// a symbol has no word.
    pub fn new(lengths: &[u8]) -> Self {
        let mut words = vec![(0, 0); lengths.len()];
        let mut symbols = vec![(0, 0); 1 << BITS_MAX];
        let mut next = 0_u32;
        for bits in 1..=BITS_MAX {
            next <<= 1;
            let of_these = (0_u16..).zip(lengths).filter(|(_, length)| u32::from(**length) == bits);
            for (symbol, length) in of_these {
                let word = next.reverse_bits() >> (32 - bits);
                next += 1;
                if let Some(held) = words.get_mut(usize::from(symbol)) {
                    *held = (word as u16, *length);
                }
                let places = symbols.iter_mut().skip(word as usize).step_by(1 << bits);
                places.for_each(|place| *place = (symbol, *length));
            }
        }
        Self { words, symbols }
    }

    /// Writes a symbol.
    pub fn put(&self, symbol: usize, bits: &mut BitWriter) {
        let (word, length) = self.words.get(symbol).copied().unwrap_or_default();
        bits.put(u64::from(word), u32::from(length));
    }

    /// Reads a symbol; absent where none is.
    pub fn take(&self, bits: &mut BitReader<'_>) -> Option<usize> {
        let place = bits.held & ((1 << BITS_MAX) - 1);
        let (symbol, length) = *self.symbols.get(place as usize)?;
        bits.skip(u32::from(length));
        (length > 0).then_some(usize::from(symbol))
    }
}

/// Bits being written.
#[derive(Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    held: u64,
    count: u32,
}

impl BitWriter {
    /// Appends the lowest `count` bits, at most 32, of `bits`.
    pub fn put(&mut self, bits: u64, count: u32) {
        self.held |= bits << self.count;
        self.count += count;
        while self.count >= 8 {
            self.bytes.push(self.held as u8);
            self.held >>= 8;
            self.count -= 8;
        }
    }

    /// The bytes; the last is filled with ones, which begin no short word of a
    /// canonical code, so that a text that is cut is noticed.
    pub fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.bytes.push((self.held | 0xff << self.count) as u8);
        }
        self.bytes
    }
}

/// Bits being read; past the end they are ones, which [`BitReader::is_whole`]
/// tells.
pub(super) struct BitReader<'a> {
    rest: &'a [u8],
    held: u64,
    count: u32,
    /// Bits of ones put after the end.
    past: u32,
}

impl<'a> BitReader<'a> {
    /// Reads `bytes` from their first bit.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, held: 0, count: 0, past: 0 }
    }

    /// Makes at least 56 bits ready.
    pub fn fill(&mut self) {
        if let Some(eight) = self.rest.first_chunk::<8>() {
            self.held |= u64::from_le_bytes(*eight) << self.count;
            let taken = (63 - self.count) / 8;
            self.rest = self.rest.get(taken as usize..).unwrap_or_default();
            self.count += taken * 8;
            return;
        }
        while self.count <= 56 {
            match self.rest.split_first() {
                Some((byte, rest)) => {
                    self.held |= u64::from(*byte) << self.count;
                    self.rest = rest;
                }
                None => {
                    self.held |= 0xff << self.count;
                    self.past = self.past.saturating_add(8);
                }
            }
            self.count += 8;
        }
    }

    /// The next `count` bits, at most 32 and of those made ready.
    pub fn take(&mut self, count: u32) -> usize {
        let bits = self.held & ((1 << count) - 1);
        self.skip(count);
        bits as usize
    }

    fn skip(&mut self, count: u32) {
        self.held >>= count;
        self.count = self.count.saturating_sub(count);
    }

    /// Whether nothing was read past the end, and what is left is what
    /// [`BitWriter::finish`] filled.
    pub fn is_whole(&self) -> bool {
        let left = self.count.checked_sub(self.past).filter(|left| *left < 8);
        left.is_some_and(|left| {
            let ones = (1_u64 << left) - 1;
            self.rest.is_empty() && self.held & ones == ones
        })
    }
}
