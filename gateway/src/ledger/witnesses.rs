//! Asking witnesses for cosignatures (C2SP `tlog-witness`).

use std::str::FromStr;

use access::ledger::{Due, Log};
use anyhow::{Context, Result, bail};
use chart::table::Table;
use http::Method;
use ledger::keys::{Kind, VerifierKey};
use ledger::note::{self, Note, Signature};
use ledger::witness::AddCheckpoint;

use super::exchange::exchange;
use crate::cli::load::client::Target;

/// A witness: where it answers, and its public key.
#[derive(Clone)]
pub struct Witness {
    target: Target,
    key: VerifierKey,
}

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Witness").field("key", &self.key).finish_non_exhaustive()
    }
}

impl FromStr for Witness {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (url, key) = text.split_once(',').context("write a witness as URL,KEY")?;
        let key = VerifierKey::parse(key)?;
        if key.kind() != Kind::Witness {
            bail!("{} is a log's key; a witness's is of type 4", key.name());
        }
        Ok(Self { target: Target::parse(url, None)?, key })
    }
}

/// The witnesses of one log, with the size that each saw last.
pub struct Witnesses(Vec<(Witness, u64)>);

impl Witnesses {
    /// None of them was asked yet.
    pub fn new(witnesses: Vec<Witness>) -> Self {
        Self(witnesses.into_iter().map(|witness| (witness, 0)).collect())
    }

    /// Their keys.
    pub fn keys(&self) -> Vec<VerifierKey> {
        self.0.iter().map(|(witness, _)| witness.key.clone()).collect()
    }

    /// The cosignatures that they give. One that is away, or refuses, gives
    /// none: the checkpoint is published all the same, and lacks its line.
    pub async fn ask<T: Table>(&mut self, log: &Log<T>, due: &Due) -> Vec<Signature> {
        let mut asked = Vec::new();
        for (witness, seen) in &mut self.0 {
            asked.push(cosigned(log, due, witness, seen));
        }
        futures::future::join_all(asked).await.into_iter().flatten().flatten().collect()
    }
}

async fn cosigned<T: Table>(
    log: &Log<T>,
    due: &Due,
    witness: &Witness,
    seen: &mut u64,
) -> Result<Vec<Signature>> {
    // Once more when the witness says that it knows another size.
    for _ in 0..2 {
        if *seen > due.size {
            bail!("the witness is ahead");
        }
        let proof = log.consistency(*seen, due.size).await?;
        let request = AddCheckpoint { old: *seen, proof, checkpoint: due.note.clone() };
        let body = request.to_text().into_bytes();
        let (status, answer) =
            exchange(&witness.target, Method::POST, "add-checkpoint", body).await?;
        let answer = String::from_utf8(answer)?;
        match status {
            200 => {
                let lines = note::signatures(&answer)?;
                let own = lines.into_iter().filter(|line| witness.key.made(line)).collect();
                let checked = Note { text: due.note.text.clone(), signatures: own };
                if !matches!(witness.key.verify(&checked), Ok(Some(_))) {
                    bail!("the witness's cosignature does not verify");
                }
                *seen = due.size;
                return Ok(checked.signatures);
            }
            409 => *seen = answer.trim_end().parse()?,
            other => bail!("the witness answered {other}"),
        }
    }
    bail!("the witness keeps changing its mind")
}
