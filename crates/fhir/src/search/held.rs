//! What a resource holds for a parameter: its values, read from the body by the
//! parameter's paths. Cells keep the same values in short form.

use std::borrow::Cow;

use crate::json::{Kind, Value};

use super::atom::Atom;
use super::date::DateRange;
use super::fold::fold;
use super::number::parse_decimal;
use super::parameters::{Alternative, Parameter, ParameterKind};
use super::reference::ReferenceParts;

/// One value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Held<'a> {
    /// A code, identifier or boolean.
    Token { system: Atom<'a>, code: Atom<'a> },
    /// Folded text; `whole` is false when a cell cut it; `raw` only from a body.
    Text { folded: Cow<'a, str>, whole: bool, raw: Option<Cow<'a, str>> },
    /// A date or period.
    Date(DateRange),
    /// A reference in parts; see [`ReferenceParts`].
    Reference { base: Atom<'a>, kind: Atom<'a>, id: Atom<'a> },
    /// A URI.
    Uri(Atom<'a>),
    /// A number or quantity; a plain number is an interval of no width.
    Number { low: f64, high: f64, system: Atom<'a>, code: Atom<'a>, unit: Atom<'a> },
}

/// Every value that the resource at `root` holds for `parameter`.
pub(crate) fn values<'d>(parameter: &Parameter, root: Value<'d>) -> Vec<Held<'d>> {
    let mut held = Vec::new();
    for alternative in parameter.alternatives() {
        walk(root, alternative.path, &mut |value| {
            collect(parameter.kind, &alternative, value, &mut held);
        });
    }
    if held.is_empty() && parameter.absent_is_false() {
        held.push(Held::Token { system: Atom::Absent, code: text_atom("false") });
    }
    held
}

fn walk<'d>(value: Value<'d>, path: &str, visit: &mut dyn FnMut(Value<'d>)) {
    let (step, rest) = match path.split_once('.') {
        Some((step, rest)) => (step, Some(rest)),
        None => (path, None),
    };
    let (name, filter) = match step.split_once('[') {
        Some((name, filter)) => (name, filter.trim_end_matches(']').split_once('=')),
        None => (step, None),
    };
    for item in value.each(name) {
        let passes = filter.is_none_or(|(member, wanted)| {
            item.get(member).and_then(Value::as_str).is_some_and(|text| text == wanted)
        });
        match rest {
            _ if !passes => {}
            Some(rest) => walk(item, rest, visit),
            None => visit(item),
        }
    }
}

fn collect<'d>(
    kind: ParameterKind,
    from: &Alternative,
    value: Value<'d>,
    held: &mut Vec<Held<'d>>,
) {
    match kind {
        ParameterKind::Token => tokens(from.element, value, held),
        ParameterKind::Text => texts(from.element, value, held),
        ParameterKind::Date => held.extend(date(from.element, value).map(Held::Date)),
        ParameterKind::Reference => held.extend(reference(from, value)),
        ParameterKind::Uri => held.extend(filled(value).map(|text| Held::Uri(Atom::Text(text)))),
        ParameterKind::Number | ParameterKind::Quantity => held.extend(number(from.element, value)),
    }
}

fn tokens<'d>(element: &str, value: Value<'d>, held: &mut Vec<Held<'d>>) {
    let pair = |system: &str, code: &str, value: Value<'d>| {
        let system = Atom::of(member(value, system));
        let code = Atom::of(member(value, code));
        (!system.is_absent() || !code.is_absent()).then_some(Held::Token { system, code })
    };
    let plain = |code: Cow<'d, str>| Held::Token { system: Atom::Absent, code: Atom::Text(code) };
    match element {
        "CodeableConcept" => {
            held.extend(value.each("coding").filter_map(|coding| pair("system", "code", coding)));
        }
        "Coding" => held.extend(pair("system", "code", value)),
        "Identifier" => held.extend(pair("system", "value", value)),
        // The system of a contact point (phone, email) is no namespace.
        "ContactPoint" => held.extend(member(value, "value").map(plain)),
        "boolean" => held
            .extend(value.as_bool().map(|flag| plain(if flag { "true" } else { "false" }.into()))),
        "present" => held.push(plain("true".into())),
        _ => held.extend(filled(value).map(plain)),
    }
}

fn texts<'d>(element: &str, value: Value<'d>, held: &mut Vec<Held<'d>>) {
    let members: &[&str] = match element {
        "HumanName" => &["family", "given", "text", "prefix", "suffix"],
        "Address" => &["text", "line", "city", "district", "state", "postalCode", "country"],
        "CodeableConcept" => &["text"],
        _ => return held.extend(filled(value).map(text)),
    };
    for name in members {
        held.extend(value.each(name).filter_map(filled).map(text));
    }
}

fn text(raw: Cow<'_, str>) -> Held<'_> {
    Held::Text { folded: Cow::Owned(fold(&raw)), whole: true, raw: Some(raw) }
}

/// The range of a date, period or timing; of a timing only the outer limits
/// count (R4 §3.1.1.4.7).
pub(crate) fn date(element: &str, value: Value<'_>) -> Option<DateRange> {
    match element {
        "Period" => period(value),
        "Timing" => {
            let events = value.each("event").filter_map(parsed_date);
            let bounds =
                value.get("repeat").and_then(|repeat| repeat.get("boundsPeriod")).and_then(period);
            events.chain(bounds).reduce(DateRange::hull)
        }
        _ => parsed_date(value),
    }
}

fn parsed_date(value: Value<'_>) -> Option<DateRange> {
    value.as_str().and_then(|text| DateRange::parse(&text))
}

fn period(value: Value<'_>) -> Option<DateRange> {
    let start = value.get("start").and_then(parsed_date);
    let end = value.get("end").and_then(parsed_date);
    if start.is_none() && end.is_none() {
        return None;
    }
    Some(DateRange {
        lower_ms: start.map_or(i64::MIN, |range| range.lower_ms),
        upper_ms: end.map_or(i64::MAX, |range| range.upper_ms),
    })
}

fn reference<'d>(from: &Alternative, value: Value<'d>) -> Option<Held<'d>> {
    let (text, stated) = match (value.kind(), from.element) {
        (Kind::Object, "Attachment") => (member(value, "url")?, None),
        (Kind::Object, _) => (member(value, "reference")?, member(value, "type")),
        _ => (filled(value)?, None),
    };
    let parts = ReferenceParts::parse(text)?;
    let kind = parts.kind.or(stated);
    if from.target.is_some_and(|target| kind.as_deref() != Some(target)) {
        return None;
    }
    Some(Held::Reference {
        base: Atom::of(parts.base),
        kind: Atom::of(kind),
        id: Atom::of(parts.id),
    })
}

fn number<'d>(element: &str, value: Value<'d>) -> Option<Held<'d>> {
    let decimal = |value: Value<'_>| value.number_text().and_then(parse_decimal);
    let (low, high, unit_of) = match element {
        "Range" => {
            let (low, high) = (value.get("low"), value.get("high"));
            let bound =
                |side: Option<Value<'_>>| side.and_then(|side| side.get("value")).and_then(decimal);
            let (from, to) = (bound(low), bound(high));
            if from.is_none() && to.is_none() {
                return None;
            }
            (from.unwrap_or(f64::NEG_INFINITY), to.unwrap_or(f64::INFINITY), low.or(high)?)
        }
        "SampledData" => return None,
        _ if value.kind() == Kind::Number => (decimal(value)?, decimal(value)?, value),
        _ => {
            let amount = decimal(value.get("value")?)?;
            (amount, amount, value)
        }
    };
    let code = if element == "Money" { "currency" } else { "code" };
    Some(Held::Number {
        low,
        high,
        system: Atom::of(member(unit_of, "system")),
        code: Atom::of(member(unit_of, code)),
        unit: Atom::of(member(unit_of, "unit")),
    })
}

fn member<'d>(value: Value<'d>, name: &str) -> Option<Cow<'d, str>> {
    value.get(name).and_then(filled)
}

fn filled(value: Value<'_>) -> Option<Cow<'_, str>> {
    value.as_str().filter(|text| !text.is_empty())
}

fn text_atom(text: &'static str) -> Atom<'static> {
    Atom::Text(Cow::Borrowed(text))
}
