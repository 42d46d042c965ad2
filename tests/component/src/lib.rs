//! Reads the imports and exports of a component from its bytes, and the walls
//! of a world from its WIT. Pure: callers read the files.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use wasmparser::{Parser, Payload};

/// The outside of a component: the names of what it takes and gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// Names of imported interfaces and functions, with versions.
    pub imports: BTreeSet<String>,
    /// Names of exported interfaces and functions, with versions.
    pub exports: BTreeSet<String>,
}

/// The outside of the component in these bytes.
///
/// # Errors
/// When the bytes are no component.
pub fn outside(bytes: &[u8]) -> Result<Outside> {
    let mut found = Outside::default();
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            // The end of what is nested; the outermost has depth 0.
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    found.imports.insert(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    found.exports.insert(export?.name.name.to_owned());
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// One world of a WIT document: what it imports and exports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct World {
    /// Interfaces it may import.
    pub imports: BTreeSet<String>,
    /// Interfaces it exports.
    pub exports: BTreeSet<String>,
}

/// The worlds of a document whose worlds hold only `import x;` and `export x;`,
/// as `wit/functions/worlds.wit` does.
///
/// # Errors
/// When a line of a world is anything else.
pub fn worlds(text: &str) -> Result<BTreeMap<String, World>> {
    let mut worlds = BTreeMap::new();
    let mut open: Option<(String, World)> = None;
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with("//") || line.starts_with("package ") {
            continue;
        }
        if let Some(name) = line.strip_prefix("world ").and_then(|rest| rest.strip_suffix('{')) {
            open = Some((name.trim().to_owned(), World::default()));
        } else if line == "}" {
            let (name, world) = open.take().context("a brace closes nothing")?;
            worlds.insert(name, world);
        } else {
            let (_, world) = open.as_mut().with_context(|| format!("outside a world: {line}"))?;
            let (verb, name) = line.split_once(' ').with_context(|| format!("no verb: {line}"))?;
            // `%` only says that a word of WIT is a name here.
            let name = name.trim_end_matches(';').replace('%', "");
            match verb {
                "import" => world.imports.insert(name),
                "export" => world.exports.insert(name),
                _ => anyhow::bail!("neither import nor export: {line}"),
            };
        }
    }
    Ok(worlds)
}

/// Whether an interface only names types, and so gives no power.
pub fn is_types_only(name: &str) -> bool {
    name.split('@').next().is_some_and(|bare| bare.ends_with("/types"))
}
