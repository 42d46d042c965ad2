//! The functions that the doors lead to: compiled components in sandboxes, or,
//! for the bench, handlers that are linked in.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context, Result, ensure};
use wasmtime::Engine;

use crate::engine::{self, Cache};
use crate::manifest::Manifest;
use crate::native::Handler;
use crate::sandbox::{self, Function};
use crate::worlds;

/// The functions, by the index that routes give.
#[derive(Clone)]
pub enum Functions {
    /// Each request in a sandbox.
    Sandboxed(Arc<Sandboxed>),
    /// No sandbox.
    Native(Arc<[(String, Handler)]>),
}

/// What answers now, for all doors of the process.
pub struct Sandboxed {
    /// What runs every component.
    engine: Engine,
    held: RwLock<Generation>,
}

/// The components that were linked together. A request keeps to those that it
/// came in with.
#[derive(Clone)]
pub struct Generation {
    /// The first is 1.
    pub number: u64,
    /// Of each function.
    pub functions: Arc<[Arc<Function>]>,
}

impl Sandboxed {
    /// Those that new requests get.
    pub fn now(&self) -> Generation {
        self.held.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Compiles and links the components of a manifest for the engine that runs
    /// already. Blocks for as long as compiling takes.
    ///
    /// # Errors
    /// As [`Functions::sandboxed`].
    pub fn prepare(
        &self,
        manifest: &Manifest,
        path: &Path,
        data: &Path,
    ) -> Result<Arc<[Arc<Function>]>> {
        linked(&self.engine, manifest, path, data)
    }

    /// From now on new requests get these. Gives the number of their generation.
    pub fn replace(&self, functions: Arc<[Arc<Function>]>) -> u64 {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let number = held.number + 1;
        *held = Generation { number, functions };
        number
    }
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
        let functions = linked(&engine, manifest, path, data)?;
        let held = RwLock::new(Generation { number: 1, functions });
        Ok(Self::Sandboxed(Arc::new(Sandboxed { engine, held })))
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
                functions.now().functions.iter().map(|function| function.name.clone()).collect()
            }
            Self::Native(functions) => functions.iter().map(|(name, _)| name.clone()).collect(),
        }
    }
}

fn linked(
    engine: &Engine,
    manifest: &Manifest,
    path: &Path,
    data: &Path,
) -> Result<Arc<[Arc<Function>]>> {
    let cache = Cache::open(&compiled_below(data))?;
    let linker = sandbox::linker(engine).map_err(engine::told)?;
    let mut functions = Vec::with_capacity(manifest.functions.len());
    let mut apart = false;
    for function in &manifest.functions {
        let component = match cache.kept(engine, &function.source)? {
            Some(component) => component,
            None => {
                if !apart {
                    compile_apart(path, data)?;
                    apart = true;
                }
                cache.load(engine, &function.source)?
            }
        };
        worlds::check(&function.name, &component, engine)?;
        let linked = Function::link(&function.name, &component, &linker)
            .map_err(engine::told)
            .with_context(|| format!("linking {}", function.name))?;
        functions.push(linked);
    }
    Ok(functions.into())
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
