//! One value of a parameter, from its text.

use std::borrow::Cow;

use crate::types::is_id;

use super::super::date::{DateRange, Prefix};
use super::super::error::SearchError;
use super::super::fold::squash;
use super::super::number::WantedNumber;
use super::super::parameters::{Parameter, ParameterKind};
use super::super::reference::{ReferenceParts, is_type_name};
use super::text::{split, unescape};
use super::{Modifier, Settings, Source, Wanted, WantedSystem};

/// Parses `text`, one alternative of `parameter`, its escapes still in place.
pub(super) fn parse(
    name: &str,
    parameter: &Parameter,
    modifier: &Modifier,
    text: &str,
    settings: &Settings<'_>,
) -> Result<Wanted, SearchError> {
    let refuse =
        |expected: &str| SearchError::invalid(name, format!("'{text}' is not {expected}."));
    if text.is_empty() {
        return Err(SearchError::invalid(
            name,
            "a value is empty. Give a value, or leave the parameter out.",
        ));
    }
    if *modifier == Modifier::Missing {
        return match text {
            "true" => Ok(Wanted::Missing(true)),
            "false" => Ok(Wanted::Missing(false)),
            _ => Err(refuse("'true' or 'false', which ':missing' takes")),
        };
    }
    match parameter.kind {
        ParameterKind::Token => token(parameter, text).ok_or_else(|| {
            refuse("a token: write 'code', 'system|code', '|code' or 'system|'; for _id an id")
        }),
        ParameterKind::Text => {
            let raw = unescape(text);
            let squashed = squash(&raw);
            if squashed.is_empty() && *modifier != Modifier::Exact {
                return Err(refuse("text with at least one letter or digit"));
            }
            Ok(Wanted::Text { raw, squashed })
        }
        ParameterKind::Date => date(text).ok_or_else(|| {
            refuse("a date: write YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with 'Z' or an offset, \
                    after an optional prefix such as 'ge' or 'lt'; encode '+' as %2B")
        }),
        ParameterKind::Reference => reference(parameter, modifier, text, settings).ok_or_else(|| {
            refuse("a reference: write 'Type/id', 'id' or an absolute URL")
        }),
        ParameterKind::Uri => Ok(Wanted::Uri(unescape(text))),
        ParameterKind::Number => number(text)
            .ok_or_else(|| refuse("a number after an optional prefix such as 'gt'")),
        ParameterKind::Quantity => quantity(text).ok_or_else(|| {
            refuse("a quantity: write 'number', 'number|system|code' or 'number||unit'")
        }),
    }
}

fn token(parameter: &Parameter, text: &str) -> Option<Wanted> {
    let parts = split(text, '|');
    let (system, code) = match parts.as_slice() {
        [code] => (WantedSystem::Any, *code),
        ["", code] => (WantedSystem::Absent, *code),
        [system, code] => (WantedSystem::Is(unescape(system)), *code),
        _ => return None,
    };
    let code = Some(unescape(code)).filter(|code| !code.is_empty());
    if code.is_none() && !matches!(system, WantedSystem::Is(_)) {
        return None;
    }
    if Source::of(parameter) == Source::Id {
        let valid = system == WantedSystem::Any && code.as_deref().is_some_and(is_id);
        return valid.then_some(Wanted::Token { system, code });
    }
    Some(Wanted::Token { system, code })
}

fn date(text: &str) -> Option<Wanted> {
    let (prefix, rest) = Prefix::split(text);
    DateRange::parse(rest).map(|range| Wanted::Date { prefix, range })
}

fn reference(
    parameter: &Parameter,
    modifier: &Modifier,
    text: &str,
    settings: &Settings<'_>,
) -> Option<Wanted> {
    let text = unescape(text);
    let stated = match modifier {
        Modifier::Type(name) => Some(name.as_str()),
        _ => None,
    };
    if is_id(&text) {
        // A bare id: its type is the modifier's, or a person for the two
        // parameters that open a chart; otherwise any type.
        let person = matches!(parameter.code, "patient" | "subject").then_some("Patient");
        let kind = stated.or(person).map(str::to_owned);
        return Some(Wanted::Reference { base: None, kind, id: Some(text) });
    }
    let parts = ReferenceParts::parse(Cow::Borrowed(text.as_str()))?;
    let own = |base: &str| settings.own_bases.iter().any(|own| own.trim_end_matches('/') == base);
    let base = parts.base.map(Cow::into_owned).filter(|base| !own(base));
    let kind = parts.kind.map(Cow::into_owned);
    let id = parts.id.map(Cow::into_owned);
    // Text that is neither relative nor a URI names nothing.
    let names_something = base.as_deref().is_none_or(|base| base.contains(':'));
    if !names_something
        || kind.as_deref().is_some_and(|kind| stated.is_some_and(|stated| stated != kind))
    {
        return None;
    }
    Some(Wanted::Reference { base, kind, id })
}

fn number(text: &str) -> Option<Wanted> {
    let (prefix, rest) = Prefix::split(text);
    let number = WantedNumber::parse(rest)?;
    Some(Wanted::Number { prefix, number, system: None, code: None })
}

fn quantity(text: &str) -> Option<Wanted> {
    let (prefix, rest) = Prefix::split(text);
    let parts = split(rest, '|');
    let filled = |part: &str| Some(unescape(part)).filter(|part| !part.is_empty());
    let (amount, system, code) = match parts.as_slice() {
        [amount] => (*amount, None, None),
        [amount, system, code] => (*amount, filled(system), filled(code)),
        _ => return None,
    };
    Some(Wanted::Number { prefix, number: WantedNumber::parse(amount)?, system, code })
}

/// The modifier written after a parameter's colon, if it fits the kind.
pub(super) fn modifier(kind: ParameterKind, name: &str) -> Option<Modifier> {
    match (name, kind) {
        ("missing", _) => Some(Modifier::Missing),
        ("exact", ParameterKind::Text) => Some(Modifier::Exact),
        ("contains", ParameterKind::Text) => Some(Modifier::Contains),
        ("not", ParameterKind::Token) => Some(Modifier::Not),
        (name, ParameterKind::Reference) if is_type_name(name) => {
            Some(Modifier::Type(name.to_owned()))
        }
        _ => None,
    }
}

/// The modifiers that a kind takes, in words.
pub(super) fn modifiers_of(kind: ParameterKind) -> &'static str {
    match kind {
        ParameterKind::Text => "':exact', ':contains' and ':missing'",
        ParameterKind::Token => "':not' and ':missing'",
        ParameterKind::Reference => "':missing' and a resource type, such as ':Patient'",
        _ => "':missing'",
    }
}
