//! A document being changed: slices of texts where nothing changed, and
//! members and items of its own where something did.

use std::borrow::Cow;

use crate::json::{Kind, Value, quoted};

/// A value.
#[derive(Clone, Debug)]
pub(super) enum Node<'d> {
    /// As it stands in the text it comes from.
    Kept(Value<'d>),
    /// `null`: the place of a primitive that has extensions only.
    Null,
    /// An object that was opened to be changed.
    Object(Vec<Member<'d>>),
    /// An array that was opened to be changed.
    Array(Vec<Node<'d>>),
}

/// A member of an opened object.
#[derive(Clone, Debug)]
pub(super) struct Member<'d> {
    /// The name, with its escapes resolved.
    pub name: Cow<'d, str>,
    /// The name as written, in quotes.
    pub raw: Cow<'d, str>,
    /// What it holds.
    pub node: Node<'d>,
}

impl<'d> Member<'d> {
    pub fn new(name: &str, node: Node<'d>) -> Self {
        Self { name: Cow::Owned(name.to_owned()), raw: Cow::Owned(quoted(name)), node }
    }
}

/// How large a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Measure {
    /// Bytes of its text.
    pub bytes: usize,
    /// Objects and arrays inside one another; 0 for a string.
    pub depth: usize,
    /// Values that were opened or stand in opened ones: what a copy costs.
    pub nodes: usize,
}

impl<'d> Node<'d> {
    /// Opens an object or array, so that its members or items can be changed.
    pub fn open(&mut self) -> &mut Self {
        if let Self::Kept(value) = self {
            match value.kind() {
                Kind::Object => {
                    let members = value.fields().map(|(key, held)| Member {
                        name: key.as_str().unwrap_or_default(),
                        raw: Cow::Borrowed(key.raw()),
                        node: Self::Kept(held),
                    });
                    *self = Self::Object(members.collect());
                }
                Kind::Array => *self = Self::Array(value.items().map(Self::Kept).collect()),
                _ => {}
            }
        }
        self
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Kept(value) => value.kind() == Kind::Null,
            Self::Object(_) | Self::Array(_) => false,
        }
    }

    /// The text.
    pub fn text(&self) -> String {
        let mut out = String::with_capacity(self.measure().bytes);
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Kept(value) => out.push_str(value.raw()),
            Self::Null => out.push_str("null"),
            Self::Object(members) => {
                out.push('{');
                for (at, member) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    out.push_str(&member.raw);
                    out.push(':');
                    member.node.write(out);
                }
                out.push('}');
            }
            Self::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
        }
    }

    /// Its size and depth.
    pub fn measure(&self) -> Measure {
        match self {
            Self::Kept(value) => {
                Measure { bytes: value.raw().len(), depth: depth(*value), nodes: 1 }
            }
            Self::Null => Measure { bytes: 4, depth: 0, nodes: 1 },
            Self::Object(members) => {
                let inside = members.iter().map(|member| {
                    let one = member.node.measure();
                    Measure { bytes: one.bytes + member.raw.len() + 2, ..one }
                });
                around(inside)
            }
            Self::Array(items) => around(items.iter().map(|item| {
                let one = item.measure();
                Measure { bytes: one.bytes + 1, ..one }
            })),
        }
    }

    /// Takes out every opened object and array that is empty now, and what is
    /// empty because of that: FHIR has no empty ones (R4 §2.6.2). What came
    /// empty in the patch and was not opened stays, to be refused.
    pub fn prune(&mut self) {
        match self {
            Self::Kept(_) | Self::Null => {}
            Self::Object(members) => {
                members.iter_mut().for_each(|member| member.node.prune());
                members.retain(|member| !member.node.is_hollow());
            }
            Self::Array(items) => {
                items.iter_mut().for_each(Self::prune);
                items.retain(|item| !item.is_hollow());
            }
        }
    }

    fn is_hollow(&self) -> bool {
        match self {
            Self::Kept(_) | Self::Null => false,
            Self::Object(members) => members.is_empty(),
            Self::Array(items) => items.is_empty(),
        }
    }
}

fn around(inside: impl Iterator<Item = Measure>) -> Measure {
    let sum = inside.fold(Measure { bytes: 2, depth: 0, nodes: 1 }, |sum, one| Measure {
        bytes: sum.bytes + one.bytes,
        nodes: sum.nodes + one.nodes,
        depth: sum.depth.max(one.depth),
    });
    Measure { depth: sum.depth + 1, ..sum }
}

/// As deep as the document, which [`crate::limits::JsonLimits`] bounds.
fn depth(value: Value<'_>) -> usize {
    match value.kind() {
        Kind::Object => 1 + value.fields().map(|(_, held)| depth(held)).max().unwrap_or(0),
        Kind::Array => 1 + value.items().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
