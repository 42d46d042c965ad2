//! `_elements`: which elements are asked for (R4 §3.1.1.5.9).

use crate::definitions::{Content, Structure};
use crate::limits::{ELEMENT_STEPS_MAX, ELEMENTS_MAX};
use crate::outcome::Refusal;
use crate::types;

/// The elements that a caller asks for.
///
/// Each is a path of element names, such as `name` or `name.family`, of every
/// type or of the one named before it: `Patient.name`. A choice goes by its
/// own name (`value`) or by the name in JSON (`valueQuantity`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elements {
    asked: Vec<Asked>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    type_name: Option<&'static str>,
    path: Vec<String>,
}

impl Elements {
    /// Reads the value of `_elements`. `type_name` is the type that the
    /// request names, if it names one: an element that it does not have is a
    /// mistake of the caller's.
    ///
    /// # Errors
    /// 400 for an empty list, more than [`ELEMENTS_MAX`] elements, and for an
    /// element that no type, or not the type named, has.
    pub fn parse(list: &str, type_name: Option<&str>) -> Result<Self, Refusal> {
        let refused = |text: String| Refusal::invalid(text).at("_elements");
        let mut asked = Vec::new();
        for item in list.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            if asked.len() >= ELEMENTS_MAX {
                return Err(refused(format!("_elements names at most {ELEMENTS_MAX} elements.")));
            }
            let (prefix, path) = match item.split_once('.') {
                Some((head, rest)) if types::named(head).is_some() => (types::named(head), rest),
                _ => (None, item),
            };
            let steps: Vec<String> = path.split('.').map(str::to_owned).collect();
            let shown: String = item.chars().take(64).collect();
            let of_type = prefix.map(|prefix| prefix.name);
            let known = steps.len() <= ELEMENT_STEPS_MAX
                && match of_type.or(type_name) {
                    Some(name) => exists(name, &steps),
                    None => types::all().any(|kind| exists(kind.name, &steps)),
                };
            if !known {
                return Err(refused(format!(
                    "_elements names \"{shown}\", which is no element of FHIR R4 here; check its \
                     name."
                )));
            }
            asked.push(Asked { type_name: of_type, path: steps });
        }
        if asked.is_empty() {
            return Err(refused(
                "_elements names no element; list names with commas, or leave it out.".to_owned(),
            ));
        }
        Ok(Self { asked })
    }

    /// What is asked of resources of one type; `None` when nothing is, because
    /// every element was named with another type: these are given whole.
    pub(super) fn of_type(&self, name: &str) -> Option<Vec<&[String]>> {
        let meant = self.asked.iter().filter(|asked| asked.type_name.is_none_or(|it| it == name));
        let paths: Vec<&[String]> = meant.map(|asked| asked.path.as_slice()).collect();
        (!paths.is_empty()).then_some(paths)
    }
}

/// What of an element is asked for by paths that begin at its parent.
pub(super) enum Part<'e> {
    /// Nothing.
    Nothing,
    /// All of it.
    Whole,
    /// What is below these paths, which begin inside it.
    Below(Vec<&'e [String]>),
}

/// What `paths` ask of the element that JSON calls `member`.
pub(super) fn part<'e>(paths: &[&'e [String]], member: &str, is_choice: bool) -> Part<'e> {
    let mut below = Vec::new();
    for path in paths {
        let Some((step, rest)) = path.split_first() else { continue };
        if !names(step, member, is_choice) {
            continue;
        }
        if rest.is_empty() {
            return Part::Whole;
        }
        below.push(rest);
    }
    if below.is_empty() { Part::Nothing } else { Part::Below(below) }
}

/// Whether a step names the member: by its JSON name, or as a choice.
fn names(step: &str, member: &str, is_choice: bool) -> bool {
    let step = step.strip_suffix("[x]").unwrap_or(step);
    step == member
        || (is_choice
            && member
                .strip_prefix(step)
                .is_some_and(|kind| kind.starts_with(|first: char| first.is_ascii_uppercase())))
}

fn exists(type_name: &str, steps: &[String]) -> bool {
    if steps.first().is_some_and(|step| step == "resourceType") && steps.len() == 1 {
        return true;
    }
    let mut here: Vec<Structure> = Structure::of_resource(type_name).into_iter().collect();
    for (at, step) in steps.iter().enumerate() {
        let mut found = false;
        let mut inside = Vec::new();
        for element in here.iter().flat_map(|structure| structure.elements()) {
            if names(step, element.name(), element.is_choice()) {
                found = true;
                if let Content::Structure(number) = element.content() {
                    inside.push(Structure(number));
                }
            }
        }
        if !found {
            return false;
        }
        if inside.is_empty() {
            return at + 1 == steps.len();
        }
        here = inside;
    }
    true
}
