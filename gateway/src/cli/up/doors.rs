//! The doors of a process: opened, served, and left to a successor.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::{Addresses, Options, stop_signal};
use crate::admin;
use crate::control::{self, Predecessor};
use crate::door::{self, Entrance, Workers};
use crate::functions::Functions;
use crate::log::Log;
use crate::peers::PeerDoor;
use crate::region::Doorway;
use crate::routes::Routes;
use crate::upgrade::Upgrader;

/// Those that are open.
#[derive(Default)]
pub struct Doors {
    /// Of each region.
    pub doorways: Vec<Arc<Doorway>>,
    admins: Vec<JoinHandle<()>>,
}

/// The public and the admin address of every region.
pub fn every_door(addresses: &[Addresses]) -> Vec<SocketAddr> {
    addresses.iter().flat_map(|place| [place.door, place.admin]).collect()
}

impl Doors {
    /// Opens those of a region: for anybody, for machines, for gateways.
    ///
    /// # Errors
    /// Says which address is taken.
    pub fn open(
        &mut self,
        place: &Addresses,
        doorway: &Arc<Doorway>,
        (tls, gateways): (Option<&TlsAcceptor>, Option<(TcpListener, PeerDoor)>),
        workers: &Arc<Workers>,
    ) -> Result<()> {
        let (public, private) = (door::listen(place.door)?, door::listen(place.admin)?);
        self.admins.push(tokio::spawn(admin::serve(private, Arc::clone(doorway))));
        let accept = |listener, entrance| {
            tokio::spawn(door::accept(listener, Arc::clone(doorway), entrance, workers.clone()));
        };
        accept(public, Entrance::public(tls.cloned()));
        if let Some((listener, gateways)) = gateways {
            accept(listener, Entrance::Gateways(gateways));
        }
        let region = doorway.region();
        region.set_open(true);
        region.log.event("open", Some(&place.code));
        self.doorways.push(Arc::clone(doorway));
        Ok(())
    }

    /// Lets the process before this one go, and serves until told to stop, or
    /// until a successor has the doors.
    ///
    /// # Errors
    /// When signals cannot be listened to.
    pub async fn serve(
        &self,
        before: Option<Predecessor>,
        upgrader: Arc<Upgrader>,
        (options, workers, log): (&Options, &Arc<Workers>, &Arc<Log>),
    ) -> Result<()> {
        let (leave, mut left) = mpsc::channel(1);
        let control = control::listen(&options.places.data, upgrader, leave);
        // Without it the doors are as good; only commands do not reach them.
        let _control = control
            .inspect_err(|why| log.event(&format!("no commands are taken: {why:#}"), None))
            .ok();
        if let Some(before) = before {
            // Its own end, if it had one meanwhile, is what was wanted.
            let dismissed = tokio::task::spawn_blocking(move || before.dismiss()).await?;
            log.event(
                if dismissed.is_ok() { "took over" } else { "took over from the dead" },
                None,
            );
        }
        tokio::select! {
            stopped = stop_signal() => return stopped,
            Some(()) = left.recv() => {}
        }
        log.event("leaving: another process has the doors", None);
        self.admins.iter().for_each(JoinHandle::abort);
        door::leave(&self.doorways, workers).await;
        Ok(())
    }
}

/// What replaces the functions of this process.
///
/// # Errors
/// When no region is served.
pub fn upgrader(
    options: &Options,
    functions: &Functions,
    routes: &Arc<Routes>,
    doors: &Doors,
    log: &Arc<Log>,
) -> Result<Arc<Upgrader>> {
    let doorway = doors.doorways.first().context("no region is served")?;
    Ok(Arc::new(Upgrader {
        manifest: options.places.manifest.clone(),
        data: options.places.data.clone(),
        functions: functions.clone(),
        routes: Arc::clone(routes),
        doorway: Arc::clone(doorway),
        log: Arc::clone(log),
        turn: Mutex::default(),
    }))
}
