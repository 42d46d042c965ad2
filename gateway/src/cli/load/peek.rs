//! When a file's turn comes, from as few of its bytes as will tell: what
//! charts refer to must be there before them.

use std::io::{self, Read};

/// The order of loading. Files of one rank may go side by side, but for
/// batches, whose entries may meet what another batch just made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Bundles of type batch: registries of hospitals and practitioners.
    Batches,
    /// Anything else that begins with a resource of no person.
    Registries,
    /// Patients by themselves.
    People,
    /// All the rest.
    Charts,
}

/// The rank of a JSON text, or of the first line of several.
///
/// # Errors
/// When it cannot be read or unpacked.
pub fn rank(mut from: impl Read) -> io::Result<Rank> {
    let mut scan = Scan::default();
    let mut block = vec![0; 16 * 1024];
    while !scan.knows_enough() {
        let count = from.read(&mut block)?;
        if count == 0 {
            break;
        }
        for byte in block.iter().take(count) {
            scan.take(*byte);
            if scan.knows_enough() {
                break;
            }
        }
    }
    Ok(scan.rank())
}

/// Objects and arrays that are followed by name; what is deeper is passed.
const FOLLOWED_MAX: usize = 4;
/// Bytes of a string that are kept; no name or type is longer.
const KEPT_BYTES_MAX: usize = 64;

#[derive(Debug)]
enum Open {
    Object { name: String, at_name: bool },
    Array { index: usize },
}

/// Reads just enough of JSON's grammar to know where it is. It checks nothing:
/// whoever sends the text does.
#[derive(Debug, Default)]
struct Scan {
    open: Vec<Open>,
    deeper: usize,
    string: Option<Vec<u8>>,
    escaped: bool,
    over: bool,
    /// `resourceType` of the whole.
    kind: Option<String>,
    /// `Bundle.type`.
    bundle: Option<String>,
    /// `resourceType` of the first entry.
    first: Option<String>,
    past_first: bool,
}

impl Scan {
    fn take(&mut self, byte: u8) {
        if let Some(string) = &mut self.string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.end_string(),
                _ if string.len() < KEPT_BYTES_MAX => string.push(byte),
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.string = Some(Vec::new()),
            b'{' => self.begin(Open::Object { name: String::new(), at_name: true }),
            b'[' => self.begin(Open::Array { index: 0 }),
            b'}' | b']' => self.end(),
            b',' | b':' if self.deeper > 0 => {}
            b',' => match self.open.as_mut_slice() {
                [.., Open::Object { at_name, .. }] => *at_name = true,
                [Open::Object { name, .. }, Open::Array { index }] => {
                    *index += 1;
                    self.past_first |= name == "entry";
                }
                [.., Open::Array { index }] => *index += 1,
                [] => {}
            },
            b':' => {
                if let Some(Open::Object { at_name, .. }) = self.open.last_mut() {
                    *at_name = false;
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, open: Open) {
        if self.deeper > 0 || self.open.len() == FOLLOWED_MAX {
            self.deeper += 1;
        } else {
            self.open.push(open);
        }
    }

    fn end(&mut self) {
        if self.deeper > 0 {
            self.deeper -= 1;
        } else {
            self.open.pop();
            self.over |= self.open.is_empty();
        }
    }

    fn end_string(&mut self) {
        let kept = self.string.take().unwrap_or_default();
        if self.deeper > 0 {
            return;
        }
        let text = String::from_utf8_lossy(&kept).into_owned();
        if let Some(Open::Object { name, at_name: true }) = self.open.last_mut() {
            *name = text;
            return;
        }
        match self.open.as_slice() {
            [Open::Object { name, .. }] if name == "resourceType" => self.kind = Some(text),
            [Open::Object { name, .. }] if name == "type" => self.bundle = Some(text),
            [
                Open::Object { name: entry, .. },
                Open::Array { index: 0 },
                Open::Object { name: resource, .. },
                Open::Object { name, .. },
            ] if entry == "entry" && resource == "resource" && name == "resourceType" => {
                self.first = Some(text);
            }
            _ => {}
        }
    }

    fn knows_enough(&self) -> bool {
        let bundle = || {
            self.bundle.as_deref() == Some("batch")
                || (self.bundle.is_some() && (self.first.is_some() || self.past_first))
        };
        self.over || self.kind.as_deref().is_some_and(|kind| kind != "Bundle" || bundle())
    }

    fn rank(&self) -> Rank {
        let of = |kind: Option<&str>, person: Rank| match kind {
            Some("Patient") => person,
            Some(kind) if fhir::types::is_registry_type(kind) => Rank::Registries,
            _ => Rank::Charts,
        };
        match (self.kind.as_deref(), self.bundle.as_deref()) {
            (Some("Bundle"), Some("batch")) => Rank::Batches,
            (Some("Bundle"), _) => of(self.first.as_deref(), Rank::Charts),
            (kind, _) => of(kind, Rank::People),
        }
    }
}
