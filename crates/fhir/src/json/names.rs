//! Member names: none twice, and the path that they make to a fault.

use super::error::{Fault, JsonErrorKind};
use super::parse::{Parser, Step};
use super::strings::unescaped;
use super::value::Kind;

impl Parser<'_> {
    /// Refuses an object in which a name occurs twice. Few names are compared
    /// with one another; many are sorted, so that an object of a million
    /// members costs no more than its sorting.
    pub(super) fn names_differ(&mut self, index: u32) -> Step {
        let (text, tape) = (self.text, &self.tape);
        let mut at = index + 1;
        let mut escapes = false;
        self.names.clear();
        while let Some(name) = tape.get(at as usize) {
            let inner = name.start as usize + 1..(name.end as usize).saturating_sub(1);
            self.names.push((text.get(inner).unwrap_or_default(), at));
            escapes |= name.escaped;
            at = tape.get(at as usize + 1).map_or(u32::MAX, |value| value.next);
        }
        let repeated = if escapes {
            let resolved: Vec<_> =
                self.names.iter().map(|(name, at)| (unescaped(name), *at)).collect();
            repeated(resolved)
        } else if self.names.len() > 24 {
            repeated(std::mem::take(&mut self.names))
        } else {
            let names = self.names.as_slice();
            let earlier = |at: usize| names.get(..at).unwrap_or_default();
            let second = names.iter().enumerate().find(|(position, (name, _))| {
                earlier(*position).iter().any(|(before, _)| before == name)
            });
            second.map(|(_, (_, at))| *at)
        };
        match repeated.and_then(|at| self.tape.get(at as usize)) {
            None => Ok(()),
            Some(name) => {
                let quoted = text.get(name.start as usize..name.end as usize).unwrap_or_default();
                Err(Fault {
                    kind: JsonErrorKind::DuplicateKey,
                    offset: name.start as usize,
                    message: format!(
                        "The member {} occurs twice in this object; keep one of the two.",
                        shortened(quoted)
                    ),
                })
            }
        }
    }

    /// The path from the root to the innermost container still open, and to
    /// the member or item being read in it. Ends what is open at the end of
    /// the tape, so that the tape can be walked.
    pub(super) fn path(&mut self, fault: &Fault) -> String {
        let end = self.tape.len() as u32;
        for index in &self.open {
            if let Some(node) = self.tape.get_mut(*index as usize) {
                node.next = end;
            }
        }
        let mut path = String::new();
        for (level, index) in self.open.iter().enumerate() {
            let Some(container) = self.tape.get(*index as usize) else {
                break;
            };
            let object = container.kind == Kind::Object;
            let (mut at, mut count, mut name) = (*index + 1, 0_usize, None);
            while let Some(node) = self.tape.get(at as usize) {
                if node.start as usize > fault.offset {
                    break;
                }
                count += 1;
                name = object.then_some(node);
                let value = at + u32::from(object);
                at = self.tape.get(value as usize).map_or(u32::MAX, |value| value.next);
            }
            if let Some(name) = name {
                if !path.is_empty() {
                    path.push('.');
                }
                let inner = name.start as usize + 1..(name.end as usize).saturating_sub(1);
                path.push_str(shortened(self.text.get(inner).unwrap_or_default()));
            } else if !object {
                // The innermost array has the faulty item not on the tape yet.
                let innermost = level + 1 == self.open.len();
                let item = if innermost { count } else { count.saturating_sub(1) };
                path.push_str(&format!("[{item}]"));
            }
        }
        path
    }
}

/// The second of two equal names, the earliest such in the text.
fn repeated<T: Ord>(mut names: Vec<(T, u32)>) -> Option<u32> {
    names.sort_unstable();
    let pairs = names.iter().zip(names.iter().skip(1));
    pairs.filter(|(one, other)| one.0 == other.0).map(|(_, other)| other.1).min()
}

/// At most 64 bytes of a name, for a message.
fn shortened(name: &str) -> &str {
    let end = (0..=64.min(name.len())).rev().find(|end| name.is_char_boundary(*end));
    name.get(..end.unwrap_or(0)).unwrap_or_default()
}
