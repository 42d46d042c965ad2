//! What the gateway takes from `spin.toml` (Spin manifest, version 2): the
//! components, their sources, and the routes of their `tool.dossier` tables.
//!
//! Spin's HTTP trigger matches paths only and FHIR matches methods as well, so
//! the gateway reads its own routes from the place that Spin leaves to tools;
//! see `docs/decisions/0004-routes.md`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::routes::Routes;

#[derive(Deserialize)]
struct File {
    spin_manifest_version: u32,
    component: BTreeMap<String, Component>,
}

#[derive(Deserialize)]
struct Component {
    source: String,
    #[serde(default)]
    tool: Tool,
}

#[derive(Default, Deserialize)]
struct Tool {
    dossier: Option<Dossier>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dossier {
    routes: Vec<String>,
}

/// One function that the gateway serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its component's id.
    pub name: String,
    /// Its component's file.
    pub source: PathBuf,
}

/// Functions and their routes.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// In the order of their names; routes refer to them by index.
    pub functions: Vec<Function>,
    /// Every route of every function.
    pub routes: Routes,
}

impl Manifest {
    /// Reads the file at `path`; sources are relative to its folder.
    ///
    /// # Errors
    /// When it cannot be read, is not version 2, or has a bad route.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("reading the manifest {}", path.display()))?;
        Self::parse(&text, path.parent().unwrap_or(Path::new("")))
            .with_context(|| format!("in {}", path.display()))
    }

    /// Reads a manifest's text; sources are relative to `folder`.
    ///
    /// # Errors
    /// When it is not version 2, or has a bad route.
    pub fn parse(text: &str, folder: &Path) -> Result<Self> {
        let file: File = toml::from_str(text)?;
        ensure!(file.spin_manifest_version == 2, "spin_manifest_version must be 2");
        let mut manifest = Self::default();
        for (name, component) in file.component {
            // A component without such a table serves stock Spin only.
            let Some(dossier) = component.tool.dossier else { continue };
            let function = manifest.functions.len();
            for route in &dossier.routes {
                let added = manifest.routes.add(route, function);
                added.map_err(|why| anyhow::anyhow!("component {name}: route {route:?}: {why}"))?;
            }
            manifest.functions.push(Function { name, source: folder.join(component.source) });
        }
        ensure!(!manifest.functions.is_empty(), "no component has a [tool.dossier] table");
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests;
