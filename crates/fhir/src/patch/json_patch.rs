//! JSON Patch (RFC 6902), whose paths are JSON Pointers (RFC 6901).
//!
//! Objects and arrays that are empty once every operation is done are taken
//! out: FHIR has none (R4 §2.6.2), and a patch that removes the last item of a
//! list means the list. They stay until then, so that a later operation may
//! fill them again.

use super::equal::equal;
use super::pointer::{Pointer, index};
use super::settled;
use super::tree::{Member, Node};
use crate::json::{Document, Kind, Value};
use crate::limits::{JsonLimits, PATCH_NODES_MAX, PATCH_OPERATIONS_MAX};
use crate::outcome::{IssueType, Refusal};
use crate::resource::Resource;

/// The resource after all operations of `patch`, or none of them.
///
/// # Errors
/// 400 when the patch itself is malformed; 413 when it has more than
/// [`PATCH_OPERATIONS_MAX`] operations or makes the resource too large; 422
/// when a path leads nowhere, a `test` fails, or the resource would not be
/// valid, of its type and of its id any more. The text names the operation by
/// its index from 0, and its pointer.
pub fn apply(resource: &Resource, patch: &Document) -> Result<Resource, Refusal> {
    settled(resource, patched(resource.document(), patch)?)
}

/// Any JSON text after all operations of `patch`: [`apply`] without the rules
/// of FHIR, but with empty containers taken out.
///
/// # Errors
/// As [`apply`], but for the rules of FHIR.
pub fn patched(document: &Document, patch: &Document) -> Result<String, Refusal> {
    let operations = read(patch.root())?;
    let mut edited = Edited {
        root: Node::Kept(document.root()),
        moved_bytes: document.text().len(),
        moved_nodes: 0,
        limits: JsonLimits::default(),
    };
    for (at, operation) in operations.iter().enumerate() {
        edited.carry_out(operation).map_err(|fault| operation.refused(at, fault))?;
    }
    edited.root.prune();
    Ok(edited.root.text())
}

struct Operation<'p> {
    verb: Verb<'p>,
    path: Pointer,
    shown: String,
}

enum Verb<'p> {
    Add(Value<'p>),
    Remove,
    Replace(Value<'p>),
    Move(Pointer),
    Copy(Pointer),
    Test(Value<'p>),
}

/// Why an operation is not done.
enum Fault {
    /// In words: the path or the result.
    Told(&'static str),
    /// A `test` that does not hold.
    Differs,
    /// Over a limit.
    TooLarge,
}

const NOTHING_THERE: &str =
    "There is nothing at this path; read the resource again and correct the path.";

impl Operation<'_> {
    fn refused(&self, at: usize, fault: Fault) -> Refusal {
        let told = |why: &str| format!("Operation {at} ({}): {why}", self.shown);
        match fault {
            Fault::Told(why) => Refusal::unprocessed(told(why)),
            Fault::Differs => Refusal::unprocessable(
                IssueType::BusinessRule,
                told(
                    "The test does not hold, so nothing was changed; read the resource again and \
                     make the patch anew.",
                ),
            ),
            Fault::TooLarge => Refusal::too_large(told(
                "The resource would be too large or too deep; leave out some of the copies.",
            )),
        }
    }
}

/// Reads the operations, all before the first is done.
fn read(patch: Value<'_>) -> Result<Vec<Operation<'_>>, Refusal> {
    if patch.kind() != Kind::Array {
        return Err(Refusal::structure(
            "A JSON Patch is an array of operations; send it as [{\"op\": …, \"path\": …}].",
        ));
    }
    let count = patch.len();
    if count > PATCH_OPERATIONS_MAX {
        return Err(Refusal::too_large(format!(
            "The patch has {count} operations; at most {PATCH_OPERATIONS_MAX} are taken. Send the \
             whole resource by PUT."
        )));
    }
    patch.items().enumerate().map(|(at, item)| operation(at, item)).collect()
}

fn operation(at: usize, item: Value<'_>) -> Result<Operation<'_>, Refusal> {
    let malformed = |why: &str| Refusal::structure(format!("Operation {at}: {why}"));
    let name = item
        .get("op")
        .and_then(Value::as_str)
        .ok_or_else(|| malformed("An operation is an object whose op is a string; add it."))?;
    let pointer = |member: &str| {
        let text = item.get(member).and_then(Value::as_str).ok_or_else(|| match member {
            "path" => malformed("The operation has no path, which is a string; add it."),
            _ => malformed("The operation has no from, which is a string; add it."),
        })?;
        let pointer = Pointer::parse(&text).ok_or_else(|| {
            malformed(
                "This is no JSON Pointer: it is empty or begins with /, and ~ is written ~0, / is \
                 written ~1; correct it.",
            )
        })?;
        Ok::<_, Refusal>((pointer, text.chars().take(128).collect::<String>()))
    };
    let value =
        || item.get("value").ok_or_else(|| malformed("The operation has no value; add it."));
    let (path, shown) = pointer("path")?;
    let verb = match &*name {
        "add" => Verb::Add(value()?),
        "remove" => Verb::Remove,
        "replace" => Verb::Replace(value()?),
        "move" => Verb::Move(pointer("from")?.0),
        "copy" => Verb::Copy(pointer("from")?.0),
        "test" => Verb::Test(value()?),
        _ => {
            return Err(malformed("op is one of add, remove, replace, move, copy and test."));
        }
    };
    Ok(Operation { verb, path, shown: format!("{name} {shown}") })
}

/// The document while it is patched.
struct Edited<'d> {
    root: Node<'d>,
    /// Bytes that were put somewhere by any operation so far. Limited, so that
    /// copies of copies end before they cost much.
    moved_bytes: usize,
    /// Values that were put somewhere, likewise.
    moved_nodes: usize,
    limits: JsonLimits,
}

impl<'d> Edited<'d> {
    fn carry_out(&mut self, operation: &Operation<'d>) -> Result<(), Fault> {
        let path = &operation.path;
        match &operation.verb {
            Verb::Add(value) => self.add(path, Node::Kept(*value)),
            Verb::Remove => self.remove(path).map(drop),
            Verb::Replace(value) => self.replace(path, Node::Kept(*value)),
            Verb::Move(from) if from.holds(path) => {
                Err(Fault::Told("A value cannot be moved into itself; choose another path."))
            }
            Verb::Move(from) if from == path => self.at(path).map(drop),
            Verb::Move(from) => {
                let moved = self.remove(from)?;
                self.add(path, moved)
            }
            Verb::Copy(from) => {
                let copied = self.at(from)?.clone();
                self.add(path, copied)
            }
            Verb::Test(value) => {
                if equal(self.at(path)?, *value) {
                    Ok(())
                } else {
                    Err(Fault::Differs)
                }
            }
        }
    }

    /// The value that a path leads to.
    fn at(&mut self, path: &Pointer) -> Result<&mut Node<'d>, Fault> {
        walk(&mut self.root, path.tokens())
    }

    fn bounded(&mut self, path: &Pointer, node: &Node<'d>) -> Result<(), Fault> {
        let measure = node.measure();
        self.moved_bytes = self.moved_bytes.saturating_add(measure.bytes);
        let deep = path.tokens().len() + measure.depth > self.limits.depth_max;
        self.moved_nodes = self.moved_nodes.saturating_add(measure.nodes);
        let large =
            self.moved_bytes > self.limits.text_bytes_max || self.moved_nodes > PATCH_NODES_MAX;
        if deep || large {
            return Err(Fault::TooLarge);
        }
        Ok(())
    }

    fn add(&mut self, path: &Pointer, node: Node<'d>) -> Result<(), Fault> {
        self.bounded(path, &node)?;
        let Some((last, before)) = path.split_last() else {
            self.root = node;
            return Ok(());
        };
        match walk(&mut self.root, before)?.open() {
            Node::Object(members) => {
                match members.iter_mut().find(|member| member.name == last) {
                    Some(member) => member.node = node,
                    None => members.push(Member::new(last, node)),
                }
                Ok(())
            }
            Node::Array(items) => {
                let at = if last == "-" { Some(items.len()) } else { index(last) };
                match at.filter(|at| *at <= items.len()) {
                    Some(at) => {
                        items.insert(at, node);
                        Ok(())
                    }
                    None => Err(Fault::Told(
                        "The array has no such place; use an index of it, or - for its end.",
                    )),
                }
            }
            Node::Kept(_) | Node::Null => Err(Fault::Told(
                "Neither an object nor an array holds this path; correct the path.",
            )),
        }
    }

    fn remove(&mut self, path: &Pointer) -> Result<Node<'d>, Fault> {
        let Some((last, before)) = path.split_last() else {
            return Err(Fault::Told("The whole resource cannot be removed; use DELETE."));
        };
        match walk(&mut self.root, before)?.open() {
            Node::Object(members) => {
                let at = members.iter().position(|member| member.name == last);
                at.map(|at| members.remove(at).node)
            }
            Node::Array(items) => {
                index(last).filter(|at| *at < items.len()).map(|at| items.remove(at))
            }
            Node::Kept(_) | Node::Null => None,
        }
        .ok_or(Fault::Told(NOTHING_THERE))
    }

    fn replace(&mut self, path: &Pointer, node: Node<'d>) -> Result<(), Fault> {
        self.bounded(path, &node)?;
        *self.at(path)? = node;
        Ok(())
    }
}

fn walk<'n, 'd>(root: &'n mut Node<'d>, tokens: &[String]) -> Result<&'n mut Node<'d>, Fault> {
    let mut node = root;
    for token in tokens {
        node = match node.open() {
            Node::Object(members) => {
                members.iter_mut().find(|member| member.name == *token).map(|it| &mut it.node)
            }
            Node::Array(items) => index(token).and_then(|at| items.get_mut(at)),
            Node::Kept(_) | Node::Null => None,
        }
        .ok_or(Fault::Told(NOTHING_THERE))?;
    }
    Ok(node)
}
