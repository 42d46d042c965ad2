//! Value sets that `:in` and `:not-in` name (R4 §3.1.1.4.11).

use std::collections::HashMap;

use super::super::atom::Atom;
use super::super::matching::Verdict;
use super::{Modifier, Query, Wanted};
use crate::definitions::ValueSet;

/// The codes of a value set.
#[derive(Clone, Debug)]
pub(crate) enum Codes {
    /// A set that the standard's required bindings name.
    Standard(ValueSet),
    /// Given by the caller: systems by code, empty for none.
    Given(HashMap<String, Vec<String>>),
}

impl Codes {
    /// A value set that this server knows.
    pub(super) fn known(url: &str) -> Option<Self> {
        let url = url.split_once('|').map_or(url, |(url, _)| url);
        ValueSet::of_url(url).map(Self::Standard)
    }

    /// Whether a token is in the set. A bare code, which an element of type
    /// `code` holds, is of the set's own system.
    pub(crate) fn hold(&self, system: &Atom<'_>, code: &Atom<'_>) -> Verdict {
        let Some(text) = code.text() else {
            return if code.is_absent() { Verdict::No } else { Verdict::Maybe };
        };
        let mut found = Verdict::No;
        let mut consider = |known: &str| {
            let same = if system.is_absent() { Verdict::Yes } else { system.same(known).into() };
            found = found.or(same);
        };
        match self {
            Self::Standard(set) if set.holds(&text) => {
                set.systems().iter().for_each(|known| consider(known));
            }
            Self::Standard(_) => {}
            Self::Given(codes) => {
                let systems = codes.get(text.as_ref()).into_iter().flatten();
                systems.for_each(|known| consider(known));
            }
        }
        found
    }
}

impl Query {
    /// Canonical URLs of value sets that the search names and whose codes are
    /// not known here. Each is given with [`Query::supply_value_set`] before
    /// anything is judged; until then its filter lets nothing pass. The
    /// searches inside [`Query::chains`] have their own.
    pub fn value_sets_wanted(&self) -> Vec<&str> {
        let unknown = self.value_sets.iter().filter(|(_, codes)| codes.is_none());
        unknown.map(|(url, _)| url.as_str()).collect()
    }

    /// Gives the codes of a value set, each with its system, empty for none.
    pub fn supply_value_set(
        &mut self,
        url: &str,
        codes: impl IntoIterator<Item = (String, String)>,
    ) {
        let mut given: HashMap<String, Vec<String>> = HashMap::new();
        for (system, code) in codes {
            given.entry(code).or_default().push(system);
        }
        let named = self.value_sets.iter_mut().find(|(name, _)| name == url);
        if let Some((_, codes)) = named {
            *codes = Some(Codes::Given(given));
        }
    }

    pub(crate) fn codes_of(&self, url: &str) -> Option<&Codes> {
        self.value_sets.iter().find(|(name, _)| name == url).and_then(|(_, codes)| codes.as_ref())
    }

    /// Notes the value sets of the filter that was added last.
    pub(super) fn note_value_sets(&mut self) {
        let Some(filter) = self.filters.last() else { return };
        if !matches!(filter.modifier, Modifier::In | Modifier::NotIn) {
            return;
        }
        for wanted in &filter.wanted {
            if let Wanted::ValueSet(url) = wanted
                && !self.value_sets.iter().any(|(name, _)| name == url)
            {
                self.value_sets.push((url.clone(), Codes::known(url)));
            }
        }
    }
}
