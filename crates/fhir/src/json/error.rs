//! Why a text is not JSON as Dossier takes it.

/// What kind of fault it is; decides the HTTP status (in [`crate::outcome`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonErrorKind {
    /// Not RFC 8259.
    Syntax,
    /// Not UTF-8, or begins with a byte order mark.
    Encoding,
    /// A member name occurs twice in one object.
    DuplicateKey,
    /// More open objects and arrays than `depth_max`.
    TooDeep,
    /// More nodes than `nodes_max`.
    TooMany,
    /// More bytes than `text_bytes_max`.
    TooLarge,
}

/// Why a text is refused, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// What kind of fault.
    pub kind: JsonErrorKind,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Bytes before the fault.
    pub offset: usize,
    /// The element where it is, as FHIRPath (`Patient.name[0].family`); empty
    /// at the root.
    pub path: String,
    /// A sentence that says what is wrong and what to do. It may quote a
    /// member name but never a value.
    pub message: String,
}

impl std::fmt::Display for JsonError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, ", at {}", self.path)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for JsonError {}

/// A fault while the text is being read; its place is worked out afterwards.
#[derive(Debug)]
pub(super) struct Fault {
    pub kind: JsonErrorKind,
    pub offset: usize,
    pub message: String,
}

impl Fault {
    pub(super) fn syntax(offset: usize, message: impl Into<String>) -> Self {
        Self { kind: JsonErrorKind::Syntax, offset, message: message.into() }
    }

    pub(super) fn into_error(self, text: &str, path: String) -> JsonError {
        let (line, column) = locate(text.as_bytes(), self.offset);
        let Self { kind, offset, message } = self;
        JsonError { kind, line, column, offset, path, message }
    }
}

/// Line and column (characters, both from 1) of a byte.
pub(super) fn locate(bytes: &[u8], offset: usize) -> (usize, usize) {
    let before = bytes.get(..offset).unwrap_or(bytes);
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let in_line = before.get(line_start..).unwrap_or_default();
    // UTF-8 continuation bytes do not begin a character.
    let column = 1 + in_line.iter().filter(|byte| (**byte & 0xC0) != 0x80).count();
    (line, column)
}
