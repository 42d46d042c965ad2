//! One page of a search: its matches in order, what they include, and where the
//! next goes on.

use super::asked::Asked;
use super::include::Included;
use super::judge::Found;
use super::places::person_key;
use super::run::{Run, Within};
use super::scan::Mark;
use crate::convert;
use crate::limits::INCLUDED_MAX;
use crate::provider::Provider;
use crate::session::Session;
use chart::table::Table;
use chart::{Cell, CellRef, Environment, Version};
use contracts::{ChangeKind, Page, Refusal, ResourceKey};
use fhir::search::{Query, Total};

/// A page before it leaves.
#[derive(Default)]
pub(crate) struct Cut {
    /// Whence each match came.
    pub at: Vec<CellRef>,
    /// The matches.
    pub versions: Vec<Version>,
    /// What they include.
    pub included: Included,
    total: Option<u32>,
    next: Option<String>,
}

impl Cut {
    /// As the contracts have it: matches, then what they include, then what the
    /// caller should know of them.
    pub fn page(self) -> Page {
        let mut page = convert::page(self.versions, self.total, self.next);
        self.included.after(&mut page);
        page
    }
}

impl Included {
    /// Puts what is included after the matches, and says when it was cut.
    pub fn after(self, page: &mut Page) {
        page.versions.extend(self.versions.into_iter().map(convert::version));
        if self.cut {
            page.versions.push(told(&format!(
                "More would be included than is shown: a page includes at most {INCLUDED_MAX} \
                 resources, and only what can be found in bounded time. Ask for fewer matches with \
                 _count, or read the rest by its references."
            )));
        }
    }
}

/// An OperationOutcome among the entries: of no version, since it is not kept.
fn told(text: &str) -> contracts::Version {
    contracts::Version {
        key: ResourceKey::new("OperationOutcome", ""),
        version: 0,
        last_updated_ms: 0,
        kind: ChangeKind::Create,
        body: fhir::outcome::information(text).into_bytes(),
    }
}

/// Candidates that were read.
enum Candidates {
    Cells(Vec<Cell>),
    All,
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// The page that is asked for, read in one pass.
    pub(crate) async fn cut(
        &self,
        session: &Session,
        within: &Within,
        asked: &Asked,
    ) -> Result<Cut, Refusal> {
        let mut run = self.run_for(session);
        loop {
            let done = self.cut_once(&mut run, session, within, asked.clone()).await;
            // What was refused for a torn sight may not be refused for a whole
            // one; but costs are costs.
            if self.is_whole(&mut run)? || done.is_err() {
                return done;
            }
        }
    }

    async fn cut_once(
        &self,
        run: &mut Run,
        session: &Session,
        within: &Within,
        mut asked: Asked,
    ) -> Result<Cut, Refusal> {
        let cursor = asked.lead.cursor().cloned();
        let snapshot_ms = cursor.as_ref().map(|cursor| cursor.snapshot_ms);
        let mark = cursor.as_ref().and_then(|cursor| Mark::of_position(&cursor.position));
        let candidates = self.gathered(run, within, &mut asked, mark.is_some()).await?;
        let count = usize::try_from(asked.lead.count()).unwrap_or(usize::MAX);
        let lead = asked.lead.clone();
        let whole = !lead.sort().is_empty()
            || lead.count_only()
            || (lead.total() == Total::Accurate && mark.is_none())
            || (cursor.is_some() && mark.is_none());
        let found = match candidates {
            Candidates::Cells(cells) => self.matches_among(run, &asked, cells, snapshot_ms).await?,
            Candidates::All if whole => self.all_of(run, within, &asked, snapshot_ms).await?,
            Candidates::All => {
                let part =
                    self.scanned(run, within, &asked, mark.as_ref(), count, snapshot_ms).await?;
                let known = mark.is_none() && part.next.is_none();
                let total = known.then(|| u32::try_from(part.found.len()).ok()).flatten();
                let next =
                    part.next.map(|mark| lead.cursor_after(mark.to_position()).encode(&lead));
                return self.filled(run, session, &lead, part.found, total, next).await;
            }
        };
        let wanted = lead.count_only() || lead.total() != Total::None;
        let total = u32::try_from(found.len()).ok().filter(|_| wanted);
        if lead.count_only() {
            return Ok(Cut { total, ..Cut::default() });
        }
        let (page, next) = cut_from(&lead, found, count);
        self.filled(run, session, &lead, page, total, next).await
    }

    /// The candidates of every type that is searched.
    async fn gathered(
        &self,
        run: &mut Run,
        within: &Within,
        asked: &mut Asked,
        scanning: bool,
    ) -> Result<Candidates, Refusal> {
        if let Within::Chart(person) = within {
            let types = asked.types();
            let mut cells = self.referring(run, within, &types, person_key(person)).await?;
            cells.retain(|cell| run.reach.holds(&cell.home, &cell.resource_type));
            return Ok(Candidates::Cells(cells));
        }
        if scanning {
            for query in &mut asked.queries {
                self.settled_ahead(run, query).await?;
            }
            return Ok(Candidates::All);
        }
        let mut cells = Vec::new();
        for query in &mut asked.queries {
            match self.candidates(run, within, query).await? {
                Some(more) => cells.extend(more),
                None => return Ok(Candidates::All),
            }
        }
        Ok(Candidates::Cells(cells))
    }

    async fn filled(
        &self,
        run: &mut Run,
        session: &Session,
        lead: &Query,
        page: Vec<Found>,
        total: Option<u32>,
        next: Option<String>,
    ) -> Result<Cut, Refusal> {
        let at: Vec<CellRef> = page.into_iter().map(|one| one.at).collect();
        let versions = self.bodies(&at).await?;
        let included = self.included(run, session, lead.includes(), &versions).await?;
        Ok(Cut { at, versions, included, total, next })
    }
}

/// The page after the cursor, in order, and where the next goes on.
fn cut_from(lead: &Query, mut found: Vec<Found>, count: usize) -> (Vec<Found>, Option<String>) {
    found.retain(|one| lead.is_after_cursor(&one.position));
    let order =
        |left: &Found, right: &Found| lead.compare_positions(&left.position, &right.position);
    let more = found.len() > count;
    if more && count > 0 {
        // Only the page is put in order, however much there is.
        found.select_nth_unstable_by(count - 1, order);
    }
    found.truncate(count);
    found.sort_by(order);
    // Of the instant before the first page was read, which the query carries:
    // what is committed later is not of this search.
    let last = found.last().filter(|_| more).map(|one| one.position.clone());
    let next = last.map(|position| lead.cursor_after(position).encode(lead));
    (found, next)
}
