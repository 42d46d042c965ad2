//! Filters on other resources (R4 §3.1.1.4.5 chaining, §3.1.1.4.6 `_has`).
//!
//! A chain is a search within a search. Whoever runs searches runs the inner
//! ones and gives back whom they found; then the chain is judged like a filter.
//! Until then it lets nothing pass.

use std::collections::{BTreeMap, HashSet};

use super::super::error::SearchError;
use super::super::indexed::{self, Slot};
use super::super::limits::CHAIN_DEPTH_MAX;
use super::super::parameters::{self, Parameter, ParameterKind};
use super::parse::Parser;
use super::{Query, Source};
use crate::search::error::SearchFault;
use crate::types::is_resource_type;

/// One filter on other resources.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The parameter as the caller wrote it.
    pub(crate) name: String,
    /// Its value as it came.
    pub(crate) text: String,
    pub(crate) link: ChainLink,
    pub(crate) slot: Option<Slot>,
    pub(crate) settled: Option<Ids>,
}

/// How the other resources hang together with those searched for.
#[derive(Clone, Debug)]
pub enum ChainLink {
    /// `subject:Patient.name=x`: a result refers by `parameter` to a match of
    /// one of the searches.
    Forward {
        /// The reference parameter of the type searched for.
        parameter: Parameter,
        /// One search for each type that is meant and knows what is asked.
        targets: Vec<Query>,
    },
    /// `_has:Observation:patient:code=x`: a match of the search refers by
    /// `parameter` to a result.
    Reverse {
        /// The reference parameter of the type that the search is for.
        parameter: Parameter,
        /// The search on that type.
        source: Box<Query>,
    },
}

/// Resources by type and id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ids(BTreeMap<String, HashSet<String>>);

impl Ids {
    pub(crate) fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut ids = Self::default();
        for (kind, id) in pairs {
            ids.0.entry(kind).or_default().insert(id);
        }
        ids
    }

    pub(crate) fn holds(&self, kind: &str, id: &str) -> bool {
        self.0.get(kind).is_some_and(|ids| ids.contains(id))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Chain {
    /// The parameter as the caller wrote it, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The searches to run, and how their matches count.
    pub fn link(&self) -> &ChainLink {
        &self.link
    }

    /// Whether its searches were run.
    pub fn is_settled(&self) -> bool {
        self.settled.is_some()
    }

    /// Whom it was settled with, by type and id; `None` before.
    pub fn settled(&self) -> Option<impl Iterator<Item = (&str, &str)>> {
        let ids = self.settled.as_ref()?;
        Some(ids.0.iter().flat_map(|(kind, ids)| ids.iter().map(|id| (kind.as_str(), id.as_str()))))
    }

    pub(crate) fn is_in_cells(&self) -> bool {
        matches!(self.link, ChainLink::Reverse { .. }) || self.slot.is_some()
    }

    /// The people that results are about, when the chain confines them.
    pub(crate) fn people(&self) -> Option<Vec<&str>> {
        let ChainLink::Forward { parameter, .. } = &self.link else { return None };
        let settled = self.settled.as_ref()?;
        let only = settled.0.len() == 1 && matches!(parameter.code, "patient" | "subject");
        let ids = settled.0.get("Patient").filter(|_| only)?;
        let mut people: Vec<&str> = ids.iter().map(String::as_str).collect();
        people.sort_unstable();
        Some(people)
    }
}

impl Query {
    /// The filters on other resources. Each is settled with
    /// [`Query::settle_chain`] before anything is judged.
    pub fn chains(&self) -> &[Chain] {
        &self.chains
    }

    /// Gives a chain what its searches found, by type and id: for
    /// [`ChainLink::Forward`] the matches themselves, for
    /// [`ChainLink::Reverse`] the resources that the matches refer to by its
    /// parameter (see [`crate::search::references_of`]). A number that no chain
    /// has changes nothing.
    pub fn settle_chain(&mut self, index: usize, ids: HashSet<(String, String)>) {
        if let Some(chain) = self.chains.get_mut(index) {
            chain.settled = Some(Ids::new(ids));
        }
    }

    /// Whether it is already certain that nothing matches: a chain was settled
    /// with nobody.
    pub fn matches_nothing(&self) -> bool {
        self.chains.iter().any(|chain| chain.settled.as_ref().is_some_and(Ids::is_empty))
    }
}

/// The chain of a search for those who refer to `refs`.
pub(super) fn referring(
    source_type: &str,
    code: &str,
    refs: &[(String, String)],
) -> Result<Chain, SearchError> {
    let parameter = reference_parameter(code, source_type, code)?;
    Ok(Chain {
        name: code.to_owned(),
        text: String::new(),
        slot: indexed::slot(source_type, &parameter),
        link: ChainLink::Forward { parameter, targets: Vec::new() },
        settled: Some(Ids::new(refs.iter().cloned())),
    })
}

/// `code[:Type].rest=value`
pub(super) fn forward(
    parser: &mut Parser<'_>,
    resource_type: &str,
    name: &str,
    value: &str,
    depth: usize,
) -> Result<Chain, SearchError> {
    within_depth(name, depth)?;
    let (head, rest) = name.split_once('.').unwrap_or((name, ""));
    let (code, stated) = match head.split_once(':') {
        Some((code, stated)) => (code, Some(stated)),
        None => (head, None),
    };
    let parameter = reference_parameter(name, resource_type, code)?;
    if parameter.is_canonical() {
        let text = format!(
            "'{code}' holds canonical URLs. Search the other type first and give its url as \
             '{code}=…'."
        );
        return Err(SearchError::unsupported(name, text));
    }
    let types = match stated {
        Some(kind) if parameter.may_refer_to(kind) => vec![kind],
        Some(kind) => {
            let text = format!(
                "'{code}' of {resource_type} never refers to '{kind}'. It refers to: {}.",
                aims(&parameter)
            );
            return Err(SearchError::unsupported(name, text));
        }
        None => parameter.targets(),
    };
    let mut targets = Vec::new();
    let mut refused: Option<SearchError> = None;
    for kind in types {
        match parser.inner(name, kind, rest, value, depth) {
            Ok(query) => targets.push(query),
            Err(error) if error.fault == SearchFault::TooMuch => return Err(error),
            // A value that one type refuses may be right for another.
            Err(error) => {
                let worse = refused.as_ref().is_none_or(|so_far| {
                    so_far.fault == SearchFault::Unsupported && error.fault == SearchFault::Invalid
                });
                refused = if worse { Some(error) } else { refused };
            }
        }
    }
    match (targets.is_empty(), refused) {
        (true, Some(refused)) => Err(refused),
        (true, None) => Err(SearchError::unsupported(name, "refers to no type known here.")),
        _ => Ok(Chain {
            name: name.to_owned(),
            text: value.to_owned(),
            slot: indexed::slot(resource_type, &parameter),
            link: ChainLink::Forward { parameter, targets },
            settled: None,
        }),
    }
}

/// `_has:Type:code:rest=value`
pub(super) fn reverse(
    parser: &mut Parser<'_>,
    resource_type: &str,
    name: &str,
    value: &str,
    depth: usize,
) -> Result<Chain, SearchError> {
    within_depth(name, depth)?;
    let mut parts = name.splitn(4, ':').skip(1);
    let (Some(source), Some(code), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        let text = "is written _has:Type:reference-parameter:parameter=value, as in \
                    _has:Observation:patient:code=1234-5.";
        return Err(SearchError::invalid(name, text));
    };
    if !is_resource_type(source) {
        let text = format!("'{source}' is no resource type of FHIR R4.");
        return Err(SearchError::invalid(name, text));
    }
    let parameter = reference_parameter(name, source, code)?;
    if !parameter.may_refer_to(resource_type) {
        let text = format!(
            "'{code}' of {source} never refers to {resource_type}. It refers to: {}.",
            aims(&parameter)
        );
        return Err(SearchError::unsupported(name, text));
    }
    let query = parser.inner(name, source, rest, value, depth)?;
    Ok(Chain {
        name: name.to_owned(),
        text: value.to_owned(),
        link: ChainLink::Reverse { parameter, source: Box::new(query) },
        slot: None,
        settled: None,
    })
}

fn within_depth(name: &str, depth: usize) -> Result<(), SearchError> {
    if depth < CHAIN_DEPTH_MAX {
        return Ok(());
    }
    let text = format!(
        "follows more than {CHAIN_DEPTH_MAX} references. Search the last type first and give its ids."
    );
    Err(SearchError::too_much(name, text))
}

fn reference_parameter(
    name: &str,
    resource_type: &str,
    code: &str,
) -> Result<Parameter, SearchError> {
    let found = parameters::find(resource_type, code).filter(|found| {
        found.kind == ParameterKind::Reference && Source::of(found) == Source::Content
    });
    found.ok_or_else(|| {
        let known = parameters::of_type(resource_type)
            .filter(|known| known.kind == ParameterKind::Reference)
            .map(|known| known.code);
        let known: Vec<&str> = known.collect();
        let text = format!(
            "'{code}' is not a reference parameter of {resource_type} here. Its reference \
             parameters: {}.",
            if known.is_empty() { "none".to_owned() } else { known.join(", ") }
        );
        SearchError::unsupported(name, text)
    })
}

fn aims(parameter: &Parameter) -> String {
    parameter.targets().join(", ")
}
