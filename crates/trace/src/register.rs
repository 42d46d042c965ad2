//! The register of accesses: one line for each entry of the journal, with all
//! that an entry holds but its encoding.

use access::audit_event::instant;
use access::entry::{Change, Entry, Interaction};

use crate::csv;

/// The columns, in their order. [`crate::yearly`] reads them by these names.
pub const COLUMNS: [&str; 24] = [
    "entry",
    "when",
    "region",
    "establishment",
    "user",
    "issuer",
    "name",
    "function",
    "licence",
    "application",
    "token",
    "patients",
    "resources",
    "action",
    "query",
    "purpose",
    "basis",
    "emergency",
    "consents",
    "address",
    "status",
    "result",
    "reason",
    "request",
];

/// The heading.
pub fn heading() -> String {
    csv::line(COLUMNS)
}

/// The line of an entry. People and resources are separated by spaces, which
/// their ids cannot hold; resources are `Type/id/_history/version`.
pub fn line(entry: &Entry) -> String {
    let resources = entry
        .items
        .iter()
        .map(|item| format!("{}/{}/_history/{}", item.resource_type, item.id, item.version));
    let resources: Vec<String> = resources.collect();
    let agent = &entry.agent;
    let values = [
        entry.id.clone(),
        instant(entry.at_ms),
        entry.region.clone(),
        entry.establishment.clone(),
        agent.subject.clone(),
        agent.issuer.clone(),
        agent.name.clone().unwrap_or_default(),
        agent.function.code().to_owned(),
        agent.licence.clone().unwrap_or_default(),
        agent.client_id.clone(),
        agent.token_id.clone().unwrap_or_default(),
        entry.persons.join(" "),
        resources.join(" "),
        action(entry).to_owned(),
        entry.query.clone().unwrap_or_default(),
        entry.purpose.code().to_owned(),
        entry.basis.map(|basis| basis.code().to_owned()).unwrap_or_default(),
        entry.decided.emergency.clone().unwrap_or_default(),
        entry.decided.consents.join(" "),
        entry.network_address.clone(),
        entry.outcome.status.to_string(),
        result(entry.outcome.status).to_owned(),
        entry.outcome.denied.clone().unwrap_or_default(),
        entry.request_id.clone(),
    ];
    csv::line(values.iter().map(String::as_str))
}

/// What was done, in one word.
pub fn action(entry: &Entry) -> &'static str {
    let mut changes: Vec<Change> = entry
        .items
        .iter()
        .map(|item| item.change)
        .filter(|change| *change != Change::Read)
        .collect();
    changes.dedup();
    if let [only] = changes.as_slice()
        && matches!(entry.interaction, Interaction::Batch | Interaction::Transaction)
    {
        return match only {
            Change::Created => "create",
            Change::Updated => "update",
            Change::Deleted => "delete",
            Change::Read => "read",
        };
    }
    match entry.interaction {
        Interaction::Read => "read",
        Interaction::Vread => "vread",
        Interaction::HistoryInstance => "history-instance",
        Interaction::HistoryType => "history-type",
        Interaction::HistorySystem => "history-system",
        Interaction::Search => "search-type",
        Interaction::SearchSystem => "search-system",
        Interaction::Everything => "everything",
        Interaction::Create => "create",
        Interaction::Update => "update",
        Interaction::Patch => "patch",
        Interaction::Delete => "delete",
        Interaction::Batch => "batch",
        Interaction::Transaction => "transaction",
        Interaction::ReadAudit => "read-audit",
        Interaction::Export => "export",
        Interaction::Token => "token",
        Interaction::Review => "review",
        Interaction::Phase => "phase",
        Interaction::Copy => "copy",
        Interaction::Restore => "restore",
    }
}

/// How it ended, in one word.
pub fn result(status: u16) -> &'static str {
    match status {
        401 | 403 => "refused",
        status if status < 400 => "done",
        _ => "failed",
    }
}
