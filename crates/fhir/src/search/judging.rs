//! Whether one held value answers one wanted value.

use super::atom::Atom;
use super::fold::squash;
use super::held::Held;
use super::matching::Verdict;
use super::query::{Modifier, Query, Wanted, WantedSystem};
use super::sound::sound;

impl Query {
    pub(crate) fn compare(&self, modifier: &Modifier, held: &Held<'_>, wanted: &Wanted) -> Verdict {
        match (held, wanted) {
            (
                Held::Token { system, code },
                Wanted::Token { system: in_system, code: with_code },
            ) => optional(code, with_code.as_deref()).and(of_system(system, in_system)),
            (Held::Token { system, code }, Wanted::ValueSet(url)) => match self.codes_of(url) {
                Some(codes) => codes.hold(system, code),
                None => Verdict::Maybe,
            },
            (
                Held::OfType { system, code, value },
                Wanted::OfType { system: wanted_system, code: wanted_code, value: wanted_value },
            ) => {
                let kind = Verdict::from(system.same(wanted_system));
                kind.and(code.same(wanted_code).into()).and(value.same(wanted_value).into())
            }
            (Held::Text { folded, whole, raw }, Wanted::Text { raw: wanted, squashed }) => {
                match modifier {
                    Modifier::Exact => exactly(raw.as_deref(), folded, *whole, wanted, squashed),
                    Modifier::Contains => contains(folded, squashed, *whole),
                    Modifier::Text => Verdict::of(has_phrase(folded, squashed)),
                    _ => begins(folded, squashed, *whole),
                }
            }
            (Held::Text { folded, .. }, Wanted::Words(words)) => {
                let held = |wanted: &String| {
                    folded.split(' ').any(|word| word.starts_with(wanted.as_str()))
                };
                Verdict::of(words.iter().all(held))
            }
            (Held::Text { folded, .. }, Wanted::Sound(wanted)) => {
                let alike = |text: &str| sound(text) == *wanted;
                Verdict::of(alike(folded) || folded.split(' ').any(alike))
            }
            (Held::Date(held), Wanted::Date { prefix, range }) => {
                Verdict::of(prefix.holds(*held, *range, self.now_ms))
            }
            (Held::Reference { .. }, Wanted::Reference { .. }) => {
                self.compare_reference(modifier, held, wanted)
            }
            (Held::Uri(held), Wanted::Uri(wanted)) => match modifier {
                Modifier::Above | Modifier::Below => held.text().map_or(Verdict::Maybe, |held| {
                    Verdict::of(is_within(*modifier == Modifier::Below, &held, wanted))
                }),
                _ => held.same(wanted).into(),
            },
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
            (
                Held::Place { latitude, longitude },
                Wanted::Near { latitude: to_latitude, longitude: to_longitude, distance_m },
            ) => {
                let away_m = distance((*latitude, *longitude), (*to_latitude, *to_longitude));
                Verdict::of(away_m <= *distance_m)
            }
            _ => Verdict::No,
        }
    }

    /// Whether a reference with this base is to this record.
    pub(crate) fn is_local(&self, base: &Atom<'_>) -> Verdict {
        if base.is_absent() {
            return Verdict::Yes;
        }
        self.own_bases.iter().fold(Verdict::No, |found, own| found.or(base.same(own).into()))
    }

    fn compare_reference(&self, modifier: &Modifier, held: &Held<'_>, wanted: &Wanted) -> Verdict {
        let (
            Held::Reference { base, kind, id, version },
            Wanted::Reference {
                base: wanted_base,
                kind: wanted_kind,
                id: wanted_id,
                version: wanted_version,
            },
        ) = (held, wanted)
        else {
            return Verdict::No;
        };
        if matches!(modifier, Modifier::Above | Modifier::Below) {
            let below = *modifier == Modifier::Below;
            let held = address([base.text(), kind.text(), id.text()]);
            let wanted = [wanted_base, wanted_kind, wanted_id].map(|part| part.as_deref());
            let wanted = address(wanted.map(|part| part.map(std::borrow::Cow::Borrowed)));
            return Verdict::of(match wanted_version {
                None => is_within(below, &held, &wanted),
                Some(wanted_version) => {
                    let version = version.text().unwrap_or_default();
                    held == wanted && is_version_within(below, &version, wanted_version)
                }
            });
        }
        let based = match wanted_base {
            Some(wanted) => base.same(wanted).into(),
            None => self.is_local(base),
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
        let named = optional(id, wanted_id.as_deref());
        named.and(based).and(kinded).and(optional(version, wanted_version.as_deref()))
    }
}

fn of_system(held: &Atom<'_>, wanted: &WantedSystem) -> Verdict {
    match wanted {
        WantedSystem::Any => Verdict::Yes,
        WantedSystem::Absent => Verdict::of(held.is_absent()),
        WantedSystem::Is(wanted) => held.same(wanted).into(),
    }
}

/// Compares when something is asked for; asking for nothing is always answered.
fn optional(held: &Atom<'_>, wanted: Option<&str>) -> Verdict {
    wanted.map_or(Verdict::Yes, |wanted| held.same(wanted).into())
}

fn exactly(raw: Option<&str>, folded: &str, whole: bool, wanted: &str, squashed: &str) -> Verdict {
    match raw {
        Some(held) => Verdict::of(held == wanted),
        // A cell keeps no capitals and accents, so it can only rule out.
        None => match begins(folded, squashed, whole) {
            Verdict::No => Verdict::No,
            _ => Verdict::Maybe,
        },
    }
}

fn contains(folded: &str, squashed: &str, whole: bool) -> Verdict {
    match (squash(folded).contains(squashed), whole) {
        (true, _) => Verdict::Yes,
        (false, true) => Verdict::No,
        (false, false) => Verdict::Maybe,
    }
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

/// Whether the wanted text begins at some word of the held one.
fn has_phrase(folded: &str, squashed: &str) -> bool {
    let mut rest = Some(folded);
    while let Some(text) = rest {
        if begins(text, squashed, true) == Verdict::Yes {
            return true;
        }
        rest = text.split_once(' ').map(|(_, following)| following);
    }
    false
}

/// Whether one URL is the other or, by whole steps of its path, below it.
fn is_within(below: bool, held: &str, wanted: &str) -> bool {
    let (upper, lower) = if below { (wanted, held) } else { (held, wanted) };
    let upper = upper.trim_end_matches('/');
    let rest = lower.strip_prefix(upper);
    !upper.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether one version is the other or a later part of it: `1.2` is below `1`.
fn is_version_within(below: bool, held: &str, wanted: &str) -> bool {
    let (upper, lower) = if below { (wanted, held) } else { (held, wanted) };
    let rest = lower.strip_prefix(upper);
    !upper.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The URL that a reference was taken apart from.
fn address(parts: [Option<std::borrow::Cow<'_, str>>; 3]) -> String {
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    match parts.as_slice() {
        [scheme, id] if scheme == "urn:uuid:" => format!("{scheme}{id}"),
        parts => parts.join("/"),
    }
}

/// Metres between two places in degrees, on a sphere (the haversine formula):
/// at most 0.6 % off.
fn distance(from: (f64, f64), to: (f64, f64)) -> f64 {
    const EARTH_RADIUS_M: f64 = 6_371_008.8;
    let (from_latitude, to_latitude) = (from.0.to_radians(), to.0.to_radians());
    let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
    let across =
        half(to.0 - from.0) + from_latitude.cos() * to_latitude.cos() * half(to.1 - from.1);
    2.0 * EARTH_RADIUS_M * across.sqrt().min(1.0).asin()
}
