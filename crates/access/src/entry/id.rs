//! Ids of entries: 48 bits of time, then 80 random bits, as 26 characters of
//! Crockford's base32 in lower case, so that they sort by time.

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;

/// The id of an entry made at `at_ms` (milliseconds since 1970; 48 bits count).
pub fn id(at_ms: u64, random: [u8; 10]) -> String {
    let tail = random.iter().fold(0_u128, |held, byte| (held << 8) | u128::from(*byte));
    pack((u128::from(at_ms & 0xffff_ffff_ffff) << 80) | tail)
}

/// The time in an id, milliseconds since 1970; `None` when it is none.
pub fn id_time_ms(id: &str) -> Option<u64> {
    unpack(id).and_then(|bits| u64::try_from(bits >> 80).ok())
}

/// The sixteen bytes of an id; `None` when it is none.
pub(crate) fn packed_id(id: &str) -> Option<[u8; 16]> {
    unpack(id).map(u128::to_be_bytes)
}

/// The id of [`packed_id`]'s bytes.
#[cfg(test)]
pub(crate) fn unpacked_id(bytes: [u8; 16]) -> String {
    pack(u128::from_be_bytes(bytes))
}

pub(super) fn pack(bits: u128) -> String {
    let digit = |at: usize| {
        let index = usize::try_from((bits >> (5 * (LENGTH - 1 - at))) & 31).unwrap_or(0);
        char::from(ALPHABET.get(index).copied().unwrap_or(b'0'))
    };
    (0..LENGTH).map(digit).collect()
}

pub(super) fn unpack(text: &str) -> Option<u128> {
    if text.len() != LENGTH || !text.starts_with(|first: char| first <= '7') {
        return None;
    }
    text.bytes().try_fold(0_u128, |held, byte| {
        let digit = ALPHABET.iter().position(|known| *known == byte)?;
        Some((held << 5) | u128::try_from(digit).ok()?)
    })
}

/// An id takes 16 bytes in the encoding rather than 27.
pub(super) mod packed {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(id: &str, serializer: S) -> Result<S::Ok, S::Error> {
        let bits = super::unpack(id).ok_or_else(|| serde::ser::Error::custom("id"))?;
        bits.to_be_bytes().serialize(serializer)
    }

    pub fn deserialize<'a, D: Deserializer<'a>>(deserializer: D) -> Result<String, D::Error> {
        let bytes = <[u8; 16]>::deserialize(deserializer)?;
        Ok(super::pack(u128::from_be_bytes(bytes)))
    }
}
