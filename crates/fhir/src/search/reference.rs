//! A reference taken apart: where the resource lives, its type and its id.

use std::borrow::Cow;

use crate::types::is_id;

/// The parts of a reference's text. A version (`/_history/2`), a canonical's
/// version (`|1.0`) and a fragment name no other resource and are left off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReferenceParts<'a> {
    /// The server, without a slash at the end; `urn:uuid:` or the whole text
    /// when it is no RESTful reference; `None` when relative.
    pub base: Option<Cow<'a, str>>,
    /// The resource type.
    pub kind: Option<Cow<'a, str>>,
    /// The logical id.
    pub id: Option<Cow<'a, str>>,
}

impl<'a> ReferenceParts<'a> {
    /// `None` for a link into the resource itself (`#…`) and for empty text.
    pub(crate) fn parse(text: Cow<'a, str>) -> Option<Self> {
        if text.is_empty() || text.starts_with('#') {
            return None;
        }
        Some(match text {
            Cow::Borrowed(text) => split(text),
            Cow::Owned(text) => split(&text).into_owned(),
        })
    }

    fn into_owned<'b>(self) -> ReferenceParts<'b> {
        let owned = |part: Option<Cow<'a, str>>| part.map(|text| Cow::Owned(text.into_owned()));
        ReferenceParts { base: owned(self.base), kind: owned(self.kind), id: owned(self.id) }
    }
}

fn split(text: &str) -> ReferenceParts<'_> {
    let trimmed = text.split_once(['|', '#']).map_or(text, |(before, _)| before);
    if let Some(id) = trimmed.strip_prefix("urn:uuid:") {
        return ReferenceParts { base: Some("urn:uuid:".into()), kind: None, id: Some(id.into()) };
    }
    let current = trimmed.split_once("/_history/").map_or(trimmed, |(before, _)| before);
    let restful = current.rsplit_once('/').and_then(|(front, id)| {
        let (base, kind) = match front.rsplit_once('/') {
            Some((base, kind)) => (Some(base), kind),
            None => (None, front),
        };
        let plausible = is_type_name(kind) && is_id(id);
        plausible.then(|| ReferenceParts {
            base: base.map(Cow::Borrowed),
            kind: Some(kind.into()),
            id: Some(id.into()),
        })
    });
    restful.unwrap_or_else(|| ReferenceParts { base: Some(trimmed.into()), kind: None, id: None })
}

/// Letters beginning with a capital, as every resource type is named.
pub(crate) fn is_type_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.len() <= 40
        && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}
