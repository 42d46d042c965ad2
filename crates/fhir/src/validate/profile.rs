//! Profiles: rules beyond R4's own, from a table (`profiles.tsv`).
//!
//! Known are the CA Baseline profiles, as far as the table can say them, and
//! every resource type as the profile of itself. A profile is checked when
//! `meta.profile` names it or when the caller asks; one that is not known is
//! told and never refused.

use std::sync::OnceLock;

use crate::definitions::ValueSet;
use crate::fhirpath::{Context, Expression, FhirPathError, Item, Step};
use crate::json::Value;
use crate::limits::{FhirPathLimits, INVARIANT_STEPS_MAX, REPORT_ISSUES_MAX};
use crate::outcome::{Issue, IssueType, Severity};

const TABLE: &str = include_str!("profiles.tsv");
const TYPES: &str = "http://hl7.org/fhir/StructureDefinition/";

/// A line of the table: what it says, by its columns.
type Row = Vec<&'static str>;

struct Profile {
    url: &'static str,
    kind: &'static str,
    rows: Vec<Row>,
}

fn table() -> &'static [Profile] {
    static PROFILES: OnceLock<Vec<Profile>> = OnceLock::new();
    PROFILES.get_or_init(|| {
        let mut profiles: Vec<Profile> = Vec::new();
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let row: Row = line.split('\t').collect();
            match (row.as_slice(), profiles.last_mut()) {
                (["profile", url, kind], _) => {
                    profiles.push(Profile { url, kind, rows: Vec::new() });
                }
                (_, Some(profile)) => profile.rows.push(row),
                _ => {}
            }
        }
        profiles
    })
}

/// The URLs of the profiles that are known, beside the types themselves: for
/// the capability statement.
pub fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
    table().iter().map(|profile| (profile.url, profile.kind))
}

/// Adds what is wrong by the profiles that `meta.profile` names and by those
/// that are `asked` for; only errors, unless `thorough`.
pub(super) fn issues(resource: Value<'_>, asked: &[&str], thorough: bool, issues: &mut Vec<Issue>) {
    let named: Vec<_> = resource
        .get("meta")
        .into_iter()
        .flat_map(|meta| meta.each("profile"))
        .filter_map(Value::as_str)
        .collect();
    if named.is_empty() && asked.is_empty() {
        return;
    }
    let kind = resource.get("resourceType").and_then(Value::as_str).unwrap_or_default();
    let mut check = Check { resource, kind: &kind, thorough, issues, steps: INVARIANT_STEPS_MAX };
    for (at, url) in named.iter().take(REPORT_ISSUES_MAX).enumerate() {
        if !asked.contains(&&**url) {
            check.profile(url, Some(format!("{kind}.meta.profile[{at}]")));
        }
    }
    for url in asked {
        check.profile(url, None);
    }
}

struct Check<'c, 'd> {
    resource: Value<'d>,
    kind: &'c str,
    thorough: bool,
    issues: &'c mut Vec<Issue>,
    steps: u64,
}

impl Check<'_, '_> {
    fn say(&mut self, severity: Severity, code: IssueType, text: String, at: Option<String>) {
        if severity == Severity::Error || self.thorough {
            self.issues.push(Issue { severity, code, diagnostics: text, expression: at });
        }
    }

    fn profile(&mut self, url: &str, at: Option<String>) {
        let plain = url.split('|').next().unwrap_or_default();
        let found = table().iter().find(|profile| profile.url == plain);
        let named = plain.strip_prefix(TYPES).filter(|name| crate::types::is_resource_type(name));
        let Some(kind) = found.map(|profile| profile.kind).or(named) else {
            let text = "This profile is not known here and was not checked.".to_owned();
            self.say(Severity::Information, IssueType::NotSupported, text, at);
            return;
        };
        if kind != self.kind {
            let text = format!("This profile is for {kind} only; leave it out.");
            self.say(Severity::Error, IssueType::Invalid, text, at);
            return;
        }
        let Some(profile) = found else { return };
        self.rules(profile, plain.rsplit('/').next().unwrap_or_default(), true);
    }

    fn rules(&mut self, profile: &Profile, name: &str, like: bool) {
        for row in &profile.rows {
            if self.issues.len() >= 2 * REPORT_ISSUES_MAX {
                return;
            }
            if let ["like", url] = row.as_slice() {
                let base = table().iter().find(|base| base.url == *url);
                if let Some(base) = base.filter(|_| like) {
                    self.rules(base, name, false);
                }
            } else if self.row(row, name).is_err() && self.thorough {
                let text = format!("A rule of {name} could not be judged.");
                self.say(Severity::Information, IssueType::Informational, text, None);
            }
        }
    }

    /// Judges one row on every element that it is about.
    fn row(&mut self, row: &[&'static str], name: &str) -> Result<(), FhirPathError> {
        let [kind, context, element, rest @ ..] = row else { return Ok(()) };
        let context = Expression::parse(context)?;
        let scope = Context { limits: FhirPathLimits::DEFAULT, ..Context::default() };
        let root = Item::Node(crate::fhirpath::Node::resource(self.resource));
        let mut steps = self.steps;
        let owners = context.evaluate_within(root, &scope, &mut steps)?;
        let judged = match (*kind, rest) {
            ("rule", [_, condition, _]) => Expression::parse(condition)?,
            _ => Expression::parse(element)?,
        };
        let mut faults = Vec::new();
        for owner in owners {
            let found = judged.evaluate_within(owner.clone(), &scope, &mut steps)?;
            if let Some(fault) = fault(kind, element, rest, &found) {
                faults.push((fault, self.place(&owner)));
            }
        }
        self.steps = steps;
        for ((severity, code, text), place) in faults {
            let place =
                if code == IssueType::Required { format!("{place}.{element}") } else { place };
            self.say(severity, code, format!("{text} ({name})."), Some(place));
        }
        Ok(())
    }

    /// `Patient.identifier[0]`
    fn place(&self, item: &Item<'_>) -> String {
        let mut place = self.kind.to_owned();
        for step in item.node().map(|node| node.location(self.resource)).unwrap_or_default() {
            match step {
                Step::Member(name) => {
                    place.push('.');
                    place.push_str(name.strip_prefix('_').unwrap_or(&name));
                }
                Step::Index(at) => place.push_str(&format!("[{at}]")),
            }
        }
        place
    }
}

type Fault = (Severity, IssueType, String);

/// What is wrong with what a row's element was found to be.
fn fault(kind: &str, element: &str, rest: &[&str], found: &[Item<'_>]) -> Option<Fault> {
    let error = |code, text| Some((Severity::Error, code, text));
    match (kind, rest) {
        ("min", [count]) => {
            let least = count.parse().unwrap_or(0_usize);
            let text = format!("{element} is required by the profile; add it");
            (found.len() < least).then_some((Severity::Error, IssueType::Required, text))
        }
        ("max", [count]) => {
            let most = count.parse().unwrap_or(usize::MAX);
            let text = format!("The profile takes {most} {element} at most; leave out the others");
            (found.len() > most).then_some((Severity::Error, IssueType::Invalid, text))
        }
        ("fixed", [value]) => {
            let other = found.iter().any(|item| item.as_str().is_none_or(|text| text != *value));
            let text = format!("{element} must be {value} by the profile");
            other.then_some((Severity::Error, IssueType::Value, text))
        }
        ("pattern", [wanted]) => {
            let (system, code) = wanted.split_once('|')?;
            let is_it = |coding: Value<'_>| {
                coding.get("system").is_some_and(|held| held.is_str(system))
                    && coding.get("code").is_some_and(|held| held.is_str(code))
            };
            let values = || found.iter().filter_map(|item| item.node()?.value());
            if values().any(|value| value.each("coding").any(is_it)) {
                return None;
            }
            let text = format!("One {element} must be {code} of {system} by the profile; add it");
            error(IssueType::CodeInvalid, text)
        }
        ("bound", [url]) => {
            let set = ValueSet::of_url(url)?;
            let other =
                found.iter().any(|item| item.as_str().is_some_and(|code| !set.holds(&code)));
            let text = format!("The code of {element} must be from {url} by the profile");
            other.then_some((Severity::Error, IssueType::CodeInvalid, text))
        }
        ("rule", [severity, _, words]) => {
            let broken = matches!(found, [item] if item.as_bool() == Some(false));
            let severity = if *severity == "error" { Severity::Error } else { Severity::Warning };
            broken.then(|| (severity, IssueType::Invariant, format!("{words}; {element}")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Mode, issues as errors, issues_all};
    use super::*;
    use crate::json::Document;
    use crate::limits::JsonLimits;

    const CA: &str = "http://hl7.org/fhir/ca/baseline/StructureDefinition/profile-";

    #[test]
    fn every_row_can_be_read() {
        assert_eq!(known().count(), 28);
        for profile in table() {
            for row in &profile.rows {
                let expressions: &[&str] = match row.as_slice() {
                    ["like", url] => {
                        assert!(table().iter().any(|base| base.url == *url), "{url}");
                        &[]
                    }
                    ["rule", context, _, "error" | "warning", condition, _] => {
                        &[context, condition]
                    }
                    ["min" | "max", context, element, count] => {
                        assert!(count.parse::<usize>().is_ok());
                        &[context, element]
                    }
                    ["pattern", context, element, wanted] => {
                        assert!(wanted.contains('|'));
                        &[context, element]
                    }
                    ["fixed", context, element, _] => &[context, element],
                    ["bound", context, element, url] => {
                        assert!(ValueSet::of_url(url).is_some(), "{url}");
                        &[context, element]
                    }
                    _ => panic!("{row:?}"),
                };
                for text in expressions {
                    assert!(Expression::parse(text).is_ok(), "{text}");
                }
            }
        }
    }

    fn said(text: &str, profiles: &[&str]) -> Vec<(&'static str, &'static str, String)> {
        let document = Document::parse(text.to_owned(), &JsonLimits::default()).unwrap();
        let issues = issues_all(document.root(), Mode::General, profiles).into_iter();
        let issues = issues.filter(|issue| !issue.diagnostics.contains("dom-6"));
        issues
            .map(|i| (i.severity.code(), i.code.code(), i.expression.unwrap_or_default()))
            .collect()
    }

    #[test]
    fn judges_what_the_profile_adds() {
        let asked = format!("{CA}patient|1.1.1");
        let text = r#"{"resourceType":"Patient","identifier":[{"system":"http://x","value":"1"},{"value":"2"}],"name":[{"family":"A"},{"use":"usual"}]}"#;
        let wanted = [
            ("error", "required", "Patient.identifier[1].system".to_owned()),
            ("error", "invariant", "Patient.name[1]".to_owned()),
        ];
        assert_eq!(said(text, &[&asked]), wanted);
        assert_eq!(said(text, &[]), []);
        let lab = format!("{CA}observation-results");
        let text = r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"category":[{"text":"x"}],"valueQuantity":{"unit":"x"}}"#;
        let wanted = [
            ("error", "code-invalid", "Observation".to_owned()),
            ("error", "required", "Observation.valueQuantity.value".to_owned()),
        ];
        assert_eq!(said(text, &[&lab])[..2], wanted);
        assert_eq!(
            said(r#"{"resourceType":"Group","type":"person","actual":true}"#, &[&lab])[0].1,
            "invalid"
        );
        let unknown =
            said(r#"{"resourceType":"Patient","meta":{"profile":["http://x"]}}"#, &["http://y"]);
        assert_eq!(unknown.len(), 2);
        assert!(unknown.iter().all(|(severity, ..)| *severity == "information"));
        assert_eq!(
            said(
                r#"{"resourceType":"Patient"}"#,
                &["http://hl7.org/fhir/StructureDefinition/Patient"]
            ),
            []
        );
    }

    #[test]
    fn refuses_by_known_profiles_that_meta_names() {
        let refused = |profile: &str| {
            let text = format!(
                r#"{{"resourceType":"Location","meta":{{"profile":["{profile}"]}},"identifier":[{{"value":"1"}}]}}"#
            );
            let document = Document::parse(text, &JsonLimits::default()).unwrap();
            errors(document.root()).len()
        };
        assert_eq!(refused(&format!("{CA}location")), 1);
        assert_eq!(refused(&format!("{CA}patient")), 1);
        assert_eq!(refused("http://hl7.org/fhir/us/core/StructureDefinition/us-core-location"), 0);
    }
}
