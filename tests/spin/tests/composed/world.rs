//! The application as Spin would start it: the manifest of this checkout, the
//! built components, and variables supplied for this test.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use access::claims::{Claims, Function as Role};
use access::scope::Scope;
use access::token::SigningIssuer;
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use regions::Directory;
use serde_json::{Value, json};
use stock_spin::compose::compose;
use stock_spin::host::{Function, Given, engine};
use stock_spin::manifest::{Dependency, Manifest, Source};
use store::embedded::Embedded;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::store_on_loopback;

/// Hands requests on to the others; the one that listens on stock Spin.
pub const HANDS_ON: &str = "door";

/// The functions that stand behind walls.
pub const WALLED: [&str; 11] = [
    "lookup",
    "search",
    "update",
    "transact",
    "validate",
    "audit",
    "provenance",
    "route",
    "capability",
    "sequence",
    "token",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub fn manifest() -> Manifest {
    Manifest::read(&fs::read_to_string(root().join("spin.toml")).unwrap()).unwrap()
}

/// A component that the manifest names by its file. `DOSSIER_COMPONENTS` says
/// where they are when it is not where `scripts/build` puts them.
pub fn built(source: &str) -> Vec<u8> {
    let path = match std::env::var_os("DOSSIER_COMPONENTS") {
        Some(folder) => Path::new(&folder).join(Path::new(source).file_name().unwrap()),
        None => root().join(source),
    };
    fs::read(&path)
        .unwrap_or_else(|_| panic!("{source} is not built: run ./scripts/build, then try again"))
}

pub fn source(manifest: &Manifest, id: &str) -> Vec<u8> {
    match &manifest.component[id].source {
        Source::Local(path) => built(path),
        other => panic!("{id} comes from {other:?}"),
    }
}

/// The component with its dependencies, as the manifest binds them.
pub fn composed(manifest: &Manifest, id: &str) -> Vec<u8> {
    let dependencies: Vec<_> = manifest.component[id]
        .dependencies
        .iter()
        .map(|(name, dependency)| match dependency {
            Dependency::Bound(bound) => {
                (name.parse().unwrap(), built(bound.path.as_ref().unwrap()))
            }
            Dependency::Version(_) => panic!("{name} comes from a registry"),
        })
        .collect();
    compose(&source(manifest, id), &dependencies).unwrap()
}

/// The same, compiled: once for all tests of this process that ask for it.
fn compiled(name: &'static str) -> Component {
    type Slot = Arc<OnceLock<Component>>;
    static ENGINE: LazyLock<Engine> = LazyLock::new(|| engine().unwrap());
    static SLOTS: Mutex<BTreeMap<&str, Slot>> = Mutex::new(BTreeMap::new());
    let slot = Arc::clone(SLOTS.lock().unwrap().entry(name).or_default());
    let compile = || Function::compile(&ENGINE, &composed(&manifest(), name)).unwrap();
    slot.get_or_init(compile).clone()
}

fn directory() -> Directory {
    let mut files: Vec<PathBuf> = fs::read_dir(root().join("infra/regions"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "toml"))
        .collect();
    files.sort();
    let texts: Vec<(String, String)> = files
        .iter()
        .map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap()))
        .collect();
    Directory::read(texts.iter().map(|(name, text)| (name.as_str(), text.as_str()))).unwrap()
}

/// A running application.
pub struct World {
    functions: BTreeMap<&'static str, Function>,
    issuer: SigningIssuer,
    establishment: String,
    _data: tempfile::TempDir,
}

impl World {
    /// Starts these functions over an empty record, as the manifest says.
    pub async fn start(names: &[&'static str]) -> Self {
        Self::start_given(names, |_| {}).await
    }

    /// The same, with what Spin gives them changed.
    pub async fn start_given(names: &[&'static str], change: impl Fn(&mut Given)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let endpoint = store_on_loopback::start(Embedded::open(data.path()).unwrap()).await;
        let issuer = SigningIssuer::create("https://issuer.invalid/test", "dossier", |bytes| {
            // A key of a test, the same every time.
            bytes.iter_mut().zip(1..).for_each(|(byte, number)| *byte = number);
        })
        .unwrap();
        let keys: Value = serde_json::from_str(&issuer.public_jwks()).unwrap();
        let issuers = json!({"issuers": [
            {"issuer": issuer.url(), "audiences": ["dossier"], "jwks": keys}
        ]});
        let directory = directory();
        let supplied = BTreeMap::from([
            ("record_endpoint".to_owned(), endpoint),
            ("issuers".to_owned(), issuers.to_string()),
            ("regions".to_owned(), directory.to_text()),
        ]);
        let manifest = manifest();
        let functions = names
            .iter()
            .map(|name| {
                let mut given = manifest.given(name, &supplied).unwrap();
                change(&mut given);
                (*name, Function::new(&compiled(name), given).unwrap())
            })
            .collect();
        let region = directory.region("06").unwrap();
        let establishment = region.establishments[0].id.clone();
        Self { functions, issuer, establishment, _data: data }
    }

    pub fn function(&self, name: &str) -> &Function {
        &self.functions[name]
    }

    /// A token of the test's issuer.
    pub fn token(&self, role: Role, scopes: &str) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
        self.issuer.sign(&Claims {
            subject: "someone".to_owned(),
            name: Some("Someone".to_owned()),
            fhir_user: None,
            purpose: role.usual_purpose(),
            licence: (role == Role::Physician).then(|| "00000".to_owned()),
            function: role,
            establishment: Some(self.establishment.clone()),
            patient: None,
            client_id: "composed".to_owned(),
            scopes: Scope::parse_all(scopes).unwrap(),
            token_id: Some("1".to_owned()),
            issuer: self.issuer.url().to_owned(),
            expires_at_s: now + 600,
            issued_at_s: Some(now),
        })
    }

    /// Asks a function and reads its JSON.
    pub async fn ask(
        &self,
        name: &str,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Response<Value> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://dossier.test{path}"))
            .header("x-request-id", "composed-1")
            .header("accept", "application/fhir+json");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let mut bytes = Bytes::new();
        if let Some(body) = body {
            request = request.header("content-type", "application/fhir+json");
            bytes = Bytes::from(body.to_string());
        }
        let request = request.body(Full::new(bytes)).unwrap();
        let answer = self.function(name).ask(request).await.unwrap();
        answer.map(|body| serde_json::from_slice(&body).unwrap_or(Value::Null))
    }
}
