//! A search as its caller meant it: typed filters, order, and page.

mod bound;
mod chain;
mod filter;
mod include;
mod link;
mod parse;
mod results;
mod text;
mod value_sets;
mod wanted;

pub use chain::{Chain, ChainLink};
pub use filter::{Filter, Modifier, Wanted, WantedSystem};
pub use include::Include;
pub use parse::ELSEWHERE;
pub use results::{RESULT_PARAMETERS, Summary};

pub(crate) use filter::{Narrowing, Source};
pub(crate) use value_sets::Codes;

use std::sync::Arc;

use super::compartments;
use super::cursor::Cursor;
use super::error::SearchError;
use super::indexed::{self, Slot};
use super::order::Position;
use super::parameters::{self, Parameter};

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
    /// `Prefer: handling=lenient` (R4 §3.1.1.3): what is unknown or unsupported
    /// is left out and told by [`Query::ignored`], instead of refused. What is
    /// malformed is refused all the same.
    pub lenient: bool,
}

/// A parsed search for one resource type.
#[derive(Clone, Debug)]
pub struct Query {
    pub(crate) resource_type: Arc<str>,
    pub(crate) filters: Vec<Filter>,
    pub(crate) chains: Vec<Chain>,
    pub(crate) confined: Option<Confined>,
    pub(crate) value_sets: Vec<(String, Option<Codes>)>,
    pub(crate) sort: Vec<SortKey>,
    pub(crate) count: u32,
    pub(crate) count_given: bool,
    pub(crate) summary: Summary,
    pub(crate) elements: Vec<String>,
    pub(crate) includes: Vec<Include>,
    pub(crate) total: Total,
    pub(crate) cursor: Option<Cursor>,
    pub(crate) ignored: Vec<SearchError>,
    pub(crate) own_bases: Vec<String>,
    pub(crate) now_ms: i64,
}

/// The compartment that results are in.
#[derive(Clone, Debug)]
pub(crate) struct Confined {
    pub compartment: String,
    pub id: String,
    pub parameters: Vec<(Parameter, Option<Slot>)>,
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

    /// A search for the resources of `source_type` that refer by a parameter to
    /// one of `refs` (type and id each): what `_revinclude` looks for.
    ///
    /// # Errors
    /// When the type has no such reference parameter.
    pub fn referring(
        source_type: &str,
        parameter_code: &str,
        refs: &[(String, String)],
        settings: &Settings<'_>,
    ) -> Result<Self, SearchError> {
        let mut query = parse::empty(source_type, settings);
        query.chains.push(chain::referring(source_type, parameter_code, refs)?);
        Ok(query)
    }

    /// The same search among the resources of one compartment (R4 §2.28): those
    /// that refer to `compartment`/`id` by one of the parameters that its
    /// definition names, and the resource itself. Links do not tell it; the
    /// path of a compartment search does.
    ///
    /// # Errors
    /// When the type is never in such a compartment.
    pub fn confined_to(mut self, compartment: &str, id: &str) -> Result<Self, SearchError> {
        let codes = compartments::parameters(compartment, &self.resource_type);
        let codes = codes.ok_or_else(|| {
            let text = format!(
                "{} is never in the compartment of a {compartment}. Search the type itself.",
                self.resource_type
            );
            SearchError::unsupported("", text)
        })?;
        let found = codes.into_iter().filter_map(|code| {
            let parameter = parameters::find(&self.resource_type, code)?;
            Some((parameter, indexed::slot(&self.resource_type, &parameter)))
        });
        self.confined = Some(Confined {
            compartment: compartment.to_owned(),
            id: id.to_owned(),
            parameters: found.collect(),
        });
        Ok(self)
    }

    /// A search of every type, parsed for the type `Resource`, as a search of
    /// one type. Positions compare across all of them, and cursors are those of
    /// the search of every type.
    pub fn for_type(&self, resource_type: &str) -> Self {
        Self { resource_type: resource_type.into(), ..self.clone() }
    }

    /// The types that `_type` asks for; `None` when it does not.
    pub fn types(&self) -> Option<Vec<&str>> {
        let asked = self.filters.iter().find(|filter| filter.source == Source::Type)?;
        let name = |wanted| match wanted {
            &Wanted::Token { code: Some(ref name), .. } => Some(name.as_str()),
            _ => None,
        };
        Some(asked.wanted.iter().filter_map(name).collect())
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
        self.summary == Summary::Count || (self.count_given && self.count == 0)
    }

    /// How much of each result is wanted.
    pub fn summary(&self) -> Summary {
        self.summary
    }

    /// The elements that results are cut down to; empty for whole resources.
    pub fn elements(&self) -> &[String] {
        &self.elements
    }

    /// What else is wanted beside the matches, in the order asked for.
    pub fn includes(&self) -> &[Include] {
        &self.includes
    }

    /// What was left out because handling is lenient.
    pub fn ignored(&self) -> &[SearchError] {
        &self.ignored
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
        let confined = self.confined.iter().flat_map(|confined| &confined.parameters);
        !self.filters.iter().all(|filter| inside(filter.source, &filter.slot))
            || !self.chains.iter().all(Chain::is_in_cells)
            || confined.into_iter().any(|(_, slot)| slot.is_none())
            || !self.sort.iter().all(|key| inside(key.source, &key.slot))
    }

    /// The people to whose charts the search is confined: the ids named by
    /// `patient` or `subject`, or by `_id` when people are searched, or those to
    /// whom a chain by `patient` or `subject` was settled. Empty when it is not
    /// confined.
    pub fn person(&self) -> Vec<&str> {
        let named = self.filters.iter().find_map(|filter| self.people_of(filter));
        named.or_else(|| self.chains.iter().find_map(Chain::people)).unwrap_or_default()
    }

    fn people_of<'q>(&self, filter: &'q Filter) -> Option<Vec<&'q str>> {
        let is_person_id = &*self.resource_type == "Patient" && filter.parameter.code == "_id";
        let is_subject = matches!(filter.parameter.code, "patient" | "subject");
        if !is_person_id && !is_subject {
            return None;
        }
        if !matches!(filter.modifier, Modifier::Plain | Modifier::Type(_)) {
            return None;
        }
        let person = |wanted: &'q Wanted| match wanted {
            Wanted::Token { code: Some(id), .. } if is_person_id => Some(id.as_str()),
            Wanted::Reference { base: None, kind: Some(kind), id: Some(id), .. }
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
