//! Evaluation: terms into collections, within a budget of steps.

use super::context::Context;
use super::error::FhirPathError;
use super::item::Item;
use super::node::{Node, NodeType};
use super::operators::truth;
use super::syntax::{Literal, Operator, Step, Term};

pub(super) type Collection<'d> = Vec<Item<'d>>;

/// What is in focus: `$this`, `$index` and `$total`.
#[derive(Clone)]
pub(super) struct Focus<'d> {
    pub this: Item<'d>,
    pub index: usize,
    pub total: Collection<'d>,
}

impl<'d> Focus<'d> {
    pub fn on(this: Item<'d>, index: usize) -> Self {
        Self { this, index, total: Vec::new() }
    }
}

pub(super) struct Evaluator<'d> {
    pub context: &'d Context<'d>,
    /// What the whole expression is evaluated on: `%context`.
    pub root: Item<'d>,
    pub steps_left: u64,
    pub regexes: Vec<(String, regex_lite::Regex)>,
}

impl<'d> Evaluator<'d> {
    /// Counts steps against the budget.
    pub fn spend(&mut self, steps: u64) -> Result<(), FhirPathError> {
        match self.steps_left.checked_sub(steps) {
            Some(left) => {
                self.steps_left = left;
                Ok(())
            }
            None => Err(FhirPathError::too_costly()),
        }
    }

    /// Counts the reading or making of a text.
    pub fn spend_text(&mut self, bytes: usize) -> Result<(), FhirPathError> {
        self.spend(1 + bytes as u64 / 16)
    }

    pub fn evaluate(
        &mut self,
        term: &'d Term,
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        self.spend(1)?;
        Ok(match term {
            Term::Empty => Vec::new(),
            Term::Literal(literal) => vec![of_literal(literal)],
            Term::This => vec![focus.this.clone()],
            Term::Index => vec![Item::Integer(i64::try_from(focus.index).unwrap_or(i64::MAX))],
            Term::Total => focus.total.clone(),
            Term::Variable(name) => self.variable(name)?,
            Term::Path(start, steps) => self.path(start.as_deref(), steps, focus)?,
            Term::Negated(inner) => {
                let value = self.evaluate(inner, focus)?;
                self.negated(value)?
            }
            Term::Binary(operator, left, right) => self.binary(*operator, left, right, focus)?,
            Term::Union(terms) => {
                let mut all = Vec::new();
                for term in terms {
                    all.append(&mut self.evaluate(term, focus)?);
                }
                self.distinct(all)?
            }
        })
    }

    fn binary(
        &mut self,
        operator: Operator,
        left: &'d Term,
        right: &'d Term,
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        let one = self.evaluate(left, focus)?;
        // What the left operand decides alone needs no right one.
        let decided = match operator {
            Operator::And | Operator::Or | Operator::Implies => match (operator, truth(&one)?) {
                (Operator::And, Some(false)) => Some(false),
                (Operator::Or, Some(true)) | (Operator::Implies, Some(false)) => Some(true),
                _ => None,
            },
            _ => None,
        };
        if let Some(decided) = decided {
            return Ok(vec![Item::Boolean(decided)]);
        }
        let two = self.evaluate(right, focus)?;
        self.operate(operator, one, two)
    }

    fn path(
        &mut self,
        start: Option<&'d Term>,
        steps: &'d [Step],
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        let mut steps = steps.iter();
        let mut items = match start {
            Some(term) => self.evaluate(term, focus)?,
            None => match steps.next() {
                // A path may begin with the name of the type that it is on.
                Some(Step::Member(name)) if is_typed(&focus.this, name) => vec![focus.this.clone()],
                Some(step) => self.step(vec![focus.this.clone()], step, focus)?,
                None => Vec::new(),
            },
        };
        for step in steps {
            items = self.step(items, step, focus)?;
        }
        Ok(items)
    }

    pub fn step(
        &mut self,
        items: Collection<'d>,
        step: &'d Step,
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        self.spend(1 + items.len() as u64)?;
        Ok(match step {
            Step::Member(name) => {
                let mut found = Vec::new();
                for item in &items {
                    if let Item::Node(node) = item {
                        let looked_at =
                            node.each_child(name, &mut |child| found.push(Item::Node(child)));
                        self.spend(looked_at as u64 / 16)?;
                    }
                }
                self.spend(found.len() as u64)?;
                found
            }
            Step::Item(index) => match self.evaluate(index, focus)?.as_slice() {
                [] => Vec::new(),
                [one] => match one.system() {
                    Some(Item::Integer(at)) => {
                        let at = usize::try_from(at).unwrap_or(usize::MAX);
                        items.into_iter().nth(at).into_iter().collect()
                    }
                    _ => return Err(FhirPathError::typed("An index is a whole number.")),
                },
                _ => return Err(FhirPathError::several("An index")),
            },
            Step::Call(function, arguments) => self.call(*function, items, arguments, focus)?,
            Step::Is(name) => match items.as_slice() {
                [] => Vec::new(),
                [item] => vec![Item::Boolean(item.is(name))],
                _ => return Err(FhirPathError::several("is")),
            },
            // R4's own expressions use `as` on several items, as a filter.
            Step::OfType(name) => items.into_iter().filter(|item| item.is(name)).collect(),
        })
    }

    fn variable(&mut self, name: &'d str) -> Result<Collection<'d>, FhirPathError> {
        let text = |text: &'static str| vec![Item::String(text.into())];
        Ok(match name {
            "context" => vec![self.root.clone()],
            "resource" => self.context.resource.map_or_else(
                || vec![self.root.clone()],
                |value| vec![Item::Node(Node::resource(value))],
            ),
            "rootResource" => {
                let value = self.context.root_resource.or(self.context.resource);
                value.map_or_else(
                    || vec![self.root.clone()],
                    |value| vec![Item::Node(Node::resource(value))],
                )
            }
            "ucum" => text("http://unitsofmeasure.org"),
            "sct" => text("http://snomed.info/sct"),
            "loinc" => text("http://loinc.org"),
            _ => {
                let set = |name| format!("http://hl7.org/fhir/ValueSet/{name}");
                let extension = |name| format!("http://hl7.org/fhir/StructureDefinition/{name}");
                let url = name.strip_prefix("vs-").map(set);
                let url = url.or_else(|| name.strip_prefix("ext-").map(extension));
                let Some(url) = url else {
                    let text = format!("There is no variable %{name} here.");
                    return Err(FhirPathError::typed(text));
                };
                vec![Item::String(url.into())]
            }
        })
    }
}

fn is_typed(item: &Item<'_>, name: &str) -> bool {
    let Item::Node(node) = item else { return false };
    let NodeType::Structure(structure) = node.kind() else { return false };
    structure.name() == name
        || (structure.is_resource() && matches!(name, "Resource" | "DomainResource"))
}

fn of_literal(literal: &Literal) -> Item<'_> {
    match literal {
        Literal::Boolean(truth) => Item::Boolean(*truth),
        Literal::String(text) => Item::String((&**text).into()),
        Literal::Integer(whole) => Item::Integer(*whole),
        Literal::Decimal(decimal) => Item::Decimal(*decimal),
        Literal::Temporal(temporal) => Item::Temporal(*temporal),
        Literal::Quantity(value, unit) => Item::Quantity(*value, (&**unit).into()),
    }
}
