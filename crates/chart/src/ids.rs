//! Where a resource lives, told by its type and id alone when possible.

use crate::limits::REGISTRY_SHARDS;

const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const ORDERED: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
const CHART_ID_TAIL: usize = 13;
const ID_CHARS_MAX: usize = 64;

/// The partition that a resource lives in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Home {
    /// The chart of the person with this Patient id.
    Person(String),
    /// One shard of the resources of a type that belong to no person.
    Registry {
        /// The resource type.
        resource_type: String,
        /// Its shard, from the id ([`Home::registry`]).
        shard: u64,
    },
}

impl Home {
    /// The registry home of a resource.
    pub fn registry(resource_type: &str, id: &str) -> Self {
        Self::Registry {
            resource_type: resource_type.to_owned(),
            shard: stable_hash(id) % REGISTRY_SHARDS,
        }
    }

    /// Partition key of the cells.
    pub fn partition(&self) -> String {
        match self {
            Self::Person(id) => format!("P#{id}"),
            Self::Registry { resource_type, shard } => format!("R#{resource_type}#{shard}"),
        }
    }

    /// Partition key of the bodies of one resource, spread over `partitions`.
    pub fn body_partition(&self, resource_type: &str, id: &str, partitions: u32) -> String {
        let spread = stable_hash(&format!("{resource_type}/{id}")) % u64::from(partitions.max(1));
        format!("{}#{spread}", self.partition())
    }

    /// The home whose [`Home::partition`] is `text`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('#');
        let home = match (parts.next()?, parts.next()?, parts.next()) {
            ("P", id, None) => Self::Person(id.to_owned()),
            ("R", resource_type, Some(shard)) => Self::Registry {
                resource_type: resource_type.to_owned(),
                shard: shard.parse().ok()?,
            },
            _ => return None,
        };
        parts.next().is_none().then_some(home)
    }
}

/// What an id tells about a resource's home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// The home itself: one round trip to read it.
    Home(Home),
    /// Only the locator item knows: two round trips.
    Locator,
}

/// Where the resource `resource_type/id` lives. `never_in_chart` tells the
/// types that belong to no person (Practitioner, Organization, …).
pub fn home_of(resource_type: &str, id: &str, never_in_chart: fn(&str) -> bool) -> Where {
    if resource_type == "Patient" {
        return Where::Home(Home::Person(id.to_owned()));
    }
    if never_in_chart(resource_type) {
        return Where::Home(Home::registry(resource_type, id));
    }
    match person_of(id) {
        Some(person) => Where::Home(Home::Person(person.to_owned())),
        None => Where::Locator,
    }
}

/// The person that an id assigned by [`chart_id`] carries.
pub fn person_of(id: &str) -> Option<&str> {
    let (person, tail) = id.rsplit_once(".d")?;
    let carries = !person.is_empty()
        && tail.len() == CHART_ID_TAIL
        && tail.bytes().all(|byte| LETTERS.contains(&byte));
    carries.then_some(person)
}

/// A new id for a person or a registry resource: 16 characters, 80 random bits.
pub fn plain_id(random: [u8; 10]) -> String {
    spell(&random, 16, LETTERS)
}

/// A new id for a resource of a chart: the person's id, `.d` and 13 characters
/// (64 random bits). Absent when it would be longer than 64 characters; such a
/// resource takes a [`plain_id`] and a locator.
pub fn chart_id(person: &str, random: [u8; 9]) -> Option<String> {
    let id = format!("{person}.d{}", spell(&random, CHART_ID_TAIL, LETTERS));
    (!person.is_empty() && id.len() <= ID_CHARS_MAX).then_some(id)
}

/// The bytes of which [`chart_id`] makes this id of this person's chart.
pub fn packed_chart_id(id: &str, person: &str) -> Option<[u8; 9]> {
    let tail = id.strip_prefix(person)?.strip_prefix(".d")?;
    let packed = packed(tail, CHART_ID_TAIL)?;
    (chart_id(person, packed).as_deref() == Some(id)).then_some(packed)
}

/// The bytes of which [`plain_id`] makes this id.
pub fn packed_plain_id(id: &str) -> Option<[u8; 10]> {
    packed(id, 16)
}

/// Undoes [`spell`] in [`LETTERS`]; the bits of the last byte that no letter
/// tells are zero.
fn packed<const BYTES: usize>(text: &str, chars: usize) -> Option<[u8; BYTES]> {
    if text.len() != chars {
        return None;
    }
    let mut bits = 0_u128;
    for letter in text.bytes() {
        let value = match letter {
            b'a'..=b'z' => letter - b'a',
            b'2'..=b'7' => letter - b'2' + 26,
            _ => return None,
        };
        bits = bits << 5 | u128::from(value);
    }
    let bytes = (bits << (128 - chars * 5)).to_be_bytes();
    bytes.first_chunk::<BYTES>().copied()
}

/// A new commit id: 26 characters that sort by time, 80 of their bits random.
pub fn commit_id(now_ms: i64, random: [u8; 10]) -> String {
    let mut bytes = [0_u8; 16];
    let time = now_ms.max(0).to_be_bytes();
    let sources = time.iter().skip(2).chain(random.iter());
    bytes.iter_mut().zip(sources).for_each(|(byte, source)| *byte = *source);
    spell(&bytes, 26, ORDERED)
}

/// The first `chars * 5` bits of `bytes` (zeros beyond them), five per letter.
fn spell(bytes: &[u8], chars: usize, alphabet: &[u8; 32]) -> String {
    let bit = |at: usize| bytes.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
    (0..chars)
        .map(|letter| (0..5).fold(0_usize, |acc, at| acc * 2 + usize::from(bit(letter * 5 + at))))
        .filter_map(|index| alphabet.get(index))
        .map(|byte| char::from(*byte))
        .collect()
}

/// A hash that spreads keys over partitions. **Part of the stored form: it
/// never changes.** (FNV-1a with a final mix; no defence against forged keys
/// is needed, the ids of a partition come from one person or one type.)
pub fn stable_hash(text: &str) -> u64 {
    let mut hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}
