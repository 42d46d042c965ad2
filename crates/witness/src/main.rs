//! `dossier-witness`: cosigns a ledger's checkpoint only when the ledger has not
//! changed what this witness saw of it before (C2SP `tlog-witness`). Run it in
//! other hands than the region's, on another machine.

mod cosign;
mod serve;
mod state;

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, Parser, Subcommand};
use ledger::checkpoint::Policy;
use ledger::keys::{Kind, SignerKey, VerifierKey};

use cosign::Witness;
use state::State;

/// Cosigns checkpoints of ledgers that only grew.
#[derive(Parser)]
#[command(name = "dossier-witness", version, arg_required_else_help = true)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes the witness's key: the private one into a file, the public one
    /// onto the screen
    Key(Key),
    /// Answers requests
    Serve(Serve),
}

#[derive(Args)]
struct Key {
    /// Name of the witness, such as witness.example.org
    name: String,
    /// Where the private key goes; nothing is overwritten
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Args)]
struct Serve {
    /// The private key that `key` made
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// Public key of a ledger to witness; may be repeated
    #[arg(long = "log", value_name = "KEY", required = true)]
    logs: Vec<String>,
    /// Folder of what was seen of each ledger. It must never go back: without
    /// it this witness would believe any ledger anew
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8500")]
    listen: SocketAddr,
}

fn main() -> ExitCode {
    let done = match Line::parse().command {
        Command::Key(options) => make_key(&options),
        Command::Serve(options) => serve(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dossier-witness: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn make_key(options: &Key) -> Result<()> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| anyhow!("no random numbers: {error}"))?;
    let key = SignerKey::from_seed(&options.name, Kind::Witness, &seed)?;
    let mut open = fs::OpenOptions::new();
    let file = open.write(true).create_new(true).mode(0o600).open(&options.out);
    let mut file = file.with_context(|| format!("making {}", options.out.display()))?;
    writeln!(file, "{}", key.to_text())?;
    file.sync_all()?;
    println!("{}", key.verifier());
    Ok(())
}

fn serve(options: &Serve) -> Result<()> {
    let text = fs::read_to_string(&options.key)
        .with_context(|| format!("reading {}", options.key.display()))?;
    let key = SignerKey::parse(&text)?;
    if key.verifier().kind() != Kind::Witness {
        bail!("{} is a log's key; make one with `dossier-witness key`", options.key.display());
    }
    let logs: Result<Vec<VerifierKey>, _> =
        options.logs.iter().map(|text| VerifierKey::parse(text)).collect();
    let logs = Policy { logs: logs?, ..Policy::default() };
    let witness = Witness::new(key, logs, State::open(&options.state)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve::run(options.listen, Arc::new(witness)))
}
