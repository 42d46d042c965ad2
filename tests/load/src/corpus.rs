//! The charts that are loaded first, and what the cases ask of them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::Method;
use serde_json::Value;
use tokio::task::LocalSet;

use crate::client::{Connection, Server};

/// Bundles on their way at one time.
const BUNDLES_AT_ONCE: usize = 4;

/// Resources of a large chart.
pub const LARGE: usize = 2_000;

/// What was loaded: addresses and values to ask for.
#[derive(Default)]
pub struct Corpus {
    /// `Type/id` of everything created.
    pub places: Vec<String>,
    /// Ids of Patients.
    pub patients: Vec<String>,
    /// Search values of `Patient.identifier`, percent-encoded, `system|value`.
    pub identifiers: Vec<String>,
    /// First letters of family names.
    pub names: Vec<String>,
    /// The `system|code` that most Observations have.
    pub code: String,
    /// Id of the Patient whose bundle has nearest to [`LARGE`] resources …
    pub large: String,
    /// … and how many those are.
    pub large_resources: usize,
    /// Resources created.
    pub resources: usize,
    /// How long that took.
    pub taken: Duration,
}

/// Reads the bundles of a folder (`*.json`); batches go first, as others refer to them.
pub fn read(folder: &Path) -> Result<Vec<(Value, Bytes)>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("no folder {}", folder.display()))?;
    let mut paths =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let mut bundles = Vec::with_capacity(paths.len());
    for path in paths {
        let text = fs::read(&path)?;
        let bundle: Value = serde_json::from_slice(&text)?;
        bundles.push((bundle, Bytes::from(text)));
    }
    if bundles.is_empty() {
        bail!("no bundles in {}", folder.display());
    }
    bundles.sort_by_key(|(bundle, _)| !is_registry(bundle));
    Ok(bundles)
}

/// Whether a bundle holds nobody: establishments and practitioners.
fn is_registry(bundle: &Value) -> bool {
    !entries(bundle).iter().any(|entry| text(entry, "/resource/resourceType") == Some("Patient"))
}

fn entries(bundle: &Value) -> &[Value] {
    bundle.get("entry").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}

/// Loads the bundles, those of registries one by one, the others several at a time.
pub async fn load(server: &Rc<Server>, bundles: &[(Value, Bytes)]) -> Result<Corpus> {
    let corpus = Rc::new(RefCell::new(Corpus::default()));
    let started = Instant::now();
    let first = bundles.iter().filter(|(bundle, _)| is_registry(bundle)).count();
    let (registries, people) = bundles.split_at(first);
    let mut alone = Connection::to(server);
    for (_, text) in registries {
        send(&mut alone, text.clone(), &corpus).await?;
    }
    let next = Rc::new(Cell::new(0));
    let texts: Rc<[Bytes]> = people.iter().map(|(_, text)| text.clone()).collect();
    let senders = LocalSet::new();
    let mut tasks = Vec::new();
    for _ in 0..BUNDLES_AT_ONCE {
        let (mut connection, corpus) = (Connection::to(server), Rc::clone(&corpus));
        let (next, texts) = (Rc::clone(&next), Rc::clone(&texts));
        tasks.push(senders.spawn_local(async move {
            while let Some(text) = texts.get(next.replace(next.get() + 1)) {
                send(&mut connection, text.clone(), &corpus).await?;
            }
            anyhow::Ok(())
        }));
    }
    senders.await;
    for task in tasks {
        task.await??;
    }
    let taken = started.elapsed();
    let mut corpus = Rc::try_unwrap(corpus).ok().context("a sender is left")?.into_inner();
    corpus.taken = taken;
    values(&mut corpus, bundles);
    anyhow::ensure!(!corpus.patients.is_empty(), "the bundles made no Patient");
    Ok(corpus)
}

/// Posts one bundle and keeps where its resources are.
async fn send(connection: &mut Connection, text: Bytes, corpus: &RefCell<Corpus>) -> Result<()> {
    let answer = connection.ask(Method::POST, "/", Some(text)).await?;
    if answer.status != 200 {
        bail!("a bundle was refused with {}: {}", answer.status, start(&answer.body));
    }
    let bundle: Value = serde_json::from_slice(&answer.body)?;
    let mut corpus = corpus.borrow_mut();
    for entry in entries(&bundle) {
        let status = text_of_status(entry);
        if !status.starts_with('2') {
            bail!("an entry was refused: {}", start(entry.to_string().as_bytes()));
        }
        let Some(location) = self::text(entry, "/response/location") else { continue };
        corpus.resources += usize::from(status.starts_with("201"));
        let versionless = location.split("/_history/").next().unwrap_or(location);
        let mut parts = versionless.rsplit('/');
        let (Some(id), Some(kind)) = (parts.next(), parts.next()) else { continue };
        if kind == "Patient" {
            corpus.patients.push(id.to_owned());
            let count = entries(&bundle).len();
            if corpus.large_resources.abs_diff(LARGE) > count.abs_diff(LARGE) {
                (corpus.large, corpus.large_resources) = (id.to_owned(), count);
            }
        }
        corpus.places.push(format!("{kind}/{id}"));
    }
    Ok(())
}

fn text_of_status(entry: &Value) -> &str {
    text(entry, "/response/status").unwrap_or_default()
}

/// The start of an answer, for an error message.
pub fn start(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(300).collect()
}

/// Search values out of the bundles themselves.
fn values(corpus: &mut Corpus, bundles: &[(Value, Bytes)]) {
    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    for resource in bundles.iter().flat_map(|(bundle, _)| entries(bundle)) {
        match text(resource, "/resource/resourceType") {
            Some("Patient") => {
                if let Some(token) = token(resource, "/resource/identifier/0", "value") {
                    corpus.identifiers.push(token);
                }
                if let Some(family) = text(resource, "/resource/name/0/family") {
                    corpus.names.push(encoded(&family.chars().take(4).collect::<String>()));
                }
            }
            Some("Observation") => {
                if let Some(code) = token(resource, "/resource/code/coding/0", "code") {
                    *codes.entry(code).or_default() += 1;
                }
            }
            _ => {}
        }
    }
    let most = codes.into_iter().max_by_key(|(_, count)| *count);
    corpus.code = most.map_or_else(|| "718-7".to_owned(), |(code, _)| code);
}

fn token(resource: &Value, at: &str, name: &str) -> Option<String> {
    let value = text(resource, &format!("{at}/{name}"))?;
    let system = text(resource, &format!("{at}/system")).unwrap_or_default();
    Some(encoded(&format!("{system}|{value}")))
}

/// Percent-encodes a query value.
fn encoded(text: &str) -> String {
    let each = text.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    });
    each.collect()
}
