//! The operations, read from the Parameters.

use super::Fault;
use crate::json::{Kind, Value};
use crate::limits::PATCH_OPERATIONS_MAX;
use crate::outcome::Refusal;
use crate::resource::Resource;

/// One operation.
pub(super) struct Operation<'p> {
    pub verb: Verb<'p>,
    /// FHIRPath.
    pub path: String,
    shown: String,
}

/// What is done.
pub(super) enum Verb<'p> {
    /// The parameter or part that holds the value, here and below.
    Add {
        name: String,
        value: Value<'p>,
    },
    Insert {
        index: usize,
        value: Value<'p>,
    },
    Delete,
    Replace(Value<'p>),
    Move {
        source: usize,
        destination: usize,
    },
}

impl Operation<'_> {
    pub(super) fn refused(&self, at: usize, fault: Fault) -> Refusal {
        let told = |why: &str| format!("Operation {at} ({}): {why}", self.shown);
        let place = format!("Parameters.parameter[{at}]");
        match fault {
            Fault::Malformed(why) => Refusal::invalid(told(&why)).at(place),
            Fault::Told(why) => Refusal::unprocessed(told(&why)).at(place),
        }
    }
}

/// Reads the operations, all before the first is done.
pub(super) fn read(patch: &Resource) -> Result<Vec<Operation<'_>>, Refusal> {
    if patch.type_name() != "Parameters" {
        return Err(Refusal::invalid(
            "A FHIRPath Patch is a Parameters resource; send one, or a JSON Patch as \
             application/json-patch+json.",
        )
        .at("resourceType"));
    }
    crate::validate::check(patch)?;
    let count = patch.root().each("parameter").count();
    if count > PATCH_OPERATIONS_MAX {
        return Err(Refusal::too_large(format!(
            "The patch has {count} operations; at most {PATCH_OPERATIONS_MAX} are taken. Send the \
             whole resource by PUT."
        )));
    }
    if count == 0 {
        return Err(Refusal::invalid(
            "The patch has no operation; give each as a parameter called operation.",
        )
        .at("Parameters.parameter"));
    }
    let parameters = patch.root().each("parameter").enumerate();
    parameters.map(|(at, parameter)| operation(at, parameter)).collect()
}

fn operation(at: usize, parameter: Value<'_>) -> Result<Operation<'_>, Refusal> {
    let malformed = |why: String| {
        Refusal::invalid(format!("Operation {at}: {why}")).at(format!("Parameters.parameter[{at}]"))
    };
    if !parameter.get("name").is_some_and(|name| name.is_str("operation")) {
        return Err(malformed(
            "Every parameter of a patch is called operation; rename it or leave it out.".to_owned(),
        ));
    }
    let part = |name: &str| {
        let mut all = parameter
            .each("part")
            .filter(|part| part.get("name").is_some_and(|known| known.is_str(name)));
        match (all.next(), all.next()) {
            (Some(part), None) => Ok(part),
            (None, _) => Err(malformed(format!("The operation has no part {name}; add it."))),
            (Some(_), Some(_)) => {
                Err(malformed(format!("The part {name} is given twice; keep one of the two.")))
            }
        }
    };
    let text = |name: &str| {
        value_of(part(name)?).and_then(Value::as_str).map(|text| text.into_owned()).ok_or_else(
            || malformed(format!("The part {name} needs a value that is a text; add it.")),
        )
    };
    let number = |name: &str| {
        let value = value_of(part(name)?).and_then(Value::number_text);
        value.and_then(|digits| digits.parse::<usize>().ok()).ok_or_else(|| {
            malformed(format!(
                "The part {name} needs a whole number from 0 (valueInteger); add it."
            ))
        })
    };
    let path = text("path")?;
    let kind = text("type")?;
    let (verb, known): (_, &[&str]) = match kind.as_str() {
        "add" => (Verb::Add { name: text("name")?, value: part("value")? }, &["name", "value"]),
        "insert" => {
            (Verb::Insert { index: number("index")?, value: part("value")? }, &["index", "value"])
        }
        "delete" => (Verb::Delete, &[]),
        "replace" => (Verb::Replace(part("value")?), &["value"]),
        "move" => (
            Verb::Move { source: number("source")?, destination: number("destination")? },
            &["source", "destination"],
        ),
        _ => {
            return Err(malformed(
                "type is one of add, insert, delete, replace and move.".to_owned(),
            ));
        }
    };
    for part in parameter.each("part") {
        let name = part.get("name").and_then(Value::as_str).unwrap_or_default();
        if !["type", "path"].contains(&&*name) && !known.contains(&&*name) {
            let name: String = name.chars().take(64).collect();
            return Err(malformed(format!(
                "This type of operation has no part \"{name}\"; leave it out."
            )));
        }
    }
    let shown = format!("{kind} {}", path.chars().take(128).collect::<String>());
    Ok(Operation { verb, path, shown })
}

/// The `value[x]` of a parameter or part.
pub(super) fn value_of(part: Value<'_>) -> Option<Value<'_>> {
    value_member(part).and_then(|(_, value, _)| value)
}

/// The type that `value[x]` names (`HumanName` of `valueHumanName`), its value,
/// and its companion: the id and extensions of a primitive.
pub(super) fn value_member(
    part: Value<'_>,
) -> Option<(String, Option<Value<'_>>, Option<Value<'_>>)> {
    let mut found = None;
    for (key, held) in part.members() {
        let bare = key.strip_prefix('_').unwrap_or(&key);
        let Some(kind) = bare.strip_prefix("value").filter(|kind| !kind.is_empty()) else {
            continue;
        };
        let (_, value, companion) = found.get_or_insert_with(|| (kind.to_owned(), None, None));
        if key.starts_with('_') {
            *companion = Some(held).filter(|held| held.kind() == Kind::Object);
        } else {
            *value = Some(held);
        }
    }
    found
}
