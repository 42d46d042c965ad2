//! Each built component against its world, and against its pinned imports.
//! Build them first (`scripts/build`). `PIN_IMPORTS=1` writes new pins, to be
//! read before they are committed.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use component::{Outside, is_types_only, outside, worlds};

/// Everything of this project's own has this prefix.
const OWN: &str = "dossier:";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folders of `functions/`: one component each.
fn functions() -> Vec<String> {
    let folders = fs::read_dir(root().join("functions")).expect("functions/");
    let mut names: Vec<String> = folders
        .map(|entry| entry.expect("a folder").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    assert!(names.len() >= 7, "functions/ is incomplete: {names:?}");
    names
}

fn built(name: &str) -> Outside {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let path = target.join(format!("wasm32-wasip2/wasm/{name}.wasm"));
    let bytes = fs::read(&path)
        .unwrap_or_else(|_| panic!("{name}.wasm is not built: run scripts/build first"));
    outside(&bytes).expect("a component")
}

fn own(names: &BTreeSet<String>) -> BTreeSet<&str> {
    names.iter().map(String::as_str).filter(|name| name.starts_with(OWN)).collect()
}

fn worlds_of_functions() -> std::collections::BTreeMap<String, component::World> {
    worlds(&fs::read_to_string(root().join("wit/functions/worlds.wit")).expect("worlds.wit"))
        .expect("worlds")
}

#[test]
fn every_function_imports_exactly_the_walls_of_its_world() {
    let worlds = worlds_of_functions();
    for name in functions() {
        // A function without a world may import no wall at all.
        let world = worlds.get(&name).cloned().unwrap_or_default();
        let component = built(&name);
        let powers = |names: &BTreeSet<String>| -> BTreeSet<String> {
            own(names).into_iter().filter(|name| !is_types_only(name)).map(str::to_owned).collect()
        };
        println!("{name}");
        for import in &component.imports {
            println!("  {import}");
        }
        assert_eq!(
            powers(&component.imports),
            powers(&world.imports),
            "{name} and its world differ"
        );
    }
}

#[test]
fn lookup_and_search_cannot_write_and_only_audit_and_provenance_read_the_journal() {
    for name in functions() {
        let imports = built(&name).imports;
        let has = |wall: &str| imports.iter().any(|import| import.contains(wall));
        let writes = ["update", "transact"].contains(&name.as_str());
        assert_eq!(has("dossier:record/commits"), writes, "{name} and record/commits");
        assert_eq!(
            has("dossier:record/journal"),
            ["audit", "provenance"].contains(&name.as_str()),
            "{name} and record/journal"
        );
    }
}

/// `door` hands requests on to functions of the same process, on stock Spin
/// only (docs/decisions/0004-routes.md); the gateway does not load it.
const HANDS_ON: &str = "door";

#[test]
fn no_function_has_a_network_or_files_of_its_own() {
    for name in functions().iter().filter(|name| *name != HANDS_ON) {
        for import in built(name).imports {
            let client = import.starts_with("wasi:http/client")
                || import.starts_with("wasi:http/outgoing-handler")
                || import.starts_with("wasi:sockets/")
                || import.starts_with("wasi:filesystem/")
                || import.starts_with("wasi:keyvalue/")
                || import.starts_with("fermyon:")
                || import.starts_with("spin:");
            assert!(!client, "{name} imports {import}");
        }
    }
}

#[test]
fn every_function_answers_http() {
    for name in functions() {
        let exports = built(&name).exports;
        let answers = exports.iter().any(|export| export.starts_with("wasi:http/handler@0.3"));
        assert!(answers, "{name} exports only {exports:?}");
    }
}

#[test]
fn imports_are_the_pinned_ones() {
    let pins = Path::new(env!("CARGO_MANIFEST_DIR")).join("imports");
    for name in functions() {
        let real = built(&name).imports.into_iter().collect::<Vec<_>>().join("\n") + "\n";
        let pin = pins.join(format!("{name}.txt"));
        if std::env::var_os("PIN_IMPORTS").is_some() {
            fs::write(&pin, &real).expect("a pin");
        }
        let pinned = fs::read_to_string(&pin).unwrap_or_default();
        assert_eq!(real, pinned, "the imports of {name} changed; read why, then PIN_IMPORTS=1");
    }
}
