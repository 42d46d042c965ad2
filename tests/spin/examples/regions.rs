//! Prints `infra/regions` as the one text that the variable `regions` of
//! `spin.toml` takes: `spin up --variable regions=@FILE`.

use std::fs;
use std::path::Path;

use anyhow::{Result, anyhow};
use regions::Directory;

fn main() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/regions");
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "toml") {
            files.push((path.display().to_string(), fs::read_to_string(&path)?));
        }
    }
    files.sort();
    let texts = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let directory = Directory::read(texts).map_err(|faults| anyhow!("{faults:?}"))?;
    print!("{}", directory.to_text());
    Ok(())
}
