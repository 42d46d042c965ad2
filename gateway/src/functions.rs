//! The functions that the doors lead to: compiled components in sandboxes, or,
//! for the bench, handlers that are linked in.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};

use crate::engine::{self, Cache};
use crate::manifest::Manifest;
use crate::native::Handler;
use crate::sandbox::{self, Function};

/// The functions, by the index that routes give.
#[derive(Clone)]
pub enum Functions {
    /// Each request in a sandbox.
    Sandboxed(Arc<[Arc<Function>]>),
    /// No sandbox.
    Native(Arc<[(String, Handler)]>),
}

impl Functions {
    /// The components of the manifest at `path`, compiled now or before, and
    /// linked.
    ///
    /// What is compiled now is compiled in a process of its own: a compiler's
    /// memory would stay with the doors for as long as they are open.
    ///
    /// # Errors
    /// When one cannot be compiled, or imports what it must not.
    pub fn sandboxed(manifest: &Manifest, path: &Path, data: &Path) -> Result<Self> {
        let engine = engine::engine()?;
        let cache = Cache::open(&compiled_below(data))?;
        let linker = sandbox::linker(&engine).map_err(engine::told)?;
        let mut functions = Vec::with_capacity(manifest.functions.len());
        let mut apart = false;
        for function in &manifest.functions {
            let component = match cache.kept(&engine, &function.source)? {
                Some(component) => component,
                None => {
                    if !apart {
                        compile_apart(path, data)?;
                        apart = true;
                    }
                    cache.load(&engine, &function.source)?
                }
            };
            let linked = Function::link(&function.name, &component, &linker)
                .map_err(engine::told)
                .with_context(|| format!("linking {}", function.name))?;
            functions.push(linked);
        }
        Ok(Self::Sandboxed(functions.into()))
    }

    /// The manifest's functions by their names.
    ///
    /// # Errors
    /// When there is no handler of such a name.
    pub fn native(manifest: &Manifest) -> Result<Self> {
        let named = manifest.functions.iter().map(|function| {
            let handler = Handler::named(&function.name)
                .with_context(|| format!("{} is not linked in", function.name))?;
            Ok((function.name.clone(), handler))
        });
        Ok(Self::Native(named.collect::<Result<_>>()?))
    }

    /// Their names, in order.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Sandboxed(functions) => {
                functions.iter().map(|function| function.name.clone()).collect()
            }
            Self::Native(functions) => functions.iter().map(|(name, _)| name.clone()).collect(),
        }
    }
}

/// Compiles what the cache lacks, in this process. Returns how many that were.
///
/// # Errors
/// When a component cannot be compiled.
pub fn compile(manifest: &Manifest, data: &Path) -> Result<usize> {
    let engine = engine::engine()?;
    let cache = Cache::open(&compiled_below(data))?;
    let mut compiled = 0;
    for function in &manifest.functions {
        if cache.kept(&engine, &function.source)?.is_none() {
            cache.load(&engine, &function.source)?;
            compiled += 1;
        }
    }
    Ok(compiled)
}

fn compile_apart(manifest: &Path, data: &Path) -> Result<()> {
    let mut compiling = Command::new(std::env::current_exe()?);
    compiling.arg("compile").arg("--manifest").arg(manifest).arg("--data").arg(data);
    let status = compiling.stdout(Stdio::null()).status()?;
    ensure!(status.success(), "the functions were not compiled");
    Ok(())
}

fn compiled_below(data: &Path) -> PathBuf {
    data.join("compiled")
}
