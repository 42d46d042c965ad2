//! Requests of the record's kind, read from the protocol's JSON.

use chart::table::{Condition, Item, Key, Value, Write};
use serde::Deserialize;
use std::collections::HashMap;

use super::condition;
use crate::embedded::json::{Stored, StoredValue};

/// A request of one or more writes.
pub(super) struct Asked {
    /// What is to be written.
    pub(super) write: Write,
    /// Whether a failed condition is to return the item found.
    pub(super) returns_old: bool,
}

/// The writes of a request and its idempotency token.
pub(super) struct Request {
    pub(super) writes: Vec<Asked>,
    pub(super) token: Option<String>,
}

/// Reads a request; `None` when it is of another kind.
pub(super) fn read(operation: &str, body: &[u8]) -> Option<Request> {
    let text = std::str::from_utf8(body).ok()?;
    let alone = |write| Some(Request { writes: vec![write], token: None });
    match operation {
        "PutItem" => alone(serde_json::from_str::<Put>(text).ok()?.into_asked()?),
        "DeleteItem" => alone(serde_json::from_str::<Keyed>(text).ok()?.into_delete()?),
        "TransactWriteItems" => {
            let Transaction { transact_items, client_request_token } =
                serde_json::from_str(text).ok()?;
            let writes = transact_items
                .into_iter()
                .map(|action| match action {
                    Action::Put(put) => put.into_asked(),
                    Action::Delete(delete) => delete.into_delete(),
                    Action::ConditionCheck(check) => check.into_check(),
                })
                .collect::<Option<Vec<_>>>()?;
            Some(Request { writes, token: client_request_token })
        }
        _ => None,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Transaction<'a> {
    #[serde(borrow)]
    transact_items: Vec<Action<'a>>,
    client_request_token: Option<String>,
}

#[derive(Deserialize)]
enum Action<'a> {
    #[serde(borrow)]
    Put(Put<'a>),
    #[serde(borrow)]
    Delete(Keyed<'a>),
    #[serde(borrow)]
    ConditionCheck(Keyed<'a>),
}

/// `TableName` has been looked at already.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Put<'a> {
    #[serde(rename = "TableName")]
    _table_name: &'a str,
    item: Stored,
    condition_expression: Option<String>,
    expression_attribute_names: Option<HashMap<String, String>>,
    expression_attribute_values: Option<HashMap<String, StoredValue>>,
    return_values_on_condition_check_failure: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Keyed<'a> {
    #[serde(rename = "TableName")]
    _table_name: &'a str,
    key: Stored,
    condition_expression: Option<String>,
    expression_attribute_names: Option<HashMap<String, String>>,
    expression_attribute_values: Option<HashMap<String, StoredValue>>,
    return_values_on_condition_check_failure: Option<&'a str>,
}

impl Put<'_> {
    fn into_asked(self) -> Option<Asked> {
        let condition = read_condition(
            self.condition_expression,
            self.expression_attribute_names,
            self.expression_attribute_values,
        )?;
        let Stored { pk, sk, item } = self.item;
        Some(Asked {
            write: Write::put(Key { pk: pk?, sk: sk? }, item, condition),
            returns_old: returns_old(self.return_values_on_condition_check_failure)?,
        })
    }
}

impl Keyed<'_> {
    fn into_delete(self) -> Option<Asked> {
        self.into_asked(Write::delete)
    }

    fn into_check(self) -> Option<Asked> {
        self.condition_expression.as_ref()?;
        self.into_asked(Write::check)
    }

    fn into_asked(self, write: fn(Key, Condition) -> Write) -> Option<Asked> {
        let condition = read_condition(
            self.condition_expression,
            self.expression_attribute_names,
            self.expression_attribute_values,
        )?;
        let Stored { pk, sk, item } = self.key;
        if item != Item::default() {
            return None;
        }
        Some(Asked {
            write: write(Key { pk: pk?, sk: sk? }, condition),
            returns_old: returns_old(self.return_values_on_condition_check_failure)?,
        })
    }
}

fn returns_old(setting: Option<&str>) -> Option<bool> {
    match setting {
        None | Some("NONE") => Some(false),
        Some("ALL_OLD") => Some(true),
        Some(_) => None,
    }
}

fn read_condition(
    expression: Option<String>,
    names: Option<HashMap<String, String>>,
    values: Option<HashMap<String, StoredValue>>,
) -> Option<Condition> {
    let names = names.unwrap_or_default();
    let values: HashMap<String, Value> =
        values.unwrap_or_default().into_iter().map(|(name, value)| (name, value.0)).collect();
    match expression {
        None => (names.is_empty() && values.is_empty()).then_some(Condition::Always),
        Some(text) => condition::parse(&text, &names, &values),
    }
}
