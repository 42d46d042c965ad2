//! `spin.toml` by the rules of stock Spin, by this project's own, and the
//! rules themselves on manifests with one thing wrong.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use stock_spin::manifest::{Component, Dependency, Inherit, Manifest, Route, Source};
use stock_spin::names::DependencyName;
use stock_spin::rules::faults;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text() -> String {
    fs::read_to_string(root().join("spin.toml")).unwrap()
}

fn manifest() -> Manifest {
    Manifest::read(&text()).unwrap()
}

/// The components with a wall; `door` has none.
fn walled(manifest: &Manifest) -> impl Iterator<Item = (&String, &Component)> {
    manifest.component.iter().filter(|(id, _)| *id != "door")
}

#[test]
fn spin_takes_the_manifest() {
    assert_eq!(faults(&manifest()), Vec::<String>::new());
}

#[test]
fn every_function_is_a_component_and_the_other_way_round() {
    let folders: BTreeSet<String> = fs::read_dir(root().join("functions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let manifest = manifest();
    let components: BTreeSet<String> = manifest.component.keys().cloned().collect();
    assert_eq!(folders, components);
    for (id, component) in &manifest.component {
        let Source::Local(path) = &component.source else { panic!("{id} is not built here") };
        assert_eq!(*path, format!("target/wasm32-wasip2/wasm/{id}.wasm"));
    }
}

#[test]
fn only_the_door_is_reached_from_outside() {
    for trigger in manifest().trigger.http {
        match trigger.route {
            Route::Path(path) => assert_eq!((trigger.component.as_str(), &*path), ("door", "/...")),
            Route::Private(private) => assert!(private.private && trigger.component != "door"),
        }
    }
}

#[test]
fn the_adapter_inherits_outbound_hosts_and_variables_and_nothing_else() {
    let manifest = manifest();
    for (id, component) in walled(&manifest) {
        assert_eq!(component.dependencies.len(), 1, "{id}: one entry is one instance");
        assert_eq!(component.dependencies_inherit_configuration, None, "{id}");
        for (name, dependency) in &component.dependencies {
            let Dependency::Bound(bound) = dependency else { panic!("{id}: {name}") };
            assert_eq!(bound.path.as_deref(), Some("target/wasm32-wasip2/wasm/adapter.wasm"));
            let both = ["allowed_outbound_hosts", "variables"].map(str::to_owned).to_vec();
            assert_eq!(bound.inherit_configuration, Some(Inherit::Some(both)), "{id}: {name}");
        }
    }
}

#[test]
fn nothing_has_files_environment_or_stores() {
    for (id, component) in &manifest().component {
        assert!(component.environment.is_empty(), "{id} has an environment");
        assert!(component.files.is_empty(), "{id} has files");
        assert!(component.key_value_stores.is_empty(), "{id} has key-value stores");
        assert!(component.sqlite_databases.is_empty(), "{id} has databases");
        assert!(component.ai_models.is_empty(), "{id} has models");
    }
}

/// The single entry of a component must mean every wall of its world.
#[test]
fn one_entry_stands_for_every_wall_of_the_world() {
    let worlds = fs::read_to_string(root().join("wit/functions/worlds.wit")).unwrap();
    let manifest = manifest();
    for (id, component) in walled(&manifest) {
        let names: Vec<DependencyName> =
            component.dependencies.keys().map(|name| name.parse().unwrap()).collect();
        let world = worlds.split_once(&format!("world {id} {{")).unwrap().1;
        let world = world.split_once('}').unwrap().0;
        let imports: Vec<String> = world
            .lines()
            .filter_map(|line| line.trim().strip_prefix("import "))
            .map(|import| import.trim_end_matches(';').replace('%', ""))
            .collect();
        assert!(!imports.is_empty(), "{id} has no wall");
        for import in imports {
            assert!(names.iter().any(|name| name.stands_for(&import)), "{id}: {import} is unbound");
        }
    }
}

/// Whether the defaults can start an application: the adapter reads them so.
#[test]
fn variables_have_values_that_the_adapter_takes() {
    let manifest = manifest();
    for (id, component) in walled(&manifest) {
        assert!(manifest.given(id, &BTreeMap::new()).is_err(), "{id} starts without regions");
        let supplied = BTreeMap::from([("regions".to_owned(), "regions 1\n".to_owned())]);
        let given = manifest.given(id, &supplied).unwrap();
        access::token::Issuers::parse(&given.variables["issuers"]).unwrap();
        assert_eq!(given.allowed_outbound_hosts, [given.variables["record_endpoint"].as_str()]);
        let mut asked = vec![
            "aws_access_key_id",
            "aws_region",
            "aws_secret_access_key",
            "aws_session_token",
            "issuers",
            "record_endpoint",
            "region",
            "regions",
        ];
        // The one function that gives tokens; no other knows the key.
        if id == "token" {
            access::token::Clients::parse(&given.variables["clients"]).unwrap();
            asked.extend(["clients", "token_endpoint", "token_issuer", "token_key"]);
            asked.sort_unstable();
        }
        // The one that signs the ledger.
        if id == "sequence" {
            asked.push("log_key");
            asked.sort_unstable();
        }
        assert_eq!(component.variables.keys().collect::<Vec<_>>(), asked, "{id}");
    }
    assert!(manifest.variables["aws_secret_access_key"].secret);
    assert!(manifest.variables["token_key"].secret);
    assert!(manifest.variables["log_key"].secret);
    assert!(manifest.variables["aws_session_token"].secret);
}

#[test]
fn a_manifest_with_one_thing_wrong_is_refused() {
    let wrong = [
        ("spin_manifest_version = 2", "spin_manifest_version = 1"),
        ("version = \"0.1.0\"", "version = \"one\""),
        ("region = { default = \"06\" }", "Region = { default = \"06\" }"),
        ("region = { default = \"06\" }", "region = { secret = true }"),
        ("route = \"/...\"", "route = \"...\""),
        ("route = { private = true }", "route = { private = false }"),
        ("component = \"lookup\"", "component = \"elsewhere\""),
        ("[component.search]", "[component.search]\nfolders = []"),
        ("\"{{ record_endpoint }}\"", "\"{{ record_end }}\""),
        ("\"{{ record_endpoint }}\"", "\"{{ record_endpoint\""),
        ("\"http://*.spin.internal\"", "\"spin.internal/path\""),
        ("\"dossier:record@0.1.0\" =", "\"dossier:record@one\" ="),
        ("\"dossier:record@0.1.0\" =", "\"record\" = \"1\"\n\"dossier:record@0.1.0\" ="),
        ("\"dossier:record@0.1.0\" =", "\"dossier:record\" = \"1\"\n\"dossier:record@0.1.0\" ="),
        ("adapter.wasm\", inherit", "adapter.wasm\", export = \"other\", inherit"),
        ("adapter.wasm\", inherit", "adapter.wasm\", version = \"1\", inherit"),
        ("adapter.wasm\", inherit", "adapter.wasm\", inherits = true, inherit"),
        ("\"variables\"]", "\"network\"]"),
    ];
    for (good, bad) in wrong {
        let text = text();
        assert!(text.contains(good), "spin.toml has no {good}");
        let text = text.replacen(good, bad, 1);
        let found = Manifest::read(&text).map(|manifest| faults(&manifest));
        assert!(found.is_err() || found.is_ok_and(|faults| !faults.is_empty()), "{bad} is taken");
    }
}

#[test]
fn names_stand_for_imports_as_spin_matches_them() {
    let stands = [
        ("foo:bar/baz@0.1.0", "foo:bar/baz@0.1.0", true),
        ("foo:bar/baz", "foo:bar/baz@0.1.0", true),
        ("foo:bar", "foo:bar/baz", true),
        ("foo:bar@0.1.0", "foo:bar/baz@0.1.0", true),
        ("foo-bar", "foo-bar", true),
        ("foo:bar/baz@0.1.0", "foo:bar/baz", false),
        ("foo:bar/baz", "foo:bar/other@0.1.0", false),
        ("foo:bar@0.1.0", "foo:bar/baz@0.1.1", false),
        ("foo:bar", "foo:other/baz", false),
        ("foo:bar", "foo-bar", false),
    ];
    for (name, import, expected) in stands {
        let parsed: DependencyName = name.parse().unwrap();
        assert_eq!(parsed.stands_for(import), expected, "{name} and {import}");
        assert_eq!(parsed.to_string(), name);
    }
    for bad in ["Foo_bar", "foo:", "foo:bar/", "foo:bar@1", "foo/bar", ""] {
        assert!(bad.parse::<DependencyName>().is_err(), "{bad:?} is taken");
    }
}
