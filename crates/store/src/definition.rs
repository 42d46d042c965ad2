//! The one definition of the record's two tables. `dossier tables create`, the
//! embedded store and the infrastructure all take it from here.
//!
//! Both tables have the string keys [`PARTITION_KEY`] and [`SORT_KEY`], are
//! paid per request and have no secondary index: nothing that must be correct
//! may lag. In production each also has point-in-time recovery, deletion
//! protection and encryption with a customer key, which the infrastructure
//! sets; they change nothing that a program can see.

/// Name of the partition key's attribute; a string.
pub const PARTITION_KEY: &str = "pk";
/// Name of the sort key's attribute; a string.
pub const SORT_KEY: &str = "sk";
/// Name of the time-to-live attribute: a number, **seconds** since 1970, after
/// which DynamoDB deletes the item within days. Only retry keys, spent outbox
/// items and used client assertions carry it; whoever reads such an item
/// compares the instant itself, since an expired item can still be there.
pub const EXPIRY: &str = "ttl";

/// Which of the two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TableKind {
    /// Charts: versions, cells, commits.
    Record,
    /// The access journal: streams of entries and the ledger; used assertions.
    Access,
}

impl TableKind {
    /// Both tables.
    pub const ALL: [Self; 2] = [Self::Record, Self::Access];

    /// The table's name without a prefix.
    pub fn base_name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Access => "access",
        }
    }
}

/// The definition of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDefinition {
    /// Which table.
    pub kind: TableKind,
    /// Its full name.
    pub name: String,
    /// Whether items of it may expire (see [`EXPIRY`]): those that carry the
    /// attribute. Access entries never do.
    pub expires: bool,
}

/// The definitions of both tables, record first. `prefix` comes before each
/// name, so that several records can live in one account; it may be empty, and
/// otherwise consists of letters, digits, `_`, `-` and `.`.
pub fn tables(prefix: &str) -> [TableDefinition; 2] {
    TableKind::ALL.map(|kind| TableDefinition {
        kind,
        name: format!("{prefix}{}", kind.base_name()),
        expires: true,
    })
}
