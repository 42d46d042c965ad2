//! FHIRPath (Normative Release 1, 2.0) over JSON that keeps its text.
//!
//! For R4's invariants, search parameters and FHIRPath Patch. Elements have
//! the types of R4's tables: `value` finds `valueQuantity`, and knows that it
//! is a Quantity. Nothing is fetched: `resolve()` finds contained resources,
//! and of others only the type that the reference tells. Evaluation takes a
//! bounded number of steps and recurses no deeper than the expression.
//!
//! Where N1 leaves it open: a primitive of FHIR is also of the System type
//! that it converts to (`answer is Boolean`); `as` on several items filters
//! them; `matches` finds a match anywhere; a dateTime with a time zone and one
//! without cannot be compared.

mod compare;
mod context;
mod decimal;
mod error;
mod evaluator;
mod functions;
mod item;
mod lexer;
mod node;
mod operators;
mod parser;
mod quantity;
mod syntax;
mod temporal;
#[cfg(test)]
mod tests;

pub use context::Context;
pub use decimal::Decimal;
pub use error::{FhirPathError, FhirPathErrorKind};
pub use item::Item;
pub use node::{Node, Step};
pub(crate) use node::{referred_type, type_in_text};
pub use temporal::{Temporal, TemporalKind};

use crate::json::Value;
use crate::limits::FhirPathLimits;

/// A parsed expression.
#[derive(Clone, Debug)]
pub struct Expression {
    term: syntax::Term,
}

impl Expression {
    /// Parses an expression, within [`FhirPathLimits::DEFAULT`].
    ///
    /// # Errors
    /// [`FhirPathErrorKind::Syntax`] with its place, or
    /// [`FhirPathErrorKind::TooLarge`].
    pub fn parse(text: &str) -> Result<Self, FhirPathError> {
        Ok(Self { term: parser::parse(text, &FhirPathLimits::DEFAULT)? })
    }

    /// What the expression yields on `root`: a resource, or any other JSON
    /// (whose types are then not known).
    ///
    /// # Errors
    /// When it takes too many steps, when an operand is of the wrong type, or
    /// when there are several items where one is needed.
    pub fn evaluate<'d>(
        &'d self,
        root: Value<'d>,
        context: &'d Context<'d>,
    ) -> Result<Vec<Item<'d>>, FhirPathError> {
        self.evaluate_on(Item::Node(Node::resource(root)), context)
    }

    /// What the expression yields on an item that another one yielded.
    ///
    /// # Errors
    /// As [`Expression::evaluate`].
    pub fn evaluate_on<'d>(
        &'d self,
        item: Item<'d>,
        context: &'d Context<'d>,
    ) -> Result<Vec<Item<'d>>, FhirPathError> {
        let mut steps_left = context.limits.steps_max;
        self.evaluate_within(item, context, &mut steps_left)
    }

    /// [`Expression::evaluate_on`] within a budget of steps that several
    /// evaluations share.
    pub(crate) fn evaluate_within<'d>(
        &'d self,
        item: Item<'d>,
        context: &'d Context<'d>,
        steps_left: &mut u64,
    ) -> Result<Vec<Item<'d>>, FhirPathError> {
        let mut evaluator = evaluator::Evaluator {
            context,
            root: item.clone(),
            steps_left: *steps_left,
            regexes: Vec::new(),
        };
        let found = evaluator.evaluate(&self.term, &evaluator::Focus::on(item, 0));
        *steps_left = evaluator.steps_left;
        found
    }

    /// What the expression is as a condition on an item: `None` when it
    /// yields nothing; an item that is no boolean counts as true.
    ///
    /// # Errors
    /// As [`Expression::evaluate`].
    pub fn test<'d>(
        &'d self,
        item: Item<'d>,
        context: &'d Context<'d>,
    ) -> Result<Option<bool>, FhirPathError> {
        operators::truth(&self.evaluate_on(item, context)?)
    }
    /// [`Expression::test`] within a shared budget.
    pub(crate) fn test_within<'d>(
        &'d self,
        item: Item<'d>,
        context: &'d Context<'d>,
        steps_left: &mut u64,
    ) -> Result<Option<bool>, FhirPathError> {
        operators::truth(&self.evaluate_within(item, context, steps_left)?)
    }
}
