//! Existence, filtering, subsetting, combining and navigation (N1 §5.1–5.4, 5.8).

use std::collections::HashSet;

use super::super::error::FhirPathError;
use super::super::evaluator::{Collection, Evaluator, Focus};
use super::super::item::Item;
use super::super::operators::{boolean, truth};
use super::super::syntax::Term;
use super::{Function, only};

impl<'d> Evaluator<'d> {
    pub(super) fn collection_function(
        &mut self,
        function: Function,
        mut items: Collection<'d>,
        arguments: &'d [Term],
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        Ok(match function {
            Function::Empty => boolean(Some(items.is_empty())),
            Function::Exists => match arguments.first() {
                None => boolean(Some(!items.is_empty())),
                Some(criteria) => boolean(Some(self.any(&items, criteria, true)?)),
            },
            Function::All => match arguments.first() {
                None => Vec::new(),
                Some(criteria) => boolean(Some(!self.any(&items, criteria, false)?)),
            },
            Function::AllTrue => boolean(Some(self.every(&items, true)?)),
            Function::AllFalse => boolean(Some(self.every(&items, false)?)),
            Function::AnyTrue => boolean(Some(!self.every_is_not(&items, true)?)),
            Function::AnyFalse => boolean(Some(!self.every_is_not(&items, false)?)),
            Function::SubsetOf => {
                let others = self.argument(arguments, 0, focus)?;
                boolean(Some(self.subset(&items, &others)?))
            }
            Function::SupersetOf => {
                let others = self.argument(arguments, 0, focus)?;
                boolean(Some(self.subset(&others, &items)?))
            }
            Function::Count => vec![count(items.len())],
            Function::Distinct => self.distinct(items)?,
            Function::IsDistinct => {
                let before = items.len();
                boolean(Some(self.distinct(items)?.len() == before))
            }
            Function::Where => {
                let Some(criteria) = arguments.first() else { return Ok(Vec::new()) };
                let mut kept = Vec::new();
                for (index, item) in items.into_iter().enumerate() {
                    let inner = Focus::on(item, index);
                    if truth(&self.evaluate(criteria, &inner)?)? == Some(true) {
                        kept.push(inner.this);
                    }
                }
                kept
            }
            Function::Select => {
                let Some(projection) = arguments.first() else { return Ok(Vec::new()) };
                let mut found = Vec::new();
                for (index, item) in items.into_iter().enumerate() {
                    found.append(&mut self.evaluate(projection, &Focus::on(item, index))?);
                }
                found
            }
            Function::Repeat => self.repeat(items, arguments)?,
            Function::Aggregate => {
                let mut total = self.argument(arguments, 1, focus)?;
                let Some(aggregator) = arguments.first() else { return Ok(total) };
                for (index, this) in items.into_iter().enumerate() {
                    total = self.evaluate(aggregator, &Focus { this, index, total })?;
                }
                total
            }
            Function::Single => only(&items, "single()")?.into_iter().collect(),
            Function::First => {
                items.truncate(1);
                items
            }
            Function::Last => items.pop().into_iter().collect(),
            Function::Tail => items.into_iter().skip(1).collect(),
            Function::Skip => {
                let skipped = self.number_of(arguments, focus)?;
                items.into_iter().skip(skipped).collect()
            }
            Function::Take => {
                let taken = self.number_of(arguments, focus)?;
                items.truncate(taken);
                items
            }
            Function::Intersect => {
                let others = self.argument(arguments, 0, focus)?;
                let mut both = Vec::new();
                for item in items {
                    if self.holds(&others, &item)? {
                        both.push(item);
                    }
                }
                self.distinct(both)?
            }
            Function::Exclude => {
                let others = self.argument(arguments, 0, focus)?;
                let mut kept = Vec::new();
                for item in items {
                    if !self.holds(&others, &item)? {
                        kept.push(item);
                    }
                }
                kept
            }
            Function::Union => {
                items.append(&mut self.argument(arguments, 0, focus)?);
                self.distinct(items)?
            }
            Function::Combine => {
                items.append(&mut self.argument(arguments, 0, focus)?);
                items
            }
            Function::Children => self.children(&items)?,
            Function::Descendants => {
                let mut found = Vec::new();
                let mut level = self.children(&items)?;
                while !level.is_empty() {
                    let next = self.children(&level)?;
                    found.append(&mut level);
                    level = next;
                }
                found
            }
            _ => Vec::new(),
        })
    }

    /// Whether the criteria are met (`met`), or not met, by any item.
    fn any(
        &mut self,
        items: &[Item<'d>],
        criteria: &'d Term,
        met: bool,
    ) -> Result<bool, FhirPathError> {
        for (index, item) in items.iter().enumerate() {
            let found = self.evaluate(criteria, &Focus::on(item.clone(), index))?;
            if (truth(&found)? == Some(true)) == met {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn every(&mut self, items: &[Item<'d>], wanted: bool) -> Result<bool, FhirPathError> {
        self.spend(items.len() as u64)?;
        for item in items {
            let Some(truth) = item.as_bool() else {
                return Err(FhirPathError::typed("This function takes booleans only."));
            };
            if truth != wanted {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn every_is_not(&mut self, items: &[Item<'d>], wanted: bool) -> Result<bool, FhirPathError> {
        self.every(items, !wanted)
    }

    fn subset(&mut self, items: &[Item<'d>], others: &[Item<'d>]) -> Result<bool, FhirPathError> {
        for item in items {
            if !self.holds(others, item)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Repeats the projection on what it found, until it finds nothing new.
    fn repeat(
        &mut self,
        items: Collection<'d>,
        arguments: &'d [Term],
    ) -> Result<Collection<'d>, FhirPathError> {
        let Some(projection) = arguments.first() else { return Ok(Vec::new()) };
        let mut places = HashSet::new();
        let mut found: Collection<'d> = Vec::new();
        let mut computed: Collection<'d> = Vec::new();
        let mut open = items;
        while !open.is_empty() {
            let mut next = Vec::new();
            for (index, item) in open.into_iter().enumerate() {
                for result in self.evaluate(projection, &Focus::on(item, index))? {
                    let value = result.node().and_then(|node| node.value().or(node.companion()));
                    let is_new = match value {
                        Some(value) => places.insert(value.span().start),
                        None => {
                            let is_new = !self.holds(&computed, &result)?;
                            if is_new {
                                computed.push(result.clone());
                            }
                            is_new
                        }
                    };
                    if is_new {
                        found.push(result.clone());
                        next.push(result);
                    }
                }
            }
            open = next;
        }
        Ok(found)
    }

    fn children(&mut self, items: &[Item<'d>]) -> Result<Collection<'d>, FhirPathError> {
        let mut found = Vec::new();
        for item in items {
            let before = found.len();
            if let Item::Node(node) = item {
                node.each_element(&mut |_, child| found.push(Item::Node(child)));
            }
            self.spend(1 + (found.len() - before) as u64)?;
        }
        Ok(found)
    }

    fn number_of(
        &mut self,
        arguments: &'d [Term],
        focus: &Focus<'d>,
    ) -> Result<usize, FhirPathError> {
        match self.single_argument(arguments, 0, focus)? {
            Some(Item::Integer(number)) => Ok(usize::try_from(number).unwrap_or(0)),
            _ => Err(FhirPathError::typed("skip() and take() want a whole number.")),
        }
    }
}

pub(super) fn count<'d>(number: usize) -> Item<'d> {
    Item::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}
