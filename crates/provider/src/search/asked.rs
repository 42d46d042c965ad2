//! What was asked: one search for each type, one order over all of them.

use crate::provider::Provider;
use chart::Environment;
use chart::table::Table;
use contracts::{Refusal, ResourceKey};
use fhir::search::{Chain, ChainLink, Query, Settings, Wanted, compartments, parameters};

/// A search of one type or of several.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// What orders the results and makes cursors.
    pub lead: Query,
    /// The search of each type, in the order of names.
    pub queries: Vec<Query>,
    /// Whether the types were not named, so that all are meant.
    pub every: bool,
}

impl Asked {
    /// The search of a type, when it is meant.
    pub fn of_type(&self, resource_type: &str) -> Option<&Query> {
        self.queries.iter().find(|query| query.resource_type() == resource_type)
    }

    /// The types searched; none when that is all of them.
    pub fn types(&self) -> Vec<&str> {
        match self.queries.len() {
            many if many > READ_ONE_BY_ONE => Vec::new(),
            _ => self.queries.iter().map(Query::resource_type).collect(),
        }
    }
}

/// With more types than so many, a home is read as a whole.
const READ_ONE_BY_ONE: usize = 8;

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// The search of one type, understood.
    pub(crate) fn understood(&self, resource_type: &str, query: &str) -> Result<Query, Refusal> {
        let bases = self.own_bases();
        let bases: Vec<&str> = bases.iter().map(String::as_str).collect();
        let query = Query::parse(resource_type, query, &settings(&bases, self.now_ms()))?;
        match unknown_value_set(&query) {
            // Its codes are not known, and a filter without them would find
            // nothing, whatever there is.
            Some((parameter, url)) => Err(Refusal::not_supported(format!(
                "The codes of the value set {url} are not known here: known are those of R4's \
                 required bindings. List the codes instead, separated by commas."
            ))
            .at(format!("http.{parameter}"))),
            None => Ok(query),
        }
    }

    /// The search of several types, of all when none is named, perhaps within a
    /// compartment.
    pub(crate) fn asked_for(
        &self,
        resource_types: &[String],
        query: &str,
        compartment: Option<&ResourceKey>,
    ) -> Result<Asked, Refusal> {
        if let [resource_type] = resource_types {
            let lead = confined(self.understood(resource_type, query)?, compartment)?;
            return Ok(Asked { queries: vec![lead.clone()], lead, every: false });
        }
        let lead = self.understood(parameters::ANY_RESOURCE, query)?;
        let named: Vec<String> = match lead.types() {
            Some(types) => types.into_iter().map(str::to_owned).collect(),
            None => resource_types.to_vec(),
        };
        let every = named.is_empty();
        let mut types: Vec<&str> = match (every, compartment) {
            (false, _) => named.iter().map(String::as_str).collect(),
            (true, Some(key)) => compartments::members(&key.resource_type).collect(),
            (true, None) => fhir::types::all().map(|kind| kind.name).collect(),
        };
        types.sort_unstable();
        types.dedup();
        let queries = types.into_iter().map(|name| {
            if !fhir::types::is_resource_type(name) {
                let text = format!("_type names no resource type of R4: {name}.");
                return Err(Refusal::invalid(text).at("_type"));
            }
            confined(lead.for_type(name), compartment)
        });
        Ok(Asked { queries: queries.collect::<Result<_, _>>()?, lead, every })
    }
}

/// A value set that a filter asks for, in the search or in its chains, and
/// whose codes nobody knows; with the filter's parameter.
fn unknown_value_set(query: &Query) -> Option<(&'static str, String)> {
    let inside = |chain: &Chain| match chain.link() {
        ChainLink::Forward { targets, .. } => targets.iter().find_map(unknown_value_set),
        ChainLink::Reverse { source, .. } => unknown_value_set(source),
    };
    let wanted = query.value_sets_wanted();
    let own = query.filters().iter().find_map(|filter| {
        filter.wanted.iter().find_map(|value| match value {
            Wanted::ValueSet(url) if wanted.contains(&url.as_str()) => {
                Some((filter.parameter.code, url.clone()))
            }
            _ => None,
        })
    });
    own.or_else(|| query.chains().iter().find_map(inside))
}

/// The search within a compartment.
pub(crate) fn confined(query: Query, compartment: Option<&ResourceKey>) -> Result<Query, Refusal> {
    match compartment {
        Some(key) => Ok(query.confined_to(&key.resource_type, &key.id)?),
        None => Ok(query),
    }
}

/// What searches depend on besides their text.
pub(crate) fn settings<'a>(bases: &'a [&'a str], now_ms: i64) -> Settings<'a> {
    Settings {
        own_bases: bases,
        now_ms,
        count_default: COUNT_DEFAULT,
        count_max: COUNT_MAX,
        // What is to be left out is left out before it comes here.
        lenient: false,
    }
}

/// Entries of a page, as the REST layer counts them, when the caller does not say.
const COUNT_DEFAULT: u32 = 50;
/// Entries of a page at most.
const COUNT_MAX: u32 = 1_000;
