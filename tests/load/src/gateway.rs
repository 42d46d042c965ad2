//! A gateway started for the bench, on fresh data, and ended with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use http::Method;

use crate::client::{Connection, Server};
use crate::machine::Process;

/// Longest wait for the first answer: a cold start compiles every component.
const START_MAX: Duration = Duration::from_secs(120);
/// The admin port is the door's plus this.
const ADMIN_OFFSET: u16 = 1_000;

/// How requests are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A fresh sandbox for each.
    Fresh,
    /// A sandbox answers one caller several times.
    Reuse,
    /// The same handlers without a sandbox.
    Native,
    /// A fresh sandbox for each, on one thread, so that another core is left to
    /// flood it from.
    OneWorker,
}

impl Mode {
    /// As in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh sandbox per request",
            Self::Reuse => "bounded reuse",
            Self::Native => "native, no sandbox",
            Self::OneWorker => "fresh sandbox per request, one worker",
        }
    }

    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Fresh => &[],
            Self::Reuse => &["--reuse", "128"],
            Self::Native => &["--native"],
            Self::OneWorker => &["--workers", "1"],
        }
    }
}

/// A running gateway. Ends when dropped.
pub struct Gateway {
    binary: PathBuf,
    data: PathBuf,
    port: u16,
    mode: Mode,
    child: Option<Child>,
    /// From the start of the process to its first answer, the cache being cold.
    pub cold_start: Duration,
    /// The same once more, the cache being warm.
    pub warm_start: Duration,
}

impl Gateway {
    /// Starts one twice: once to compile, once to be measured.
    pub async fn start(binary: &Path, data: &Path, mode: Mode) -> Result<Self> {
        if data.exists() {
            fs::remove_dir_all(data)?;
        }
        fs::create_dir_all(data)?;
        let port = free_port()?;
        let mut gateway = Self {
            binary: binary.to_owned(),
            data: data.to_owned(),
            port,
            mode,
            child: None,
            cold_start: Duration::ZERO,
            warm_start: Duration::ZERO,
        };
        gateway.cold_start = gateway.up().await?;
        gateway.end();
        gateway.warm_start = gateway.up().await?;
        Ok(gateway)
    }

    /// Whether the binary has this mode.
    pub fn has(binary: &Path, mode: Mode) -> Result<bool> {
        let shown = Command::new(binary).args(["up", "--help"]).output()?;
        let help = String::from_utf8_lossy(&shown.stdout).into_owned();
        Ok(mode.arguments().first().is_none_or(|option| help.contains(option)))
    }

    async fn up(&mut self) -> Result<Duration> {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.data.join("log"))?;
        let started = Instant::now();
        let child = Command::new(&self.binary)
            .args(["up", "--region", "06", "--ports", &format!("06={}", self.port), "--data"])
            .arg(&self.data)
            .args(self.mode.arguments())
            .stdin(Stdio::null())
            .stderr(log.try_clone()?)
            .stdout(log)
            .spawn()
            .context("the gateway does not start")?;
        self.child = Some(child);
        let server = Server::at(&self.base(), &[])?;
        while started.elapsed() < START_MAX {
            let asked = Connection::to(&server).ask(Method::GET, "/metadata", None).await;
            if asked.is_ok_and(|answer| answer.status == 200) {
                return Ok(started.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        bail!("no answer within {START_MAX:?}; see {}", self.data.join("log").display())
    }

    /// Base address.
    pub fn base(&self) -> String {
        format!("http://127.0.0.1:{}/fhir", self.port)
    }

    /// `Authorization` of a role.
    pub fn authorization(&self, role: &str) -> Result<String> {
        let printed = Command::new(&self.binary)
            .args(["token", "--role", role, "--region", "06", "--data"])
            .arg(&self.data)
            .output()?;
        if !printed.status.success() {
            bail!("no token: {}", String::from_utf8_lossy(&printed.stderr));
        }
        Ok(format!("Authorization: Bearer {}", String::from_utf8(printed.stdout)?.trim()))
    }

    /// Has so many people made and loaded; those who are there already stay.
    ///
    /// # Errors
    /// When one of them is refused.
    pub fn people(&self, people: usize) -> Result<()> {
        let loaded = Command::new(&self.binary)
            .args(["demo", "--people", &people.to_string(), "--seed", "1000"])
            .args(["--region", "06", "--ports", &format!("06={}", self.port), "--data"])
            .arg(&self.data)
            .output()?;
        if !loaded.status.success() {
            bail!("people were not loaded: {}", String::from_utf8_lossy(&loaded.stderr));
        }
        Ok(())
    }

    /// The process, to be watched.
    pub fn process(&self) -> Result<Process> {
        let admin = format!("http://127.0.0.1:{}", self.port.saturating_add(ADMIN_OFFSET));
        let metrics: Option<Rc<Server>> = Some(Server::at(&admin, &[])?);
        Ok(Process { id: self.child.as_ref().map(Child::id), metrics })
    }

    /// Ends it at once: what is durable stays.
    fn end(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.end();
    }
}

/// A free loopback port whose admin port is free too.
fn free_port() -> Result<u16> {
    for _ in 0..100 {
        let probe = std::net::TcpListener::bind("127.0.0.1:0")?;
        let port = probe.local_addr()?.port();
        let Some(admin) = port.checked_add(ADMIN_OFFSET) else { continue };
        if std::net::TcpListener::bind(("127.0.0.1", admin)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no two free ports")
}
