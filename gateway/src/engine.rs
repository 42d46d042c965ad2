//! The sandbox's engine, and the cache of compiled components.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use wasmtime::component::Component;
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
};

use crate::{compiled, limits};

/// Settings that every function runs under.
///
/// # Errors
/// When this machine cannot reserve what the pool needs.
pub fn engine() -> Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(limits::INSTANCES_MAX)
        .total_core_instances(limits::INSTANCES_MAX * 4)
        .total_memories(limits::INSTANCES_MAX)
        .total_tables(limits::INSTANCES_MAX * 3)
        .total_stacks(limits::INSTANCES_MAX)
        .max_core_instances_per_component(limits::CORE_INSTANCES_PER_COMPONENT_MAX)
        .max_memories_per_component(1)
        .max_memory_size(limits::MEMORY_BYTES_MAX)
        .table_elements(limits::TABLE_ELEMENTS_MAX)
        .linear_memory_keep_resident(limits::MEMORY_RESIDENT_BYTES)
        .table_keep_resident(limits::TABLE_RESIDENT_BYTES)
        .async_stack_keep_resident(limits::STACK_RESIDENT_BYTES)
        .pagemap_scan(Enabled::Auto);
    let mut config = Config::new();
    config
        .wasm_component_model_async(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .epoch_interruption(true)
        .cranelift_opt_level(OptLevel::Speed)
        .parallel_compilation(true)
        .async_stack_size(limits::STACK_BYTES)
        .max_wasm_stack(limits::STACK_BYTES / 2)
        // Traps become 500 without details; nobody reads their frames.
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false);
    let engine = Engine::new(&config).map_err(told)?;
    tick(&engine)?;
    Ok(engine)
}

/// Moves the epoch on as long as the engine lives.
fn tick(engine: &Engine) -> Result<()> {
    let engine = engine.weak();
    std::thread::Builder::new().name("epoch".into()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(Duration::from_millis(limits::EPOCH_MS));
        }
    })?;
    Ok(())
}

/// Compiled components in a folder of their own, sealed.
pub struct Cache {
    folder: PathBuf,
    key: [u8; 32],
}

impl Cache {
    /// Opens the cache in `folder`, making it and its key when it is new.
    ///
    /// # Errors
    /// When the folder cannot be made or read.
    pub fn open(folder: &Path) -> Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder)?;
        let path = folder.join("key");
        let key = match fs::read(&path) {
            Ok(bytes) => bytes.try_into().ok(),
            Err(_) => None,
        };
        let key = match key {
            Some(key) => key,
            None => {
                let mut key = [0; 32];
                fs::File::open("/dev/urandom")
                    .and_then(|mut random| std::io::Read::read_exact(&mut random, &mut key))?;
                write_whole(&path, &[&key])?;
                key
            }
        };
        Ok(Self { folder: folder.to_owned(), key })
    }

    /// The component in the file `source`, compiled now or before.
    ///
    /// # Errors
    /// When it cannot be read or is not a component.
    pub fn load(&self, engine: &Engine, source: &Path) -> Result<Component> {
        if let Some(component) = self.kept(engine, source)? {
            return Ok(component);
        }
        let bytes = component(source)?;
        let path = self.folder.join(self.name(engine, &bytes));
        let compiled = engine
            .precompile_component(&bytes)
            .map_err(|error| anyhow::anyhow!("{}: {error:#}", source.display()))?;
        write_whole(&path, &[&compiled])?;
        write_whole(&path.with_extension("seal"), &[&self.seal(&compiled)])?;
        compiled::map(engine, &path).map_err(told)
    }

    /// The component in the file `source`, when it was compiled before and its
    /// compiled form is untouched.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn kept(&self, engine: &Engine, source: &Path) -> Result<Option<Component>> {
        let path = self.folder.join(self.name(engine, &component(source)?));
        let sealed = self.sealed(&path).is_some_and(|sealed| sealed);
        Ok(if sealed { compiled::map(engine, &path).ok() } else { None })
    }

    /// Content, engine version and settings make the name.
    fn name(&self, engine: &Engine, bytes: &[u8]) -> String {
        use std::hash::{Hash, Hasher};
        let mut settings = std::hash::DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut settings);
        let content = hexadecimal(blake3::hash(bytes).as_bytes());
        format!("{content}-{:016x}.compiled", settings.finish())
    }

    /// Whether the file at `path` is as this program wrote it.
    fn sealed(&self, path: &Path) -> Option<bool> {
        let seal = fs::read(path.with_extension("seal")).ok()?;
        let compiled = fs::read(path).ok()?;
        Some(seal == self.seal(&compiled))
    }

    /// BLAKE3 over the compiled bytes, keyed: every start reads all of them, so
    /// this is most of a warm start where the processor has no SHA instructions.
    fn seal(&self, compiled: &[u8]) -> [u8; 32] {
        blake3::keyed_hash(&self.key, compiled).into()
    }
}

fn component(source: &Path) -> Result<Vec<u8>> {
    fs::read(source)
        .with_context(|| format!("{} is missing; build the functions first", source.display()))
}

/// An engine's error, with its causes.
pub fn told(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}

/// Lower-case hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Writes a file under another name first, so that no reader ever maps half.
fn write_whole(path: &Path, parts: &[&[u8]]) -> Result<()> {
    let draft = path.with_extension(format!("{}.draft", std::process::id()));
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    for part in parts {
        file.write_all(part)?;
    }
    fs::rename(&draft, path).with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests;
