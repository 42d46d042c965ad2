//! What may be watched of a provider.

use crate::provider::Provider;

impl<T, E> Provider<T, E>
where
    T: chart::table::Table + 'static,
    E: chart::Environment + 'static,
{
    /// Access entries that wait for the write they will share; zero with
    /// [`crate::Journaling::Alone`].
    pub fn journal_waiting(&self) -> usize {
        self.inner.journal.waiting()
    }
}
