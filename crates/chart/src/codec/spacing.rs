//! White space between the tokens of a JSON text, told by the habit of who wrote
//! it: indented texts are a third white space. The text is kept without it, with
//! the habit and with every place that differs from it (where the server put
//! its own members, for one), so that it comes back as it was, byte for byte.

use super::lengths;

/// More places than this differ: it is no habit.
const DIFFERENT_MAX: usize = 24;
/// Deepest indentation that is foretold, in spaces.
const INDENT_MAX: usize = 1024;
/// A line's end and the spaces that most lines begin with.
const LINE: &[u8; 65] = b"\n                                                                ";

/// How somebody spaces JSON. **Numbers are part of the stored form.**
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// A line for each member; arrays in line: `[ {` and `} ]` (HAPI).
    Members = 1,
    /// A line for each member and each element (`JSON.stringify`, `json.dumps`).
    Elements = 2,
    /// One line, a space after `:` and `,`.
    Line = 3,
}

/// A manner with its measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Habit {
    manner: Manner,
    /// Spaces for each level …
    unit: usize,
    /// … and before all of them: the text was cut out of another.
    base: usize,
}

/// A text without its white space.
pub(super) struct Close {
    /// The text.
    pub text: Vec<u8>,
    /// The habit and the places that differ. Stored form.
    pub habit: Vec<u8>,
}

/// Takes the white space out of a JSON text; absent when there is none worth it.
pub(super) fn take_out(plain: &[u8]) -> Option<Close> {
    let habit = guess(plain)?;
    let mut text = Vec::with_capacity(plain.len());
    let mut differing = Vec::new();
    let (mut count, mut before, mut gap) = (0, 0, 0);
    let mut walk = Walk::new(habit);
    let mut expected = Vec::new();
    let mut word: &[u8] = &[];
    let mut rest = plain;
    loop {
        let space = rest.iter().take_while(|byte| is_space(**byte)).count();
        let (held, after) = rest.split_at_checked(space)?;
        let token = token(after);
        expected.clear();
        walk.expected(token.first().copied(), &mut expected);
        if held != expected {
            count += 1;
            if count > DIFFERENT_MAX {
                return None;
            }
            lengths::put(&mut differing, gap - before);
            lengths::put(&mut differing, held.len());
            differing.extend_from_slice(held);
            before = gap;
        }
        gap += 1;
        if token.is_empty() {
            break;
        }
        // Two words with nothing but white space between are no JSON.
        if is_word(token) && is_word(word) {
            return None;
        }
        word = token;
        text.extend_from_slice(token);
        walk.pass(token);
        rest = after.get(token.len()..)?;
    }
    let mut stored = vec![habit.manner as u8];
    lengths::put(&mut stored, habit.unit);
    lengths::put(&mut stored, habit.base);
    lengths::put(&mut stored, count);
    stored.append(&mut differing);
    (text.len() + stored.len() < plain.len()).then_some(Close { text, habit: stored })
}

/// A habit and the places that differ from it, read.
pub(super) struct Spaces<'a> {
    habit: Habit,
    /// Number of the place, counted from the one before, and what is there.
    differing: Vec<(usize, &'a [u8])>,
}

/// Reads [`Close::habit`].
pub(super) fn habit<'a>(packed: &mut &'a [u8]) -> Option<Spaces<'a>> {
    let (manner, rest) = packed.split_first()?;
    *packed = rest;
    let manner = match manner {
        1 => Manner::Members,
        2 => Manner::Elements,
        3 => Manner::Line,
        _ => return None,
    };
    let (unit, base) = (lengths::take(packed)?, lengths::take(packed)?);
    let count = lengths::take(packed).filter(|count| *count <= DIFFERENT_MAX)?;
    let mut differing = Vec::with_capacity(count);
    for _ in 0..count {
        let after = lengths::take(packed)?;
        let length = lengths::take(packed)?;
        let (held, rest) = packed.split_at_checked(length)?;
        *packed = rest;
        differing.push((after, held));
    }
    Some(Spaces { habit: Habit { manner, unit, base }, differing })
}

/// The text with its white space, when it has `whole` bytes.
pub(super) fn put_back(text: &[u8], spaces: &Spaces<'_>, whole: usize) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(whole.min(text.len().saturating_mul(8) + 64));
    let mut walk = Walk::new(spaces.habit);
    let mut differing = spaces.differing.iter();
    let mut next = differing.next();
    let mut left = next.map_or(0, |(after, _)| *after);
    let mut rest = text;
    loop {
        let token = token(rest);
        match next {
            Some((_, held)) if left == 0 => {
                plain.extend_from_slice(held);
                next = differing.next();
                left = next.map_or(0, |(after, _)| *after);
            }
            _ => walk.expected(token.first().copied(), &mut plain),
        }
        left = left.saturating_sub(1);
        match token {
            // Most tokens are one byte, which is cheaper than a copy's call.
            [byte] => plain.push(*byte),
            token => plain.extend_from_slice(token),
        }
        if plain.len() > whole {
            return None;
        }
        if token.is_empty() {
            break;
        }
        walk.pass(token);
        rest = rest.get(token.len()..)?;
    }
    (plain.len() == whole && next.is_none()).then_some(plain)
}

/// Where a walk through a text has come to.
struct Walk {
    habit: Habit,
    /// Of each open bracket, whether it is an object's.
    open: Vec<bool>,
    /// Levels that are indented.
    level: usize,
    /// Last byte of the token before; 0 at the beginning.
    last: u8,
}

impl Walk {
    fn new(habit: Habit) -> Self {
        Self { habit, open: Vec::with_capacity(16), level: 0, last: 0 }
    }

    /// The white space that is expected before a token with this first byte, or
    /// before the end.
    #[inline(always)]
    fn expected(&self, next: Option<u8>, out: &mut Vec<u8>) {
        let Some(next) = next else { return };
        let elements = self.habit.manner == Manner::Elements;
        let empty = matches!((self.last, next), (b'{', b'}') | (b'[', b']'));
        match (self.last, next) {
            _ if empty => {}
            (b':', _) => out.push(b' '),
            (b',', _) if self.habit.manner == Manner::Line => out.push(b' '),
            _ if self.habit.manner == Manner::Line => {}
            (_, b'}') => self.line(self.level.saturating_sub(1), out),
            (_, b']') if elements => self.line(self.level.saturating_sub(1), out),
            (b'{', _) => self.line(self.level, out),
            (b'[', _) if elements => self.line(self.level, out),
            (b',', _) if elements || self.open.last() == Some(&true) => self.line(self.level, out),
            (b',' | b'[', _) | (_, b']') => out.push(b' '),
            _ => {}
        }
    }

    #[inline(always)]
    fn line(&self, level: usize, out: &mut Vec<u8>) {
        let spaces = self.habit.base.saturating_add(self.habit.unit.saturating_mul(level));
        match LINE.get(..=spaces) {
            Some(line) => out.extend_from_slice(line),
            None => {
                out.push(b'\n');
                out.resize(out.len() + spaces.min(INDENT_MAX), b' ');
            }
        }
    }

    #[inline(always)]
    fn pass(&mut self, token: &[u8]) {
        let indented = |object: bool| object || self.habit.manner == Manner::Elements;
        match token.first() {
            Some(open @ (b'{' | b'[')) => {
                let object = *open == b'{';
                self.level += usize::from(indented(object));
                self.open.push(object);
            }
            Some(b'}' | b']') => {
                let object = self.open.pop().unwrap_or(false);
                self.level = self.level.saturating_sub(usize::from(indented(object)));
            }
            _ => {}
        }
        self.last = token.last().copied().unwrap_or(0);
        // A string may end as a bracket looks.
        if token.first() == Some(&b'"') {
            self.last = b'"';
        }
    }
}

/// Whether a token is a number, true, false, null, or what should be one.
fn is_word(token: &[u8]) -> bool {
    token.first().is_some_and(|first| !b"{}[],:\"".contains(first))
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\r' | b'\t')
}

/// The token that a text begins with: a bracket, comma or colon; a string; or
/// whatever else up to one of these or white space. Empty at the end.
#[inline(always)]
fn token(text: &[u8]) -> &[u8] {
    let length = match text.first() {
        None => 0,
        Some(b'{' | b'}' | b'[' | b']' | b',' | b':') => 1,
        Some(b'"') => string(text),
        Some(first) if is_space(*first) => 1,
        Some(_) => {
            let ends = |byte: &u8| is_space(*byte) || b"{}[],:\"".contains(byte);
            text.iter().position(ends).unwrap_or(text.len())
        }
    };
    text.get(..length).unwrap_or(text)
}

#[inline(always)]
fn string(text: &[u8]) -> usize {
    let mut at = 1;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        match memchr::memchr2(b'"', b'\\', rest) {
            None => return text.len(),
            Some(more) if rest.get(more) == Some(&b'"') => return at + more + 1,
            Some(more) => at = (at + more + 2).min(text.len()),
        }
    }
}

/// The habit that the beginning of a text shows.
fn guess(plain: &[u8]) -> Option<Habit> {
    let indent = |text: &[u8]| -> Option<usize> {
        let spaces = text.strip_prefix(b"\n")?;
        Some(spaces.iter().take_while(|byte| **byte == b' ').count())
    };
    let inside = plain.strip_prefix(b"{")?;
    let Some(first) = indent(inside) else {
        let spaced = inside.windows(3).take(256).any(|three| three == b"\": ");
        return spaced.then_some(Habit { manner: Manner::Line, unit: 0, base: 0 });
    };
    let lines = plain.split(|byte| *byte == b'\n').skip(1);
    let mut indents = lines.map(|line| line.iter().take_while(|byte| **byte == b' ').count());
    let deeper = indents.find(|indent| *indent > first).map_or(2, |deeper| deeper - first);
    let in_line = |two: &[u8]| two == b"[ ";
    let manner = if plain.windows(2).any(in_line) { Manner::Members } else { Manner::Elements };
    // Two levels at once where an array's element is an object.
    let unit = if deeper <= first || first == 0 { deeper } else { first };
    Some(Habit { manner, unit, base: first.saturating_sub(unit) })
}

#[cfg(test)]
mod tests;
