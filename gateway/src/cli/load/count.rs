//! The reconciliation: what was read against what became of it.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::limits::REFUSALS_TOLD_MAX;
use super::parcel::{Parcel, Place, Unfit};

/// What became of one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is new.
    Created,
    /// It is a new version of what was there, or took it away.
    Updated,
    /// It was there before this load.
    There,
    /// It was not taken.
    Refused {
        /// HTTP status; nothing when no answer came.
        status: Option<u16>,
        /// What the door said.
        reason: String,
    },
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Read from the files, counted when they were read.
    pub read: u64,
    /// See [`Fate::Created`]; this and the following are counted when answers came.
    pub created: u64,
    /// See [`Fate::Updated`].
    pub updated: u64,
    /// See [`Fate::There`].
    pub there: u64,
    /// See [`Fate::Refused`].
    pub refused: u64,
}

impl Counts {
    /// Whether everything that was read has exactly one fate.
    pub fn balance(self) -> bool {
        self.read == self.created + self.updated + self.there + self.refused
    }

    fn columns(self) -> [u64; 5] {
        [self.read, self.created, self.updated, self.there, self.refused]
    }

    fn add(&mut self, other: Self) {
        self.read += other.read;
        self.created += other.created;
        self.updated += other.updated;
        self.there += other.there;
        self.refused += other.refused;
    }
}

/// One or several items that were not taken for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// File, or what stands for one.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// How many items.
    pub items: u64,
    /// HTTP status; nothing when no answer came, or none was asked for.
    pub status: Option<u16>,
    /// Why.
    pub reason: String,
}

/// The reconciliation of a load.
#[derive(Clone, Debug, Default)]
pub struct Reconciliation {
    kinds: BTreeMap<&'static str, Counts>,
    refusals: Vec<Refusal>,
}

impl Reconciliation {
    /// A parcel was read.
    pub fn read(&mut self, parcel: &Parcel) {
        for item in &parcel.items {
            self.kinds.entry(item.kind).or_default().read += 1;
        }
    }

    /// An item was read that cannot be sent.
    pub fn unfit(&mut self, unfit: &Unfit) {
        let counts = self.kinds.entry(unfit.kind).or_default();
        counts.read += 1;
        counts.refused += 1;
        self.tell(Refusal {
            file: unfit.file.to_string(),
            place: unfit.place,
            items: 1,
            status: None,
            reason: unfit.reason.clone(),
        });
    }

    /// What became of a parcel's items, in their order.
    pub fn settled(&mut self, parcel: &Parcel, fates: &[Fate]) {
        for (item, fate) in parcel.items.iter().zip(fates) {
            let counts = self.kinds.entry(item.kind).or_default();
            match fate {
                Fate::Created => counts.created += 1,
                Fate::Updated => counts.updated += 1,
                Fate::There => counts.there += 1,
                Fate::Refused { .. } => counts.refused += 1,
            }
        }
        let mut told: Option<Refusal> = None;
        for (item, fate) in parcel.items.iter().zip(fates) {
            let Fate::Refused { status, reason } = fate else { continue };
            match &mut told {
                // A transaction is refused whole, so its reason is told once.
                Some(before) if parcel.whole && before.reason == *reason => before.items += 1,
                _ => {
                    told.take().into_iter().for_each(|before| self.tell(before));
                    told = Some(Refusal {
                        file: parcel.file.to_string(),
                        place: if parcel.whole { Place::Whole } else { item.place },
                        items: 1,
                        status: *status,
                        reason: reason.clone(),
                    });
                }
            }
        }
        told.into_iter().for_each(|last| self.tell(last));
    }

    fn tell(&mut self, refusal: Refusal) {
        if self.refusals.len() < REFUSALS_TOLD_MAX {
            self.refusals.push(refusal);
        }
    }

    /// All types together.
    pub fn total(&self) -> Counts {
        let mut total = Counts::default();
        self.kinds.values().for_each(|counts| total.add(*counts));
        total
    }

    /// Of one type.
    #[cfg(test)]
    pub fn of(&self, kind: &str) -> Counts {
        self.kinds.get(kind).copied().unwrap_or_default()
    }

    /// The refusals that are told one by one.
    #[cfg(test)]
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// Whether it adds up, in each type.
    pub fn balances(&self) -> bool {
        self.kinds.values().all(|counts| counts.balance())
    }

    /// 0 when all is in the record, 1 when anything was refused, 2 when the
    /// counts do not add up.
    pub fn exit_code(&self) -> i32 {
        match (self.balances(), self.total().refused) {
            (false, _) => 2,
            (true, 0) => 0,
            (true, _) => 1,
        }
    }

    /// A table for people. Its last line holds the totals, as a sum.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let heads = ["read", "created", "updated", "already there", "refused"];
        let wide = self.kinds.keys().map(|kind| kind.len()).max().unwrap_or(0).max(8);
        // Writing to a String cannot fail.
        let mut row = |first: &str, cells: [String; 5]| {
            let [read, created, updated, there, refused] = cells;
            let _ = writeln!(
                text,
                "{first:wide$} {read:>10} {created:>10} {updated:>10} {there:>14} {refused:>10}"
            );
        };
        row("", heads.map(str::to_owned));
        for (kind, counts) in &self.kinds {
            row(kind, counts.columns().map(grouped));
        }
        let total = self.total();
        row("in all", total.columns().map(grouped));
        text.push_str(&self.told());
        let [read, created, updated, there, refused] = total.columns().map(grouped);
        let verdict = if self.balances() { "Balanced" } else { "NOT BALANCED" };
        let equals = if total.balance() { "=" } else { "is not" };
        let _ = writeln!(
            text,
            "{verdict}: {created} created + {updated} updated + {there} already there + \
             {refused} refused {equals} {read} read"
        );
        text
    }

    fn told(&self) -> String {
        let mut text = String::new();
        for refusal in &self.refusals {
            let status = refusal.status.map(|status| format!(" status {status}:"));
            let place = match refusal.place {
                Place::Whole => String::new(),
                Place::Line(line) => format!(", line {line}"),
                Place::Entry(entry) => format!(", entry[{entry}]"),
                Place::EntryOfLine(line, entry) => format!(", line {line}, entry[{entry}]"),
            };
            let many = if refusal.items > 1 {
                format!(" ({} items)", refusal.items)
            } else {
                String::new()
            };
            let _ = writeln!(
                text,
                "Refused: {}{place}{many}:{} {}",
                refusal.file,
                status.unwrap_or_default(),
                refusal.reason
            );
        }
        let told: u64 = self.refusals.iter().map(|refusal| refusal.items).sum();
        let more = self.total().refused.saturating_sub(told);
        if more > 0 {
            let _ = writeln!(text, "Refused: and {} more, not listed.", grouped(more));
        }
        text
    }

    /// The same for machines.
    pub fn json(&self) -> serde_json::Value {
        let counts = |counts: Counts| {
            serde_json::json!({
                "read": counts.read, "created": counts.created, "updated": counts.updated,
                "already_there": counts.there, "refused": counts.refused,
            })
        };
        let types: serde_json::Map<String, serde_json::Value> =
            self.kinds.iter().map(|(kind, held)| ((*kind).to_owned(), counts(*held))).collect();
        let refusals: Vec<serde_json::Value> = self
            .refusals
            .iter()
            .map(|refusal| {
                let (line, entry) = match refusal.place {
                    Place::Whole => (None, None),
                    Place::Line(line) => (Some(line), None),
                    Place::Entry(entry) => (None, Some(entry)),
                    Place::EntryOfLine(line, entry) => (Some(line), Some(entry)),
                };
                serde_json::json!({
                    "file": refusal.file, "line": line, "entry": entry, "items": refusal.items,
                    "status": refusal.status, "reason": refusal.reason,
                })
            })
            .collect();
        serde_json::json!({
            "balanced": self.balances(), "total": counts(self.total()), "types": types,
            "refusals": refusals,
        })
    }
}

/// Digits in groups of three.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
