//! Changing a text without rebuilding it.

use std::ops::Range;

/// One change: what stands in `range` (bytes) gives way to `with`. An empty
/// range inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Which bytes of the text; on character boundaries.
    pub range: Range<usize>,
    /// What takes their place.
    pub with: String,
}

impl Edit {
    /// Replaces `range` by `with`.
    pub fn replace(range: Range<usize>, with: impl Into<String>) -> Self {
        Self { range, with: with.into() }
    }

    /// Inserts `with` before byte `at`.
    pub fn insert(at: usize, with: impl Into<String>) -> Self {
        Self { range: at..at, with: with.into() }
    }
}

/// `text` with `edits` applied; every other byte is kept. The edits must not
/// overlap; they may come in any order (they are left sorted), and insertions
/// at one place keep theirs. An edit that overlaps an earlier one or leaves
/// the text is a fault of the caller: debug builds stop, others skip it.
pub fn splice(text: &str, edits: &mut [Edit]) -> String {
    edits.sort_by_key(|edit| (edit.range.start, edit.range.end));
    let grown: usize = edits.iter().map(|edit| edit.with.len()).sum();
    let mut out = String::with_capacity(text.len() + grown);
    let mut done = 0;
    for edit in edits.iter() {
        let fits = edit.range.start >= done && text.get(edit.range.clone()).is_some();
        debug_assert!(fits, "edit {:?} overlaps or leaves the text", edit.range);
        if !fits {
            continue;
        }
        out.push_str(text.get(done..edit.range.start).unwrap_or_default());
        out.push_str(&edit.with);
        done = edit.range.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}
