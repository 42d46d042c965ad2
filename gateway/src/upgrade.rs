//! Functions replaced while they run: what is built now is compiled aside,
//! checked, tried, and then takes the place of what answers, in one step.
//! Requests inside finish in the components that they came in with.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use contracts::Origin;
use http::{Request, StatusCode};
use http_body_util::Full;
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::functions::Functions;
use crate::host::Call;
use crate::limits;
use crate::log::Log;
use crate::manifest::Manifest;
use crate::record::roles;
use crate::region::Doorway;
use crate::routes::Routes;
use crate::sandbox::Function;

/// Where a component is asked when it is tried: no function has such a path, so
/// that nothing of the record is read.
const PROBE: &str = "http://localhost/upgrade-probe";

/// What replaces the functions of this process.
pub struct Upgrader {
    /// The manifest that it was started with.
    pub manifest: PathBuf,
    /// The folder of everything that is kept.
    pub data: PathBuf,
    /// What answers.
    pub functions: Functions,
    /// Which function answers what.
    pub routes: Arc<Routes>,
    /// One of its doors, behind whose walls components are tried.
    pub doorway: Arc<Doorway>,
    /// Where it is written down.
    pub log: Arc<Log>,
    /// One at a time.
    pub turn: Mutex<()>,
}

impl Upgrader {
    /// Replaces the functions by those that the manifest names now. Blocks for as
    /// long as compiling takes; trying them runs on `handle`. Tells what was done.
    ///
    /// # Errors
    /// When one does not compile, imports what its world has not, or fails its
    /// trial, and when the manifest has other functions or routes than before:
    /// then those that answer go on.
    pub fn run(&self, handle: &Handle) -> Result<String> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let done = self.replaced(handle);
        match &done {
            Ok(told) => self.log.event(&format!("upgraded: {told}"), None),
            Err(why) => self.log.event(&format!("upgrade refused: {why:#}"), None),
        }
        done
    }

    fn replaced(&self, handle: &Handle) -> Result<String> {
        let Functions::Sandboxed(running) = &self.functions else {
            bail!("functions without a sandbox are part of the program: restart it");
        };
        let manifest = Manifest::read(&self.manifest)?;
        let names = manifest.functions.iter().map(|function| &function.name);
        ensure!(
            names.eq(&self.functions.names()) && manifest.routes == *self.routes,
            "the manifest has other functions or routes than the running ones: restart with \
             --take-over"
        );
        let functions = running.prepare(&manifest, &self.manifest, &self.data)?;
        for function in functions.iter() {
            handle
                .block_on(self.tried(function))
                .with_context(|| format!("{} fails its trial", function.name))?;
        }
        let count = functions.len();
        let number = running.replace(functions);
        Ok(format!("{count} functions, generation {number}"))
    }

    /// Asks a component for what no function has, and takes any answer but that
    /// it failed.
    async fn tried(&self, function: &Function) -> Result<()> {
        let origin = Origin {
            request_id: "upgrade-probe".to_owned(),
            client_address: "127.0.0.1".to_owned(),
            emergency: None,
            stands_in_for: None,
            any_door: true,
        };
        let call = Call { origin, walls: self.doorway.region().walls.clone() };
        let request = Request::get(PROBE).body(Full::<Bytes>::default())?;
        let asked = async {
            let mut instance = function.instance(call).await?;
            instance.answer(request).await
        };
        let asked = roles::acting(function.name.as_str().into(), asked);
        let within = Duration::from_millis(limits::UPGRADE_PROBE_MS);
        let answered = timeout(within, asked).await.context("it does not answer")?;
        let answer = answered.map_err(|why| anyhow::anyhow!("{why:?}"))?;
        ensure!(answer.status() != StatusCode::INTERNAL_SERVER_ERROR, "it answers 500");
        Ok(())
    }
}
