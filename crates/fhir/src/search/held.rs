//! What a resource holds for a parameter: its values, read from the body by the
//! parameter's paths. Cells keep the same values in short form.

use std::borrow::Cow;

use crate::json::{Kind, Value};

use super::amount;
use super::atom::Atom;
use super::date::DateRange;
use super::fold::fold;
use super::parameters::{Alternative, Parameter, ParameterKind};
use super::reference::ReferenceParts;
use super::words;

/// One value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Held<'a> {
    /// A code, identifier or boolean.
    Token { system: Atom<'a>, code: Atom<'a> },
    /// The type and value of an identifier, for `:of-type`.
    OfType { system: Atom<'a>, code: Atom<'a>, value: Atom<'a> },
    /// Folded text; `whole` is false when a cell cut it; `raw` only from a body.
    Text { folded: Cow<'a, str>, whole: bool, raw: Option<Cow<'a, str>> },
    /// A date or period.
    Date(DateRange),
    /// A reference in parts; see [`ReferenceParts`]. The version of a canonical
    /// is known to bodies only.
    Reference { base: Atom<'a>, kind: Atom<'a>, id: Atom<'a>, version: Atom<'a> },
    /// A URI.
    Uri(Atom<'a>),
    /// A number or quantity; a plain number is an interval of no width.
    Number { low: f64, high: f64, system: Atom<'a>, code: Atom<'a>, unit: Atom<'a> },
    /// A place on earth, in degrees (WGS 84).
    Place { latitude: f64, longitude: f64 },
    /// Something that compares with nothing, such as a reference by display
    /// only; it is there for `:missing`.
    Present,
}

/// What of an element is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum View {
    /// Its value.
    #[default]
    Value,
    /// The text shown for a code, for `:text`.
    Display,
    /// An identifier with its type, for `:of-type`.
    OfType,
    /// The identifier of a reference, for `:identifier`.
    Identifier,
}

/// Every value that the resource at `root` holds for `parameter`.
pub(crate) fn values<'d>(parameter: &Parameter, root: Value<'d>) -> Vec<Held<'d>> {
    viewed(parameter, View::Value, root, root)
}

/// Every value that an element of the resource at `root` holds for `parameter`,
/// seen in one way.
pub(crate) fn viewed<'d>(
    parameter: &Parameter,
    view: View,
    element: Value<'d>,
    root: Value<'d>,
) -> Vec<Held<'d>> {
    let mut held = Vec::new();
    for from in parameter.alternatives() {
        let (start, path) = match from.path.strip_prefix('%') {
            Some(path) => (root, path),
            None => (element, from.path),
        };
        walk(start, path, &mut |value| match view {
            View::Value => collect(parameter.kind, &from, value, &mut held),
            View::Display => words::displays(from.element, value, &mut held),
            View::OfType => of_type(value, &mut held),
            View::Identifier => {
                let named = value.get("identifier").into_iter();
                held.extend(named.filter_map(|named| pair("system", "value", named)));
            }
        });
    }
    if held.is_empty() && view == View::Value && parameter.absent_is_false() {
        held.push(plain("false".into()));
    }
    held
}

/// Visits every value at the end of a path of member names.
pub(crate) fn walk<'d>(value: Value<'d>, path: &str, visit: &mut dyn FnMut(Value<'d>)) {
    if path == "." {
        return visit(value);
    }
    let (step, rest) = match path.split_once('.') {
        Some((step, rest)) => (step, Some(rest)),
        None => (path, None),
    };
    let (name, filter) = match step.split_once('[') {
        Some((name, filter)) => (name, Some(filter.trim_end_matches(']'))),
        None => (step, None),
    };
    for (at, item) in value.each(name).enumerate() {
        let passes = filter.is_none_or(|filter| match filter.split_once('=') {
            Some((member, wanted)) => item.get(member).is_some_and(|text| text.is_str(wanted)),
            None => filter.parse() == Ok(at),
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
        ParameterKind::Text => words::texts(from.element, value, held),
        ParameterKind::Date => {
            held.push(date(from.element, value).map_or(Held::Present, Held::Date));
        }
        ParameterKind::Reference => held.extend(reference(from, value)),
        ParameterKind::Uri => held.extend(filled(value).map(|text| Held::Uri(Atom::Text(text)))),
        ParameterKind::Number | ParameterKind::Quantity => {
            held.push(amount::held(from.element, value).unwrap_or(Held::Present));
        }
        ParameterKind::Special => held.push(place(value).unwrap_or(Held::Present)),
        ParameterKind::Composite => {}
    }
}

fn pair<'d>(system: &str, code: &str, value: Value<'d>) -> Option<Held<'d>> {
    let system = Atom::of(member(value, system));
    let code = Atom::of(member(value, code));
    (!system.is_absent() || !code.is_absent()).then_some(Held::Token { system, code })
}

fn plain(code: Cow<'_, str>) -> Held<'_> {
    Held::Token { system: Atom::Absent, code: Atom::Text(code) }
}

fn tokens<'d>(element: &str, value: Value<'d>, held: &mut Vec<Held<'d>>) {
    let before = held.len();
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
    if held.len() == before {
        held.push(Held::Present);
    }
}

fn of_type<'d>(identifier: Value<'d>, held: &mut Vec<Held<'d>>) {
    let codings = identifier.get("type").into_iter().flat_map(|kind| kind.each("coding"));
    held.extend(codings.map(|coding| Held::OfType {
        system: Atom::of(member(coding, "system")),
        code: Atom::of(member(coding, "code")),
        value: Atom::of(member(identifier, "value")),
    }));
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

/// `None` only for a reference that is certainly not to the wanted type.
fn reference<'d>(from: &Alternative, value: Value<'d>) -> Option<Held<'d>> {
    let (text, stated) = match (value.kind(), from.element) {
        (Kind::Object, "Resource") => return inline(from, value),
        (Kind::Object, "Attachment") => (member(value, "url"), None),
        (Kind::Object, _) => (member(value, "reference"), member(value, "type")),
        _ => (filled(value), None),
    };
    let Some(parts) = text.and_then(ReferenceParts::parse) else {
        return from.target.is_none().then_some(Held::Present);
    };
    let kind = parts.kind.or(stated);
    if from.target.is_some_and(|target| kind.as_deref() != Some(target)) {
        return None;
    }
    Some(Held::Reference {
        base: Atom::of(parts.base),
        kind: Atom::of(kind),
        id: Atom::of(parts.id),
        version: Atom::of(parts.version),
    })
}

/// A resource that stands where a reference is meant: the first of a bundle.
fn inline<'d>(from: &Alternative, value: Value<'d>) -> Option<Held<'d>> {
    let kind = member(value, "resourceType");
    if from.target.is_some_and(|target| kind.as_deref() != Some(target)) {
        return None;
    }
    Some(Held::Reference {
        base: Atom::Absent,
        kind: Atom::of(kind),
        id: Atom::of(member(value, "id")),
        version: Atom::Absent,
    })
}

fn place<'d>(position: Value<'d>) -> Option<Held<'d>> {
    let degrees = |name: &str| position.get(name)?.number_text()?.parse::<f64>().ok();
    Some(Held::Place { latitude: degrees("latitude")?, longitude: degrees("longitude")? })
}

pub(crate) fn text(raw: Cow<'_, str>) -> Held<'_> {
    Held::Text { folded: Cow::Owned(fold(&raw)), whole: true, raw: Some(raw) }
}

pub(crate) fn member<'d>(value: Value<'d>, name: &str) -> Option<Cow<'d, str>> {
    value.get(name).and_then(filled)
}

pub(crate) fn filled(value: Value<'_>) -> Option<Cow<'_, str>> {
    value.as_str().filter(|text| !text.is_empty())
}
