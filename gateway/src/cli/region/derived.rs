//! What infrastructure is made of a region's file: parameters of the templates
//! and the overlay of the cluster. As scripts/infrastructure makes them, byte for
//! byte, which a test compares: an operator has this program and may have no
//! other.

use std::path::{Path, PathBuf};

use regions::{Link, Phase, Region};
use serde_json::json;

/// Port of a door in a cluster (infra/generator/regions.py).
const DOOR: u16 = 8443;
/// And of its door for other gateways.
const PEER: u16 = 7443;

/// How late the ledger may be before somebody is woken, in milliseconds: a line
/// that is cut now and then needs patience.
fn lag_ms(link: Link) -> u32 {
    match link {
        Link::Fibre => 5_000,
        Link::Satellite => 60_000,
    }
}

/// Replicas of the gateway: one that is not open yet has none.
fn replicas(phase: Phase) -> u8 {
    match phase {
        Phase::Planned => 0,
        Phase::Rehearsal | Phase::Paused => 2,
        Phase::Live => 3,
    }
}

/// The files of a region under the folder of the infrastructure, with their
/// texts.
pub fn files(infra: &Path, region: &Region) -> Vec<(PathBuf, String)> {
    let code = &region.code;
    let parameters = infra.join("cloudformation/parameters");
    vec![
        (parameters.join(format!("roles-{code}.json")), roles(code)),
        (parameters.join(format!("observability-{code}.json")), observability(region)),
        (infra.join(format!("cluster/overlays/{code}/kustomization.yaml")), overlay(region)),
    ]
}

fn parameter(key: &str, value: &str) -> serde_json::Value {
    json!({ "ParameterKey": key, "ParameterValue": value })
}

fn written(parameters: &serde_json::Value) -> String {
    // `{:#}` is the same form as Python's indent=2.
    format!("{parameters:#}\n")
}

fn roles(code: &str) -> String {
    written(&json!([parameter("RegionCode", code)]))
}

fn observability(region: &Region) -> String {
    let watched = matches!(region.phase, Phase::Live | Phase::Paused);
    written(&json!([
        parameter("RegionCode", &region.code),
        parameter("RegionName", &region.name.fr),
        parameter("LedgerLagMilliseconds", &lag_ms(region.link).to_string()),
        parameter("ActionsEnabled", if watched { "true" } else { "false" }),
    ]))
}

fn replacement(path: &str, value: &str) -> String {
    format!(r#"{{"op": "replace", "path": "{path}", "value": {value}}}"#)
}

/// Patches as the text that an overlay holds.
fn patches(replacements: &[String]) -> String {
    json!(format!("[{}]", replacements.join(", "))).to_string()
}

fn overlay(region: &Region) -> String {
    let Region { code, phase, .. } = region;
    let (name, replicas) = (&region.name.fr, replicas(*phase));
    let env = |at: u8| format!("/spec/template/spec/containers/0/env/{at}/value");
    let deployment = patches(&[
        replacement("/spec/replicas", &replicas.to_string()),
        replacement(&env(0), &format!("\"{code}\"")),
        replacement(&env(1), &format!("\"{code}={DOOR}\"")),
        replacement(&env(2), &format!("\"{code}={PEER}\"")),
    ]);
    let scaler = patches(&[replacement("/spec/minReplicas", &replicas.max(1).to_string())]);
    let namespace = patches(&[replacement("/metadata/name", &format!("\"dossier-{code}\""))]);
    format!(
        "# Region {code}, {name} ({}). Made by scripts/infrastructure\n\
         # from infra/regions/{code}.toml.\n\
         apiVersion: kustomize.config.k8s.io/v1beta1\n\
         kind: Kustomization\n\
         namespace: dossier-{code}\n\
         resources: [\"../../base\"]\n\
         labels:\n\
         \x20 - pairs:\n\
         \x20     dossier.health/region: \"{code}\"\n\
         \x20   includeTemplates: true\n\
         patches:\n\
         \x20 - target:\n\
         \x20     kind: Deployment\n\
         \x20     name: gateway\n\
         \x20   patch: {deployment}\n\
         \x20 - target:\n\
         \x20     kind: HorizontalPodAutoscaler\n\
         \x20     name: gateway\n\
         \x20   patch: {scaler}\n\
         \x20 - target:\n\
         \x20     kind: Namespace\n\
         \x20     name: dossier\n\
         \x20   patch: {namespace}\n",
        phase.word(),
    )
}

#[cfg(test)]
mod tests;
