//! Whether a resource is among the results of a search: from its cell, which may
//! answer *maybe*, or from its body, which always knows.

use crate::json::Value;

use super::atom::{Atom, Same};
use super::date::DateRange;
use super::held::{self, Held};
use super::query::{Filter, Modifier, Query, Source, Wanted, WantedSystem};
use super::tokens::Tokens;

/// What a cell can say of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is a result.
    Yes,
    /// It is none.
    No,
    /// Only the body knows: ask [`Query::matches_body`].
    Maybe,
}

impl Verdict {
    fn of(truth: bool) -> Self {
        if truth { Self::Yes } else { Self::No }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Maybe,
        }
    }

    fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, Self::No) => Self::No,
            _ => Self::Maybe,
        }
    }

    fn not(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
        }
    }
}

impl From<Same> for Verdict {
    fn from(same: Same) -> Self {
        match same {
            Same::Yes => Self::Yes,
            Same::No => Self::No,
            Same::Maybe => Self::Maybe,
        }
    }
}

impl Query {
    /// Judges a resource by its cell, its id and the instant of its current
    /// version (Unix time in milliseconds). *No* and *yes* are certain.
    pub fn matches(&self, tokens: &Tokens, id: &str, last_updated_ms: i64) -> Verdict {
        let mut verdict = Verdict::Yes;
        for filter in &self.filters {
            let found = match filter.source {
                Source::Content => self.judge_tokens(filter, tokens),
                _ => self.judge_meta(filter, id, last_updated_ms),
            };
            if found == Verdict::No {
                return Verdict::No;
            }
            verdict = verdict.and(found);
        }
        verdict
    }

    /// Whether the resource at `root` is a result; exact.
    pub fn matches_body(&self, root: Value<'_>, id: &str, last_updated_ms: i64) -> bool {
        self.filters.iter().all(|filter| {
            let found = match filter.source {
                Source::Content => {
                    self.judge(filter, &held::values(&filter.parameter, root), false)
                }
                _ => self.judge_meta(filter, id, last_updated_ms),
            };
            found == Verdict::Yes
        })
    }

    fn judge_tokens(&self, filter: &Filter, tokens: &Tokens) -> Verdict {
        let kept = filter.slot.and_then(|slot| tokens.kept(slot, filter.parameter.kind));
        kept.map_or(Verdict::Maybe, |kept| self.judge(filter, &kept.values, kept.incomplete))
    }

    fn judge_meta(&self, filter: &Filter, id: &str, last_updated_ms: i64) -> Verdict {
        let held = match filter.source {
            Source::Id => Held::Token { system: Atom::Absent, code: Atom::Text(id.into()) },
            _ => Held::Date(DateRange::instant(last_updated_ms)),
        };
        self.judge(filter, &[held], false)
    }

    fn judge(&self, filter: &Filter, held: &[Held<'_>], incomplete: bool) -> Verdict {
        if let [Wanted::Missing(wanted)] = filter.wanted.as_slice() {
            let missing = match (held.is_empty(), incomplete) {
                (false, _) => Verdict::No,
                (true, false) => Verdict::Yes,
                (true, true) => Verdict::Maybe,
            };
            return if *wanted { missing } else { missing.not() };
        }
        let mut found = if incomplete { Verdict::Maybe } else { Verdict::No };
        for wanted in &filter.wanted {
            for value in held {
                found = found.or(self.compare(filter, value, wanted));
            }
        }
        if filter.modifier == Modifier::Not { found.not() } else { found }
    }

    fn compare(&self, filter: &Filter, held: &Held<'_>, wanted: &Wanted) -> Verdict {
        match (held, wanted) {
            (
                Held::Token { system, code },
                Wanted::Token { system: in_system, code: with_code },
            ) => {
                let system = match in_system {
                    WantedSystem::Any => Verdict::Yes,
                    WantedSystem::Absent => Verdict::of(system.is_absent()),
                    WantedSystem::Is(wanted) => system.same(wanted).into(),
                };
                system.and(optional(code, with_code.as_deref()))
            }
            (Held::Text { .. }, Wanted::Text { raw, squashed }) => {
                compare_text(&filter.modifier, held, raw, squashed)
            }
            (Held::Date(held), Wanted::Date { prefix, range }) => {
                Verdict::of(prefix.holds(*held, *range, self.now_ms))
            }
            (Held::Reference { .. }, Wanted::Reference { .. }) => {
                self.compare_reference(&filter.modifier, held, wanted)
            }
            (Held::Uri(held), Wanted::Uri(wanted)) => held.same(wanted).into(),
            (
                Held::Number { low, high, system, code, unit },
                Wanted::Number { prefix, number, system: in_system, code: in_unit },
            ) => {
                let unit = match in_system {
                    Some(_) => optional(code, in_unit.as_deref()),
                    None => {
                        optional(code, in_unit.as_deref()).or(optional(unit, in_unit.as_deref()))
                    }
                };
                let number = Verdict::of(number.holds(*prefix, *low, *high));
                number.and(unit).and(optional(system, in_system.as_deref()))
            }
            _ => Verdict::No,
        }
    }

    fn compare_reference(&self, modifier: &Modifier, held: &Held<'_>, wanted: &Wanted) -> Verdict {
        let (
            Held::Reference { base, kind, id },
            Wanted::Reference { base: wanted_base, kind: wanted_kind, id: wanted_id },
        ) = (held, wanted)
        else {
            return Verdict::No;
        };
        let based = match wanted_base {
            Some(wanted) => base.same(wanted).into(),
            None => self
                .own_bases
                .iter()
                .fold(Verdict::of(base.is_absent()), |found, own| found.or(base.same(own).into())),
        };
        let stated = match modifier {
            Modifier::Type(name) => Some(name.as_str()),
            _ => None,
        };
        let kind_wanted = wanted_kind.as_deref().or(stated);
        // A reference to urn:uuid: or to a foreign URI need not name its type.
        let kinded = match (kind, wanted_base) {
            (Atom::Absent, Some(_)) => Verdict::of(stated.is_none()),
            _ => optional(kind, kind_wanted),
        };
        based.and(kinded).and(optional(id, wanted_id.as_deref()))
    }
}

/// Compares when something is asked for; asking for nothing is always answered.
fn optional(held: &Atom<'_>, wanted: Option<&str>) -> Verdict {
    wanted.map_or(Verdict::Yes, |wanted| held.same(wanted).into())
}

fn compare_text(modifier: &Modifier, held: &Held<'_>, raw: &str, squashed: &str) -> Verdict {
    let Held::Text { folded, whole, raw: held_raw } = held else {
        return Verdict::No;
    };
    if *modifier == Modifier::Exact {
        return match held_raw {
            Some(held) => Verdict::of(held == raw),
            // A cell keeps no capitals and accents, so it can only rule out.
            None => match begins(folded, squashed, *whole) {
                Verdict::No => Verdict::No,
                _ => Verdict::Maybe,
            },
        };
    }
    if *modifier == Modifier::Contains {
        let letters: String = folded.chars().filter(|letter| *letter != ' ').collect();
        let inside = letters.contains(squashed);
        return match (inside, whole) {
            (true, _) => Verdict::Yes,
            (false, true) => Verdict::No,
            (false, false) => Verdict::Maybe,
        };
    }
    begins(folded, squashed, *whole)
}

/// Whether the held text, its spaces left out, begins with the wanted one.
fn begins(folded: &str, squashed: &str, whole: bool) -> Verdict {
    let mut letters = folded.bytes().filter(|byte| *byte != b' ');
    for wanted in squashed.bytes() {
        match letters.next() {
            Some(held) if held == wanted => {}
            Some(_) => return Verdict::No,
            None => return if whole { Verdict::No } else { Verdict::Maybe },
        }
    }
    Verdict::Yes
}
