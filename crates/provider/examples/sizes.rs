//! Loads bundles as requests would, drains the journal, and prints what each
//! resource takes, by kind of item.
//!
//! `cargo run --release -p provider --example sizes BUNDLE.json…`

use access::claims::{Claims, Function};
use access::scope::Scope;
use access::token::{Issuers, SigningIssuer};
use chart::Environment;
use contracts::{Change, ChangeKind, CommitOptions, Intent, Interaction, Origin};
use fhir::json::Value;
use futures::executor::block_on;
use provider::{Journaling, Provider, Session, Setup};
use regions::Directory;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use store::embedded::{Embedded, EmbeddedTable};

type Failure = Box<dyn std::error::Error>;
type Walls = Provider<EmbeddedTable, Now>;

/// The system's clock and chance.
#[derive(Clone)]
struct Now;

impl Environment for Now {
    fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
    fn fill_random(&self, bytes: &mut [u8]) {
        for part in bytes.chunks_mut(8) {
            let random = RandomState::new().build_hasher().finish().to_le_bytes();
            part.iter_mut().zip(random).for_each(|(byte, random)| *byte = random);
        }
    }
    async fn sleep(&self, ms: u64) {
        std::thread::sleep(Duration::from_millis(ms));
    }
}

const REGION: &str = r#"
code = "01"
name = { fr = "R", en = "R" }
phase = "live"
endpoint = "https://01.example/fhir"
admin_port = 9401
time_zone = "America/Toronto"
link = "fibre"
neighbours = []
administrative_regions = [1]
[release_delay_days]
imaging = 30
[[establishment]]
id = "e01"
name = { fr = "E", en = "E" }
kind = "CISSS"
municipality = "Ville"
"#;

fn main() -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("dossier-sizes-{}", std::process::id()));
    let store = Embedded::open(&folder)?;
    let (walls, session) = door(&store)?;
    let mut paths: Vec<String> = std::env::args().skip(1).collect();
    // Registries first: others refer to them.
    paths.sort_by_key(|path| !path.rsplit('/').next().unwrap_or(path).starts_with("0-"));
    let (mut resources, mut text_bytes) = (0, 0);
    for path in paths {
        let bundle = fhir::json::Document::parse_bytes(std::fs::read(&path)?, &limits())
            .map_err(|refusal| format!("{path}: {refusal:?}"))?;
        let changes: Vec<Change> = bundle.root().each("entry").filter_map(change).collect();
        resources += changes.len();
        text_bytes += changes.iter().map(|change| change.body.len()).sum::<usize>();
        let whole =
            bundle.root().get("type").and_then(Value::as_str).as_deref() == Some("transaction");
        let key = Some(format!("sha-256={path}"));
        let parts: Vec<Vec<Change>> =
            if whole { vec![changes] } else { changes.into_iter().map(|one| vec![one]).collect() };
        for part in parts {
            let options = CommitOptions {
                bundle: whole,
                retry_key: key.clone().filter(|_| whole),
                request_hash: vec![7; 32],
                ..CommitOptions::default()
            };
            let interaction = if whole { Interaction::Transaction } else { Interaction::Create };
            let done = block_on(walls.commit(&session, Intent::to(interaction), part, options));
            done.map_err(|refusal| format!("{path}: {refusal:?}"))?;
        }
    }
    while block_on(walls.maintain())? {}
    print(&store, resources, text_bytes)?;
    drop((walls, store));
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn limits() -> fhir::limits::JsonLimits {
    fhir::limits::JsonLimits::default()
}

fn change(entry: Value<'_>) -> Option<Change> {
    let resource = entry.get("resource")?;
    let name = resource.get("resourceType")?.as_str()?.into_owned();
    let request = entry.get("request")?;
    let said = |name: &str| Some(request.get(name)?.as_str()?.into_owned());
    Some(Change {
        full_url: entry.get("fullUrl").and_then(Value::as_str).map(|url| url.into_owned()),
        if_none_exist: said("ifNoneExist"),
        body: resource.raw().as_bytes().to_vec(),
        ..Change::of(ChangeKind::Create, name)
    })
}

fn door(store: &Embedded) -> Result<(Walls, Session), Failure> {
    let issuer = SigningIssuer::create("https://issuer.example", "dossier", |bytes| {
        Now.fill_random(bytes);
    })
    .map_err(|error| format!("{error:?}"))?;
    let trusted = format!(
        r#"{{"issuers":[{{"issuer":"https://issuer.example","audiences":["dossier"],"jwks":{}}}]}}"#,
        issuer.public_jwks()
    );
    let (walls, flusher) = Provider::new(Setup {
        record: store.record(),
        access: store.access(),
        body_partitions: provider::limits::BODY_PARTITIONS,
        issuers: Issuers::parse(&trusted).map_err(|error| format!("{error:?}"))?,
        elsewhere: None,
        authority: None,
        fetch: None,
        directory: Directory::read([("01.toml", REGION)]).map_err(|error| format!("{error:?}"))?,
        region: "01".to_owned(),
        environment: Now,
        journaling: Journaling::Shared,
        background: None,
        unique_systems: provider::limits::unique_systems(),
        away: None,
    });
    std::thread::spawn(move || block_on(flusher));
    let now_s = Now.now_ms() / 1000;
    let claims = Claims {
        subject: "loader".to_owned(),
        name: None,
        fhir_user: None,
        function: Function::System,
        licence: None,
        establishment: None,
        purpose: Function::System.usual_purpose(),
        patient: None,
        client_id: "loader".to_owned(),
        scopes: Scope::parse_all("system/*.cruds").map_err(|error| format!("{error:?}"))?,
        token_id: None,
        issuer: String::new(),
        expires_at_s: now_s + 3600,
        issued_at_s: Some(now_s),
    };
    let header = format!("Bearer {}", issuer.sign(&claims));
    let origin = Origin {
        request_id: "r".into(),
        client_address: "192.0.2.1".into(),
        emergency: None,
        stands_in_for: None,
        any_door: false,
    };
    let session = block_on(walls.verify(Some(&header), &origin));
    Ok((walls, session.map_err(|refusal| format!("{refusal:?}"))?))
}

fn print(store: &Embedded, resources: usize, text_bytes: usize) -> Result<(), Failure> {
    let each = |bytes: u64| bytes as f64 / resources as f64;
    println!("{resources} resources of {:.0} bytes of text", each(text_bytes as u64));
    println!(
        "{:<10}{:>8}{:>12}{:>16}{:>12}",
        "kind", "items", "per resource", "DynamoDB bytes", "row bytes"
    );
    let (mut counted, mut rows, mut pages) = (0, 0, 0);
    for table in [store.record(), store.access()] {
        let census = table.census()?;
        for kind in census.kinds {
            println!(
                "{:<10}{:>8}{:>12.2}{:>16.1}{:>12.1}",
                format!("{} {}", table.name(), kind.letters),
                kind.items,
                each(kind.items),
                each(kind.counted_bytes),
                each(kind.row_bytes)
            );
            counted += kind.counted_bytes;
            rows += kind.row_bytes;
        }
        pages += census.page_bytes;
    }
    println!(
        "{:<30}{:>16.1}{:>12.1}{:>12.1} in pages",
        "all",
        each(counted),
        each(rows),
        each(pages)
    );
    Ok(())
}
