use crate::cli::Places;
use crate::host::Walls;
use crate::region::Region;
use std::sync::Arc;
#[derive(clap::Args, Clone, Debug)]
pub struct Choice {}
pub struct Central {}
impl Central {
    pub async fn open(_: &Places, _: &Choice) -> anyhow::Result<Self> {
        Ok(Self {})
    }
    pub fn walls(&self, _: &str, _: &regions::Directory) -> anyhow::Result<Walls> {
        Ok(Walls {})
    }
    pub async fn close(&self, _: &[Arc<Region>]) {}
}
pub fn directory(folder: &std::path::Path) -> anyhow::Result<regions::Directory> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            files.push((name, std::fs::read_to_string(&path)?));
        }
    }
    files.sort();
    regions::Directory::read(files.iter().map(|(a, b)| (a.as_str(), b.as_str())))
        .map_err(|faults| anyhow::anyhow!("{faults:?}"))
}
