//! Between the records of the bindings and those of `contracts`.

use contracts as plain;

use super::bindings::dossier::record::{
    charts, commits, exports, issuing, journal, sequencing, types,
};

pub fn refused(refusal: plain::Refusal) -> types::Refusal {
    types::Refusal {
        status: refusal.status.code(),
        code: refusal.code.code().to_owned(),
        diagnostics: refusal.diagnostics,
        expression: refusal.expression,
        retry_after_s: refusal.retry_after_s,
    }
}

pub fn token_request(asked: issuing::Request) -> plain::TokenRequest {
    plain::TokenRequest {
        grant_type: asked.grant_type,
        assertion_type: asked.assertion_type,
        assertion: asked.assertion,
        scope: asked.scope,
    }
}

pub fn token_grant(grant: plain::TokenGrant) -> issuing::Grant {
    issuing::Grant {
        access_token: grant.access_token,
        expires_in_s: grant.expires_in_s,
        scope: grant.scope,
    }
}

pub fn ledger_progress(progress: plain::LedgerProgress) -> sequencing::Progress {
    let plain::LedgerProgress { appended, size, published, more } = progress;
    sequencing::Progress { appended, size, published, more }
}

pub fn token_rejected(rejection: plain::TokenRejection) -> issuing::Rejection {
    issuing::Rejection { error: rejection.error, why: refused(rejection.why) }
}

pub fn claims(claims: plain::Claims) -> types::Claims {
    types::Claims {
        subject: claims.subject,
        name: claims.name,
        function: claims.function,
        establishment: claims.establishment,
        patient: claims.patient,
        scopes: claims.scopes,
        client_id: claims.client_id,
    }
}

pub fn intent(intent: types::Intent) -> plain::Intent {
    use types::Interaction as From;
    let interaction = match intent.interaction {
        From::Read => plain::Interaction::Read,
        From::Vread => plain::Interaction::Vread,
        From::HistoryInstance => plain::Interaction::HistoryInstance,
        From::Search => plain::Interaction::Search,
        From::Everything => plain::Interaction::Everything,
        From::Create => plain::Interaction::Create,
        From::Update => plain::Interaction::Update,
        From::Delete => plain::Interaction::Delete,
        From::Batch => plain::Interaction::Batch,
        From::Transaction => plain::Interaction::Transaction,
        From::ReadAudit => plain::Interaction::ReadAudit,
        From::HistoryType => plain::Interaction::HistoryType,
        From::HistorySystem => plain::Interaction::HistorySystem,
        From::SearchSystem => plain::Interaction::SearchSystem,
        From::Patch => plain::Interaction::Patch,
        From::Export => plain::Interaction::Export,
    };
    plain::Intent { interaction, query: intent.query }
}

pub fn key(key: types::Key) -> plain::ResourceKey {
    plain::ResourceKey { resource_type: key.resource_type, id: key.id }
}

fn told_key(key: plain::ResourceKey) -> types::Key {
    types::Key { resource_type: key.resource_type, id: key.id }
}

pub fn place(place: charts::Place) -> plain::Place {
    match place {
        charts::Place::Person(id) => plain::Place::Person(id),
        charts::Place::Holding(held) => plain::Place::Holding(key(held)),
    }
}

pub fn window(window: types::Window) -> plain::Window {
    plain::Window {
        count: window.count,
        cursor: window.cursor,
        since_ms: window.since_ms,
        resource_types: window.resource_types,
        care_from: window.care_from,
        care_to: window.care_to,
    }
}

fn kind(kind: types::ChangeKind) -> plain::ChangeKind {
    match kind {
        types::ChangeKind::Create => plain::ChangeKind::Create,
        types::ChangeKind::Update => plain::ChangeKind::Update,
        types::ChangeKind::Delete => plain::ChangeKind::Delete,
    }
}

pub fn version(version: plain::Version) -> types::Version {
    types::Version {
        key: told_key(version.key),
        version: version.version,
        last_updated_ms: version.last_updated_ms,
        kind: match version.kind {
            plain::ChangeKind::Create => types::ChangeKind::Create,
            plain::ChangeKind::Update => types::ChangeKind::Update,
            plain::ChangeKind::Delete => types::ChangeKind::Delete,
        },
        body: version.body,
    }
}

pub fn page(page: plain::Page) -> types::Page {
    types::Page {
        versions: page.versions.into_iter().map(version).collect(),
        matches: page.matches,
        total: page.total,
        next: page.next,
    }
}

pub fn change(change: commits::Change) -> plain::Change {
    plain::Change {
        kind: kind(change.kind),
        resource_type: change.resource_type,
        id: change.id,
        criteria: change.criteria,
        full_url: change.full_url,
        if_match: change.if_match,
        if_absent: change.if_absent,
        if_none_exist: change.if_none_exist,
        form: match change.form {
            commits::BodyForm::Resource => plain::BodyForm::Resource,
            commits::BodyForm::Patch => plain::BodyForm::Patch,
            commits::BodyForm::MetaAdd => plain::BodyForm::MetaAdd,
            commits::BodyForm::MetaDelete => plain::BodyForm::MetaDelete,
        },
        body: change.body,
    }
}

pub fn options(options: commits::Options) -> plain::CommitOptions {
    plain::CommitOptions {
        retry_key: options.retry_key,
        request_hash: options.request_hash,
        return_bodies: options.return_bodies,
        bundle: options.bundle,
        notices: options.notices,
    }
}

fn notice(notice: plain::Notice) -> types::Notice {
    types::Notice {
        code: notice.code,
        diagnostics: notice.diagnostics,
        expression: notice.expression,
    }
}

fn outcome(outcome: plain::Outcome) -> commits::Outcome {
    commits::Outcome {
        key: told_key(outcome.key),
        version: outcome.version,
        last_updated_ms: outcome.last_updated_ms,
        effect: match outcome.effect {
            plain::Effect::Created => commits::Effect::Created,
            plain::Effect::Updated => commits::Effect::Updated,
            plain::Effect::Deleted => commits::Effect::Deleted,
            plain::Effect::Existing => commits::Effect::Existing,
            plain::Effect::Unchanged => commits::Effect::Unchanged,
        },
        body: outcome.body,
        notices: outcome.notices.into_iter().map(notice).collect(),
    }
}

pub fn receipt(receipt: plain::Receipt) -> commits::Receipt {
    commits::Receipt {
        outcomes: receipt.outcomes.into_iter().map(outcome).collect(),
        replayed: receipt.replayed,
    }
}

pub fn filter(filter: journal::Filter) -> plain::JournalFilter {
    plain::JournalFilter {
        person: filter.person,
        from_ms: filter.from_ms,
        to_ms: filter.to_ms,
        count: filter.count,
        cursor: filter.cursor,
        changes: filter.changes,
        target: filter.target.map(key),
        region: filter.region,
    }
}

pub fn entries(page: plain::JournalPage) -> journal::Page {
    let reviews = page.reviews.into_iter().map(|held| journal::Reviewed {
        entry: held.entry,
        outcome: held.outcome,
        at_ms: held.at_ms,
    });
    journal::Page { entries: page.entries, next: page.next, reviews: reviews.collect() }
}

pub fn review_filter(filter: journal::ReviewFilter) -> plain::ReviewFilter {
    plain::ReviewFilter {
        region: filter.region,
        state: filter.state,
        rule: filter.rule,
        establishment: filter.establishment,
        from_ms: filter.from_ms,
        to_ms: filter.to_ms,
        count: filter.count,
        cursor: filter.cursor,
    }
}

pub fn reviews(page: plain::ReviewPage) -> journal::ReviewPage {
    let judged_until_ms = page.judged_until_ms;
    journal::ReviewPage { items: page.items, next: page.next, judged_until_ms }
}

pub fn export(request: exports::Request) -> plain::ExportRequest {
    plain::ExportRequest {
        level: match request.level {
            exports::Level::System => plain::ExportLevel::System,
            exports::Level::Patient => plain::ExportLevel::Patient,
            exports::Level::Group(id) => plain::ExportLevel::Group(id),
        },
        url: request.url,
        resource_types: request.resource_types,
        since_ms: request.since_ms,
        filters: request
            .filters
            .into_iter()
            .map(|filter| (filter.resource_type, filter.query))
            .collect(),
        patients: request.patients,
        elements: request.elements,
    }
}

pub fn progress(progress: plain::ExportProgress) -> exports::Progress {
    let output = |output: plain::ExportOutput| exports::Output {
        resource_type: output.resource_type,
        count: output.count,
    };
    exports::Progress {
        url: progress.url,
        elements: progress.elements,
        transaction_ms: progress.transaction_ms,
        expires_ms: progress.expires_ms,
        done: progress.done,
        places: progress.places,
        outputs: progress.outputs.into_iter().map(output).collect(),
    }
}
