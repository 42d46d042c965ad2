//! What the region files say, as one region's walls know it. It is replaced
//! whole: whoever began with one directory goes on with it.

use std::sync::{Arc, PoisonError};

use access::decision::Settings;
use access::journal::Reader;
use access::review::List;
use chart::Environment;
use chart::table::Table;
use regions::Directory;

use crate::outbox::Pending;
use crate::provider::Provider;

/// A directory, and everything that follows from it.
pub(crate) struct Atlas<T, E> {
    pub directory: Directory,
    /// The same for functions.
    pub text: String,
    /// What decisions depend on besides caller and chart.
    pub decisions: Arc<Settings>,
    /// Reads the journals of all regions.
    pub reader: Reader<T, Pending<T, E>>,
    /// Their lists of review.
    pub reviews: List<T>,
}

impl<T: Table + 'static, E: Environment + 'static> Atlas<T, E> {
    /// What follows from a directory for the door of `region`.
    pub fn new(
        directory: Directory,
        region: &str,
        access: &Arc<T>,
        outbox: &Arc<Pending<T, E>>,
    ) -> Arc<Self> {
        let codes = directory.regions().iter().map(|held| held.code.clone());
        let codes: Vec<String> = codes.collect();
        let here = directory.region(region);
        let release = here.map(|held| held.release_delays.clone()).unwrap_or_default();
        let endpoints = directory.regions().iter().filter_map(|one| one.endpoint.clone());
        let own_bases = endpoints.map(|base| base.trim_end_matches('/').to_owned()).collect();
        Arc::new(Self {
            text: directory.to_text(),
            decisions: Arc::new(crate::sight::settings(&release, own_bases)),
            reader: Reader::new(Arc::clone(access), Arc::clone(outbox), codes.clone()),
            reviews: List::new(Arc::clone(access), codes),
            directory,
        })
    }
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// What the region files say now.
    pub(crate) fn atlas(&self) -> Arc<Atlas<T, E>> {
        // No code panics while it holds the lock.
        Arc::clone(&self.inner.atlas.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The region files say something else from now on. Requests under way may
    /// still go by what they said before.
    pub fn know(&self, directory: Directory) {
        let inner = &self.inner;
        let atlas = Atlas::new(directory, &inner.region, &inner.access, &inner.outbox);
        *inner.atlas.write().unwrap_or_else(PoisonError::into_inner) = atlas;
    }

    /// The directory of regions in its text form.
    pub fn regions_text(&self) -> String {
        self.atlas().text.clone()
    }

    /// What the directory of regions tells.
    pub fn with_directory<R>(&self, tell: impl FnOnce(&Directory) -> R) -> R {
        tell(&self.atlas().directory)
    }
}
