//! Whether a resource is among the results of a search: from its cell, which may
//! answer *maybe*, or from its body, which always knows.

use crate::json::Value;

use super::atom::{Atom, Same};
use super::date::DateRange;
use super::held::{self, Held, View};
use super::parameters::{Parameter, ParameterKind};
use super::query::{Chain, ChainLink, Confined, Filter, Modifier, Query, Source, Wanted};
use super::tokens::{Kept, Tokens};

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
    pub(crate) fn of(truth: bool) -> Self {
        if truth { Self::Yes } else { Self::No }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Maybe,
        }
    }

    pub(crate) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Yes, _) | (_, Self::Yes) => Self::Yes,
            (Self::No, Self::No) => Self::No,
            _ => Self::Maybe,
        }
    }

    pub(crate) fn not(self) -> Self {
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

/// What of a resource is judged.
#[derive(Clone, Copy)]
enum Seen<'a> {
    Cell(&'a Tokens),
    Body(Value<'a>),
}

impl Query {
    /// Judges a resource by its cell, its id and the instant of its current
    /// version (Unix time in milliseconds). *No* and *yes* are certain. While a
    /// chain is not settled or a value set is wanted, the answer is never *yes*.
    pub fn matches(&self, tokens: &Tokens, id: &str, last_updated_ms: i64) -> Verdict {
        self.verdict(Seen::Cell(tokens), id, last_updated_ms)
    }

    /// Whether the resource at `root` is a result; exact once chains are settled
    /// and value sets supplied, and until then never true.
    pub fn matches_body(&self, root: Value<'_>, id: &str, last_updated_ms: i64) -> bool {
        self.verdict(Seen::Body(root), id, last_updated_ms) == Verdict::Yes
    }

    fn verdict(&self, seen: Seen<'_>, id: &str, last_updated_ms: i64) -> Verdict {
        let mut verdict = Verdict::Yes;
        for filter in &self.filters {
            verdict = verdict.and(match filter.source {
                Source::Content => self.judge_content(filter, seen),
                _ => self.judge_meta(filter, id, last_updated_ms),
            });
            if verdict == Verdict::No {
                return Verdict::No;
            }
        }
        for chain in &self.chains {
            verdict = verdict.and(self.judge_chain(chain, seen, id));
        }
        match &self.confined {
            Some(confined) if verdict != Verdict::No => {
                verdict.and(self.judge_confined(confined, seen, id))
            }
            _ => verdict,
        }
    }

    fn judge_content(&self, filter: &Filter, seen: Seen<'_>) -> Verdict {
        match seen {
            Seen::Body(root) if filter.parameter.kind == ParameterKind::Composite => {
                self.judge_composite(filter, root)
            }
            Seen::Body(root) => {
                let held = held::viewed(&filter.parameter, filter.view, root, root);
                self.judge(filter, held.into_iter().map(Some), false)
            }
            Seen::Cell(tokens) if filter.slot.is_some() => {
                let kept = filter.slot.and_then(|slot| tokens.kept(slot, filter.parameter.kind));
                let Some(kept) = kept else { return Verdict::Maybe };
                let untold = filter.modifier == Modifier::Missing && kept.tells_comparable_only;
                let incomplete = kept.incomplete || untold;
                match &filter.prepared {
                    Some(prepared) if filter.modifier == Modifier::Not => {
                        self.judge_prepared(prepared, &kept).not()
                    }
                    Some(prepared) => self.judge_prepared(prepared, &kept),
                    None => self.judge(filter, kept, incomplete),
                }
            }
            Seen::Cell(tokens) => self.rule_out(filter, tokens),
        }
    }

    /// Whether a part of a composite that the cell keeps denies a match.
    fn rule_out(&self, filter: &Filter, tokens: &Tokens) -> Verdict {
        let Some(narrowing) = &filter.narrowing else { return Verdict::Maybe };
        let Some(kept) = tokens.kept(narrowing.slot, narrowing.kind) else {
            return Verdict::Maybe;
        };
        match self.judge_prepared(&narrowing.prepared, &kept) {
            Verdict::No => Verdict::No,
            Verdict::Yes | Verdict::Maybe => Verdict::Maybe,
        }
    }

    fn judge_meta(&self, filter: &Filter, id: &str, last_updated_ms: i64) -> Verdict {
        let code = |text| Held::Token { system: Atom::Absent, code: Atom::Text(text) };
        let held = match filter.source {
            Source::Id => code(id.into()),
            Source::Type => code((&*self.resource_type).into()),
            _ => Held::Date(DateRange::instant(last_updated_ms)),
        };
        self.judge(filter, std::iter::once(Some(held)), false)
    }

    /// Judges values as they come; `None` stands for one that cannot be read.
    fn judge<'a>(
        &self,
        filter: &Filter,
        mut held: impl Iterator<Item = Option<Held<'a>>>,
        incomplete: bool,
    ) -> Verdict {
        if let [Wanted::Missing(wanted)] = filter.wanted.as_slice() {
            let missing = match held.next() {
                Some(Some(_)) => Verdict::No,
                Some(None) => Verdict::Maybe,
                None if incomplete => Verdict::Maybe,
                None => Verdict::Yes,
            };
            return if *wanted { missing } else { missing.not() };
        }
        let mut found = if incomplete { Verdict::Maybe } else { Verdict::No };
        'held: for value in held {
            let Some(value) = value else {
                found = found.or(Verdict::Maybe);
                continue;
            };
            for wanted in &filter.wanted {
                found = found.or(self.compare(&filter.modifier, &value, wanted));
                if found == Verdict::Yes {
                    break 'held;
                }
            }
        }
        match filter.modifier {
            Modifier::Not | Modifier::NotIn => found.not(),
            _ => found,
        }
    }

    /// Parts of a composite match when they do within one element.
    fn judge_composite(&self, filter: &Filter, root: Value<'_>) -> Verdict {
        let components: Vec<Parameter> = filter.parameter.components().collect();
        let mut found = false;
        for context in filter.parameter.contexts() {
            held::walk(root, context, &mut |element| {
                let parts =
                    || components.iter().map(|part| held::viewed(part, View::Value, element, root));
                found = found
                    || match filter.wanted.as_slice() {
                        [Wanted::Missing(_)] => parts().all(|held| !held.is_empty()),
                        _ => {
                            let parts: Vec<Vec<Held<'_>>> = parts().collect();
                            filter.wanted.iter().any(|wanted| self.all_parts(&parts, wanted))
                        }
                    };
            });
        }
        let found = match filter.wanted.as_slice() {
            [Wanted::Missing(wanted)] => found != *wanted,
            _ => found,
        };
        Verdict::of(found)
    }

    fn all_parts(&self, parts: &[Vec<Held<'_>>], wanted: &Wanted) -> bool {
        let Wanted::Composite(wanted) = wanted else { return false };
        parts.iter().zip(wanted).all(|(held, wanted)| {
            held.iter().any(|held| self.compare(&Modifier::Plain, held, wanted) == Verdict::Yes)
        })
    }

    fn judge_chain(&self, chain: &Chain, seen: Seen<'_>, id: &str) -> Verdict {
        let Some(ids) = &chain.settled else { return Verdict::Maybe };
        match &chain.link {
            ChainLink::Reverse { .. } => Verdict::of(ids.holds(&self.resource_type, id)),
            ChainLink::Forward { .. } if ids.is_empty() => Verdict::No,
            ChainLink::Forward { parameter, .. } => {
                let slot = chain.slot;
                self.any_reference(parameter, slot, seen, |held| match held {
                    Held::Reference { base, kind, id, .. } => {
                        let known = match (kind.text(), id.text()) {
                            (Some(kind), Some(id)) => Verdict::of(ids.holds(&kind, &id)),
                            _ if kind.is_absent() || id.is_absent() => Verdict::No,
                            _ => Verdict::Maybe,
                        };
                        self.is_local(base).and(known)
                    }
                    _ => Verdict::No,
                })
            }
        }
    }

    fn judge_confined(&self, confined: &Confined, seen: Seen<'_>, id: &str) -> Verdict {
        if *confined.compartment == *self.resource_type && confined.id == id {
            return Verdict::Yes;
        }
        let mut found = Verdict::No;
        for (parameter, slot) in &confined.parameters {
            let refers = self.any_reference(parameter, *slot, seen, |held| match held {
                Held::Reference { base, kind, id, .. } => {
                    let known = Verdict::from(kind.same(&confined.compartment));
                    known.and(id.same(&confined.id).into()).and(self.is_local(base))
                }
                _ => Verdict::No,
            });
            found = found.or(refers);
            if found == Verdict::Yes {
                break;
            }
        }
        found
    }

    /// Whether some reference of a parameter answers.
    fn any_reference(
        &self,
        parameter: &Parameter,
        slot: Option<super::indexed::Slot>,
        seen: Seen<'_>,
        answers: impl Fn(&Held<'_>) -> Verdict,
    ) -> Verdict {
        let verdict = |found: Verdict, held: &Held<'_>| found.or(answers(held));
        match seen {
            Seen::Body(root) => held::values(parameter, root).iter().fold(Verdict::No, verdict),
            Seen::Cell(tokens) => {
                let kept: Option<Kept<'_>> =
                    slot.and_then(|slot| tokens.kept(slot, ParameterKind::Reference));
                let Some(kept) = kept else { return Verdict::Maybe };
                let begun = if kept.incomplete { Verdict::Maybe } else { Verdict::No };
                kept.fold(begun, |found, held| match held {
                    Some(held) => verdict(found, &held),
                    None => found.or(Verdict::Maybe),
                })
            }
        }
    }
}
