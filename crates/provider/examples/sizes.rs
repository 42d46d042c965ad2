//! Loads bundles as requests would, drains the journal, and prints what each
//! resource takes, by kind of item.
//!
//! `cargo run --release -p provider --example sizes BUNDLE.json…`

mod world;

use contracts::{Change, ChangeKind, CommitOptions, Intent, Interaction};
use fhir::json::Value;
use futures::executor::block_on;
use store::embedded::Embedded;
use world::{Failure, door};

fn main() -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("dossier-sizes-{}", std::process::id()));
    let store = Embedded::open(&folder)?;
    let (walls, session) = door([store.record(), store.access()])?;
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
