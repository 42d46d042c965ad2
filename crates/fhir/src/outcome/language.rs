//! Messages in the caller's language.
//!
//! A message is written in English where it arises, with `format!`. Its French
//! is one line of `french.tsv`: the English literal as it stands in the source,
//! a tab, and the French with the same holes. To add a message, add its line;
//! the test `every_message_has_its_french` names those that are missing.
//!
//! A rendered English text is compared with the literals; the one that shares
//! the most letters with it gives the French, and what filled its holes fills
//! the holes of the French, translated too when it is a message by itself.

use std::borrow::Cow;

const CATALOG: &str = include_str!("french.tsv");

/// How deep messages stand in one another's holes.
const DEPTH_MAX: usize = 4;

/// A language that messages are given in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Language {
    /// French, as in Quebec: what a caller gets who does not say.
    #[default]
    French,
    /// English.
    English,
}

impl Language {
    /// The language that `Accept-Language` prefers (RFC 9110 §12.5.4). Equal
    /// weights count in their order; French when neither is asked for.
    pub fn asked(accept_language: &str) -> Self {
        let (mut french, mut english, mut other) = (None, None, None);
        for (place, range) in accept_language.split(',').enumerate().take(64) {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let weight = parts.find_map(|part| {
                let value = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="))?;
                value.trim().parse::<f32>().ok().filter(|weight| (0.0..=1.0).contains(weight))
            });
            // Higher weight first, then the earlier place.
            let rank = ((weight.unwrap_or(1.0) * 1000.0) as i32, -(place as i32));
            let slot = match tag.split('-').next().unwrap_or_default() {
                "*" => &mut other,
                primary if primary.eq_ignore_ascii_case("fr") => &mut french,
                primary if primary.eq_ignore_ascii_case("en") => &mut english,
                _ => continue,
            };
            *slot = Some(slot.map_or(rank, |held: (i32, i32)| held.max(rank)));
        }
        // Between "not asked for" and "asked not to be given" there is a choice
        // too: `fr;q=0` alone wants English.
        let rank = |asked: Option<(i32, i32)>, first: i32| match asked.or(other) {
            Some((0, _)) => (-1, 0, 0),
            Some((weight, place)) => (weight, place, first),
            None => (0, 0, first),
        };
        if rank(english, 0) > rank(french, 1) { Self::English } else { Self::French }
    }

    /// The tag of RFC 5646, for `Content-Language`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    /// An English message in this language; as it is when it has no French.
    pub fn of(self, english: &str) -> Cow<'_, str> {
        match self {
            Self::English => Cow::Borrowed(english),
            Self::French => french(english).map_or(Cow::Borrowed(english), Cow::Owned),
        }
    }
}

/// The French of a rendered English message; `None` when the catalog has none.
/// A clause that was made a sentence (its first letter a capital, a period at
/// its end) is known as well.
pub fn french(english: &str) -> Option<String> {
    translated(english, DEPTH_MAX)
}

fn translated(english: &str, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let mut best: Option<(usize, &str, &str)> = None;
    for (template, french) in entries_beginning(english) {
        if let Some(found) = matched(template, english, None)
            && best.is_none_or(|(most, ..)| found > most)
        {
            best = Some((found, template, french));
        }
    }
    let (_, template, french) = best?;
    let mut fillings = Vec::new();
    matched(template, english, Some(&mut fillings));
    Some(rendered(template, french, english, &fillings, depth))
}

/// English and French of every line of the catalog.
#[cfg(test)]
pub(super) fn entries() -> impl Iterator<Item = (&'static str, &'static str)> {
    lines().filter_map(halves)
}

/// The lines whose English may be `text`, by how both begin. Most are told apart
/// by a letter or two, before anything is split: a function that refuses compares
/// its message with all of the catalog, in an instance that has kept nothing.
fn entries_beginning(text: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    lines().filter(move |line| begin_alike(line, text.as_bytes())).filter_map(halves)
}

/// The catalog's lines without its comments.
fn lines() -> impl Iterator<Item = &'static [u8]> {
    let ends = STARTS.iter().copied().skip(1).chain([CATALOG.len()]);
    let lines = STARTS.iter().zip(ends);
    let lines = lines.filter_map(|(start, end)| CATALOG.as_bytes().get(*start..end));
    let lines = lines.map(|line| line.strip_suffix(b"\n").unwrap_or(line));
    lines.filter(|line| !line.starts_with(b"#"))
}

/// Where each line begins, found by the compiler: an instance lives for one
/// request, and would look for the ends of lines longer than for its message.
static STARTS: [usize; count_lines()] = starts();

const fn count_lines() -> usize {
    let (mut rest, mut lines) = (CATALOG.as_bytes(), 0);
    while let [byte, following @ ..] = rest {
        if *byte == b'\n' || following.is_empty() {
            lines += 1;
        }
        rest = following;
    }
    lines
}

const fn starts() -> [usize; count_lines()] {
    let mut starts = [0; count_lines()];
    let [_, further @ ..] = &mut starts;
    let (mut rest, mut further): (_, &mut [usize]) = (CATALOG.as_bytes(), further);
    while let [byte, following @ ..] = rest {
        if *byte == b'\n' {
            further = match further.split_first_mut() {
                Some((start, more)) => {
                    *start = CATALOG.len() - following.len();
                    more
                }
                // After the last.
                None => &mut [],
            };
        }
        rest = following;
    }
    starts
}

fn halves(line: &'static [u8]) -> Option<(&'static str, &'static str)> {
    std::str::from_utf8(line).ok()?.split_once('\t')
}

/// Whether the line's English agrees with the text up to its first hole, as
/// [`after`] compares them.
fn begin_alike(line: &[u8], text: &[u8]) -> bool {
    let english = line.iter().take_while(|byte| !matches!(byte, b'{' | b'}' | b'\t'));
    let mut pairs = english.zip(text).enumerate();
    pairs.all(|(at, (ours, theirs))| match at {
        0 => ours.eq_ignore_ascii_case(theirs),
        _ => ours == theirs,
    })
}

/// What a hole is called, and what fills it.
type Filling<'t> = (&'t str, &'t str);

/// A part of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    Literal(&'t str),
    Hole(&'t str),
}

/// The parts of a template: `{name}`, `{}` and `{name:?}` are holes, `{{` and
/// `}}` are braces, and so is one that stands alone.
pub(super) fn pieces(template: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = template;
    std::iter::from_fn(move || {
        let (piece, length) = match rest.as_bytes() {
            [] => return None,
            [b'{', b'{', ..] | [b'}', b'}', ..] => (Piece::Literal(rest.get(..1)?), 2),
            [b'{', ..] => match rest.find('}') {
                Some(end) => {
                    let inside = rest.get(1..end)?;
                    (Piece::Hole(inside.split(':').next()?), end + 1)
                }
                None => (Piece::Literal(rest), rest.len()),
            },
            [b'}', ..] => (Piece::Literal(rest.get(..1)?), 1),
            _ => {
                let end = rest.find(['{', '}']).unwrap_or(rest.len());
                (Piece::Literal(rest.get(..end)?), end)
            }
        };
        rest = rest.get(length..)?;
        Some(piece)
    })
}

/// Whether `text` is the template with its holes filled: how many bytes they
/// share. `fillings` gathers what is in the holes.
fn matched<'t>(
    template: &'t str,
    text: &'t str,
    mut fillings: Option<&mut Vec<Filling<'t>>>,
) -> Option<usize> {
    let mut parts = pieces(template).peekable();
    let mut rest = text;
    let mut shared = 0;
    let mut open: Option<&str> = None;
    let mut first = true;
    while let Some(piece) = parts.next() {
        let last = parts.peek().is_none();
        let literal = match piece {
            Piece::Literal(literal) => literal,
            Piece::Hole(name) => {
                if let (Some(before), Some(fillings)) = (open.replace(name), fillings.as_mut()) {
                    fillings.push((before, ""));
                }
                first = false;
                continue;
            }
        };
        if last && !literal.ends_with('.') && rest.len() > literal.len() {
            rest = rest.strip_suffix('.').unwrap_or(rest);
        }
        let filling = match open.take() {
            None => {
                rest = after(rest, literal, first)?;
                None
            }
            Some(name) => {
                let at = if last {
                    rest.ends_with(literal).then(|| rest.len() - literal.len())
                } else {
                    rest.find(literal)
                }?;
                let filling = rest.get(..at)?;
                rest = rest.get(at + literal.len()..)?;
                Some((name, filling))
            }
        };
        if let (Some(filling), Some(fillings)) = (filling, fillings.as_mut()) {
            fillings.push(filling);
        }
        shared += literal.len();
        first = false;
    }
    match (open, fillings) {
        (Some(name), Some(fillings)) => fillings.push((name, rest)),
        (Some(_), None) => {}
        (None, _) if rest.is_empty() => {}
        (None, _) => return None,
    }
    // A template of holes alone would match everything.
    (shared > 0).then_some(shared)
}

/// What follows `literal` at the beginning of `text`. Its first letter may be a
/// capital at the beginning of the message.
fn after<'t>(text: &'t str, literal: &str, first: bool) -> Option<&'t str> {
    if let Some(rest) = text.strip_prefix(literal) {
        return Some(rest);
    }
    let (start, following) = (text.get(..1)?, text.get(1..)?);
    let (letter, literal) = (literal.get(..1)?, literal.get(1..)?);
    (first && start.eq_ignore_ascii_case(letter)).then_some(())?;
    following.strip_prefix(literal)
}

fn rendered(
    template: &str,
    french: &str,
    english: &str,
    fillings: &[Filling<'_>],
    depth: usize,
) -> String {
    let mut out = String::with_capacity(french.len() + 32);
    let mut unnamed = 0;
    for piece in pieces(french) {
        match piece {
            Piece::Literal(literal) => out.push_str(literal),
            Piece::Hole(name) => {
                let mut alike = fillings.iter().filter(|(known, _)| *known == name);
                let filling = if name.is_empty() { alike.nth(unnamed) } else { alike.next() };
                unnamed += usize::from(name.is_empty());
                let filling = filling.map_or("", |(_, filling)| filling);
                // One word is a name or a number, which are nobody's language.
                match filling.contains(' ').then(|| translated(filling, depth)).flatten() {
                    Some(inner) => out.push_str(&inner),
                    None => out.push_str(filling),
                }
            }
        }
    }
    let capital = |text: &str| text.starts_with(|letter: char| letter.is_ascii_uppercase());
    if capital(english)
        && template.starts_with(|letter: char| letter.is_ascii_lowercase())
        && let Some(letter) = out.chars().next()
    {
        out.replace_range(..letter.len_utf8(), &letter.to_uppercase().to_string());
    }
    let clause =
        matches!(pieces(template).last(), Some(Piece::Literal(end)) if !end.ends_with('.'));
    if clause && english.ends_with('.') && !out.ends_with('.') {
        out.push('.');
    }
    out
}
