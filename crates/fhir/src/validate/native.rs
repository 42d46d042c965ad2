//! The invariants that most resources meet, in Rust: the same verdicts as
//! FHIRPath gives (a test compares them), at a tenth of the cost.

use std::collections::HashSet;

use super::invariants::Scope;
use crate::definitions::Invariant;
use crate::fhirpath::{Node, Temporal};
use crate::json::{Kind, Value};

/// `None` leaves it to FHIRPath.
type Judge = for<'d> fn(Value<'d>, &Scope<'d>) -> Option<bool>;

/// In the order of `scripts/definitions`.
pub(super) const JUDGES: &[(&str, Judge)] = &[
    ("ref-1", local_reference),
    ("per-1", period),
    ("cpt-2", |value, _| Some(!has(value, "value") || has(value, "system"))),
    ("qty-3", |value, _| Some(!has(value, "code") || has(value, "system"))),
    ("dom-3", contained_is_used),
    ("dom-4", |value, _| nothing_contained(value)),
    ("dom-5", |value, _| nothing_contained(value)),
    ("obs-3", |value, _| Some(["low", "high", "text"].iter().any(|name| has(value, name)))),
    ("obs-6", |value, _| Some(!has(value, "dataAbsentReason") || !has_choice(value, "value"))),
    ("obs-7", observation_value),
    ("con-4", |value, _| {
        let system = "http://terminology.hl7.org/CodeSystem/condition-clinical";
        let codes = ["resolved", "remission", "inactive"];
        Some(!has_choice(value, "abatement") || coded(value, "clinicalStatus", system, &codes))
    }),
    ("con-5", |value, _| {
        let system = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
        Some(!is_mistaken(value, system) || !has(value, "clinicalStatus"))
    }),
    ("org-1", |value, _| Some(has(value, "identifier") || has(value, "name"))),
    ("org-2", |value, _| Some(!is_home(value))),
    ("org-3", |value, _| Some(!is_home(value))),
    ("att-1", |value, _| Some(!has(value, "data") || has(value, "contentType"))),
    ("pat-1", |value, _| {
        let details = ["name", "telecom", "address", "organization"];
        Some(details.iter().any(|name| has(value, name)))
    }),
    ("ait-1", |value, _| Some(is_mistaken(value, ALLERGY) || has(value, "clinicalStatus"))),
    ("ait-2", |value, _| Some(!is_mistaken(value, ALLERGY) || !has(value, "clinicalStatus"))),
];

const ALLERGY: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";

pub(super) fn judge<'d>(rule: Invariant, node: Node<'d>, scope: &Scope<'d>) -> Option<bool> {
    let (_, judge) = JUDGES.get(usize::from(rule.0))?;
    judge(node.value().filter(|value| value.kind() == Kind::Object)?, scope)
}

/// `name.exists()`, with its companion.
fn has(value: Value<'_>, name: &str) -> bool {
    value.fields().any(|(key, held)| {
        key.as_str().is_some_and(|key| key.strip_prefix('_').unwrap_or(&key) == name)
            && !matches!(held.kind(), Kind::Null)
    })
}

/// `name.exists()` of a choice.
fn has_choice(value: Value<'_>, name: &str) -> bool {
    value.fields().any(|(key, _)| {
        key.as_str().is_some_and(|key| {
            let suffix = key.strip_prefix('_').unwrap_or(&key).strip_prefix(name);
            suffix.is_some_and(|suffix| suffix.starts_with(|c: char| c.is_ascii_uppercase()))
        })
    })
}

fn coded(value: Value<'_>, element: &str, system: &str, codes: &[&str]) -> bool {
    value.each(element).flat_map(|concept| concept.each("coding")).any(|coding| {
        coding.get("system").is_some_and(|held| held.is_str(system))
            && coding.get("code").is_some_and(|held| codes.iter().any(|code| held.is_str(code)))
    })
}

fn is_mistaken(value: Value<'_>, system: &str) -> bool {
    coded(value, "verificationStatus", system, &["entered-in-error"])
}

fn is_home(value: Value<'_>) -> bool {
    value.get("use").is_some_and(|held| held.is_str("home"))
}

fn nothing_contained(value: Value<'_>) -> Option<bool> {
    (!has(value, "contained")).then_some(true)
}

/// ref-1. `#` alone is the container, seen from what it contains (R4 §2.3.0.3).
fn local_reference<'d>(value: Value<'d>, scope: &Scope<'d>) -> Option<bool> {
    let Some(reference) = value.get("reference").and_then(Value::as_str) else {
        return Some(true);
    };
    let Some(id) = reference.strip_prefix('#') else { return Some(true) };
    if id.is_empty() {
        return Some(scope.container.is_some());
    }
    Some(scope.contained.contains_key(id))
}

/// per-1
fn period<'d>(value: Value<'d>, _: &Scope<'d>) -> Option<bool> {
    let (Some(start), Some(end)) = (value.get("start"), value.get("end")) else {
        return Some(true);
    };
    let (start, end) = (start.as_str()?, end.as_str()?);
    // Of one form and time zone, dates are in the order of their texts.
    let zone = |text: &str| text.get(19..).map(str::to_owned);
    if start.len() == end.len() && zone(&start) == zone(&end) {
        return Some(start <= end);
    }
    let (start, end) = (Temporal::parse(&start)?, Temporal::parse(&end)?);
    Some(start.compare(end).is_none_or(|order| order.is_le()))
}

/// dom-3: what is contained is referred to by `#id`, or refers to `#`.
fn contained_is_used<'d>(value: Value<'d>, _: &Scope<'d>) -> Option<bool> {
    if value.get("contained").is_none() {
        return Some(true);
    }
    let mut texts = HashSet::new();
    let mut open = vec![value];
    while let Some(held) = open.pop() {
        if let Some(text) = held.as_str().filter(|text| text.starts_with('#')) {
            texts.insert(text);
        }
        open.extend(held.items());
        open.extend(held.fields().map(|(_, held)| held));
    }
    Some(value.each("contained").all(|held| {
        let id = held.get("id").and_then(Value::as_str);
        let named = id.is_some_and(|id| texts.contains(&*format!("#{id}")));
        named || refers_to_container(held)
    }))
}

fn refers_to_container(contained: Value<'_>) -> bool {
    let mut open = vec![contained];
    while let Some(held) = open.pop() {
        if held.is_str("#") {
            return true;
        }
        open.extend(held.items());
        open.extend(held.fields().map(|(_, held)| held));
    }
    false
}

/// obs-7
fn observation_value<'d>(value: Value<'d>, _: &Scope<'d>) -> Option<bool> {
    (value.get("component").is_none() || !has_choice(value, "value")).then_some(true)
}

#[cfg(test)]
mod tests {
    use super::super::invariants::{Verdict, by_fhirpath};
    use super::*;
    use crate::definitions::Structure;
    use crate::json::Document;
    use crate::limits::JsonLimits;

    #[test]
    fn the_order_is_that_of_the_tables() {
        for (number, (key, _)) in JUDGES.iter().enumerate() {
            assert_eq!(Invariant(number as u16).key(), *key);
        }
    }

    /// The type, the rule's element in it, and members of which any may be
    /// left out or there.
    const SAMPLES: &[(&str, &str, &[&str])] = &[
        ("Reference", "", &[r##""reference":"#x""##, r#""display":"x""#, r#""type":"Patient""#]),
        ("Reference", "", &[r#""reference":"Patient/1""#, r#""id":"x""#]),
        ("Period", "", &[r#""start":"2020""#, r#""end":"2020-01-01""#]),
        (
            "Period",
            "",
            &[r#""start":"2020-02-01T00:00:00Z""#, r#""end":"2020-01-31T23:00:00-05:00""#],
        ),
        ("Period", "", &[r#""start":"2020-02-01T00:00:00Z""#, r#""end":"2020-01-31T00:00:00Z""#]),
        ("Period", "", &[r#""start":"2020-02-01""#, r#""_end":{"id":"x"}"#]),
        (
            "ContactPoint",
            "",
            &[
                r#""value":"1""#,
                r#""system":"phone""#,
                r#""_value":{"id":"x"}"#,
                r#""_system":{"id":"x"}"#,
            ],
        ),
        (
            "Quantity",
            "",
            &[r#""code":"g""#, r#""system":"http://x""#, r#""value":1"#, r#""_code":{"id":"x"}"#],
        ),
        (
            "Attachment",
            "",
            &[r#""data":"QQ==""#, r#""contentType":"text/plain""#, r#""_data":{"id":"x"}"#],
        ),
        (
            "Observation",
            "",
            &[
                r#""dataAbsentReason":{"text":"x"}"#,
                r#""valueString":"x""#,
                r#""_valueString":{"id":"x"}"#,
                r#""component":[{"code":{"coding":[{"code":"a"}]}}]"#,
                r#""code":{"coding":[{"code":"a"}]}"#,
            ],
        ),
        (
            "Observation",
            "",
            &[
                r#""contained":[{"resourceType":"Patient","id":"p"}]"#,
                r##""subject":{"reference":"#p"}"##,
            ],
        ),
        (
            "Observation",
            "",
            &[
                r##""contained":[{"resourceType":"List","subject":{"reference":"#"}}]"##,
                r##""subject":{"reference":"#p"}"##,
            ],
        ),
        (
            "Observation",
            "",
            &[
                r#""contained":[{"resourceType":"Patient","id":"p","meta":{"versionId":"1"}}]"#,
                r##""hasMember":[{"reference":"#p"}]"##,
            ],
        ),
        (
            "Observation",
            "",
            &[
                r#""contained":[{"resourceType":"Patient","id":"p","meta":{"security":[{"code":"x"}]}}]"#,
            ],
        ),
        (
            "Observation.referenceRange",
            "",
            &[r#""low":{"value":1}"#, r#""high":{"value":1}"#, r#""text":"x""#, r#""age":{}"#],
        ),
        (
            "Condition",
            "",
            &[
                r#""abatementString":"x""#,
                r#""_abatementDateTime":{"id":"x"}"#,
                r#""clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"resolved"}]}"#,
                r#""verificationStatus":{"coding":[{"code":"x"},{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"entered-in-error"}]}"#,
            ],
        ),
        (
            "Condition",
            "",
            &[
                r#""abatementString":"x""#,
                r#""clinicalStatus":{"coding":[{"system":"http://x","code":"resolved"}]}"#,
            ],
        ),
        (
            "AllergyIntolerance",
            "",
            &[
                r#""clinicalStatus":{"text":"x"}"#,
                r#""verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification","code":"entered-in-error"}]}"#,
            ],
        ),
        (
            "Organization",
            "",
            &[r#""identifier":[{"value":"x"}]"#, r#""name":"x""#, r#""_name":{"id":"x"}"#],
        ),
        (
            "Organization",
            "address",
            &[r#""address":[{"use":"work"},{"use":"home"}]"#, r#""name":"x""#],
        ),
        (
            "Organization",
            "telecom",
            &[r#""telecom":[{"use":"home"},{"use":"work"}]"#, r#""name":"x""#],
        ),
        (
            "Patient.contact",
            "",
            &[
                r#""name":{"text":"x"}"#,
                r#""telecom":[{"value":"x"}]"#,
                r#""address":{"text":"x"}"#,
                r#""organization":{"display":"x"}"#,
            ],
        ),
    ];

    #[test]
    fn they_say_what_fhirpath_says() {
        let mut compared = std::collections::BTreeMap::<&str, [usize; 2]>::new();
        for (name, element, members) in SAMPLES {
            let structure = (0..670).map(Structure).find(|one| one.name() == *name).unwrap();
            for subset in 0..1_u32 << members.len() {
                let kept = members.iter().enumerate().filter(|(at, _)| subset >> at & 1 == 1);
                let kept: Vec<_> = kept.map(|(_, member)| *member).collect();
                let text = format!("{{{}}}", kept.join(","));
                let document = Document::parse(text.clone(), &JsonLimits::default()).unwrap();
                let node = Node::structured(document.root(), structure);
                let scope = Scope::of_root(document.root());
                let rules = structure
                    .rules()
                    .filter(|(rule, place)| usize::from(rule.0) < JUDGES.len() && place == element);
                for (rule, place) in rules {
                    let mut nodes = vec![node];
                    if !place.is_empty() {
                        nodes.clear();
                        node.each_child(place, &mut |child| nodes.push(child));
                    }
                    for node in nodes {
                        let Some(native) = judge(rule, node, &scope) else { continue };
                        let verdict = by_fhirpath(rule, node, &scope, &mut 1_000_000);
                        assert_ne!(verdict, Verdict::Unjudged, "{} {text}", rule.key());
                        assert_eq!(native, verdict == Verdict::Holds, "{} {text}", rule.key());
                        compared.entry(rule.key()).or_default()[usize::from(native)] += 1;
                    }
                }
            }
        }
        // Every rule was seen kept; and broken, unless Rust leaves that to FHIRPath.
        for (key, _) in JUDGES {
            let [broken, kept] = compared.get(key).copied().unwrap_or_default();
            assert!(kept > 0 && (broken > 0 || ["dom-4", "dom-5", "obs-7"].contains(key)), "{key}");
        }
    }
}
