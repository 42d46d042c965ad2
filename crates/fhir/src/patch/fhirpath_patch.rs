//! FHIRPath Patch (R4 §3.1.0.6.2, fhirpatch.html): a Parameters resource whose
//! parameters are operations. Their paths are FHIRPath over the resource as
//! the operations before have left it.
//!
//! - `add` puts a value into the one element that the path finds, under `name`;
//!   at the end of a list, or where there is no such element yet.
//! - `insert` puts a value into the list that the path finds, at `index`.
//! - `delete` takes out the one element that the path finds; none is no fault.
//! - `replace` puts a value in the place of the one element that the path finds.
//! - `move` takes the item at `source` of the list that the path finds and puts
//!   it at `destination`, an index of the list without it.
//!
//! A value is any datatype (`value[x]`), a resource, or `part`s that make up an
//! element with parts of its own.

mod made;
mod operation;
mod place;
#[cfg(test)]
mod tests;

use super::settled;
use super::tree::Node;
use crate::definitions::Structure;
use crate::fhirpath::{Context, Expression, FhirPathErrorKind, Item};
use crate::json::Document;
use crate::limits::{JsonLimits, PATCH_WORK_BYTES_MAX};
use crate::outcome::Refusal;
use crate::resource::Resource;

use operation::{Operation, Verb};
use place::Place;

/// The resource after all operations of `patch`, or none of them. `now_ms` is
/// what `now()` in a path is.
///
/// # Errors
/// 400 when the patch is malformed: no Parameters, a part missing or unknown, a
/// path that is no FHIRPath; what [`crate::validate::check`] says of the
/// Parameters itself; 413 when it asks for too much work; 422 when a path finds
/// nothing or too much, an index is outside its list, or the resource would
/// not be valid, of its type and of its id any more. The text names the
/// operation by its index from 0, and its path.
pub fn apply(resource: &Resource, patch: &Resource, now_ms: i64) -> Result<Resource, Refusal> {
    let operations = operation::read(patch)?;
    let mut text = resource.text().to_owned();
    let mut work_bytes = 0_usize;
    for (at, operation) in operations.iter().enumerate() {
        work_bytes = work_bytes.saturating_add(text.len());
        if work_bytes > PATCH_WORK_BYTES_MAX {
            return Err(Refusal::too_large(
                "The patch has too many operations for so large a resource; send the whole \
                 resource by PUT.",
            ));
        }
        let document = Document::parse(text, &JsonLimits::default())
            .map_err(|error| super::unprocessed(error.into()))?;
        text = carry_out(&document, operation, now_ms)
            .map_err(|fault| operation.refused(at, fault))?;
    }
    settled(resource, text)
}

/// Why an operation is not done.
enum Fault {
    /// The path is no FHIRPath, or asks too much.
    Malformed(String),
    /// The path does not fit the resource, or the value does not fit the path.
    Told(String),
}

impl Fault {
    fn told(text: &str) -> Self {
        Self::Told(text.to_owned())
    }
}

fn carry_out(document: &Document, operation: &Operation<'_>, now_ms: i64) -> Result<String, Fault> {
    let found = Found { document, path: &operation.path, now_ms };
    let mut root = Node::Kept(document.root());
    match &operation.verb {
        Verb::Add { name, value } => {
            let (steps, structure) = found.owner()?;
            let (member, element) = made::member(structure, name, *value)?;
            let mut list = place::List::of(&mut root, &steps, &member)?;
            if !element.repeats() && !list.is_empty()
                || place::other_choice(&list, structure, element)
            {
                return Err(Fault::told(
                    "The element is there already and does not repeat; use replace.",
                ));
            }
            list.push(made::pair(*value, element.content())?);
            list.write(element.repeats());
        }
        Verb::Insert { index, value } => {
            let place = found.list()?;
            let element = place.element()?;
            if !element.repeats() {
                return Err(Fault::told("The element does not repeat; use add or replace."));
            }
            let mut list = place::List::of(&mut root, &place.owner, &place.member)?;
            list.insert(*index, made::pair(*value, element.content())?)?;
            list.write(true);
        }
        Verb::Delete => {
            let Some(place) = found.one()? else { return Ok(document.text().to_owned()) };
            let mut list = place::List::of(&mut root, &place.owner, &place.member)?;
            list.remove(place.index)?;
            list.write(place.repeats());
        }
        Verb::Replace(value) => {
            let place = found.one()?.ok_or_else(nothing)?;
            let (member, element) = made::replaced(&place, *value)?;
            let mut list = place::List::of(&mut root, &place.owner, &place.member)?;
            list.replace(place.index, made::pair(*value, element.content())?)?;
            list.rename(&member);
            list.write(element.repeats());
        }
        Verb::Move { source, destination } => {
            let place = found.list()?;
            let mut list = place::List::of(&mut root, &place.owner, &place.member)?;
            let moved = list.remove(*source)?;
            list.insert(*destination, moved)?;
            list.write(place.repeats());
        }
    }
    root.prune();
    Ok(root.text())
}

fn nothing() -> Fault {
    Fault::told("The path finds nothing; read the resource again and correct the path.")
}

/// What a path finds.
struct Found<'f> {
    document: &'f Document,
    path: &'f str,
    now_ms: i64,
}

impl Found<'_> {
    /// Evaluates a path and gives what it finds to `with`.
    fn evaluated<R>(
        &self,
        path: &str,
        with: impl FnOnce(&[Item<'_>]) -> Result<R, Fault>,
    ) -> Result<R, Fault> {
        let fault = |error: crate::fhirpath::FhirPathError| match error.kind {
            FhirPathErrorKind::Syntax | FhirPathErrorKind::TooLarge => {
                Fault::Malformed(error.to_string())
            }
            _ => Fault::Told(error.to_string()),
        };
        let expression = Expression::parse(path).map_err(fault)?;
        let context = Context { now_ms: self.now_ms, ..Context::default() };
        let items = expression.evaluate(self.document.root(), &context).map_err(fault)?;
        with(&items)
    }

    /// The one element that an `add` is made to: the steps to it and what it is.
    fn owner(&self) -> Result<(Vec<place::Step>, Structure), Fault> {
        let root = self.document.root();
        self.evaluated(self.path, |items| {
            let node = match items {
                [] => return Err(nothing()),
                [item] => item.node().ok_or_else(computed)?,
                _ => return Err(several()),
            };
            let steps = node.location(root);
            let structure = place::structure_at(root, &steps).ok_or_else(|| {
                Fault::told("The path finds a value that has no elements; name one that has.")
            })?;
            Ok((steps, structure))
        })
    }

    /// The one element that a path finds; `None` when it finds nothing.
    fn one(&self) -> Result<Option<Place>, Fault> {
        self.evaluated(self.path, |items| match items {
            [] => Ok(None),
            [item] => {
                let node = item.node().ok_or_else(computed)?;
                let steps = node.location(self.document.root());
                Place::of(self.document.root(), steps).map(Some).ok_or_else(whole)
            }
            _ => Err(several()),
        })
    }

    /// The list that a path finds: all items of one element. A list that is
    /// empty is found by the path to its owner and its name.
    fn list(&self) -> Result<Place, Fault> {
        let root = self.document.root();
        let place = self.evaluated(self.path, |items| {
            let Some(first) = items.first() else { return Ok(None) };
            let steps = first.node().ok_or_else(computed)?.location(root);
            let place = Place::of(root, steps).ok_or_else(whole)?;
            let alike = items.iter().enumerate().all(|(at, item)| {
                let steps = item.node().map(|node| node.location(root));
                let other = steps.and_then(|steps| Place::of(root, steps));
                other.is_some_and(|other| {
                    other.index == at && other.member == place.member && other.owner == place.owner
                })
            });
            if !alike || place.length(root) != items.len() {
                return Err(Fault::told(
                    "The path must find one whole list, such as Patient.name; name the list \
                     without a filter.",
                ));
            }
            Ok(Some(place))
        })?;
        if let Some(place) = place {
            return Ok(place);
        }
        let (owner, name) = self.path.rsplit_once('.').ok_or_else(nothing)?;
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !plain {
            return Err(nothing());
        }
        let within = Found { path: owner.trim(), ..*self };
        let (steps, structure) = within.owner()?;
        Ok(Place { owner: steps, member: name.to_owned(), index: 0, structure: Some(structure) })
    }
}

fn several() -> Fault {
    Fault::told("The path finds several elements; make it find one, by an index or where().")
}

fn computed() -> Fault {
    Fault::told(
        "The path finds a computed value, which is nowhere in the resource; name an element.",
    )
}

fn whole() -> Fault {
    Fault::told("The path finds the whole resource; name an element of it.")
}
