//! Reads the condition expressions that the port's conditions are written as:
//! `attribute_exists`, `attribute_not_exists`, `=`, `<`, `AND`, `OR` and
//! parentheses over placeholders. Anything else is the engine's.

use chart::table::{Condition, Value};
use std::collections::{HashMap, HashSet};

#[cfg(test)]
mod tests;

/// Deepest nesting of parentheses that is read here.
const DEPTH_MAX: usize = 16;

/// The condition; `None` when the text is of another kind, or leaves a
/// placeholder unused, which the protocol refuses.
pub(super) fn parse(
    text: &str,
    names: &HashMap<String, String>,
    values: &HashMap<String, Value>,
) -> Option<Condition> {
    let mut reader = Reader {
        tokens: tokens(text)?.into_iter().peekable(),
        names,
        values,
        used: HashSet::new(),
    };
    let condition = reader.any(0)?;
    let all_used = reader.used.len() == names.len() + values.len();
    (reader.tokens.next().is_none() && all_used).then_some(condition)
}

/// Splits a text at spaces and around parentheses.
fn tokens(text: &str) -> Option<Vec<&str>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' | '=' | '<' => 1,
            _ => rest.find([' ', '(', ')', '=', '<']).unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at_checked(length)?;
        tokens.push(token);
        rest = after.trim_start();
    }
    Some(tokens)
}

struct Reader<'a> {
    tokens: std::iter::Peekable<std::vec::IntoIter<&'a str>>,
    names: &'a HashMap<String, String>,
    values: &'a HashMap<String, Value>,
    used: HashSet<&'a str>,
}

impl<'a> Reader<'a> {
    fn any(&mut self, depth: usize) -> Option<Condition> {
        let mut parts = vec![self.all(depth)?];
        while self.tokens.next_if_eq(&"OR").is_some() {
            parts.push(self.all(depth)?);
        }
        one_or(parts, Condition::Any)
    }

    fn all(&mut self, depth: usize) -> Option<Condition> {
        let mut parts = vec![self.term(depth)?];
        while self.tokens.next_if_eq(&"AND").is_some() {
            parts.push(self.term(depth)?);
        }
        one_or(parts, Condition::All)
    }

    fn term(&mut self, depth: usize) -> Option<Condition> {
        match self.tokens.next()? {
            "(" if depth < DEPTH_MAX => {
                let condition = self.any(depth + 1)?;
                self.expect(")")?;
                Some(condition)
            }
            "attribute_exists" => (self.argument()? == "pk").then_some(Condition::Present),
            "attribute_not_exists" => Some(match self.argument()? {
                "pk" => Condition::Absent,
                "sk" => return None,
                other => Condition::Without(other.to_owned()),
            }),
            name => {
                let name = self.name(name)?;
                if name == "pk" || name == "sk" {
                    return None;
                }
                let operator = self.tokens.next()?;
                let value = self.value()?;
                match (operator, value) {
                    ("=", value) => Some(Condition::Equals(name.to_owned(), value.clone())),
                    ("<", Value::N(bound)) => Some(Condition::Less(name.to_owned(), *bound)),
                    _ => None,
                }
            }
        }
    }

    fn expect(&mut self, token: &str) -> Option<()> {
        (self.tokens.next()? == token).then_some(())
    }

    fn argument(&mut self) -> Option<&'a str> {
        self.expect("(")?;
        let token = self.tokens.next()?;
        let name = self.name(token)?;
        self.expect(")")?;
        Some(name)
    }

    fn name(&mut self, token: &'a str) -> Option<&'a str> {
        let name = self.names.get(token)?;
        self.used.insert(token);
        Some(name)
    }

    fn value(&mut self) -> Option<&'a Value> {
        let token = self.tokens.next()?;
        let value = self.values.get(token)?;
        self.used.insert(token);
        Some(value)
    }
}

fn one_or(mut parts: Vec<Condition>, many: fn(Vec<Condition>) -> Condition) -> Option<Condition> {
    if parts.len() > 1 { Some(many(parts)) } else { parts.pop() }
}
