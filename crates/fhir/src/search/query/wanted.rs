//! One value of a parameter, from its text.

use std::borrow::Cow;

use crate::types::{is_id, is_resource_type};

use super::super::date::{DateRange, Prefix};
use super::super::error::SearchError;
use super::super::fold::{fold, squash};
use super::super::limits::NEAR_DISTANCE_M;
use super::super::number::{WantedNumber, parse_decimal};
use super::super::parameters::{Parameter, ParameterKind};
use super::super::reference::ReferenceParts;
use super::super::sound::sound;
use super::super::words::has_display;
use super::bound::implies;
use super::text::{split, unescape};
use super::{Modifier, Settings, Source, Wanted, WantedSystem};

/// The parameter that a value is given to.
pub(super) struct Place<'a> {
    /// As the caller wrote it, for refusals.
    pub name: &'a str,
    /// The type searched for.
    pub resource_type: &'a str,
    /// What it is.
    pub parameter: &'a Parameter,
}

/// Parses `text`, one alternative of a parameter, its escapes still in place.
pub(super) fn parse(
    place: &Place<'_>,
    modifier: &Modifier,
    text: &str,
    settings: &Settings<'_>,
) -> Result<Wanted, SearchError> {
    let Place { name, parameter, .. } = place;
    let refuse =
        |expected: &str| SearchError::invalid(name, format!("'{text}' is not {expected}."));
    if text.is_empty() {
        return Err(SearchError::invalid(
            name,
            "a value is empty. Give a value, or leave the parameter out.",
        ));
    }
    match modifier {
        Modifier::Missing => {
            return match text {
                "true" => Ok(Wanted::Missing(true)),
                "false" => Ok(Wanted::Missing(false)),
                _ => Err(refuse("'true' or 'false', which ':missing' takes")),
            };
        }
        Modifier::OfType => {
            return of_type(text).ok_or_else(|| refuse("a typed identifier: write 'system|code|value', where system and code are those of the identifier's type"));
        }
        Modifier::In | Modifier::NotIn => return Ok(Wanted::ValueSet(unescape(text))),
        Modifier::Identifier => {
            return token(text)
                .ok_or_else(|| refuse("an identifier: write 'value', 'system|value' or '|value'"));
        }
        _ => {}
    }
    let kind = if *modifier == Modifier::Text { ParameterKind::Text } else { parameter.kind };
    match kind {
        ParameterKind::Token => token(text).and_then(|wanted| checked(place, wanted)).ok_or_else(|| {
            refuse("a token: write 'code', 'system|code', '|code' or 'system|'; for _id an id, for _type a resource type")
        }),
        ParameterKind::Text => string(parameter, modifier, text)
            .ok_or_else(|| refuse("text with at least one letter or digit")),
        ParameterKind::Date => date(text).ok_or_else(|| {
            refuse("a date: write YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with 'Z' or an offset, \
                    after an optional prefix such as 'ge' or 'lt'; encode '+' as %2B")
        }),
        ParameterKind::Reference => {
            let wanted = reference(parameter, modifier, text, settings).ok_or_else(|| {
                refuse("a reference: write 'Type/id', 'id' or an absolute URL")
            })?;
            aimed(place, wanted)
        }
        ParameterKind::Uri => Ok(Wanted::Uri(unescape(text))),
        ParameterKind::Number => number(text)
            .ok_or_else(|| refuse("a number after an optional prefix such as 'gt'")),
        ParameterKind::Quantity => quantity(text).ok_or_else(|| {
            refuse("a quantity: write 'number', 'number|system|code' or 'number||unit'")
        }),
        ParameterKind::Composite => composite(place, text, settings),
        ParameterKind::Special => near(text).ok_or_else(|| {
            refuse("a place: write 'latitude|longitude', 'latitude|longitude|distance' in kilometres or \
                    'latitude|longitude|distance|unit' with the unit km, m, [mi_i] or [ft_i]")
        }),
    }
}

fn string(parameter: &Parameter, modifier: &Modifier, text: &str) -> Option<Wanted> {
    let raw = unescape(text);
    let folded = fold(&raw);
    if folded.is_empty() && *modifier != Modifier::Exact {
        return None;
    }
    Some(match parameter.code {
        "_text" | "_content" => Wanted::Words(folded.split(' ').map(str::to_owned).collect()),
        "phonetic" => Wanted::Sound(sound(&folded)),
        _ => Wanted::Text { squashed: squash(&raw), raw },
    })
}

/// `a$b`: one value for each part of a composite (R4 §3.1.1.4.13).
fn composite(
    place: &Place<'_>,
    text: &str,
    settings: &Settings<'_>,
) -> Result<Wanted, SearchError> {
    let components: Vec<Parameter> = place.parameter.components().collect();
    let parts = split(text, '$');
    if parts.len() != components.len() {
        let kinds: Vec<&str> = components.iter().map(|part| part.kind.name()).collect();
        let text = format!(
            "'{text}' does not have {} parts. Write {}.",
            components.len(),
            kinds.join("$")
        );
        return Err(SearchError::invalid(place.name, text));
    }
    let parsed = components.iter().zip(parts).map(|(parameter, part)| {
        let place = Place { parameter, ..*place };
        parse(&place, &Modifier::Plain, part, settings)
    });
    Ok(Wanted::Composite(parsed.collect::<Result<_, _>>()?))
}

fn near(text: &str) -> Option<Wanted> {
    let parts = split(text, '|');
    let degrees = |text: &str, most: f64| {
        parse_decimal(text).filter(|degrees| (-most..=most).contains(degrees))
    };
    let (latitude, longitude) = (degrees(parts.first()?, 90.0)?, degrees(parts.get(1)?, 180.0)?);
    let distance_m = match parts.get(2) {
        None | Some(&"") => NEAR_DISTANCE_M,
        Some(distance) => {
            let unit_m = match parts.get(3).copied().unwrap_or("km") {
                "km" | "" => 1_000.0,
                "m" => 1.0,
                "[mi_i]" | "mi" | "[mi_us]" => 1_609.344,
                "[ft_i]" | "ft" => 0.3048,
                _ => return None,
            };
            parse_decimal(distance).filter(|distance| *distance >= 0.0)? * unit_m
        }
    };
    (parts.len() <= 4).then_some(Wanted::Near { latitude, longitude, distance_m })
}

fn of_type(text: &str) -> Option<Wanted> {
    let parts = split(text, '|');
    let [system, code, value] = parts.as_slice() else { return None };
    let filled = |part: &str| Some(unescape(part)).filter(|part| !part.is_empty());
    Some(Wanted::OfType { system: filled(system)?, code: filled(code)?, value: filled(value)? })
}

fn token(text: &str) -> Option<Wanted> {
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
    Some(Wanted::Token { system, code })
}

/// What is more to say of a token of a certain parameter.
fn checked(place: &Place<'_>, wanted: Wanted) -> Option<Wanted> {
    let Wanted::Token { system, code } = &wanted else { return Some(wanted) };
    let bare = |valid: fn(&str) -> bool| {
        *system == WantedSystem::Any && code.as_deref().is_some_and(valid)
    };
    match (Source::of(place.parameter), system, code) {
        (Source::Id, ..) => bare(is_id).then_some(wanted),
        (Source::Type, ..) => bare(is_resource_type).then_some(wanted),
        (_, WantedSystem::Is(asked), Some(_))
            if implies(place.resource_type, place.parameter, asked) =>
        {
            Some(Wanted::Token { system: WantedSystem::Any, code: code.clone() })
        }
        _ => Some(wanted),
    }
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
        let opens = matches!(parameter.code, "patient" | "subject");
        let person = (opens && parameter.may_refer_to("Patient")).then_some("Patient");
        let kind = stated.or(person).map(str::to_owned);
        return Some(Wanted::Reference { base: None, kind, id: Some(text), version: None });
    }
    let parts = ReferenceParts::parse(Cow::Borrowed(text.as_str()))?;
    let own = |base: &str| settings.own_bases.iter().any(|own| own.trim_end_matches('/') == base);
    let base = parts.base.map(Cow::into_owned).filter(|base| !own(base));
    let kind = parts.kind.map(Cow::into_owned);
    let id = parts.id.map(Cow::into_owned);
    let version = parts.version.map(Cow::into_owned);
    // Text that is neither relative nor a URI names nothing.
    let names_something = base.as_deref().is_none_or(|base| base.contains(':'));
    if !names_something
        || kind.as_deref().is_some_and(|kind| stated.is_some_and(|stated| stated != kind))
    {
        return None;
    }
    Some(Wanted::Reference { base, kind, id, version })
}

/// Refuses a reference to a type that R4 does not have: it would find nothing,
/// and the caller would take that for an answer.
fn aimed(place: &Place<'_>, wanted: Wanted) -> Result<Wanted, SearchError> {
    match &wanted {
        Wanted::Reference { base: None, kind: Some(kind), .. } if !is_resource_type(kind) => {
            let text = format!(
                "'{}' of {} never refers to '{kind}'. It refers to: {}.",
                place.parameter.code,
                place.resource_type,
                place.parameter.targets().join(", ")
            );
            Err(SearchError::invalid(place.name, text))
        }
        _ => Ok(wanted),
    }
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

/// The modifier written after a parameter's colon, if it fits the parameter.
pub(super) fn modifier(parameter: &Parameter, name: &str) -> Option<Modifier> {
    let kind = parameter.kind;
    let of_elements =
        |fits: fn(&str) -> bool| parameter.alternatives().any(|from| fits(from.element));
    let plain_text =
        kind == ParameterKind::Text && !matches!(parameter.code, "_text" | "_content" | "phonetic");
    match (name, kind) {
        ("missing", _) => Some(Modifier::Missing),
        ("exact", _) if plain_text => Some(Modifier::Exact),
        ("contains", _) if plain_text => Some(Modifier::Contains),
        ("not", ParameterKind::Token) => Some(Modifier::Not),
        ("text", ParameterKind::Token) if of_elements(has_display) => Some(Modifier::Text),
        ("in", ParameterKind::Token) => Some(Modifier::In),
        ("not-in", ParameterKind::Token) => Some(Modifier::NotIn),
        ("of-type", ParameterKind::Token) if of_elements(|element| element == "Identifier") => {
            Some(Modifier::OfType)
        }
        ("above", _) if is_link(parameter) => Some(Modifier::Above),
        ("below", _) if is_link(parameter) => Some(Modifier::Below),
        ("identifier", ParameterKind::Reference)
            if of_elements(|element| element == "Reference") =>
        {
            Some(Modifier::Identifier)
        }
        (name, ParameterKind::Reference) if is_resource_type(name) => {
            Some(Modifier::Type(name.to_owned()))
        }
        _ => None,
    }
}

/// Whether its values are URLs with a path that has an order.
fn is_link(parameter: &Parameter) -> bool {
    parameter.kind == ParameterKind::Uri
        || (parameter.kind == ParameterKind::Reference && parameter.is_canonical())
}

/// The modifiers that a parameter takes, in words.
pub(super) fn modifiers_of(parameter: &Parameter) -> String {
    let tried = [
        "exact",
        "contains",
        "text",
        "not",
        "in",
        "not-in",
        "above",
        "below",
        "of-type",
        "identifier",
    ];
    let mut taken: Vec<String> = tried
        .iter()
        .filter(|name| modifier(parameter, name).is_some())
        .map(|name| format!("':{name}'"))
        .collect();
    if parameter.kind == ParameterKind::Reference {
        taken.push("a resource type, such as ':Patient'".to_owned());
    }
    match taken.is_empty() {
        true => "':missing'".to_owned(),
        false => format!("{} and ':missing'", taken.join(", ")),
    }
}
