//! What each function may import: the worlds of `wit/functions/worlds.wit`, as
//! they were when this program was built. The linker has every wall for every
//! function; this is what keeps a component that is put in another's place, or
//! was built against wider walls, from being linked to them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use wasmtime::Engine;
use wasmtime::component::Component;

const WORLDS: &str = include_str!("../../wit/functions/worlds.wit");
/// Everything of this project's own has this prefix. What else is imported, the
/// linker has or has not.
const OWN: &str = "dossier:";

/// Whether a component may be linked as the function `name`.
///
/// # Errors
/// Names the first wall that its world has not.
pub fn check(name: &str, component: &Component, engine: &Engine) -> Result<()> {
    let kind = component.component_type();
    let imports = kind.imports(engine).map(|(import, _)| import.to_owned());
    within(name, imports, &read(WORLDS)?)
}

type Worlds<'a> = BTreeMap<&'a str, BTreeSet<String>>;

fn within(name: &str, imports: impl Iterator<Item = String>, worlds: &Worlds<'_>) -> Result<()> {
    let none = BTreeSet::new();
    // A function without a world may import no wall at all.
    let world = worlds.get(name).unwrap_or(&none);
    for import in imports.filter(|import| import.starts_with(OWN)) {
        // An interface of types gives no power.
        let types = import.split('@').next().is_some_and(|bare| bare.ends_with("/types"));
        if !types && !world.contains(&import) {
            bail!("{name} imports {import}, which its world has not");
        }
    }
    Ok(())
}

/// The imports of each world of a document whose worlds hold `import x;` and
/// `export x;` and nothing else, as the project's test of it demands.
fn read(text: &str) -> Result<Worlds<'_>> {
    let mut worlds = Worlds::new();
    let mut open: Option<&str> = None;
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("world ").and_then(|rest| rest.strip_suffix('{')) {
            open = Some(name.trim());
            worlds.insert(name.trim(), BTreeSet::new());
        } else if let Some(import) = line.strip_prefix("import ") {
            let world = open.and_then(|name| worlds.get_mut(name));
            // `%` only says that a word of WIT is a name here.
            let import = import.trim_end_matches(';').replace('%', "");
            world.context("an import outside a world")?.insert(import);
        } else if line == "}" {
            open = None;
        }
    }
    Ok(worlds)
}

#[cfg(test)]
mod tests;
