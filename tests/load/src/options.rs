//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

/// What to measure, and how.
pub struct Options {
    /// Base address of a server that runs already.
    pub base: Option<String>,
    /// Headers for it.
    pub headers: Vec<String>,
    /// Process id of that server, when it runs here.
    pub process: Option<u32>,
    /// The gateway to start otherwise.
    pub gateway: PathBuf,
    /// Folder for its data; emptied.
    pub data: PathBuf,
    /// Folder of bundles to load.
    pub bundles: PathBuf,
    /// Where to write JSON.
    pub json: Option<PathBuf>,
    /// Connections at one time.
    pub connections: usize,
    /// How long each case runs.
    pub lasting: Duration,
    /// How many other people there are, one after the other, to show that what
    /// concerns one person does not cost more among many. Loaded in between.
    pub growth: Vec<usize>,
    /// Only the cases whose name holds this.
    pub case: String,
    /// Only the mode whose name holds this; `overload` floods a gateway instead.
    pub mode: String,
}

/// How to call it.
pub const USAGE: &str = "dossier-load --bundles DIR [--json FILE] [--connections 16] [--seconds 2]
    [--case PART-OF-NAME] [--mode PART-OF-NAME] [--growth 100,1000,10000]
    [--gateway BINARY --data DIR | --base URL [--header 'Name: value']... [--pid ID]]";

impl Options {
    /// Reads the arguments after the program's name.
    pub fn read(arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut options = Self {
            base: None,
            headers: Vec::new(),
            process: None,
            gateway: "target/release/dossier".into(),
            data: ".cache/bench/data".into(),
            bundles: ".cache/bench/bundles".into(),
            json: None,
            connections: 16,
            lasting: Duration::from_secs(2),
            growth: Vec::new(),
            case: String::new(),
            mode: String::new(),
        };
        let mut arguments = arguments;
        while let Some(name) = arguments.next() {
            let value =
                arguments.next().with_context(|| format!("{name} needs a value\n{USAGE}"))?;
            match name.as_str() {
                "--base" => options.base = Some(value),
                "--header" => options.headers.push(value),
                "--pid" => options.process = Some(value.parse()?),
                "--gateway" => options.gateway = value.into(),
                "--data" => options.data = value.into(),
                "--bundles" => options.bundles = value.into(),
                "--json" => options.json = Some(value.into()),
                "--connections" => options.connections = value.parse()?,
                "--growth" => {
                    options.growth = value.split(',').map(str::parse).collect::<Result<_, _>>()?;
                }
                "--case" => options.case = value,
                "--mode" => options.mode = value,
                "--seconds" => options.lasting = Duration::from_secs_f64(value.parse()?),
                _ => bail!("{name} is not known\n{USAGE}"),
            }
        }
        Ok(options)
    }
}
