//! Functions on strings (N1 §5.6). Places and lengths count characters.

use std::borrow::Cow;

use super::super::error::FhirPathError;
use super::super::evaluator::{Collection, Evaluator, Focus};
use super::super::item::Item;
use super::super::operators::{boolean, text};
use super::super::syntax::Term;
use super::collections::count;
use super::{Function, only};

/// How many compiled regular expressions one evaluation keeps.
const REGEXES_MAX: usize = 8;

impl<'d> Evaluator<'d> {
    pub(super) fn string_function(
        &mut self,
        function: Function,
        items: Collection<'d>,
        arguments: &'d [Term],
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        if function == Function::Join {
            return self.join(&items, arguments, focus);
        }
        let Some(item) = only(&items, "A function on strings")? else { return Ok(Vec::new()) };
        let Some(subject) = item.as_str().or_else(|| text(&item).map(Cow::Owned)) else {
            if item.node().is_some_and(|node| node.value().is_none()) {
                return Ok(Vec::new());
            }
            return Err(FhirPathError::typed("This function takes a string."));
        };
        self.spend_text(subject.len())?;
        let plain = match function {
            Function::Length => Some(vec![count(subject.chars().count())]),
            Function::Upper => Some(string(subject.to_uppercase())),
            Function::Lower => Some(string(subject.to_lowercase())),
            Function::Trim => Some(string(subject.trim().to_owned())),
            Function::ToChars => {
                self.spend(subject.len() as u64)?;
                Some(subject.chars().flat_map(|c| string(c.to_string())).collect())
            }
            Function::Substring => Some(self.substring(&subject, arguments, focus)?),
            _ => None,
        };
        if let Some(plain) = plain {
            return Ok(plain);
        }
        let Some(first) = self.text_argument(arguments, 0, focus)? else { return Ok(Vec::new()) };
        Ok(match function {
            Function::StartsWith => boolean(Some(subject.starts_with(&*first))),
            Function::EndsWith => boolean(Some(subject.ends_with(&*first))),
            Function::Contains => boolean(Some(subject.contains(&*first))),
            Function::IndexOf => vec![place(&subject, subject.find(&*first))],
            Function::LastIndexOf => vec![place(&subject, subject.rfind(&*first))],
            Function::Split => {
                self.spend(subject.len() as u64)?;
                subject.split(&*first).flat_map(|part| string(part.to_owned())).collect()
            }
            Function::Matches => boolean(Some(self.regex(&first, &subject)?.is_match(&subject))),
            Function::MatchesFull => {
                let whole = format!("^(?:{first})$");
                boolean(Some(self.regex(&whole, &subject)?.is_match(&subject)))
            }
            Function::Replace | Function::ReplaceMatches => {
                let Some(with) = self.text_argument(arguments, 1, focus)? else {
                    return Ok(Vec::new());
                };
                // Before it is made: each character may give one replacement.
                let places = subject.len() / first.len().max(1) + 1;
                self.spend_text(places.saturating_mul(with.len()).saturating_add(subject.len()))?;
                if function == Function::Replace {
                    string(subject.replace(&*first, &with))
                } else {
                    let regex = self.regex(&first, &subject)?;
                    string(regex.replace_all(&subject, &*with).into_owned())
                }
            }
            _ => Vec::new(),
        })
    }

    fn text_argument(
        &mut self,
        arguments: &'d [Term],
        at: usize,
        focus: &Focus<'d>,
    ) -> Result<Option<Cow<'d, str>>, FhirPathError> {
        match self.single_argument(arguments, at, focus)? {
            None => Ok(None),
            Some(Item::String(text)) => Ok(Some(text)),
            Some(_) => Err(FhirPathError::typed("This argument should be a string.")),
        }
    }

    fn substring(
        &mut self,
        subject: &str,
        arguments: &'d [Term],
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        let wanted = FhirPathError::typed("substring() takes whole numbers.");
        let Some(start) = self.single_argument(arguments, 0, focus)? else { return Ok(Vec::new()) };
        let Item::Integer(start) = start else { return Err(wanted) };
        let Ok(start) = usize::try_from(start) else { return Ok(Vec::new()) };
        let Some((from, _)) = subject.char_indices().nth(start) else { return Ok(Vec::new()) };
        let rest = subject.get(from..).unwrap_or_default();
        let part = match self.single_argument(arguments, 1, focus)? {
            None => rest.to_owned(),
            Some(Item::Integer(length)) => {
                rest.chars().take(usize::try_from(length).unwrap_or(0)).collect()
            }
            Some(_) => return Err(wanted),
        };
        Ok(string(part))
    }

    fn join(
        &mut self,
        items: &[Item<'d>],
        arguments: &'d [Term],
        focus: &Focus<'d>,
    ) -> Result<Collection<'d>, FhirPathError> {
        let between = self.text_argument(arguments, 0, focus)?.unwrap_or_default();
        let mut out = String::new();
        for (at, item) in items.iter().enumerate() {
            let Some(text) = item.as_str() else {
                return Err(FhirPathError::typed("join() takes strings."));
            };
            self.spend_text(text.len() + between.len())?;
            if at > 0 {
                out.push_str(&between);
            }
            out.push_str(&text);
        }
        Ok(if items.is_empty() { Vec::new() } else { string(out) })
    }

    /// Compiles a regular expression and counts what matching costs: time
    /// is linear in the text, times the size of the expression.
    fn regex(&mut self, pattern: &str, subject: &str) -> Result<regex_lite::Regex, FhirPathError> {
        let weight = 8 + pattern.len() as u64 / 8;
        self.spend((1 + subject.len() as u64).saturating_mul(weight))?;
        if let Some((_, regex)) = self.regexes.iter().find(|(known, _)| known == pattern) {
            return Ok(regex.clone());
        }
        self.spend(500)?;
        // FHIRPath N1, matches(): single-line mode, so that `.` takes any character.
        let compiled = regex_lite::RegexBuilder::new(pattern)
            .dot_matches_new_line(true)
            .size_limit(self.context.limits.regex_bytes_max)
            .build();
        let regex = compiled.map_err(|_| {
            FhirPathError::typed("This is no regular expression that is taken here; simplify it.")
        })?;
        if self.regexes.len() < REGEXES_MAX {
            self.regexes.push((pattern.to_owned(), regex.clone()));
        }
        Ok(regex)
    }
}

fn string<'d>(text: String) -> Collection<'d> {
    vec![Item::String(Cow::Owned(text))]
}

/// A byte's place counted in characters; -1 for none.
fn place<'d>(text: &str, byte: Option<usize>) -> Item<'d> {
    byte.map_or(Item::Integer(-1), |byte| {
        count(text.get(..byte).unwrap_or_default().chars().count())
    })
}
