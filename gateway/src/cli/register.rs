//! `dossier register`: the register of accesses as a file, one line for each,
//! read through a region's door with an auditor's token, as any other access.

use std::fs;
use std::io::{BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use regions::Directory;

use crate::cli::load::client::{Client, Target, is_success};
use crate::cli::{Places, token};
use crate::record;

/// Accesses of one page.
const PAGE: u32 = 250;
/// How long one page may take.
const PAGE_WITHIN: Duration = Duration::from_secs(60);
/// Times that a page is asked for when the door is busy.
const ATTEMPTS_MAX: u32 = 8;

/// Options of `dossier register`.
#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    door: Door,
    /// First day, in the time zone of the region, such as 2026-01-01
    #[arg(long, value_name = "DAY")]
    from: String,
    /// Last day
    #[arg(long, value_name = "DAY")]
    to: String,
    /// File to write, CSV (RFC 4180); nothing is overwritten. It holds personal
    /// data
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Through which door, and with which token.
#[derive(Args)]
pub struct Door {
    #[command(flatten)]
    places: Places,
    /// Region whose accesses are read, through its door
    #[arg(long, value_name = "CODE", default_value = "06")]
    pub region: String,
    /// Base address of the door [default: the one of the region file]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Certificates of the authorities to trust when the door speaks TLS, in PEM
    /// [default: those that the system trusts]
    #[arg(long, value_name = "FILE")]
    authorities: Option<PathBuf>,
    /// File of an auditor's token, or - for the standard input [default: a token
    /// of the development issuer]
    #[arg(long, value_name = "FILE|-")]
    token: Option<PathBuf>,
}

/// Writes the register.
///
/// # Errors
/// What keeps it from being whole; the file is not to be used then.
pub async fn run(options: Options) -> Result<()> {
    let mut pages = options.door.pages(&options.from, &options.to)?;
    let mut open = fs::OpenOptions::new();
    let file = open.write(true).create_new(true).mode(0o600).open(&options.out);
    let file = file.with_context(|| format!("making {}", options.out.display()))?;
    let mut file = BufWriter::new(file);
    let mut first = true;
    while let Some(page) = pages.next().await? {
        let (heading, lines) = page.split_once("\r\n").context("the door sent no register")?;
        if first {
            write!(file, "{heading}\r\n")?;
            first = false;
        }
        file.write_all(lines.as_bytes())?;
    }
    file.flush()?;
    println!("{} accesses in {}", pages.accesses, options.out.display());
    Ok(())
}

/// The pages of a register, one at a time.
pub struct Pages {
    client: Client,
    token: String,
    next: Option<String>,
    /// Path of the base address, which links begin with.
    base: String,
    /// Lines so far.
    pub accesses: u64,
}

impl Door {
    /// The directory of regions.
    ///
    /// # Errors
    /// Every fault of every file.
    pub fn directory(&self) -> Result<Directory> {
        record::directory(&self.places.regions)
    }

    /// The register of these days.
    ///
    /// # Errors
    /// When there is no such region, no token, or no such day.
    pub fn pages(&self, from: &str, to: &str) -> Result<Pages> {
        let directory = self.directory()?;
        let region = directory.region(&self.region);
        let region = region
            .with_context(|| format!("there is no region {} in the region files", self.region))?;
        let zone = trace::zone::Zone::of(&region.time_zone);
        for day in [from, to] {
            zone.days(day).with_context(|| format!("{day} is no day such as 2026-01-31"))?;
        }
        let url = match (&self.url, &region.endpoint) {
            (Some(url), _) => url.clone(),
            (None, Some(endpoint)) => endpoint.clone(),
            (None, None) => {
                bail!("region {} has no endpoint in its file; give one with --url", self.region)
            }
        };
        let target = Target::parse(&url, self.authorities.as_deref())?;
        let base = target.path().to_owned();
        let question = format!(
            "/AuditEvent/$register?region={}&date=ge{from}&date=le{to}&_count={PAGE}",
            self.region
        );
        Ok(Pages {
            client: Client::new(target, PAGE_WITHIN),
            token: self.token()?,
            next: Some(question),
            base,
            accesses: 0,
        })
    }

    fn token(&self) -> Result<String> {
        let text = match &self.token {
            None => token::token(&self.places, token::Role::Auditor, &self.region, None)?,
            Some(file) if file.as_os_str() == "-" => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text)?;
                text
            }
            Some(file) => fs::read_to_string(file)
                .with_context(|| format!("reading the token in {}", file.display()))?,
        };
        let text = text.trim().to_owned();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            bail!("what was given with --token is no token");
        }
        Ok(text)
    }
}

impl Pages {
    /// The next page, heading included; `None` after the last.
    ///
    /// # Errors
    /// What the door refuses, or when it does not answer.
    pub async fn next(&mut self) -> Result<Option<String>> {
        let Some(below) = self.next.take() else { return Ok(None) };
        let mut attempt = 1;
        let answer = loop {
            let answer = self.client.get(&self.token, &below).await;
            let pause = match &answer {
                Ok(answer) if matches!(answer.status, 429 | 503) => answer.retry_after,
                Ok(_) => break answer?,
                Err(_) => None,
            };
            if attempt >= ATTEMPTS_MAX {
                break answer?;
            }
            attempt += 1;
            tokio::time::sleep(pause.unwrap_or(Duration::from_secs(1))).await;
        };
        let text = String::from_utf8(answer.body).context("the door sent no text")?;
        if !is_success(answer.status) {
            bail!("the door refused with {}: {}", answer.status, diagnostics(&text));
        }
        let lines = trace::csv::records(&text).context("the door sent no register")?.len();
        self.accesses += u64::try_from(lines.saturating_sub(1))?;
        self.next = answer.next.and_then(|url| self.below(&url));
        Ok(Some(text))
    }

    /// What of a link is below the base: the host that a link names is the door's
    /// own, by whatever name it was reached.
    fn below(&self, url: &str) -> Option<String> {
        let path = url.split_once("://").map_or(url, |(_, rest)| {
            rest.find('/').and_then(|at| rest.get(at..)).unwrap_or_default()
        });
        path.strip_prefix(self.base.as_str()).map(str::to_owned)
    }
}

/// What an OperationOutcome says.
fn diagnostics(text: &str) -> String {
    let outcome: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let said = outcome.pointer("/issue/0/diagnostics").and_then(serde_json::Value::as_str);
    said.unwrap_or("it does not say why").to_owned()
}
