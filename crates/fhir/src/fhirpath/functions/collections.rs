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
        items: Collection<'d>,
        arguments: &'d [Term],
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        match function {
            Function::Where | Function::Select | Function::Repeat | Function::Aggregate => {
                self.projection(function, items, arguments, focus)
            }
            Function::Single
            | Function::First
            | Function::Last
            | Function::Tail
            | Function::Skip
            | Function::Take => self.part(function, items, arguments, focus),
            Function::Intersect | Function::Exclude | Function::Union | Function::Combine => {
                self.combination(function, items, arguments, focus)
            }
            Function::Children => self.children(&items),
            Function::Descendants => {
                let mut found = Vec::new();
                let mut level = self.children(&items)?;
                while !level.is_empty() {
                    let next = self.children(&level)?;
                    found.append(&mut level);
                    level = next;
                }
                Ok(found)
            }
            Function::Count => Ok(vec![count(items.len())]),
            Function::Distinct => self.distinct(items),
            _ => Ok(boolean(Some(self.existence(function, items, arguments, focus)?))),
        }
    }

    fn existence(
        &mut self,
        function: Function,
        items: Collection<'d>,
        arguments: &'d [Term],
        focus: &Focus<'d>,
    ) -> Result<bool, FhirPathError> {
        Ok(match (function, arguments.first()) {
            (Function::Exists, Some(criteria)) => self.any(&items, criteria, true)?,
            (Function::Exists, None) => !items.is_empty(),
            (Function::All, Some(criteria)) => !self.any(&items, criteria, false)?,
            (Function::AllTrue, _) => self.every(&items, true)?,
            (Function::AllFalse, _) => self.every(&items, false)?,
            (Function::AnyTrue, _) => !self.every(&items, false)?,
            (Function::AnyFalse, _) => !self.every(&items, true)?,
            (Function::SubsetOf, _) => {
                let others = self.argument(arguments, 0, focus)?;
                self.subset(&items, &others)?
            }
            (Function::SupersetOf, _) => {
                let others = self.argument(arguments, 0, focus)?;
                self.subset(&others, &items)?
            }
            (Function::IsDistinct, _) => {
                let before = items.len();
                self.distinct(items)?.len() == before
            }
            _ => items.is_empty(),
        })
    }

    fn projection(
        &mut self,
        function: Function,
        items: Collection<'d>,
        arguments: &'d [Term],
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        let Some(term) = arguments.first() else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        match function {
            Function::Where => {
                for (index, item) in items.into_iter().enumerate() {
                    let inner = Focus::on(item, index);
                    if truth(&self.evaluate(term, &inner)?)? == Some(true) {
                        found.push(inner.this);
                    }
                }
            }
            Function::Select => {
                for (index, item) in items.into_iter().enumerate() {
                    found.append(&mut self.evaluate(term, &Focus::on(item, index))?);
                }
            }
            Function::Aggregate => {
                found = self.argument(arguments, 1, focus)?;
                for (index, this) in items.into_iter().enumerate() {
                    found = self.evaluate(term, &Focus { this, index, total: found })?;
                }
            }
            _ => found = self.repeat(items, term)?,
        }
        Ok(found)
    }

    fn part(
        &mut self,
        function: Function,
        mut items: Collection<'d>,
        arguments: &'d [Term],
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        Ok(match function {
            Function::Single => only(&items, "single()")?.into_iter().collect(),
            Function::Last => items.pop().into_iter().collect(),
            Function::Tail => items.into_iter().skip(1).collect(),
            Function::Skip => {
                let skipped = self.number_of(arguments, focus)?;
                items.into_iter().skip(skipped).collect()
            }
            _ => {
                let first = function == Function::First;
                items.truncate(if first { 1 } else { self.number_of(arguments, focus)? });
                items
            }
        })
    }

    fn combination(
        &mut self,
        function: Function,
        mut items: Collection<'d>,
        arguments: &'d [Term],
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        let mut others = self.argument(arguments, 0, focus)?;
        match function {
            Function::Combine | Function::Union => {
                items.append(&mut others);
                if function == Function::Union { self.distinct(items) } else { Ok(items) }
            }
            _ => {
                let both = function == Function::Intersect;
                let mut kept = Vec::new();
                for item in items {
                    if self.holds(&others, &item)? == both {
                        kept.push(item);
                    }
                }
                if both { self.distinct(kept) } else { Ok(kept) }
            }
        }
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
        projection: &'d Term,
    ) -> Result<Collection<'d>, FhirPathError> {
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
