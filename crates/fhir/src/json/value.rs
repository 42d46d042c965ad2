//! A value in a document: a place on the tape.

use std::borrow::Cow;
use std::ops::Range;

use super::document::{Document, Node};
use super::strings::unescaped;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// Digits, kept as written.
    Number,
    /// `true` or `false`
    Bool,
    /// `null`
    Null,
}

/// A value inside a [`Document`]; as cheap to copy as a reference.
#[derive(Clone, Copy)]
pub struct Value<'d> {
    document: &'d Document,
    at: u32,
}

impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.raw())
    }
}

impl<'d> Value<'d> {
    pub(super) fn new(document: &'d Document, at: u32) -> Self {
        Self { document, at }
    }

    fn node(self) -> Node {
        self.document.node(self.at)
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        self.node().kind
    }

    /// The exact source text of the value.
    pub fn raw(self) -> &'d str {
        self.document.text().get(self.span()).unwrap_or_default()
    }

    /// Where the value stands in the text, in bytes; a string with its quotes.
    pub fn span(self) -> Range<usize> {
        let node = self.node();
        node.start as usize..node.end as usize
    }

    /// The member `name` of an object.
    pub fn get(self, name: &str) -> Option<Value<'d>> {
        self.fields().find(|(key, _)| key.is_str(name)).map(|(_, value)| value)
    }

    /// The members of an object in their order; none for anything else.
    pub fn members(self) -> impl Iterator<Item = (Cow<'d, str>, Value<'d>)> {
        self.fields().map(|(key, value)| (key.as_str().unwrap_or_default(), value))
    }

    /// The members of an object with their names as values, so that a name's
    /// span is known too.
    pub fn fields(self) -> Members<'d> {
        let node = self.node();
        let end = if node.kind == Kind::Object { node.next } else { 0 };
        Members { document: self.document, at: self.at.saturating_add(1), end }
    }

    /// The items of an array in their order; none for anything else.
    pub fn items(self) -> Items<'d> {
        let node = self.node();
        let end = if node.kind == Kind::Array { node.next } else { 0 };
        Items { document: self.document, at: self.at.saturating_add(1), end }
    }

    /// What an element holds whether it repeats or not: the member's items if
    /// it is an array, itself if it is a single value, nothing if absent.
    pub fn each(self, name: &str) -> Items<'d> {
        match self.get(name) {
            Some(value) if value.kind() == Kind::Array => value.items(),
            Some(value) => Items { document: self.document, at: value.at, end: value.node().next },
            None => Items { document: self.document, at: 0, end: 0 },
        }
    }

    /// How many items an array or members an object has; 0 for anything else.
    pub fn len(self) -> usize {
        match self.kind() {
            Kind::Array => self.items().count(),
            Kind::Object => self.fields().count(),
            _ => 0,
        }
    }

    /// True of a value without items or members; so of every string and number.
    pub fn is_empty(self) -> bool {
        self.items().next().is_none() && self.fields().next().is_none()
    }

    /// A string's text with its escapes resolved.
    pub fn as_str(self) -> Option<Cow<'d, str>> {
        let node = self.node();
        if node.kind != Kind::String {
            return None;
        }
        let inner = self.inner(node);
        Some(if node.escaped { Cow::Owned(unescaped(inner)) } else { Cow::Borrowed(inner) })
    }

    /// Whether it is the string `text`.
    pub fn is_str(self, text: &str) -> bool {
        let node = self.node();
        node.kind == Kind::String
            && if node.escaped {
                unescaped(self.inner(node)) == text
            } else {
                self.inner(node) == text
            }
    }

    fn inner(self, node: Node) -> &'d str {
        let inner = (node.start as usize + 1)..(node.end as usize).saturating_sub(1);
        self.document.text().get(inner).unwrap_or_default()
    }

    /// `true` or `false`.
    pub fn as_bool(self) -> Option<bool> {
        (self.kind() == Kind::Bool).then(|| self.raw() == "true")
    }

    /// A number's exact text.
    pub fn number_text(self) -> Option<&'d str> {
        (self.kind() == Kind::Number).then(|| self.raw())
    }
}

/// Members of an object: see [`Value::fields`].
#[derive(Clone)]
pub struct Members<'d> {
    document: &'d Document,
    at: u32,
    end: u32,
}

impl<'d> Iterator for Members<'d> {
    type Item = (Value<'d>, Value<'d>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let key = Value::new(self.document, self.at);
        let value = Value::new(self.document, self.at + 1);
        self.at = value.node().next;
        Some((key, value))
    }
}

/// Items of an array: see [`Value::items`] and [`Value::each`].
#[derive(Clone)]
pub struct Items<'d> {
    document: &'d Document,
    at: u32,
    end: u32,
}

impl<'d> Iterator for Items<'d> {
    type Item = Value<'d>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at >= self.end {
            return None;
        }
        let value = Value::new(self.document, self.at);
        self.at = value.node().next;
        Some(value)
    }
}
