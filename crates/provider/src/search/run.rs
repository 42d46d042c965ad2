//! One search under way: its pass over the record, how far it may reach, and
//! what it may still spend.

use crate::convert::read_failed;
use crate::limits::{SEARCH_CELLS_MAX, SEARCH_MS_MAX};
use crate::provider::Provider;
use crate::session::Session;
use chart::table::Table;
use chart::{Environment, Home, Reading};
use contracts::Refusal;
use fhir::outcome::{IssueType, Status};

/// Where the results of a search may lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Within {
    /// In one person's chart, and what of other charts points there.
    Chart(String),
    /// In one person's chart, and in the registries: as far as a token that is
    /// confined to that person reaches.
    Confined(String),
    /// Anywhere.
    Everywhere,
}

impl Within {
    /// As far as a caller's token reaches.
    pub fn reach(session: &Session) -> Self {
        match session.confined_to() {
            Some(person) => Self::Confined(person.to_owned()),
            None => Self::Everywhere,
        }
    }

    /// Whether a resource of this home may be a result.
    pub fn holds(&self, home: &Home, resource_type: &str) -> bool {
        match (self, home) {
            // What is in a chart is told by its cells, pointers and rows.
            (Self::Everywhere | Self::Chart(_), _) => true,
            (Self::Confined(own), Home::Person(person)) => own == person,
            // What else lies in the registries may tell of people.
            (Self::Confined(_), Home::Registry { .. }) => {
                fhir::types::is_registry_type(resource_type)
            }
        }
    }
}

/// One pass of a search.
pub(crate) struct Run {
    /// What it has read, so that no commit is seen by halves.
    pub reading: Reading,
    /// As far as the caller's token reaches; chains and includes go there.
    pub reach: Within,
    /// Who is shown what it finds; nobody for what the record asks itself.
    pub viewer: Option<Session>,
    /// Something matched that the viewer is not shown.
    pub hides: bool,
    /// Base addresses of this record.
    pub bases: Vec<String>,
    cells_left: usize,
    until_ms: i64,
    /// Times that it has begun again.
    passes: u32,
}

impl Run {
    /// Counts cells that were read.
    ///
    /// # Errors
    /// 403 too-costly when the search has read more than one request may.
    pub fn spend(&mut self, cells: usize, now_ms: i64) -> Result<(), Refusal> {
        self.cells_left = self.cells_left.saturating_sub(cells);
        if self.is_spent(now_ms) { Err(too_costly()) } else { Ok(()) }
    }

    /// Counts cells that were read by a scan, which stops by itself.
    pub fn count(&mut self, cells: usize) {
        self.cells_left = self.cells_left.saturating_sub(cells);
    }

    /// Whether one request has had its share.
    pub fn is_spent(&self, now_ms: i64) -> bool {
        self.cells_left == 0 || now_ms > self.until_ms
    }

    /// Whether a scan that goes on with the next page has had its share: after
    /// each pass that was not whole, a quarter of the one before.
    pub fn is_scan_spent(&self, now_ms: i64) -> bool {
        let read = SEARCH_CELLS_MAX.saturating_sub(self.cells_left);
        self.is_spent(now_ms) || read >= SEARCH_CELLS_MAX >> (2 * self.passes.min(8))
    }

    /// Its base addresses, as the engine takes them.
    pub fn bases(&self) -> Vec<&str> {
        self.bases.iter().map(String::as_str).collect()
    }
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// A search about to begin.
    pub(crate) fn run(&self, reach: Within) -> Run {
        Run {
            reading: self.record().reading(),
            reach,
            viewer: None,
            hides: false,
            bases: self.own_bases(),
            cells_left: SEARCH_CELLS_MAX,
            until_ms: self.now_ms().saturating_add(SEARCH_MS_MAX),
            passes: 0,
        }
    }

    /// A search about to begin for a session, as far as its token reaches and
    /// shown only what it may see.
    pub(crate) fn run_for(&self, session: &Session) -> Run {
        Run { viewer: Some(session.clone()), ..self.run(Within::reach(session)) }
    }

    /// Whether what was read is one sight of the record. If not, everything is
    /// read again: less of it by a scan, so that a page gets through however much
    /// is written meanwhile.
    pub(crate) fn is_whole(&self, run: &mut Run) -> Result<bool, Refusal> {
        let whole = self.record().whole(&mut run.reading);
        if whole.map_err(|error| read_failed(&error))? {
            return Ok(true);
        }
        run.passes += 1;
        run.cells_left = SEARCH_CELLS_MAX;
        run.until_ms = self.now_ms().saturating_add(SEARCH_MS_MAX >> run.passes);
        Ok(false)
    }
}

/// More than one request may look at.
pub(crate) fn too_costly() -> Refusal {
    Refusal::new(
        Status::Forbidden,
        IssueType::TooCostly,
        "The search looks at more of the record than one request may. Name the person \
         (patient=…), or narrow it by _id, identifier, a name or a birth date; without _sort, \
         _total=accurate and _summary=count it is answered page by page.",
    )
}
