//! Composes a component with its dependencies as Spin does at start
//! (`crates/compose` of spinframework/spin, read at 4.1.0-pre0): every entry of
//! the manifest is **one instance** of its dependency, and satisfies every
//! import that its name stands for from that instance's export of that name.
//!
//! From this follows how the walls are cut: a session made by one instance is
//! unknown to any other, so all walls of a function must be one entry, and an
//! entry names one package. Left out is Spin's deny adapter, which answers for
//! an empty environment and no folders where a dependency does not inherit
//! them: the host of this crate has neither to begin with.

use anyhow::{Context, Result, bail, ensure};
use wac_graph::types::{Package, SubtypeChecker, WorldId};
use wac_graph::{CompositionGraph, EncodeOptions, NodeId};

use crate::names::DependencyName;

/// Composes `component` with the dependencies of these names and bytes.
///
/// # Errors
/// As Spin refuses: a name that stands for no import, two names for one import,
/// an export that is missing or of another type, or a composition that is not
/// valid, as when a handle of one instance is handed to another.
pub fn compose(component: &[u8], dependencies: &[(DependencyName, Vec<u8>)]) -> Result<Vec<u8>> {
    let mut graph = CompositionGraph::new();
    let (world, instance) = place(&mut graph, "function", component)?;
    let mut bound: Vec<(String, NodeId)> = Vec::new();
    for (number, (name, bytes)) in dependencies.iter().enumerate() {
        let imports = imports_of(&graph, world);
        let wanted: Vec<&String> =
            imports.iter().filter(|import| name.stands_for(import)).collect();
        ensure!(!wanted.is_empty(), "no import is meant by the dependency {name}");
        let (given, source) = place(&mut graph, &format!("dependency-{number}"), bytes)?;
        for import in wanted {
            ensure!(
                bound.iter().all(|(other, _)| other != import),
                "{import} is bound twice, the second time by {name}"
            );
            fits(&graph, import, given, world)?;
            bound.push((import.clone(), graph.alias_instance_export(source, import)?));
        }
    }
    for (import, export) in bound {
        graph.set_instantiation_argument(instance, &import, export)?;
    }
    let exports: Vec<String> = graph.types()[world].exports.keys().cloned().collect();
    for name in exports {
        let export = graph.alias_instance_export(instance, &name)?;
        graph.export(export, &name)?;
    }
    Ok(graph.encode(EncodeOptions::default())?)
}

/// Names of what a component imports.
///
/// # Errors
/// When the bytes are no component.
pub fn imports(component: &[u8]) -> Result<Vec<String>> {
    let mut graph = CompositionGraph::new();
    let (world, _) = place(&mut graph, "component", component)?;
    Ok(imports_of(&graph, world))
}

fn imports_of(graph: &CompositionGraph, world: WorldId) -> Vec<String> {
    graph.types()[world].imports.keys().cloned().collect()
}

fn place(graph: &mut CompositionGraph, name: &str, bytes: &[u8]) -> Result<(WorldId, NodeId)> {
    let package = Package::from_bytes(name, None, bytes.to_vec(), graph.types_mut())
        .with_context(|| format!("{name} is no component"))?;
    let world = package.ty();
    let package = graph.register_package(package)?;
    Ok((world, graph.instantiate(package)))
}

fn fits(graph: &CompositionGraph, name: &str, given: WorldId, wanted: WorldId) -> Result<()> {
    let types = graph.types();
    let (Some(export), Some(import)) =
        (types[given].exports.get(name), types[wanted].imports.get(name))
    else {
        bail!("the dependency does not export {name}");
    };
    let mut cache = Default::default();
    SubtypeChecker::new(&mut cache)
        .is_subtype(*export, types, *import, types)
        .with_context(|| format!("the dependency exports another {name}"))
}
