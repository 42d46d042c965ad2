//! The list of all charts, which a search of a population goes through.

use super::rows::listed;
use crate::convert::read_failed;
use crate::limits::CHARTS_REMEMBERED_MAX;
use crate::provider::Provider;
use chart::table::Table;
use chart::{Environment, Home};
use contracts::Refusal;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Charts that are known to be on the list.
#[derive(Default)]
pub(crate) struct Listed(Mutex<HashSet<String>>);

impl Listed {
    fn holds(&self, person: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(person)
    }

    fn remember(&self, person: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CHARTS_REMEMBERED_MAX {
            known.clear();
        }
        known.insert(person.to_owned());
    }
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// Makes sure that a chart is on the list of all before anything is filed in
    /// it. A Patient lists its own; but a chart may hold resources of a person
    /// whose Patient never came, or is deleted. Asked once for each chart and
    /// process; what is listed stays.
    pub(crate) async fn list_chart(&self, home: &Home) -> Result<(), Refusal> {
        let Home::Person(person) = home else { return Ok(()) };
        if self.inner.listed.holds(person) {
            return Ok(());
        }
        let done = self.record().ensure_row(listed(person)).await;
        done.map_err(|error| read_failed(&error))?;
        self.inner.listed.remember(person);
        Ok(())
    }
}
