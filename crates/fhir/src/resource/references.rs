//! References inside a resource, found and rewritten in place.

use std::borrow::Cow;
use std::ops::Range;

use super::Resource;
use crate::json::{Edit, Items, Kind, Members, Value, quoted, splice};

/// A reference found in a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference<'d> {
    /// What it says: `Patient/1`, `urn:uuid:…`, `#contained`, `Practitioner?identifier=…`.
    pub text: Cow<'d, str>,
    /// Where the string stands in the document's text, quotes included.
    pub span: Range<usize>,
}

/// Every `reference` string in `value`, in the order of the text, at any depth:
/// in contained resources, extensions and entries of bundles too.
pub fn references(value: Value<'_>) -> impl Iterator<Item = Reference<'_>> {
    Strings::of(value).filter(|(name, _)| name.is_str("reference")).map(|(_, value)| Reference {
        text: value.as_str().unwrap_or_default(),
        span: value.span(),
    })
}

/// The resource's text with references rewritten by `to`, which gives the new
/// text or `None` to keep the old. Asked are all `reference` strings, and those
/// `urn:` values of uri elements (`Attachment.url`, `valueUri`, …) that may
/// name an entry of the same bundle by its fullUrl. `fullUrl` itself and links
/// in narrative are kept.
pub fn rewrite_references(resource: &Resource, to: &dyn Fn(&str) -> Option<String>) -> String {
    let mut edits = Vec::new();
    for (name, value) in Strings::of(resource.root()) {
        let Some(text) = value.as_str() else { continue };
        let asked = name.is_str("reference") || (text.starts_with("urn:") && is_link(name));
        if let Some(with) = asked.then(|| to(&text)).flatten() {
            edits.push(Edit::replace(value.span(), quoted(&with)));
        }
    }
    splice(resource.text(), &mut edits)
}

/// Whether a member of this name holds a link that a server resolves (FHIR R4,
/// transaction: uri, url, oid, uuid and canonical), by the endings that R4
/// gives such elements. `Identifier.value` and `Identifier.system` are none.
fn is_link(name: Value<'_>) -> bool {
    let name = name.as_str().unwrap_or_default();
    let ending = |end: &str| name.ends_with(end);
    name != "fullUrl"
        && (matches!(&*name, "url" | "uri")
            || ending("Url")
            || ending("Uri")
            || ending("Uuid")
            || ending("Oid")
            || ending("Canonical"))
}

/// Every string of a value with the name of the member that holds it, or that
/// holds the array it is in. Keeps its own stack.
struct Strings<'d> {
    open: Vec<Frame<'d>>,
}

enum Frame<'d> {
    Object(Members<'d>),
    Array(Value<'d>, Items<'d>),
}

impl<'d> Strings<'d> {
    fn of(value: Value<'d>) -> Self {
        Self { open: vec![Frame::Object(value.fields())] }
    }
}

impl<'d> Iterator for Strings<'d> {
    type Item = (Value<'d>, Value<'d>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (name, value) = match self.open.last_mut()? {
                Frame::Object(members) => match members.next() {
                    Some(member) => member,
                    None => {
                        self.open.pop();
                        continue;
                    }
                },
                Frame::Array(name, items) => match items.next() {
                    Some(value) => (*name, value),
                    None => {
                        self.open.pop();
                        continue;
                    }
                },
            };
            match value.kind() {
                Kind::String => return Some((name, value)),
                Kind::Object => self.open.push(Frame::Object(value.fields())),
                Kind::Array => self.open.push(Frame::Array(name, value.items())),
                _ => {}
            }
        }
    }
}
