//! A search as its caller meant it: typed filters, order, and page.

mod link;
mod parse;
mod text;
mod wanted;

pub use parse::{ELSEWHERE, RESULT_PARAMETERS};

use super::cursor::Cursor;
use super::date::{DateRange, Prefix};
use super::error::SearchError;
use super::indexed::Slot;
use super::number::WantedNumber;
use super::order::Position;
use super::parameters::Parameter;

/// What a search depends on besides its text.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    /// Base addresses under which this record is known, without a slash at the
    /// end; references to them are local ones.
    pub own_bases: &'a [&'a str],
    /// The present (Unix time in milliseconds), for `ap` on dates.
    pub now_ms: i64,
    /// Page size when `_count` is absent.
    pub count_default: u32,
    /// Largest page size; a larger `_count` is lowered to it (R4 §3.1.1.5.3).
    pub count_max: u32,
}

/// A parsed search for one resource type.
#[derive(Clone, Debug)]
pub struct Query {
    pub(crate) resource_type: String,
    pub(crate) filters: Vec<Filter>,
    pub(crate) sort: Vec<SortKey>,
    pub(crate) count: u32,
    pub(crate) count_given: bool,
    pub(crate) count_only: bool,
    pub(crate) total: Total,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) own_bases: Vec<String>,
    pub(crate) now_ms: i64,
}

/// Whether the caller wants the total number of matches (`_total`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Total {
    /// Not said: give it when it costs nothing.
    #[default]
    Unsaid,
    /// `none`
    None,
    /// `estimate`
    Estimate,
    /// `accurate`
    Accurate,
}

/// One parameter of a search; a resource must pass every filter.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The parameter.
    pub parameter: Parameter,
    /// What stands after the colon.
    pub modifier: Modifier,
    /// Alternatives, one of which must match.
    pub wanted: Vec<Wanted>,
    /// Where a cell keeps the parameter; `None` when only the body knows.
    pub(crate) slot: Option<Slot>,
    /// What the filter reads.
    pub(crate) source: Source,
    /// The value in canonical text, for links.
    pub(crate) text: String,
}

/// Where the values of a filter or a sort key come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The resource itself.
    Content,
    /// Its id.
    Id,
    /// The instant of its version.
    LastUpdated,
}

impl Source {
    pub(crate) fn of(parameter: &Parameter) -> Self {
        match parameter.code {
            "_id" => Self::Id,
            "_lastUpdated" => Self::LastUpdated,
            _ => Self::Content,
        }
    }
}

/// A modifier (R4 §3.1.1.4.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Modifier {
    /// None given.
    Plain,
    /// `:missing`
    Missing,
    /// `:exact`, on strings.
    Exact,
    /// `:contains`, on strings.
    Contains,
    /// `:not`, on tokens.
    Not,
    /// A resource type, on references: `subject:Patient`.
    Type(String),
}

impl Modifier {
    /// The modifier as it is written, with its colon; empty for none.
    pub fn suffix(&self) -> String {
        match self {
            Self::Plain => String::new(),
            Self::Missing => ":missing".into(),
            Self::Exact => ":exact".into(),
            Self::Contains => ":contains".into(),
            Self::Not => ":not".into(),
            Self::Type(name) => format!(":{name}"),
        }
    }
}

/// The system part of a wanted token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WantedSystem {
    /// `code`: any system or none.
    Any,
    /// `|code`: no system.
    Absent,
    /// `system|code`
    Is(String),
}

/// One alternative of a filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// A token; without a code, every code of the system.
    Token {
        /// Its system.
        system: WantedSystem,
        /// Its code or value.
        code: Option<String>,
    },
    /// Text, as written and folded without spaces.
    Text {
        /// As written.
        raw: String,
        /// Folded, without spaces.
        squashed: String,
    },
    /// A date.
    Date {
        /// How to compare.
        prefix: Prefix,
        /// The range that the text stands for.
        range: DateRange,
    },
    /// A reference; `base` is `None` for this record.
    Reference {
        /// Another server, or `urn:uuid:`, or the whole text when no id is in it.
        base: Option<String>,
        /// The resource type, unless any will do.
        kind: Option<String>,
        /// The logical id.
        id: Option<String>,
    },
    /// A URI.
    Uri(String),
    /// A number or quantity.
    Number {
        /// How to compare.
        prefix: Prefix,
        /// The number and its precision.
        number: WantedNumber,
        /// The system of the unit.
        system: Option<String>,
        /// The unit's code, or its text when no system is given.
        code: Option<String>,
    },
    /// For `:missing`: whether there must be no value.
    Missing(bool),
}

/// One key of the order of results.
#[derive(Clone, Debug, PartialEq)]
pub struct SortKey {
    /// The parameter whose value orders.
    pub parameter: Parameter,
    /// Largest first.
    pub descending: bool,
    pub(crate) slot: Option<Slot>,
    pub(crate) source: Source,
}

impl Query {
    /// Parses the query string of a search for `resource_type`, still
    /// percent-encoded, without its question mark.
    ///
    /// # Errors
    /// Names the parameter that is unknown, malformed, given twice where it may
    /// not be, or over a limit, and says what would be accepted.
    pub fn parse(
        resource_type: &str,
        query: &str,
        settings: &Settings<'_>,
    ) -> Result<Self, SearchError> {
        parse::parse(resource_type, query, settings)
    }

    /// The type searched for.
    pub fn resource_type(&self) -> &str {
        &self.resource_type
    }

    /// The filters, all of which a result passes.
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// The order asked for; without keys, results stand in order of their ids.
    pub fn sort(&self) -> &[SortKey] {
        &self.sort
    }

    /// Results on a page.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Only the number of matches is wanted (`_summary=count` or `_count=0`).
    pub fn count_only(&self) -> bool {
        self.count_only
    }

    /// Whether a total is wanted.
    pub fn total(&self) -> Total {
        self.total
    }

    /// Where the page begins, if it is not the first.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// The cursor of the page after a result at `position`, the last of this one.
    /// All pages of a search carry the instant of the first.
    pub fn cursor_after(&self, position: Position) -> Cursor {
        Cursor { snapshot_ms: self.now_ms, position }
    }

    /// Whether some filter or sort key is not kept in cells, so that every
    /// candidate's body must be read. When `false`, bodies are still read for
    /// results and for verdicts of *maybe*.
    pub fn needs_body(&self) -> bool {
        let inside =
            |source: Source, slot: &Option<Slot>| source != Source::Content || slot.is_some();
        !self.filters.iter().all(|filter| inside(filter.source, &filter.slot))
            || !self.sort.iter().all(|key| inside(key.source, &key.slot))
    }

    /// The people to whose charts the search is confined: the ids named by
    /// `patient` or `subject`, or by `_id` when people are searched. Empty when
    /// it is not confined.
    pub fn person(&self) -> Vec<&str> {
        self.filters.iter().find_map(|filter| self.people_of(filter)).unwrap_or_default()
    }

    fn people_of<'q>(&self, filter: &'q Filter) -> Option<Vec<&'q str>> {
        let is_person_id = self.resource_type == "Patient" && filter.parameter.code == "_id";
        let is_subject = matches!(filter.parameter.code, "patient" | "subject");
        if !is_person_id && !is_subject {
            return None;
        }
        if !matches!(filter.modifier, Modifier::Plain | Modifier::Type(_)) {
            return None;
        }
        let person = |wanted: &'q Wanted| match wanted {
            Wanted::Token { code: Some(id), .. } if is_person_id => Some(id.as_str()),
            Wanted::Reference { base: None, kind: Some(kind), id: Some(id) }
                if kind == "Patient" =>
            {
                Some(id.as_str())
            }
            _ => None,
        };
        let mut people: Vec<&str> = filter.wanted.iter().map(person).collect::<Option<_>>()?;
        people.sort_unstable();
        people.dedup();
        Some(people)
    }
}
