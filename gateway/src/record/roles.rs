//! The second wall: in whose name the store is asked.
//!
//! Each function, and each of the gateway's own tasks, has a role, and asks the
//! store in that name only: with its own credentials where roles are assumed,
//! and within its policy where policies are enforced here. What acts is known by
//! the task that runs: a function cannot choose it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use store::policy::{Acting, Asked, Decision, Policy};

use crate::log::Log;
use crate::metrics::{Family, Kind, Value};

/// The name of a role.
pub type Role = Arc<str>;

/// What the gateway does in its own name, beside the functions.
pub mod own {
    /// Writes entries that wait, of all functions, together.
    pub const JOURNAL: &str = "journal";
    /// Finishes or undoes commits that a dead process left.
    pub const SWEEP: &str = "sweep";
    /// Moves entries to where they are found.
    pub const DRAIN: &str = "drain";
    /// Keeps the ledger.
    pub const LEDGER: &str = "ledger";
    /// Looks whether the tables are there.
    pub const READINESS: &str = "readiness";
    /// Keeps the figures of the pilot, and tells them.
    pub const PILOT: &str = "pilot";
    /// Every one.
    pub const ALL: [&str; 6] = [JOURNAL, SWEEP, DRAIN, LEDGER, READINESS, PILOT];
}

tokio::task_local! {
    static ROLE: Role;
}

/// Runs `work` in the name of `role`, and nobody else's.
pub fn acting<F: Future>(role: Role, work: F) -> impl Future<Output = F::Output> {
    ROLE.scope(role, work)
}

/// Who acts now.
pub fn current() -> Option<Role> {
    ROLE.try_with(Arc::clone).ok()
}

/// Options of `dossier up`.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct Choice {
    /// Folder of access policies, ROLE.json: what a role's does not allow is
    /// refused before the store hears of it
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// Beginning of the ARNs of the roles that the store is asked by, each
    /// assumed: with arn:aws:iam::1:role/dossier- a lookup asks as
    /// arn:aws:iam::1:role/dossier-lookup
    #[arg(long, value_name = "ARN")]
    roles: Option<String>,
}

impl Choice {
    /// The policies of these functions and of the gateway's own tasks, if they
    /// are to be enforced here.
    ///
    /// # Errors
    /// When one is missing or no policy.
    pub fn read(&self, functions: &[String], log: &Arc<Log>) -> Result<Option<Roles>> {
        let Some(folder) = &self.policies else { return Ok(None) };
        let policies = names(functions).map(|name| Ok((name.to_owned(), read(folder, name)?)));
        let policies = policies.collect::<Result<_>>()?;
        let held = Held { policies, told: Mutex::default(), log: Arc::clone(log) };
        Ok(Some(Roles(Arc::new(held))))
    }

    /// The ARN of each role to assume, by its name; `None` when the store is
    /// asked as the process itself.
    pub fn assumed(&self, functions: &[String]) -> Option<BTreeMap<String, String>> {
        let prefix = self.roles.as_ref()?;
        let roles = names(functions).map(|name| (name.to_owned(), format!("{prefix}{name}")));
        Some(roles.collect())
    }
}

fn names(functions: &[String]) -> impl Iterator<Item = &str> {
    functions.iter().map(String::as_str).chain(own::ALL)
}

fn read(folder: &Path, name: &str) -> Result<Arc<Policy>> {
    let path = folder.join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path)
        .with_context(|| format!("reading the policy of {name}, {}", path.display()))?;
    let policy = Policy::parse(&text).with_context(|| format!("in {}", path.display()))?;
    Ok(Arc::new(policy))
}

/// The policies of all roles, and what they decided.
#[derive(Clone)]
pub struct Roles(Arc<Held>);

struct Held {
    policies: BTreeMap<String, Arc<Policy>>,
    told: Mutex<BTreeMap<Told, u64>>,
    log: Arc<Log>,
}

/// What is counted of decisions: nothing that names a person.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    role: String,
    table: String,
    action: &'static str,
    /// The kind of item: what a partition key begins with.
    family: String,
    allowed: bool,
}

impl std::fmt::Debug for Roles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Roles").field(&self.0.policies.keys()).finish()
    }
}

impl Acting for Roles {
    fn policy(&self) -> Option<Arc<Policy>> {
        self.0.policies.get(&*current()?).cloned()
    }

    fn decided(&self, asked: &Asked<'_>, decision: Decision<'_>) {
        let allowed = matches!(decision, Decision::Allowed(_));
        let role = current();
        let role = role.as_deref().unwrap_or("nobody");
        let table = asked.resource.rsplit('/').next().unwrap_or_default();
        let mut families: Vec<&str> = asked.leading_keys.iter().map(|key| family(key)).collect();
        families.sort_unstable();
        families.dedup();
        let mut held = self.0.told.lock().unwrap_or_else(PoisonError::into_inner);
        for family in families {
            let told = Told {
                role: role.to_owned(),
                table: table.to_owned(),
                action: asked.action,
                family: family.to_owned(),
                allowed,
            };
            let count = held.entry(told).or_default();
            *count += 1;
            // Said once: a role that lacks something lacks it each time.
            if !allowed && *count == 1 {
                let action = asked.action;
                let what = format!("policy: {role} may not {action} {family} of {table}");
                self.0.log.event(&what, None);
            }
        }
    }
}

/// What the items of a partition are (`chart::keys` and its neighbours).
fn family(key: &str) -> &str {
    key.split_once('#').map_or("other", |(family, _)| family)
}

impl Roles {
    /// What was decided so far, of all regions of this process.
    pub fn family(&self) -> Family {
        let name = "policy_decisions_total";
        let mut family =
            Family::new(name, "Calls of the store, by the policies of roles.", Kind::Counter);
        let held = self.0.told.lock().unwrap_or_else(PoisonError::into_inner);
        for (Told { role, table, action, family: kind, allowed }, count) in &*held {
            let decision = if *allowed { "allowed" } else { "denied" };
            let labels = [
                ("role", role.to_string()),
                ("table", table.to_string()),
                ("action", action.to_string()),
                ("family", kind.to_string()),
                ("decision", decision.to_owned()),
            ];
            family.add(labels.into(), Value::Whole(*count));
        }
        family
    }
}

#[cfg(test)]
mod tests;
