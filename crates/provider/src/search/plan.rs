//! Which index narrows a search, told from its text alone. Whatever an index
//! names is judged on its cell afterwards, so that a row that is stale does no
//! harm; none is missing.

use super::rows::{
    OVERFULL, YEARS, born_partition, identifier_partition, instant_key, name_partition, year_of,
};
use crate::limits::{NAME_PREFIX_CHARS, REFERRED_MAX};
use chart::table::Range;
use fhir::search::{ChainLink, DateRange, Filter, Modifier, Prefix, Query, Wanted};
use std::collections::BTreeSet;

/// A resource by type and id.
pub(crate) type Key = (String, String);

/// Where the matches of a search are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Among these ids of its type.
    Ids(BTreeSet<String>),
    /// Among the resources that these hint rows name.
    Rows(Vec<(String, Range)>),
    /// Among those that refer to one of these resources, none of which is of a
    /// registry type.
    Referring(BTreeSet<Key>),
}

/// The best plan that a search has; `None` when all of its type must be looked
/// at.
pub(crate) fn plan(query: &Query) -> Option<Plan> {
    let plain = |filter: &&Filter| {
        matches!(
            filter.modifier,
            Modifier::Plain | Modifier::Exact | Modifier::OfType | Modifier::Type(_)
        )
    };
    let filters = || query.filters().iter().filter(plain);
    let by = |code: &str| filters().find(|filter| filter.parameter.code == code);
    if let Some(ids) = by("_id").and_then(ids).or_else(|| named_by_chain(query)) {
        return Some(Plan::Ids(ids));
    }
    if let Some(partitions) = by("identifier").and_then(|filter| identifiers(query, filter)) {
        return Some(Plan::Rows(partitions));
    }
    // All of a registry type is soon looked at; and some refer by their URLs.
    let leads = !fhir::types::is_registry_type(query.resource_type());
    let by_reference = filters().filter(|filter| filter.parameter.code != BY_URL);
    let referred = by_reference.filter_map(referred).chain(settled(query)).filter(|_| leads);
    if let Some(keys) = referred.min_by_key(|keys| (!is_of_people(keys), keys.len())) {
        return Some(Plan::Referring(keys));
    }
    if query.resource_type() != "Patient" {
        return None;
    }
    let named =
        filters().filter(|filter| matches!(filter.parameter.code, "name" | "family" | "given"));
    if let Some(mut ranges) = named.filter_map(names).min_by_key(Vec::len) {
        ranges.push((OVERFULL.to_owned(), Range::All));
        return Some(Plan::Rows(ranges));
    }
    let born = filters().filter(|filter| filter.parameter.code == "birthdate");
    born.filter_map(births).reduce(both).map(Plan::Rows)
}

/// Whether a search is answered without looking at all of a population: by an
/// index, or because its type belongs to nobody.
pub(crate) fn is_cheap(query: &Query) -> bool {
    fhir::types::is_registry_type(query.resource_type())
        || plan(query).is_some()
        || query.chains().iter().any(|chain| match chain.link() {
            ChainLink::Forward { targets, .. } => {
                let leads = |name: &&str| !fhir::types::is_registry_type(name);
                targets.iter().all(|target| leads(&target.resource_type()) && is_cheap(target))
            }
            ChainLink::Reverse { source, .. } => is_cheap(source),
        })
}

/// The reference parameter of Consent that an attachment's URL answers as well,
/// for which there are no rows.
const BY_URL: &str = "source-reference";

fn is_of_people(keys: &BTreeSet<Key>) -> bool {
    keys.iter().all(|(kind, _)| kind == "Patient")
}

fn ids(filter: &Filter) -> Option<BTreeSet<String>> {
    let id = |wanted: &Wanted| match wanted {
        Wanted::Token { code: Some(id), .. } => Some(id.clone()),
        _ => None,
    };
    filter.wanted.iter().map(id).collect()
}

/// The ids that a settled `_has` leaves.
fn named_by_chain(query: &Query) -> Option<BTreeSet<String>> {
    let reverse =
        query.chains().iter().filter(|chain| matches!(chain.link(), ChainLink::Reverse { .. }));
    let ids = reverse.filter_map(|chain| {
        let settled = chain.settled()?;
        let own = settled.filter(|(kind, _)| *kind == query.resource_type());
        Some(own.map(|(_, id)| id.to_owned()).collect::<BTreeSet<String>>())
    });
    ids.min_by_key(BTreeSet::len)
}

/// The resources to which a filter wants a reference, when rows and ids tell
/// who refers to them.
fn referred(filter: &Filter) -> Option<BTreeSet<Key>> {
    let stated = match &filter.modifier {
        Modifier::Type(name) => Some(name),
        Modifier::Plain => None,
        _ => return None,
    };
    let mut keys = BTreeSet::new();
    for wanted in &filter.wanted {
        let Wanted::Reference { base: None, kind, id: Some(id), version: None } = wanted else {
            return None;
        };
        match kind.as_ref().or(stated) {
            Some(kind) => drop(keys.insert((kind.clone(), id.clone()))),
            None => {
                let kinds = filter.parameter.targets().into_iter();
                keys.extend(kinds.map(|kind| (kind.to_owned(), id.clone())));
            }
        }
    }
    are_found(&keys).then_some(keys)
}

/// The resources to which settled chains want a reference.
fn settled(query: &Query) -> impl Iterator<Item = BTreeSet<Key>> {
    query.chains().iter().filter_map(|chain| {
        let ChainLink::Forward { parameter, .. } = chain.link() else { return None };
        if parameter.code == BY_URL {
            return None;
        }
        let settled = chain.settled()?;
        let keys: BTreeSet<Key> =
            settled.map(|(kind, id)| (kind.to_owned(), id.to_owned())).collect();
        are_found(&keys).then_some(keys)
    })
}

fn are_found(keys: &BTreeSet<Key>) -> bool {
    keys.len() <= REFERRED_MAX && keys.iter().all(|(kind, _)| !fhir::types::is_registry_type(kind))
}

/// Partitions of identifiers; `None` when a value is missing (`system|`).
fn identifiers(query: &Query, filter: &Filter) -> Option<Vec<(String, Range)>> {
    let partition = |wanted: &Wanted| match wanted {
        Wanted::Token { code: Some(value), .. } | Wanted::OfType { value, .. } => {
            Some((identifier_partition(query.resource_type(), value), Range::All))
        }
        _ => None,
    };
    filter.wanted.iter().map(partition).collect()
}

/// Ranges of names; `None` when one is too short to choose a partition.
fn names(filter: &Filter) -> Option<Vec<(String, Range)>> {
    let range = |wanted: &Wanted| match wanted {
        Wanted::Text { squashed, .. } if squashed.chars().count() >= NAME_PREFIX_CHARS => {
            Some((name_partition(squashed), Range::Prefix(squashed.clone())))
        }
        _ => None,
    };
    filter.wanted.iter().map(range).collect()
}

/// Ranges of birth dates, a year wider than asked on either side; `None` when
/// the comparison leaves too many.
fn births(filter: &Filter) -> Option<Vec<(String, Range)>> {
    let within = |year: i64| year.clamp(*YEARS.start(), *YEARS.end());
    let mut ranges = Vec::new();
    for wanted in &filter.wanted {
        let Wanted::Date { prefix, range } = wanted else { return None };
        let DateRange { lower_ms, upper_ms } = *range;
        let (first, last) = (year_of(lower_ms) - 1, year_of(upper_ms) + 1);
        let (years, keys) = match prefix {
            Prefix::Equal => {
                let last_key = format!("{}~", instant_key(upper_ms));
                (within(first)..=within(last), Range::Between(instant_key(lower_ms), last_key))
            }
            Prefix::NotEqual | Prefix::Approximately => return None,
            Prefix::Greater | Prefix::GreaterOrEqual | Prefix::StartsAfter => {
                (within(first)..=*YEARS.end(), Range::All)
            }
            Prefix::Less | Prefix::LessOrEqual | Prefix::EndsBefore => {
                (*YEARS.start()..=within(last), Range::All)
            }
        };
        ranges.extend(years.map(|year| (born_partition(year), keys.clone())));
    }
    Some(ranges)
}

/// Ranges that hold whatever is in both: `birthdate=ge1980&birthdate=lt1990`.
fn both(left: Vec<(String, Range)>, right: Vec<(String, Range)>) -> Vec<(String, Range)> {
    let (few, many) = if left.len() <= right.len() { (left, right) } else { (right, left) };
    few.into_iter().filter(|(pk, _)| many.iter().any(|(held, _)| held == pk)).collect()
}
