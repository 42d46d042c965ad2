//! What is sent: one Bundle each, under a key that is its content.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use fhir::json::{Document, Value, quoted};
use fhir::limits::JsonLimits;
use sha2::{Digest, Sha256};

use super::limits::{COLLECTION_ENTRIES_MAX, LINES_BYTES, LINES_PER_BATCH};

/// What stands for the type of an item whose type cannot be told.
pub const NO_TYPE: &str = "(no type)";

/// What an entry asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// POST, with `ifNoneExist` or without.
    Create,
    /// PUT
    Update,
    /// Everything else.
    Other,
}

/// One entry of a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// Resource type, or [`NO_TYPE`].
    pub kind: &'static str,
    /// What it asks for.
    pub verb: Verb,
    /// Where it is in its file.
    pub place: Place,
}

/// Where an item is in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The file as one item.
    Whole,
    /// A line, from 1.
    Line(u64),
    /// An entry of the file's Bundle, from 0.
    Entry(u64),
    /// An entry of the Bundle on a line.
    EntryOfLine(u64, u64),
}

impl Place {
    fn entry(self, index: usize) -> Self {
        match self {
            Self::Line(line) => Self::EntryOfLine(line, index as u64),
            _ => Self::Entry(index as u64),
        }
    }
}

/// A Bundle to send.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// The file that it comes from, or what stands for one.
    pub file: Arc<str>,
    /// The text of a Bundle of type batch or transaction.
    pub body: Bytes,
    /// SHA-256 of the body.
    pub hash: [u8; 32],
    /// Whether it is taken whole or not at all.
    pub whole: bool,
    /// Its entries, in their order.
    pub items: Vec<Item>,
    /// Its part of the work, in the unit of the progress.
    pub weight: u64,
}

impl Parcel {
    /// `Idempotency-Key`: kept for ever by the doors, because it is the
    /// content.
    pub fn key(&self) -> String {
        format!("sha-256={}", crate::engine::hexadecimal(&self.hash))
    }

    fn new(file: &Arc<str>, body: String, whole: bool, items: Vec<Item>) -> Self {
        let hash = Sha256::digest(body.as_bytes()).into();
        let body = Bytes::from(body);
        Self { file: Arc::clone(file), body, hash, whole, items, weight: 0 }
    }
}

/// An item that is not sent, because it cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The file that it comes from.
    pub file: Arc<str>,
    /// Where in it.
    pub place: Place,
    /// Its resource type, or [`NO_TYPE`].
    pub kind: &'static str,
    /// What is wrong and what to do; never a value of the item.
    pub reason: String,
}

/// What reading a file gives.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Something to send.
    Parcel(Parcel),
    /// Something that cannot be sent.
    Unfit(Unfit),
    /// Work done without anything to send, in the unit of the progress.
    Passed(u64),
}

/// Turns JSON texts into parcels.
pub struct Sorting {
    file: Arc<str>,
    group: Group,
}

#[derive(Default)]
struct Group {
    entries: String,
    items: Vec<Item>,
}

impl Sorting {
    /// For the texts of one file.
    pub fn new(file: Arc<str>) -> Self {
        Self { file, group: Group::default() }
    }

    /// Takes one text: a Bundle to send as it is or taken apart, or a resource,
    /// which is kept until there are enough or [`Sorting::rest`] is asked for.
    pub fn take(&mut self, text: Vec<u8>, place: Place, into: &mut Vec<Piece>) {
        let document = match Document::parse_bytes(text, &JsonLimits::default()) {
            Ok(document) => document,
            Err(error) => return into.push(self.unfit(place, NO_TYPE, error.to_string())),
        };
        let root = document.root();
        let Some(kind) = kind_of(root) else {
            let reason = "There is no resourceType of FHIR R4 in it: give a resource or a Bundle.";
            return into.push(self.unfit(place, NO_TYPE, reason.to_owned()));
        };
        if kind != "Bundle" {
            if !self.group.has_room_for(root.raw().len()) {
                self.rest(into);
            }
            self.group.add(None, root, kind, place);
            if self.group.items.len() >= LINES_PER_BATCH {
                self.rest(into);
            }
            return;
        }
        match root.get("type").and_then(Value::as_str).as_deref() {
            Some(named @ ("batch" | "transaction")) => {
                let whole = named == "transaction";
                let items = root.each("entry").enumerate();
                let items = items.map(|(index, entry)| item(entry, place.entry(index))).collect();
                into.push(Piece::Parcel(Parcel::new(
                    &self.file,
                    document.into_text(),
                    whole,
                    items,
                )));
            }
            Some("collection" | "searchset") => self.apart(root, place, into),
            _ => {
                let reason = "Bundles of type batch, transaction, collection and searchset are \
                              loaded; this one has another type.";
                into.push(self.unfit(place, kind, reason.to_owned()));
            }
        }
    }

    /// What is kept, as a batch.
    pub fn rest(&mut self, into: &mut Vec<Piece>) {
        let Group { entries, items } = std::mem::take(&mut self.group);
        if !items.is_empty() {
            into.push(Piece::Parcel(bundle(&self.file, "batch", &entries, items)));
        }
    }

    /// An item that cannot be sent.
    pub fn unfit(&self, place: Place, kind: &'static str, reason: String) -> Piece {
        Piece::Unfit(Unfit { file: Arc::clone(&self.file), place, kind, reason })
    }

    /// A collection as transactions, so that its entries may refer to each
    /// other.
    fn apart(&self, bundle_root: Value<'_>, place: Place, into: &mut Vec<Piece>) {
        let mut group = Group::default();
        let flush = |group: &mut Group, into: &mut Vec<Piece>| {
            let Group { entries, items } = std::mem::take(group);
            if !items.is_empty() {
                into.push(Piece::Parcel(bundle(&self.file, "transaction", &entries, items)));
            }
        };
        for (index, entry) in bundle_root.each("entry").enumerate() {
            let place = place.entry(index);
            let Some(resource) = entry.get("resource") else {
                let reason = "The entry holds no resource.".to_owned();
                into.push(self.unfit(place, NO_TYPE, reason));
                continue;
            };
            let kind = kind_of(resource);
            let Some(kind) = kind.filter(|kind| *kind != "OperationOutcome") else {
                let reason = "The entry's resource is none that a record holds.".to_owned();
                into.push(self.unfit(place, kind.unwrap_or(NO_TYPE), reason));
                continue;
            };
            group.add(entry.get("fullUrl"), resource, kind, place);
            if group.items.len() == COLLECTION_ENTRIES_MAX {
                flush(&mut group, into);
            }
        }
        flush(&mut group, into);
    }
}

impl Group {
    fn has_room_for(&self, bytes: usize) -> bool {
        self.items.is_empty() || self.entries.len() + bytes <= LINES_BYTES
    }

    /// An entry that puts the resource where its id says, or creates it when it
    /// has none. Its text stays as it is.
    fn add(
        &mut self,
        full_url: Option<Value<'_>>,
        resource: Value<'_>,
        kind: &'static str,
        place: Place,
    ) {
        let id = resource.get("id").and_then(Value::as_str);
        let (verb, method, url) = match &id {
            Some(id) => (Verb::Update, "PUT", Cow::Owned(format!("{kind}/{id}"))),
            None => (Verb::Create, "POST", Cow::Borrowed(kind)),
        };
        let entries = &mut self.entries;
        if !self.items.is_empty() {
            entries.push(',');
        }
        entries.push('{');
        if let Some(full_url) = full_url {
            entries.push_str("\"fullUrl\":");
            entries.push_str(full_url.raw());
            entries.push(',');
        }
        entries.push_str("\"resource\":");
        entries.push_str(resource.raw());
        entries.push_str(",\"request\":{\"method\":\"");
        entries.push_str(method);
        entries.push_str("\",\"url\":");
        entries.push_str(&quoted(&url));
        entries.push_str("}}");
        self.items.push(Item { kind, verb, place });
    }
}

fn bundle(file: &Arc<str>, named: &str, entries: &str, items: Vec<Item>) -> Parcel {
    let body =
        format!("{{\"resourceType\":\"Bundle\",\"type\":\"{named}\",\"entry\":[{entries}]}}");
    Parcel::new(file, body, named == "transaction", items)
}

/// The type of a resource, when it is one of R4.
fn kind_of(resource: Value<'_>) -> Option<&'static str> {
    let named = resource.get("resourceType")?.as_str()?;
    fhir::types::named(&named).map(|known| known.name)
}

fn item(entry: Value<'_>, place: Place) -> Item {
    let request = entry.get("request");
    let said = |name: &str| request.and_then(|request| request.get(name)?.as_str());
    let verb = match said("method").as_deref() {
        Some("POST") => Verb::Create,
        Some("PUT") => Verb::Update,
        _ => Verb::Other,
    };
    let kind = entry.get("resource").and_then(kind_of).or_else(|| {
        let url = said("url")?;
        let named = url.trim_start_matches('/').split(['/', '?']).next()?;
        fhir::types::named(named).map(|known| known.name)
    });
    Item { kind: kind.unwrap_or(NO_TYPE), verb, place }
}
