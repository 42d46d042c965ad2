//! R4's invariants: those that most resources meet in Rust ([`super::native`]),
//! the others by FHIRPath, parsed once per process when first met.
//!
//! A rule that yields nothing is taken as kept: R4's rules were written for
//! values that are there (`lastModified >= authoredOn` with dates of unlike
//! precision tells nothing). `scripts/definitions` names the rules that are
//! not evaluated, and why.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::OnceLock;

use super::native;
use crate::definitions::Invariant;
use crate::fhirpath::{Context, Expression, Item, Node};
use crate::json::Value;
use crate::limits::FhirPathLimits;

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Holds,
    Broken,
    /// It took too many steps, or its expression does not fit what is there.
    Unjudged,
}

/// Where a rule is judged.
#[derive(Clone)]
pub(super) struct Scope<'d> {
    /// `%resource`
    pub resource: Value<'d>,
    /// `%rootResource`, when that is another.
    pub container: Option<Value<'d>>,
    /// What the root resource contains, by id: found without a search, since
    /// there may be as many references as contained resources.
    pub contained: Contained<'d>,
}

/// The types of contained resources by their ids.
pub(super) type Contained<'d> = Rc<HashMap<Cow<'d, str>, Option<Cow<'d, str>>>>;

impl<'d> Scope<'d> {
    pub(super) fn of_root(resource: Value<'d>) -> Self {
        let held = resource.each("contained").filter_map(|held| {
            let kind = held.get("resourceType").and_then(Value::as_str);
            Some((held.get("id").and_then(Value::as_str)?, kind))
        });
        Self { resource, container: None, contained: Rc::new(held.collect()) }
    }
}

static PARSED: [OnceLock<Option<Expression>>; Invariant::COUNT] =
    [const { OnceLock::new() }; Invariant::COUNT];

fn parsed(rule: Invariant) -> Option<&'static Expression> {
    let place = PARSED.get(usize::from(rule.0))?;
    place.get_or_init(|| Expression::parse(rule.expression()).ok()).as_ref()
}

pub(super) fn judge<'d>(
    rule: Invariant,
    node: Node<'d>,
    scope: &Scope<'d>,
    steps_left: &mut u64,
) -> Verdict {
    match native::judge(rule, node, scope) {
        Some(true) => Verdict::Holds,
        Some(false) => Verdict::Broken,
        None => by_fhirpath(rule, node, scope, steps_left),
    }
}

pub(super) fn by_fhirpath<'d>(
    rule: Invariant,
    node: Node<'d>,
    scope: &Scope<'d>,
    steps_left: &mut u64,
) -> Verdict {
    let Some(expression) = parsed(rule) else { return Verdict::Unjudged };
    let context = Context {
        now_ms: 0,
        resource: Some(scope.resource),
        root_resource: scope.container,
        limits: FhirPathLimits::DEFAULT,
    };
    match expression.test_within(Item::Node(node), &context, steps_left) {
        Ok(Some(false)) => Verdict::Broken,
        Ok(_) => Verdict::Holds,
        Err(_) => Verdict::Unjudged,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_can_be_parsed() {
        for number in 0..Invariant::COUNT as u16 {
            let rule = Invariant(number);
            let parsed = Expression::parse(rule.expression());
            assert!(parsed.is_ok(), "{}: {:?}", rule.key(), parsed.err());
        }
    }
}
