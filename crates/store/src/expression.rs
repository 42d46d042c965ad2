//! Conditions of the port as DynamoDB expressions, with placeholders for every
//! name and value (DynamoDB Developer Guide, "Condition and filter
//! expressions, operators, and functions").

use chart::table::{Condition, Query, Range, Value};

#[cfg(test)]
mod tests;

/// An expression with what its placeholders stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expression {
    /// The text.
    pub(crate) text: String,
    /// `#n0`, … to attribute names.
    pub(crate) names: Vec<(String, String)>,
    /// `:v0`, … to values.
    pub(crate) values: Vec<(String, Value)>,
}

/// The expression of a condition; `None` when it always holds, for which
/// DynamoDB has no expression.
pub(crate) fn condition(condition: &Condition) -> Option<Expression> {
    let mut expression = Expression::default();
    let text = expression.render(condition)?;
    expression.text = text;
    Some(expression)
}

/// The condition expression of a check that always holds: a transaction's
/// `ConditionCheck` must have one.
pub(crate) fn tautology() -> Expression {
    let text = "attribute_exists(#n0) OR attribute_not_exists(#n0)".to_owned();
    Expression { text, names: vec![("#n0".to_owned(), "pk".to_owned())], values: Vec::new() }
}

/// The key condition of a query.
pub(crate) fn key_condition(query: &Query) -> Expression {
    let mut expression = Expression::default();
    let pk = expression.name("pk");
    let value = expression.value(Value::S(query.pk.clone()));
    let mut text = format!("{pk} = {value}");
    match &query.range {
        Range::All => {}
        // DynamoDB refuses an empty prefix, which every key begins with.
        Range::Prefix(prefix) if prefix.is_empty() => {}
        Range::Prefix(prefix) => {
            let sk = expression.name("sk");
            let prefix = expression.value(Value::S(prefix.clone()));
            text.push_str(&format!(" AND begins_with({sk}, {prefix})"));
        }
        Range::Between(from, to) => {
            let sk = expression.name("sk");
            let from = expression.value(Value::S(from.clone()));
            let to = expression.value(Value::S(to.clone()));
            text.push_str(&format!(" AND {sk} BETWEEN {from} AND {to}"));
        }
    }
    expression.text = text;
    expression
}

impl Expression {
    fn name(&mut self, attribute: &str) -> String {
        if let Some((placeholder, _)) = self.names.iter().find(|(_, held)| held == attribute) {
            return placeholder.clone();
        }
        let placeholder = format!("#n{}", self.names.len());
        self.names.push((placeholder.clone(), attribute.to_owned()));
        placeholder
    }

    fn value(&mut self, value: Value) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.push((placeholder.clone(), value));
        placeholder
    }

    /// The text of a condition; `None` when it always holds.
    fn render(&mut self, condition: &Condition) -> Option<String> {
        Some(match condition {
            Condition::Always => return None,
            Condition::Absent => format!("attribute_not_exists({})", self.name("pk")),
            Condition::Present => format!("attribute_exists({})", self.name("pk")),
            Condition::Without(name) => format!("attribute_not_exists({})", self.name(name)),
            Condition::Equals(name, value) => {
                format!("{} = {}", self.name(name), self.value(value.clone()))
            }
            Condition::Less(name, bound) => {
                format!("{} < {}", self.name(name), self.value(Value::N(*bound)))
            }
            Condition::All(parts) => {
                let texts: Vec<String> =
                    parts.iter().filter_map(|part| self.render(part)).collect();
                if texts.is_empty() {
                    return None;
                }
                join(&texts, " AND ")
            }
            Condition::Any(parts) => {
                if parts.is_empty() {
                    let pk = self.name("pk");
                    return Some(format!("attribute_exists({pk}) AND attribute_not_exists({pk})"));
                }
                // Looked at first, so that no placeholder stays unused.
                if parts.iter().any(always) {
                    return None;
                }
                let texts: Vec<String> =
                    parts.iter().filter_map(|part| self.render(part)).collect();
                join(&texts, " OR ")
            }
        })
    }
}

fn always(condition: &Condition) -> bool {
    match condition {
        Condition::Always => true,
        Condition::All(parts) => parts.iter().all(always),
        Condition::Any(parts) => parts.iter().any(always),
        _ => false,
    }
}

fn join(texts: &[String], operator: &str) -> String {
    match texts {
        [only] => only.clone(),
        _ => texts.iter().map(|text| format!("({text})")).collect::<Vec<_>>().join(operator),
    }
}
