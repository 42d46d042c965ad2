//! What a region stands on: made at the start, and anew when its phase has it
//! work on other tables.

use std::path::PathBuf;
use std::sync::Arc;

use ::report::Objectives;
use anyhow::{Context, Result};
use regions::Directory;
use tokio::task::JoinHandle;

use crate::ledger;
use crate::log::Log;
use crate::pilot::Pilot;
use crate::record::{Central, Ground, Place, Upkeep};
use crate::region::Footing;

/// What footings are made from.
pub struct Standing {
    /// The record.
    pub central: Central,
    /// The figures of all regions that do not rehearse.
    pub pilot: Arc<Pilot>,
    /// What figures are held against.
    pub objectives: Objectives,
    /// The data folder.
    pub data: PathBuf,
    /// What keeps the ledgers.
    pub ledger: ledger::Choice,
    /// Where it is written down.
    pub log: Arc<Log>,
}

/// What runs behind a region as long as it stands there.
pub struct Behind {
    upkeep: Upkeep,
    /// The figures of a rehearsal, which are written down by themselves.
    rehearsal: Option<(Arc<Pilot>, JoinHandle<()>)>,
}

impl Standing {
    /// On this record, with the figures of its regions.
    ///
    /// # Errors
    /// The objectives cannot be read.
    pub fn new(
        central: Central,
        directory: &Directory,
        options: &super::Options,
        log: &Arc<Log>,
    ) -> Result<Self> {
        let (data, objectives) = (options.places.data.clone(), options.objectives.read()?);
        let (access, figures) = (central.access(), objectives.clone());
        let pilot = Pilot::new(access, directory.clone(), (&Ground::Central, &data), figures);
        let (ledger, log) = (options.ledger.clone(), Arc::clone(log));
        Ok(Self { central, pilot, objectives, data, ledger, log })
    }

    /// What a region stands on, on this ground.
    ///
    /// # Errors
    /// Its tables or the key of its ledger are not to be had.
    pub async fn footing(
        &self,
        place: &Place,
        directory: &Directory,
        ground: Ground,
    ) -> Result<(Footing, Behind)> {
        let lacking = || format!("region {} has no footing on its tables", place.code);
        let keeper = self.ledger.keeper(&self.data, &place.code, &ground).with_context(lacking)?;
        let tables = self.central.tables(&ground).await.with_context(lacking)?;
        let [_, access] = &tables;
        let (pilot, rehearsal) = match ground {
            Ground::Central => (Arc::clone(&self.pilot), None),
            Ground::Rehearsal(_) => {
                let objectives = self.objectives.clone();
                let (access, directory) = (access.clone(), directory.clone());
                let pilot = Pilot::new(access, directory, (&ground, &self.data), objectives);
                let keeping = tokio::spawn(Arc::clone(&pilot).keep(Arc::clone(&self.log)));
                (Arc::clone(&pilot), Some((pilot, keeping)))
            }
        };
        let (walls, signs, upkeep) =
            self.central.walls(place, directory, (&ground, &tables), keeper);
        Ok((Footing { ground, walls, signs, pilot }, Behind { upkeep, rehearsal }))
    }
}

impl Behind {
    /// Ends it: every entry that waits becomes durable first, and so do the
    /// figures of a rehearsal.
    pub async fn end(self) {
        self.upkeep.end().await;
        if let Some((pilot, keeping)) = self.rehearsal {
            keeping.abort();
            pilot.flush().await;
        }
    }
}
