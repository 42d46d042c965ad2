//! How the generated tables are read.
//!
//! An element is packed in 64 bits, from the lowest: 16 where its name begins
//! in `NAMES`, 8 the name's length, 5 its slot (see [`Element::slot`]), one
//! each for "repeats", "is a choice" and "is in the summary", 16 what it holds,
//! 16 the number of its value set, or of the types that a reference may be to.
//! `scripts/definitions` writes them, sorted by name.

use crate::generated::tables;
use crate::validate::Primitive;

pub(crate) use crate::generated::tables::{CODEABLE_CONCEPT, ELEMENT, EXTENSION, REFERENCE};

const ANY_RESOURCE: u16 = 31;
const FIRST_STRUCTURE: u16 = 32;

/// What an element holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Primitive(Primitive),
    /// A resource of any type, which says its own.
    Resource,
    /// A datatype or a part of a resource, by number.
    Structure(u16),
}

/// One element of a structure, as it is named in JSON (`valueQuantity`).
#[derive(Clone, Copy)]
pub(crate) struct Element(u64);

impl Element {
    pub fn name(self) -> &'static str {
        let start = (self.0 & 0xFFFF) as usize;
        tables::NAMES.get(start..start + (self.0 >> 16 & 0xFF) as usize).unwrap_or_default()
    }

    /// 0, or a number from 1 that a required element has for itself and the
    /// types of a choice share.
    pub fn slot(self) -> u32 {
        (self.0 >> 24 & 0x1F) as u32
    }

    pub fn repeats(self) -> bool {
        self.0 >> 29 & 1 == 1
    }

    pub fn is_choice(self) -> bool {
        self.0 >> 30 & 1 == 1
    }

    /// In the summary of what it is part of (`ElementDefinition.isSummary`).
    pub fn is_summary(self) -> bool {
        self.0 >> 31 & 1 == 1
    }

    pub fn content(self) -> Content {
        let number = (self.0 >> 32 & 0xFFFF) as u16;
        match number.checked_sub(FIRST_STRUCTURE) {
            Some(structure) => Content::Structure(structure),
            None if number == ANY_RESOURCE => Content::Resource,
            None => Content::Primitive(Primitive::numbered(number)),
        }
    }

    /// The value set that its codes must be from.
    pub fn value_set(self) -> Option<ValueSet> {
        if self.content() == Content::Structure(REFERENCE) {
            return None;
        }
        ((self.0 >> 48) as u16).checked_sub(1).map(ValueSet)
    }

    /// The resource types that a reference may be to, by position in the
    /// table of types; `None` when it may be to any.
    pub fn targets(self) -> Option<&'static [u8]> {
        if self.content() != Content::Structure(REFERENCE) {
            return None;
        }
        let number = ((self.0 >> 48) as u16).checked_sub(1)?;
        tables::TARGET_SETS.get(usize::from(number)).copied()
    }
}

/// A rule of the standard, as FHIRPath.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Invariant(pub u16);

impl Invariant {
    /// How many there are.
    pub const COUNT: usize = tables::INVARIANTS.len();

    fn row(self) -> (&'static str, bool, &'static str, &'static str) {
        tables::INVARIANTS.get(usize::from(self.0)).copied().unwrap_or_default()
    }

    /// `pat-1`
    pub fn key(self) -> &'static str {
        self.row().0
    }

    /// Whether what breaks it is wrong; else it is but advised against.
    pub fn is_error(self) -> bool {
        self.row().1
    }

    /// The standard's own words.
    pub fn human(self) -> &'static str {
        self.row().2
    }

    /// The rule.
    pub fn expression(self) -> &'static str {
        self.row().3
    }
}

/// A structure: a resource type, a datatype, or a part of either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Structure(pub u16);

impl Structure {
    /// The structure of a resource type.
    pub fn of_resource(name: &str) -> Option<Self> {
        crate::types::position(name).map(|position| Self(position as u16))
    }

    /// Every structure.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..tables::STRUCTURE_NAMES.len()).filter_map(|at| u16::try_from(at).ok()).map(Self)
    }

    /// The structure of a datatype that is not primitive.
    pub fn of_datatype(name: &str) -> Option<Self> {
        let names = tables::STRUCTURE_NAMES.get(tables::TYPES.len()..)?;
        let datatypes = names.iter().position(|name| name.contains('.')).unwrap_or(names.len());
        let at = names.get(..datatypes)?.binary_search(&name).ok()?;
        u16::try_from(at + tables::TYPES.len()).ok().map(Self)
    }

    /// `Patient`, `HumanName`, or the path of a part: `Patient.contact`.
    pub fn name(self) -> &'static str {
        tables::STRUCTURE_NAMES.get(usize::from(self.0)).copied().unwrap_or_default()
    }

    /// Whether it is a resource type.
    pub fn is_resource(self) -> bool {
        usize::from(self.0) < tables::TYPES.len()
    }

    fn rows(self) -> &'static [u64] {
        let at = usize::from(self.0);
        let start = tables::STRUCTURE_STARTS.get(at).copied().unwrap_or_default();
        let end = tables::STRUCTURE_STARTS.get(at + 1).copied().unwrap_or_default();
        tables::ELEMENTS.get(usize::from(start)..usize::from(end)).unwrap_or_default()
    }

    pub fn elements(self) -> impl Iterator<Item = Element> {
        self.rows().iter().copied().map(Element)
    }

    pub fn element(self, name: &str) -> Option<Element> {
        let rows = self.rows();
        let found = rows.binary_search_by(|row| Element(*row).name().cmp(name));
        found.ok().and_then(|at| rows.get(at)).copied().map(Element)
    }

    /// Its invariants, each with the element that it is on, or an empty text
    /// when it is on the whole.
    pub fn rules(self) -> impl Iterator<Item = (Invariant, &'static str)> {
        let at = usize::from(self.0);
        let start = tables::RULE_STARTS.get(at).copied().unwrap_or_default();
        let end = tables::RULE_STARTS.get(at + 1).copied().unwrap_or_default();
        let rows = tables::RULES.get(usize::from(start)..usize::from(end)).unwrap_or_default();
        rows.iter().map(|(number, element)| (Invariant(*number), *element))
    }

    /// One bit for each slot that must be filled.
    pub fn required(self) -> u32 {
        tables::STRUCTURE_REQUIRED.get(usize::from(self.0)).copied().unwrap_or_default()
    }

    /// What a slot is called: the element, or `value[x]`.
    pub fn slot_name(self, slot: u32) -> String {
        let mut members = self.elements().filter(|element| element.slot() == slot);
        let Some(first) = members.next() else { return String::new() };
        if !first.is_choice() {
            return first.name().to_owned();
        }
        let shared = members.fold(first.name(), |shared, element| {
            let pairs = shared.bytes().zip(element.name().bytes());
            let length = pairs.take_while(|(one, other)| one == other).count();
            shared.get(..length).unwrap_or_default()
        });
        format!("{shared}[x]")
    }
}

/// The codes of a required binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ValueSet(u16);

impl ValueSet {
    /// The set of a canonical URL, whatever its version, when its codes are known.
    pub fn of_url(url: &str) -> Option<Self> {
        let plain = url.split('|').next()?;
        let at = tables::VALUE_SETS.iter().position(|(known, _)| *known == plain)?;
        u16::try_from(at).ok().map(Self)
    }

    /// Its canonical URL.
    pub fn url(self) -> &'static str {
        tables::VALUE_SETS.get(usize::from(self.0)).map_or("", |(url, _)| url)
    }

    /// The code systems that its codes are from.
    pub fn systems(self) -> &'static [&'static str] {
        tables::VALUE_SETS.get(usize::from(self.0)).map_or(&[], |(_, systems)| systems)
    }

    fn packed(self) -> &'static [u32] {
        let at = usize::from(self.0);
        let start = tables::VALUE_SET_STARTS.get(at).copied().unwrap_or_default();
        let end = tables::VALUE_SET_STARTS.get(at + 1).copied().unwrap_or_default();
        tables::CODES.get(usize::from(start)..usize::from(end)).unwrap_or_default()
    }

    fn code(packed: u32) -> &'static str {
        let start = (packed >> 8) as usize;
        tables::CODE_TEXTS.get(start..start + (packed & 0xFF) as usize).unwrap_or_default()
    }

    pub fn codes(self) -> impl Iterator<Item = &'static str> {
        self.packed().iter().map(|packed| Self::code(*packed))
    }

    pub fn holds(self, code: &str) -> bool {
        self.packed().binary_search_by(|packed| Self::code(*packed).cmp(code)).is_ok()
    }
}
