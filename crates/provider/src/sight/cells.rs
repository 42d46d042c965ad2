//! What the cell of a resource tells a decision, by its search tokens.

use access::facts::{Code, Condition, Facts};
use fhir::search::{Query, Settings, Tokens, Verdict};
use std::cell::RefCell;
use std::collections::HashMap;

/// A type, a parameter of it, and the code that is looked for.
type Sought = (String, &'static str, Code);

/// Searches that stand for conditions, each understood once per pass; none where
/// the type has no such parameter.
#[derive(Default)]
pub(super) struct Asked(RefCell<HashMap<Sought, Option<Query>>>);

/// A cell.
pub(super) struct CellFacts<'c> {
    pub resource_type: &'c str,
    pub id: &'c str,
    pub last_updated_ms: i64,
    pub tokens: &'c Tokens,
    pub asked: &'c Asked,
}

impl CellFacts<'_> {
    fn judged(&self, query: &Query) -> Option<bool> {
        match query.matches(self.tokens, self.id, self.last_updated_ms) {
            Verdict::Yes => Some(true),
            Verdict::No => Some(false),
            Verdict::Maybe => None,
        }
    }

    /// By a token parameter of the type; the body knows where it has none.
    fn by(&self, parameter: &'static str, code: &Code) -> Option<bool> {
        let key = (self.resource_type.to_owned(), parameter, code.clone());
        let mut asked = self.asked.0.borrow_mut();
        let query = asked.entry(key).or_insert_with(|| {
            let wanted = format!("{parameter}={}|{}", coded(&code.system), coded(&code.code));
            Query::parse(self.resource_type, &wanted, &SETTINGS).ok()
        });
        query.as_ref().and_then(|query| self.judged(query))
    }
}

impl Facts for CellFacts<'_> {
    fn resource_type(&self) -> &str {
        self.resource_type
    }

    fn id(&self) -> &str {
        self.id
    }

    fn holds(&self, condition: &Condition<'_>) -> Option<bool> {
        match condition {
            Condition::Label(code) => self.by("_security", code),
            // A parameter may be narrower than the element: only its yes counts.
            Condition::Category(code) => self.by("category", code).filter(|holds| *holds),
            Condition::Search(query) if query.resource_type() == self.resource_type => {
                self.judged(query)
            }
            Condition::Search(_) => Some(false),
            Condition::Code(_) | Condition::DataPeriod { .. } | Condition::ReleasedBy(_) => None,
        }
    }
}

const SETTINGS: Settings<'static> =
    Settings { own_bases: &[], now_ms: 0, count_default: 1, count_max: 1, lenient: false };

/// A system or code within the value of a search parameter: percent-encoded,
/// and what separates values escaped (R4 §3.1.1.4.0.1).
fn coded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len() + 16), |mut out, byte| {
        if matches!(byte, b'|' | b',' | b'$' | b'\\') {
            out.push_str("%5C");
        }
        let _ = write!(out, "%{byte:02X}");
        out
    })
}
