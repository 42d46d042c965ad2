//! Policy documents, read and matched.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::Asked;

/// The only version whose variables and operators are those described here.
const VERSION: &str = "2012-10-17";
/// The only condition key that is understood: the partition keys of a request.
const LEADING_KEYS: &str = "dynamodb:LeadingKeys";

/// Why a text is no policy that can be obeyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError(String);

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PolicyError {}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Document {
    version: String,
    statement: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Written {
    sid: String,
    effect: Effect,
    action: OneOrMany,
    resource: OneOrMany,
    #[serde(default)]
    condition: BTreeMap<String, BTreeMap<String, OneOrMany>>,
}

#[derive(Deserialize, PartialEq)]
enum Effect {
    Allow,
    Deny,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Vec<String> {
    fn from(held: OneOrMany) -> Self {
        match held {
            OneOrMany::One(text) => vec![text],
            OneOrMany::Many(texts) => texts,
        }
    }
}

/// One statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub sid: String,
    pub allows: bool,
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<Condition>,
}

/// A condition on the partition keys of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    /// Every key matches a pattern; so when there is none.
    Every(Vec<String>),
    /// Some key matches a pattern.
    Some(Vec<String>),
    /// Whether a key may be missing: `true` when none is named.
    Absent(bool),
}

/// The statements of a document.
///
/// # Errors
/// When it is not understood whole.
pub fn statements(text: &str) -> Result<Vec<Statement>, PolicyError> {
    let document: Document =
        serde_json::from_str(text).map_err(|error| PolicyError(format!("no policy: {error}")))?;
    if document.version != VERSION {
        return Err(PolicyError(format!("Version must be {VERSION}")));
    }
    document.statement.into_iter().map(statement).collect()
}

fn statement(written: Written) -> Result<Statement, PolicyError> {
    let mut conditions = Vec::new();
    for (operator, keys) in written.condition {
        for (key, values) in keys {
            conditions.push(condition(&operator, &key, values.into())?);
        }
    }
    let actions: Vec<String> = written.action.into();
    // A resource policy's variables would be taken for text.
    let resources: Vec<String> = written.resource.into();
    if let Some(variable) = resources.iter().find(|text| text.contains("${")) {
        return Err(PolicyError(format!(
            "{}: variables are not understood: {variable}",
            written.sid
        )));
    }
    // Actions are compared whatever their case (IAM, "Action").
    let actions = actions.into_iter().map(|action| action.to_ascii_lowercase()).collect();
    let allows = written.effect == Effect::Allow;
    Ok(Statement { sid: written.sid, allows, actions, resources, conditions })
}

fn condition(operator: &str, key: &str, values: Vec<String>) -> Result<Condition, PolicyError> {
    let not_understood =
        || PolicyError(format!("the condition {operator} on {key} is not understood"));
    if !key.eq_ignore_ascii_case(LEADING_KEYS) {
        return Err(not_understood());
    }
    match (operator, values.as_slice()) {
        ("ForAllValues:StringLike", _) => Ok(Condition::Every(values)),
        ("ForAnyValue:StringLike", _) => Ok(Condition::Some(values)),
        ("Null", [value]) if value == "true" => Ok(Condition::Absent(true)),
        ("Null", [value]) if value == "false" => Ok(Condition::Absent(false)),
        // A key with several values needs one of the set operators above.
        _ => Err(not_understood()),
    }
}

impl Statement {
    /// Whether it speaks of this: action, resource and every condition match.
    pub fn applies(&self, asked: &Asked<'_>) -> bool {
        let action = asked.action.to_ascii_lowercase();
        self.actions.iter().any(|pattern| like(pattern, &action))
            && self.resources.iter().any(|pattern| like(pattern, asked.resource))
            && self.conditions.iter().all(|condition| condition.holds(&asked.leading_keys))
    }
}

impl Condition {
    fn holds(&self, keys: &[&str]) -> bool {
        let any = |patterns: &[String], key: &str| patterns.iter().any(|text| like(text, key));
        match self {
            Self::Every(patterns) => keys.iter().all(|key| any(patterns, key)),
            Self::Some(patterns) => keys.iter().any(|key| any(patterns, key)),
            Self::Absent(absent) => keys.is_empty() == *absent,
        }
    }
}

/// Whether a text matches a pattern in which `*` is any text and `?` any one
/// character.
pub fn like(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // Where to go on when a guess at the last `*` was wrong.
    let mut again = None;
    loop {
        let before = text.clone();
        match (pattern.next(), text.next()) {
            (Some('*'), _) => {
                again = Some((pattern.clone(), before.clone()));
                text = before;
            }
            (Some(wanted), Some(held)) if wanted == '?' || wanted == held => {}
            (None, None) => return true,
            _ => {
                // The last `*` takes one character more.
                let Some((after, mut from)) = again.take() else { return false };
                if from.next().is_none() {
                    return false;
                }
                pattern = after.clone();
                text = from.clone();
                again = Some((after, from));
            }
        }
    }
}
