//! Tokens of FHIRPath (N1, Lexical Elements).

use super::error::FhirPathError;
use super::temporal::Temporal;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A name, or a keyword unless it was delimited.
    Name(String),
    Delimited(String),
    Text(String),
    Number(String),
    /// What follows the `@`.
    Temporal(String),
    /// What follows the `%`.
    Variable(String),
    /// What follows the `$`.
    Dollar(String),
    Symbol(&'static str),
    End,
}

const SYMBOLS: &[&str] = &[
    "<=", ">=", "!=", "!~", "(", ")", "[", "]", "{", "}", ".", ",", "+", "-", "*", "/", "&", "|",
    "<", ">", "=", "~",
];

pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next token and where it begins.
    pub(super) fn token(&mut self) -> Result<(usize, Token), FhirPathError> {
        self.skip_space()?;
        let start = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok((start, Token::End)) };
        let token = match first {
            '\'' => Token::Text(self.quoted('\'')?),
            '`' => Token::Delimited(self.quoted('`')?),
            '"' => Token::Delimited(self.quoted('"')?),
            '0'..='9' => Token::Number(self.number()),
            '@' => self.temporal()?,
            '%' => {
                self.at += 1;
                Token::Variable(self.variable()?)
            }
            '$' => {
                self.at += 1;
                Token::Dollar(self.name(false))
            }
            'A'..='Z' | 'a'..='z' | '_' => Token::Name(self.name(false)),
            _ => {
                let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) else {
                    let text = "This character has no meaning here; delimit names with ` and \
                                strings with '.";
                    return Err(FhirPathError::syntax(start, text));
                };
                self.at += symbol.len();
                Token::Symbol(symbol)
            }
        };
        Ok((start, token))
    }

    fn skip_space(&mut self) -> Result<(), FhirPathError> {
        loop {
            let rest = self.rest();
            let plain = rest.trim_start_matches([' ', '\t', '\r', '\n']);
            self.at += rest.len() - plain.len();
            if plain.starts_with("//") {
                self.at += plain.find('\n').unwrap_or(plain.len());
            } else if plain.starts_with("/*") {
                let Some(length) = plain.find("*/") else {
                    return Err(FhirPathError::syntax(self.at, "This comment is not closed."));
                };
                self.at += length + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn name(&mut self, hyphens: bool) -> String {
        let rest = self.rest();
        let inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || (hyphens && c == '-');
        let length = rest.find(|c| !inside(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default().to_owned()
    }

    fn variable(&mut self) -> Result<String, FhirPathError> {
        let rest = self.rest();
        match rest.chars().next() {
            Some(quote @ ('\'' | '`' | '"')) => self.quoted(quote),
            // R4 writes %vs-[name] and %ext-[name] without delimiters too.
            _ => Ok(self.name(rest.starts_with("vs-") || rest.starts_with("ext-"))),
        }
    }

    fn number(&mut self) -> String {
        let rest = self.rest();
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let mut length = digits(rest);
        // A point belongs to the number only before a digit: `1.toString()`.
        if let Some(fraction) = rest.get(length..).and_then(|after| after.strip_prefix('.')) {
            let places = digits(fraction);
            length += if places > 0 { places + 1 } else { 0 };
        }
        self.at += length;
        rest.get(..length).unwrap_or_default().to_owned()
    }

    fn temporal(&mut self) -> Result<Token, FhirPathError> {
        let start = self.at;
        self.at += 1;
        let rest = self.rest();
        let inside = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | '+' | 'T' | 'Z');
        let mut length = rest.find(|c| !inside(c)).unwrap_or(rest.len());
        // The longest that is a date or time: what follows may be a `.` or `-`.
        while length > 0 {
            let text = rest.get(..length).unwrap_or_default();
            let cut = |mark: char| {
                let after = rest.get(length..).and_then(|after| after.strip_prefix(mark));
                after.is_some_and(|after| after.starts_with(|c: char| c.is_ascii_digit()))
            };
            if Temporal::parse(text).is_some() {
                if cut('-') || cut(':') {
                    break;
                }
                self.at += length;
                return Ok(Token::Temporal(text.to_owned()));
            }
            length -= 1;
        }
        let text = "A date or time is written as @2015, @2015-02-04, @2015-02-04T14:34:28Z or \
                    @T14:30, and must be in the calendar.";
        Err(FhirPathError::syntax(start, text))
    }

    fn quoted(&mut self, quote: char) -> Result<String, FhirPathError> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        let mut characters = self.rest().char_indices();
        while let Some((at, character)) = characters.next() {
            if character == quote {
                self.at += at + 1;
                return Ok(out);
            }
            if character != '\\' {
                out.push(character);
                continue;
            }
            match characters.next() {
                Some((_, 'n')) => out.push('\n'),
                Some((_, 'r')) => out.push('\r'),
                Some((_, 't')) => out.push('\t'),
                Some((_, 'f')) => out.push('\u{c}'),
                Some((_, 'u')) => {
                    let digits: String = characters.by_ref().take(4).map(|(_, c)| c).collect();
                    let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                    let Some(code) = code.filter(|_| digits.len() == 4) else {
                        let text = "After \\u come four hexadecimal digits.";
                        return Err(FhirPathError::syntax(self.at + at, text));
                    };
                    out.push(code);
                }
                // `\'`, `\\`, `\/`; and R4's own expressions escape other
                // characters of a regular expression once too few, so that
                // the backslash is meant.
                Some((_, itself @ ('\'' | '"' | '`' | '\\' | '/'))) => out.push(itself),
                Some((_, other)) => {
                    out.push('\\');
                    out.push(other);
                }
                None => break,
            }
        }
        Err(FhirPathError::syntax(start, "This quotation is not closed."))
    }
}
