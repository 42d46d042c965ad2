//! The region files, while the gateway runs: what they say is taken in within
//! seconds, all of it or nothing. Files that are wrong change nothing; what they
//! said before stays.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use regions::Directory;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use super::footing::{Behind, Standing};
use crate::limits::{FOOTING_LEFT_MS, REGION_FILES_MS, REGION_FILES_TRIES};
use crate::record::{self, Ground, Place};
use crate::region::{Doorway, Footing, Region};

/// A region that is served here.
pub struct Seat {
    place: Place,
    doorway: Arc<Doorway>,
    behind: Option<Behind>,
}

impl Seat {
    /// Its door, and what runs behind it.
    pub fn new(place: Place, doorway: Arc<Doorway>, behind: Behind) -> Self {
        Self { place, doorway, behind: Some(behind) }
    }
}

/// Follows the region files.
pub struct Follow {
    folder: PathBuf,
    standing: Standing,
    seats: Vec<Seat>,
    directory: Directory,
    /// The files as they were looked at last.
    seen: Vec<(String, String)>,
    /// How often these files could not be followed.
    failed: u32,
}

impl Follow {
    /// Follows the files of `folder`, which said this.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn new(
        folder: &Path,
        directory: Directory,
        standing: Standing,
        seats: Vec<Seat>,
    ) -> Result<Self> {
        let seen = record::region_files(folder)?;
        Ok(Self { folder: folder.to_owned(), standing, seats, directory, seen, failed: 0 })
    }

    /// Looks every few seconds, and at once when the process gets SIGHUP. Never
    /// returns.
    ///
    /// # Errors
    /// Signals cannot be listened to.
    pub async fn keep(&mut self) -> Result<()> {
        let mut asked = signal(SignalKind::hangup())?;
        let mut every = interval(Duration::from_millis(REGION_FILES_MS));
        every.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            let told = tokio::select! {
                _ = every.tick() => false,
                hangup = asked.recv() => hangup.is_some(),
            };
            self.look(told).await;
        }
    }

    /// Ends what runs behind the doors.
    pub async fn end(self) {
        for behind in self.seats.into_iter().filter_map(|seat| seat.behind) {
            behind.end().await;
        }
    }

    /// `told`: somebody asked for it, and is to be answered in the log.
    async fn look(&mut self, told: bool) {
        let files = match record::region_files(&self.folder) {
            Ok(files) => files,
            Err(error) => return self.refused(told, &format!("{error:#}")),
        };
        let new = files != self.seen;
        if new {
            self.seen = files;
            self.failed = 0;
        } else if !told && !(1..REGION_FILES_TRIES).contains(&self.failed) {
            return;
        }
        if let Err(error) = self.take_in().await {
            self.refused(new || told, &format!("{error:#}"));
        } else {
            self.failed = 0;
            if told {
                self.standing.log.event("the region files were looked at", None);
            }
        }
    }

    fn refused(&mut self, tell: bool, why: &str) {
        self.failed = self.failed.saturating_add(1);
        if tell {
            let what = format!("the region files are not followed, what they said stays: {why}");
            self.standing.log.event(&what, None);
        }
    }

    /// Everything that the new footings need is had before any door changes.
    async fn take_in(&mut self) -> Result<()> {
        let directory =
            record::directory_of(&self.seen).map_err(|faults| anyhow!(faults.join("; ")))?;
        if directory == self.directory {
            return Ok(());
        }
        let moves = self.moves(&directory).await?;
        self.standing.pilot.know(directory.clone());
        for (seat, moved) in self.seats.iter_mut().zip(moves) {
            match moved {
                None => {
                    let region = seat.doorway.region();
                    region.walls.know(directory.clone());
                    region.pilot.know(directory.clone());
                }
                Some((footing, behind)) => {
                    let left = seat.doorway.move_to(footing);
                    if let Some(before) = seat.behind.replace(behind) {
                        tokio::spawn(leave(left, before));
                    }
                }
            }
            seat.doorway.region().peers.know(&directory, &self.standing.log);
        }
        for region in directory.regions() {
            let before = self.directory.region(&region.code).map(|region| region.phase);
            if before != Some(region.phase) {
                let what = format!("region {} is {} from now on", region.code, region.phase.word());
                self.standing.log.event(&what, None);
            }
        }
        self.directory = directory;
        Ok(())
    }

    /// For each seat, the footing that it moves to, if it does. All or none.
    async fn moves(&self, directory: &Directory) -> Result<Vec<Option<(Footing, Behind)>>> {
        let mut moves = Vec::new();
        for seat in &self.seats {
            let ground = Ground::of_code(directory, &seat.place.code);
            if ground == seat.doorway.region().ground {
                moves.push(None);
                continue;
            }
            match self.standing.footing(&seat.place, directory, ground).await {
                Ok(made) => moves.push(Some(made)),
                Err(error) => {
                    for (_, behind) in moves.into_iter().flatten() {
                        behind.end().await;
                    }
                    return Err(error);
                }
            }
        }
        Ok(moves)
    }
}

/// Lets the requests end that are under way on the footing that was left, then
/// what ran behind it.
async fn leave(left: Arc<Region>, behind: Behind) {
    let within = Duration::from_millis(FOOTING_LEFT_MS);
    let until = tokio::time::Instant::now() + within;
    while Arc::strong_count(&left) > 1 && tokio::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    left.pilot.leave(&left.series).await;
    behind.end().await;
}
