//! What any table must do before the record may stand on it, as a suite that
//! runs against any implementation of the port: [`run`].
//!
//! Each check uses keys of its own, so the suite may run on a table that is in
//! use and twice on the same table, given another `run` name.

use chart::table::{Item, Key, Table, TableError, TableResult, Value};
use std::fmt::{self, Debug, Display};

mod conditions;
mod items;
mod queries;
mod races;
mod transactions;

/// What came of each check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order they ran.
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What must be so.
    pub name: &'static str,
    /// Why it is not so.
    pub failure: Option<String>,
}

impl Report {
    /// Whether every check passed.
    pub fn passed(&self) -> bool {
        self.failed().next().is_none()
    }

    /// The checks that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.failure.is_some())
    }

    fn note(&mut self, name: &'static str, outcome: Outcome) {
        self.checks.push(Check { name, failure: outcome.err() });
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            match &check.failure {
                None => writeln!(f, "pass  {}", check.name)?,
                Some(why) => writeln!(f, "FAIL  {}: {why}", check.name)?,
            }
        }
        let failed = self.failed().count();
        write!(f, "{} checks, {failed} failed", self.checks.len())
    }
}

/// Runs every check on `table`, writing about 12 MB. `run` names this run: keys
/// begin with it, tokens with its first 12 characters.
pub async fn run<T: Table>(table: &T, run: &str) -> Report {
    let bench = Bench { table, run };
    let mut report = Report::default();
    items::check(&bench, &mut report).await;
    conditions::check(&bench, &mut report).await;
    transactions::check(&bench, &mut report).await;
    queries::check(&bench, &mut report).await;
    races::check(&bench, &mut report).await;
    report
}

/// The table under test.
struct Bench<'a, T> {
    table: &'a T,
    run: &'a str,
}

/// Of a check: why it failed.
type Outcome = Result<(), String>;

impl<T: Table> Bench<'_, T> {
    /// A partition of this run.
    fn pk(&self, partition: &str) -> String {
        format!("{}#{partition}", self.run)
    }

    /// A key of this run.
    fn key(&self, partition: &str, sk: &str) -> Key {
        Key::new(self.pk(partition), sk)
    }

    /// An idempotency token of this run; `name` has at most 23 characters.
    fn token(&self, name: &str) -> String {
        format!("{:.12}-{name}", self.run)
    }

    /// Reads an item that must be readable.
    async fn stored(&self, key: &Key) -> Result<Option<Item>, String> {
        self.table.get(key).await.map_err(|error| format!("get {}: {error}", key.sk))
    }

    /// Checks what is stored under a key.
    async fn holds(&self, key: &Key, wanted: Option<&Item>) -> Outcome {
        let stored = self.stored(key).await?;
        same(
            &format!("item {}", key.sk),
            stored.map(sorted).as_ref(),
            wanted.cloned().map(sorted).as_ref(),
        )
    }
}

/// An item whose attribute `val` holds a number.
fn numbered(number: i64) -> Item {
    Item::default().with("val", Value::N(number))
}

/// Attributes have no order in DynamoDB.
fn sorted(mut item: Item) -> Item {
    item.0.sort_by(|(left, _), (right, _)| left.cmp(right));
    item
}

fn ensure(held: bool, what: &str) -> Outcome {
    if held { Ok(()) } else { Err(what.to_owned()) }
}

fn same<V: PartialEq + Debug>(what: &str, got: V, wanted: V) -> Outcome {
    if got == wanted {
        return Ok(());
    }
    let brief = |value: V| format!("{value:?}").chars().take(300).collect::<String>();
    Err(format!("{what}: got {}, wanted {}", brief(got), brief(wanted)))
}

fn done(what: &str, result: TableResult<()>) -> Outcome {
    result.map_err(|error| format!("{what}: {error}"))
}

fn rejected(what: &str, result: TableResult<()>) -> Outcome {
    match result {
        Err(TableError::Rejected(_)) => Ok(()),
        other => Err(format!("{what}: wanted a refusal, got {other:?}")),
    }
}

/// The result must be failed conditions at exactly these indices, each with the
/// item that is stored there.
fn conditions_failed(
    what: &str,
    result: TableResult<()>,
    wanted: &[(usize, Option<Item>)],
) -> Outcome {
    match result {
        Err(TableError::Condition(found)) => {
            let found: Vec<_> =
                found.into_iter().map(|(index, item)| (index, item.map(sorted))).collect();
            let wanted: Vec<_> =
                wanted.iter().cloned().map(|(index, item)| (index, item.map(sorted))).collect();
            same(what, found, wanted)
        }
        other => Err(format!("{what}: wanted failed conditions, got {other:?}")),
    }
}
