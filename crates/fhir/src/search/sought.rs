//! Wanted codes and references in the form in which cells keep them, made once
//! for a search, so that judging a cell compares bytes and copies nothing.

use super::atom::{self, Atom, Same, hash_of, take_raw};
use super::indexed::Slot;
use super::matching::Verdict;
use super::parameters::ParameterKind;
use super::query::{Modifier, Query, Wanted, WantedSystem};
use super::tokens::Kept;

/// A wanted text beside its short form.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sought {
    text: String,
    short: Vec<u8>,
}

impl Sought {
    fn of(text: &str) -> Self {
        let mut short = Vec::new();
        Atom::Text(text.into()).write(&mut short);
        Self { text: text.to_owned(), short }
    }

    /// Whether a held short form is the wanted text.
    fn same(&self, raw: &[u8]) -> Same {
        if raw == self.short {
            return if atom::is_hash(raw) { Same::Maybe } else { Same::Yes };
        }
        if !atom::is_word(&self.short) {
            return Same::No;
        }
        // The cell may be older than the word in the dictionary.
        match atom::verbatim(raw) {
            Some(held) if held == self.text.as_bytes() => Same::Yes,
            Some(_) => Same::No,
            None if raw.get(1..) == Some(&hash_of(&self.text).to_be_bytes()) => Same::Maybe,
            None => Same::No,
        }
    }
}

/// One alternative of a filter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Alternative {
    /// A token: its system, if any is asked for, and its code.
    Token { system: System, code: Option<Sought> },
    /// A reference; without a base it is to this record.
    Reference { base: Option<Sought>, kind: Option<Sought>, id: Option<Sought>, typed: bool },
}

/// The system part of a token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum System {
    Any,
    Absent,
    Is(Sought),
}

/// Every alternative of a filter in short form, and the only type that its slot
/// is read for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Prepared {
    alternatives: Vec<Alternative>,
    target: Option<Sought>,
}

impl Prepared {
    /// `None` when a filter is not of codes or references.
    pub(crate) fn of(modifier: &Modifier, wanted: &[Wanted], slot: Option<Slot>) -> Option<Self> {
        if !matches!(modifier, Modifier::Plain | Modifier::Not | Modifier::Type(_)) {
            return None;
        }
        let target = slot?.target.map(Sought::of);
        let alternatives = wanted.iter().map(|wanted| alternative(modifier, wanted));
        Some(Self { alternatives: alternatives.collect::<Option<_>>()?, target })
    }
}

fn alternative(modifier: &Modifier, wanted: &Wanted) -> Option<Alternative> {
    let sought = |text: &Option<String>| text.as_deref().map(Sought::of);
    match wanted {
        Wanted::Token { system, code } => Some(Alternative::Token {
            system: match system {
                WantedSystem::Any => System::Any,
                WantedSystem::Absent => System::Absent,
                WantedSystem::Is(system) => System::Is(Sought::of(system)),
            },
            code: sought(code),
        }),
        Wanted::Reference { base, kind, id, version: None } => {
            let stated = match modifier {
                Modifier::Type(name) => Some(name.as_str()),
                _ => None,
            };
            Some(Alternative::Reference {
                base: sought(base),
                kind: kind.as_deref().or(stated).map(Sought::of),
                id: sought(id),
                typed: stated.is_some(),
            })
        }
        _ => None,
    }
}

impl Query {
    /// Judges the values that a cell keeps; the same as by the values read.
    pub(crate) fn judge_prepared(&self, prepared: &Prepared, kept: &Kept<'_>) -> Verdict {
        let mut found = if kept.incomplete { Verdict::Maybe } else { Verdict::No };
        let mut rest = kept.rest;
        while !rest.is_empty() {
            let value = match kept.kind {
                ParameterKind::Token => self.token(prepared, &mut rest),
                _ => self.reference(prepared, &mut rest),
            };
            let Some(value) = value else { return found.or(Verdict::Maybe) };
            found = found.or(value);
            if found == Verdict::Yes {
                break;
            }
        }
        found
    }

    fn token(&self, prepared: &Prepared, rest: &mut &[u8]) -> Option<Verdict> {
        let (held_system, held_code) = (take_raw(rest)?, take_raw(rest)?);
        let mut found = Verdict::No;
        for alternative in &prepared.alternatives {
            let Alternative::Token { system, code } = alternative else { continue };
            let coded = optional(code.as_ref(), held_code);
            if coded == Verdict::No {
                continue;
            }
            let systemic = match system {
                System::Any => Verdict::Yes,
                System::Absent => Verdict::of(atom::is_absent(held_system)),
                System::Is(system) => system.same(held_system).into(),
            };
            found = found.or(coded.and(systemic));
        }
        Some(found)
    }

    fn reference(&self, prepared: &Prepared, rest: &mut &[u8]) -> Option<Verdict> {
        let (held_base, held_kind, held_id) = (take_raw(rest)?, take_raw(rest)?, take_raw(rest)?);
        if prepared.target.as_ref().is_some_and(|target| target.same(held_kind) == Same::No) {
            return Some(Verdict::No);
        }
        let mut found = Verdict::No;
        for alternative in &prepared.alternatives {
            let Alternative::Reference { base, kind, id, typed } = alternative else { continue };
            let named = optional(id.as_ref(), held_id);
            if named == Verdict::No {
                continue;
            }
            // A reference to urn:uuid: or to a foreign URI need not name its type.
            let kinded = match base {
                Some(_) if atom::is_absent(held_kind) => Verdict::of(!typed),
                _ => optional(kind.as_ref(), held_kind),
            };
            let based = match base {
                Some(base) => base.same(held_base).into(),
                None if atom::is_absent(held_base) => Verdict::Yes,
                None => self.is_local(&Atom::read(&mut { held_base })?),
            };
            found = found.or(named.and(kinded).and(based));
        }
        Some(found)
    }
}

fn optional(wanted: Option<&Sought>, held: &[u8]) -> Verdict {
    wanted.map_or(Verdict::Yes, |wanted| wanted.same(held).into())
}
