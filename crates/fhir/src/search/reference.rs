//! A reference taken apart: where the resource lives, its type and its id.

use std::borrow::Cow;

use crate::json::Value;
use crate::types::is_id;

use super::atom::Atom;
use super::held::{self, Held};
use super::indexed;
use super::parameters::{Parameter, ParameterKind};
use super::tokens::Tokens;

/// The parts of a reference's text. The version of an instance (`/_history/2`)
/// and a fragment name no other resource and are left off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReferenceParts<'a> {
    /// The server, without a slash at the end; `urn:uuid:` or the whole text
    /// when it is no RESTful reference; `None` when relative.
    pub base: Option<Cow<'a, str>>,
    /// The resource type.
    pub kind: Option<Cow<'a, str>>,
    /// The logical id.
    pub id: Option<Cow<'a, str>>,
    /// The version of a canonical, after its `|`.
    pub version: Option<Cow<'a, str>>,
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
        ReferenceParts {
            base: owned(self.base),
            kind: owned(self.kind),
            id: owned(self.id),
            version: owned(self.version),
        }
    }
}

fn split(text: &str) -> ReferenceParts<'_> {
    let whole = text.split_once('#').map_or(text, |(before, _)| before);
    let (trimmed, version) = match whole.split_once('|') {
        Some((url, version)) if !version.is_empty() => (url, Some(Cow::Borrowed(version))),
        Some((url, _)) => (url, None),
        None => (whole, None),
    };
    if let Some(id) = trimmed.strip_prefix("urn:uuid:") {
        let base = Some("urn:uuid:".into());
        return ReferenceParts { base, kind: None, id: Some(id.into()), version };
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
            version: version.clone(),
        })
    });
    restful.unwrap_or_else(|| ReferenceParts {
        base: Some(trimmed.into()),
        kind: None,
        id: None,
        version,
    })
}

/// Letters beginning with a capital, as every resource type is named.
pub(crate) fn is_type_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.len() <= 40
        && text.bytes().all(|byte| byte.is_ascii_alphabetic())
}

/// The resources of this record, by type and id, that the one at `root` refers
/// to by `parameter`; only those of `target_type` when it is given. References
/// to `own_bases` (without a slash at the end) are to this record.
pub fn references_of(
    parameter: &Parameter,
    target_type: Option<&str>,
    root: Value<'_>,
    own_bases: &[&str],
) -> Vec<(String, String)> {
    let local = |held: Held<'_>| {
        let Held::Reference { base, kind, id, .. } = held else { return None };
        let (kind, id) = (kind.text()?, id.text()?);
        let own = match &base {
            Atom::Absent => true,
            base => base.text().is_some_and(|base| own_bases.contains(&base.as_ref())),
        };
        let wanted = own && target_type.is_none_or(|target| target == kind);
        wanted.then(|| (kind.into_owned(), id.into_owned()))
    };
    let mut found: Vec<_> = held::values(parameter, root).into_iter().filter_map(local).collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// [`references_of`], as far as the cell of a resource tells: `None` when only
/// the body knows.
pub fn references_kept(
    resource_type: &str,
    parameter: &Parameter,
    target_type: Option<&str>,
    tokens: &Tokens,
    own_bases: &[&str],
) -> Option<Vec<(String, String)>> {
    let slot = indexed::slot(resource_type, parameter)?;
    let kept = tokens.kept(slot, ParameterKind::Reference)?;
    if kept.incomplete {
        return None;
    }
    let mut found = Vec::new();
    for held in kept {
        let Held::Reference { base, kind, id, .. } = held? else { continue };
        let own = match &base {
            Atom::Absent => true,
            base => own_bases.contains(&base.text()?.as_ref()),
        };
        if !own || kind.is_absent() || id.is_absent() {
            continue;
        }
        let (kind, id) = (kind.text()?, id.text()?);
        if target_type.is_none_or(|target| target == kind) {
            found.push((kind.into_owned(), id.into_owned()));
        }
    }
    Some(found)
}
