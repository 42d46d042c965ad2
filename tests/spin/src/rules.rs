//! What Spin demands of a manifest's values, beyond its form, and what this
//! project demands of its own.

use std::collections::BTreeSet;

use crate::manifest::{Bound, Component, Dependency, Inherit, Manifest, Route, Source};
use crate::names::{DependencyName, is_kebab, is_lower_snake};

/// What a dependency can inherit
/// (<https://spinframework.dev/v4/writing-apps>, dependency permissions).
const INHERITABLE: [&str; 7] = [
    "ai_models",
    "allowed_outbound_hosts",
    "environment",
    "files",
    "key_value_stores",
    "sqlite_databases",
    "variables",
];

/// Everything that Spin would refuse, one sentence each.
pub fn faults(manifest: &Manifest) -> Vec<String> {
    let mut faults = Vec::new();
    if manifest.spin_manifest_version != 2 {
        faults.push("spin_manifest_version is not 2".to_owned());
    }
    if manifest.application.name.is_empty() {
        faults.push("the application has no name".to_owned());
    }
    let version = &manifest.application.version;
    if !version.is_empty() && semver::Version::parse(version).is_err() {
        faults.push(format!("{version:?} is no version"));
    }
    for (name, variable) in &manifest.variables {
        if !is_lower_snake(name) {
            faults.push(format!("the variable {name} is not in lower_snake_case"));
        }
        if variable.required == variable.default.is_some() {
            faults.push(format!("the variable {name} is neither required nor has a default"));
        }
    }
    triggers(manifest, &mut faults);
    for (id, held) in &manifest.component {
        let mut own = Vec::new();
        component(manifest, held, &mut own);
        if !is_kebab(id) {
            own.push("its id is not in kebab-case".to_owned());
        }
        faults.extend(own.into_iter().map(|fault| format!("component {id}: {fault}")));
    }
    faults
}

fn triggers(manifest: &Manifest, faults: &mut Vec<String>) {
    let mut routes = BTreeSet::new();
    let mut answering = BTreeSet::new();
    for trigger in &manifest.trigger.http {
        let id = &trigger.component;
        answering.insert(id);
        if !manifest.component.contains_key(id) {
            faults.push(format!("a trigger names the component {id}, which is not there"));
        }
        match &trigger.route {
            Route::Path(path) if !path.starts_with('/') => {
                faults.push(format!("the route {path:?} does not begin with /"));
            }
            Route::Path(path) if !routes.insert(path) => {
                faults.push(format!("the route {path:?} is given twice"));
            }
            Route::Private(private) if !private.private => {
                faults.push(format!("the route of {id} says private = false"));
            }
            Route::Path(_) | Route::Private(_) => {}
        }
    }
    for id in manifest.component.keys().filter(|id| !answering.contains(id)) {
        faults.push(format!("no trigger names the component {id}, so nothing reaches it"));
    }
}

fn component(manifest: &Manifest, component: &Component, faults: &mut Vec<String>) {
    match &component.source {
        Source::Local(path) if path.is_empty() => faults.push("its source is empty".to_owned()),
        Source::Remote(remote) if !remote.digest.starts_with("sha256:") => {
            faults.push("the digest of its source does not begin with sha256:".to_owned());
        }
        _ => {}
    }
    for (name, value) in &component.variables {
        if !is_lower_snake(name) {
            faults.push(format!("the variable {name} is not in lower_snake_case"));
        }
        templates(manifest, value, faults);
    }
    for host in &component.allowed_outbound_hosts {
        templates(manifest, host, faults);
        if !host.starts_with("{{") && !is_host(host) {
            faults.push(format!("the outbound host {host:?} is not scheme://host[:port]"));
        }
    }
    let names: Vec<Option<DependencyName>> = component
        .dependencies
        .iter()
        .map(|(name, dependency)| {
            let parsed: Option<DependencyName> = name.parse().ok();
            match (&parsed, dependency) {
                (None, _) => faults.push(format!("{name:?} is no name of a dependency")),
                (Some(DependencyName::Plain(_)), Dependency::Version(_)) => {
                    faults.push(format!("the plain name {name} needs a package"));
                }
                (Some(_), Dependency::Version(_)) => {}
                (Some(parsed), Dependency::Bound(bound)) => self::bound(parsed, bound, faults),
            }
            parsed
        })
        .collect();
    let names: Vec<&DependencyName> = names.iter().flatten().collect();
    for (number, name) in names.iter().enumerate() {
        for other in names.iter().skip(number + 1).filter(|other| overlap(name, other)) {
            faults.push(format!("the dependencies {name} and {other} overlap"));
        }
    }
    if component.dependencies_inherit_configuration.is_some()
        && component.dependencies.values().any(inherits)
    {
        faults.push("dependencies inherit both one by one and all together".to_owned());
    }
}

fn inherits(dependency: &Dependency) -> bool {
    matches!(dependency, Dependency::Bound(bound) if bound.inherit_configuration.is_some())
}

fn bound(name: &DependencyName, bound: &Bound, faults: &mut Vec<String>) {
    let places = [&bound.path, &bound.component, &bound.url, &bound.version];
    if places.iter().filter(|place| place.is_some()).count() != 1 {
        faults.push(format!("{name} needs one of path, component, url and version"));
    }
    if bound.version.is_none() && (bound.registry.is_some() || bound.package.is_some()) {
        faults.push(format!("{name} names a registry or a package without a version"));
    }
    if bound.url.is_some() != bound.digest.is_some() {
        faults.push(format!("{name} needs url and digest together"));
    }
    match name {
        DependencyName::Plain(_) if bound.version.is_some() && bound.package.is_none() => {
            faults.push(format!("the plain name {name} needs a package"));
        }
        DependencyName::Package { interface: None, .. } if bound.export.is_some() => {
            faults.push(format!("{name} is a whole package and cannot be one export"));
        }
        _ => {}
    }
    if let Some(Inherit::Some(inherited)) = &bound.inherit_configuration {
        for unknown in inherited.iter().filter(|each| !INHERITABLE.contains(&each.as_str())) {
            faults.push(format!("{name} inherits {unknown}, which does not exist"));
        }
    }
}

/// Whether one import could be meant by both.
fn overlap(one: &DependencyName, other: &DependencyName) -> bool {
    use DependencyName::{Package, Plain};
    match (one, other) {
        (Plain(one), Plain(other)) => one == other,
        (
            Package { package, interface, version },
            Package { package: of, interface: wanted, version: at },
        ) => {
            let apart = |both: bool, same: bool| both && !same;
            package == of
                && !apart(interface.is_some() && wanted.is_some(), interface == wanted)
                && !apart(version.is_some() && at.is_some(), compatible(version) == compatible(at))
        }
        _ => false,
    }
}

/// The part of a version that compatible versions share (semver.org §4, §8).
fn compatible(version: &Option<semver::Version>) -> Option<(u64, u64, u64, String)> {
    let version = version.as_ref()?;
    let (major, minor, patch) = match (version.major, version.minor, version.patch) {
        (major, minor, patch) if !version.pre.is_empty() => (major, minor, patch),
        (0, 0, patch) => (0, 0, patch),
        (0, minor, _) => (0, minor, 0),
        (major, ..) => (major, 0, 0),
    };
    Some((major, minor, patch, version.pre.to_string()))
}

fn is_host(host: &str) -> bool {
    host.split_once("://").is_some_and(|(scheme, rest)| {
        let address = rest.trim_end_matches('/');
        !scheme.is_empty() && !address.is_empty() && !address.contains(['/', '?', '#', ' '])
    })
}

fn templates(manifest: &Manifest, text: &str, faults: &mut Vec<String>) {
    for part in text.split("{{").skip(1) {
        match part.split_once("}}") {
            Some((name, _)) if manifest.variables.contains_key(name.trim()) => {}
            Some((name, _)) => faults.push(format!("there is no variable {}", name.trim())),
            None => faults.push(format!("the template {text:?} does not end")),
        }
    }
}
