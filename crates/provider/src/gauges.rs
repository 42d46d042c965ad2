//! What may be watched of a provider.

use crate::provider::{Provider, Watch};

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

    /// Has every entry told to `watch`; once, and for all clones.
    pub fn watch(&self, watch: Watch) {
        // A second watcher would count everything twice.
        let _ = self.inner.watch.set(watch);
    }
}
