//! Writing JSON text.

use super::strings::quote_into;

/// Builds a compact JSON text. Commas are its own business; that names and
/// values alternate in objects is the caller's.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    out: String,
    follows: bool,
}

impl Writer {
    /// An empty text.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty text with room for `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { out: String::with_capacity(bytes), follows: false }
    }

    /// The text.
    pub fn finish(self) -> String {
        self.out
    }

    fn separate(&mut self) {
        if self.follows {
            self.out.push(',');
        }
        self.follows = true;
    }

    fn open(&mut self, bracket: char) -> &mut Self {
        self.separate();
        self.out.push(bracket);
        self.follows = false;
        self
    }

    fn close(&mut self, bracket: char) -> &mut Self {
        self.out.push(bracket);
        self.follows = true;
        self
    }

    /// `{`
    pub fn begin_object(&mut self) -> &mut Self {
        self.open('{')
    }

    /// `}`
    pub fn end_object(&mut self) -> &mut Self {
        self.close('}')
    }

    /// `[`
    pub fn begin_array(&mut self) -> &mut Self {
        self.open('[')
    }

    /// `]`
    pub fn end_array(&mut self) -> &mut Self {
        self.close(']')
    }

    /// A member's name; its value comes next.
    pub fn key(&mut self, name: &str) -> &mut Self {
        self.separate();
        quote_into(&mut self.out, name);
        self.out.push(':');
        self.follows = false;
        self
    }

    /// A string.
    pub fn string(&mut self, text: &str) -> &mut Self {
        self.separate();
        quote_into(&mut self.out, text);
        self
    }

    /// A number by its text, written as it is given.
    pub fn number(&mut self, text: &str) -> &mut Self {
        self.raw(text)
    }

    /// An integer.
    pub fn integer(&mut self, number: i64) -> &mut Self {
        self.raw(&number.to_string())
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.raw(if value { "true" } else { "false" })
    }

    /// `null`
    pub fn null(&mut self) -> &mut Self {
        self.raw("null")
    }

    /// A value that is JSON text already.
    pub fn raw(&mut self, text: &str) -> &mut Self {
        self.separate();
        self.out.push_str(text);
        self
    }

    /// A member whose value is a string.
    pub fn field(&mut self, name: &str, text: &str) -> &mut Self {
        self.key(name).string(text)
    }

    /// A member whose value is JSON text already.
    pub fn field_raw(&mut self, name: &str, text: &str) -> &mut Self {
        self.key(name).raw(text)
    }
}
