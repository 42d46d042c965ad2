//! How the walls must be bound, and what a composition still asks of its host.

use std::collections::BTreeSet;

use stock_spin::compose::{compose, imports};

use crate::world::{HANDS_ON, WALLED, built, composed, manifest, source};

const ADAPTER: &str = "target/wasm32-wasip2/wasm/adapter.wasm";

#[test]
fn what_remains_is_wasi_and_variables() {
    let manifest = manifest();
    for name in WALLED {
        let remaining = imports(&composed(&manifest, name)).unwrap();
        println!("{name}");
        for import in &remaining {
            println!("  {import}");
            let known = import.starts_with("wasi:") || import.starts_with("spin:variables/");
            assert!(known, "{name} with the adapter still imports {import}");
            // Rust's std asks for folders; Spin answers it with none.
            let power = import.starts_with("wasi:sockets/") || import.contains("keyvalue");
            assert!(!power, "{name} with the adapter imports {import}");
        }
    }
}

#[test]
fn the_door_of_stock_spin_has_http_and_no_wall() {
    let manifest = manifest();
    assert!(manifest.component[HANDS_ON].dependencies.is_empty());
    let remaining = imports(&source(&manifest, HANDS_ON)).unwrap();
    println!("{HANDS_ON}: {remaining:#?}");
    assert!(remaining.iter().all(|import| import.starts_with("wasi:")), "{remaining:?}");
}

#[test]
fn every_wall_is_bound_to_one_instance_of_the_adapter() {
    let manifest = manifest();
    for name in WALLED {
        let bound: BTreeSet<&String> = manifest.component[name].dependencies.keys().collect();
        assert_eq!(bound.len(), 1, "{name} has {bound:?}: one adapter instance for each");
        let entry = bound.first().unwrap().parse::<stock_spin::names::DependencyName>().unwrap();
        for import in imports(&source(&manifest, name)).unwrap() {
            assert_eq!(
                import.starts_with("dossier:"),
                entry.stands_for(&import),
                "{name}: {entry} and {import}"
            );
        }
    }
}

/// Why there is one entry, and so one package: a session of one instance is
/// nothing to another.
#[test]
fn a_session_of_another_instance_does_not_compose() {
    let adapter = built(ADAPTER);
    let function = source(&manifest(), "lookup");
    let walls = imports(&function).unwrap();
    let each: Vec<_> = walls
        .iter()
        .filter(|import| import.starts_with("dossier:"))
        .map(|import| (import.parse().unwrap(), adapter.clone()))
        .collect();
    assert!(each.len() > 2, "{walls:?}");
    let refusal = compose(&function, &each).expect_err("instances cannot share a session");
    println!("{refusal:#}");
}

#[test]
fn a_dependency_that_stands_for_nothing_is_refused() {
    let function = source(&manifest(), "lookup");
    let strange = [("dossier:elsewhere".parse().unwrap(), built(ADAPTER))];
    let refusal = compose(&function, &strange).unwrap_err();
    assert!(refusal.to_string().contains("no import is meant"), "{refusal:#}");
}
