//! The search as text again, for `self` and `next` links: what was understood,
//! in one spelling.

use super::text::encode;
use super::{Cursor, Query, Summary, Total};

impl Query {
    /// The search relative to the base address, as `Observation?code=…`, at the
    /// page it was asked for. Parameters of the HTTP layer are not in it.
    pub fn self_link(&self) -> String {
        self.link(self.cursor.as_ref())
    }

    /// The same search at the page that begins after `cursor`; the first page
    /// without one.
    pub fn link(&self, cursor: Option<&Cursor>) -> String {
        let mut link = self.resource_type.to_string();
        let mut separator = '?';
        let mut add = |name: &str, value: &str| {
            link.push(separator);
            separator = '&';
            encode(name, &mut link);
            link.push('=');
            encode(value, &mut link);
        };
        for filter in &self.filters {
            let name = format!("{}{}", filter.parameter.code, filter.modifier.suffix());
            add(&name, &filter.text);
        }
        for chain in self.chains.iter().filter(|chain| !chain.text.is_empty()) {
            add(&chain.name, &chain.text);
        }
        if !self.sort.is_empty() {
            add("_sort", &self.sort_text());
        }
        if self.count_given {
            add("_count", &self.count.to_string());
        }
        match self.total {
            Total::Unsaid => {}
            Total::None => add("_total", "none"),
            Total::Estimate => add("_total", "estimate"),
            Total::Accurate => add("_total", "accurate"),
        }
        if self.summary != Summary::Unsaid {
            add("_summary", self.summary.code());
        }
        if !self.elements.is_empty() {
            add("_elements", &self.elements.join(","));
        }
        for include in &self.includes {
            add(include.name(), &include.text());
        }
        if let Some(cursor) = cursor {
            add("_page", &cursor.encode(self));
        }
        link
    }

    /// What identifies the search whatever its page: its type, filters and order.
    pub(crate) fn fingerprint(&self) -> u64 {
        let mut text = self.resource_type.to_string();
        for filter in &self.filters {
            text.push('&');
            text.push_str(filter.parameter.code);
            text.push_str(&filter.modifier.suffix());
            text.push('=');
            text.push_str(&filter.text);
        }
        for chain in &self.chains {
            text.push('&');
            text.push_str(&chain.name);
            text.push('=');
            text.push_str(&chain.text);
        }
        text.push('&');
        text.push_str(&self.sort_text());
        super::super::atom::hash_of(&text)
    }

    fn sort_text(&self) -> String {
        let keys = self.sort.iter().map(|key| {
            let sign = if key.descending { "-" } else { "" };
            format!("{sign}{}", key.parameter.code)
        });
        keys.collect::<Vec<_>>().join(",")
    }
}
