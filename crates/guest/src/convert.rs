//! Between the records of the bindings and those of `contracts`.

use crate::bindings::dossier::record::{charts, commits, exports, issuing, types};
use contracts::{
    BodyForm, Change, ChangeKind, Claims, CommitOptions, Effect, ExportLevel, ExportOutput,
    ExportProgress, ExportRequest, Intent, Interaction, Notice, Origin, Outcome, Page, Place,
    Receipt, Refusal, ResourceKey, TokenGrant, TokenRejection, TokenRequest, Version, Window,
};

pub(crate) fn refused(refusal: types::Refusal) -> Refusal {
    Refusal::from_wire(
        refusal.status,
        &refusal.code,
        refusal.diagnostics,
        refusal.expression,
        refusal.retry_after_s,
    )
}

pub(crate) fn origin(origin: &Origin) -> types::Origin {
    types::Origin {
        request_id: origin.request_id.clone(),
        client_address: origin.client_address.clone(),
        emergency: origin.emergency.clone(),
    }
}

pub(crate) fn token_request(asked: TokenRequest) -> issuing::Request {
    issuing::Request {
        grant_type: asked.grant_type,
        assertion_type: asked.assertion_type,
        assertion: asked.assertion,
        scope: asked.scope,
    }
}

pub(crate) fn token_grant(grant: issuing::Grant) -> TokenGrant {
    TokenGrant {
        access_token: grant.access_token,
        expires_in_s: grant.expires_in_s,
        scope: grant.scope,
    }
}

pub(crate) fn token_rejected(rejection: issuing::Rejection) -> TokenRejection {
    TokenRejection { error: rejection.error, why: refused(rejection.why) }
}

pub(crate) fn claims(claims: types::Claims) -> Claims {
    Claims {
        subject: claims.subject,
        name: claims.name,
        function: claims.function,
        establishment: claims.establishment,
        patient: claims.patient,
        scopes: claims.scopes,
        client_id: claims.client_id,
    }
}

pub(crate) fn intent(intent: Intent) -> types::Intent {
    use types::Interaction as To;
    let interaction = match intent.interaction {
        Interaction::Read => To::Read,
        Interaction::Vread => To::Vread,
        Interaction::HistoryInstance => To::HistoryInstance,
        Interaction::Search => To::Search,
        Interaction::Everything => To::Everything,
        Interaction::Create => To::Create,
        Interaction::Update => To::Update,
        Interaction::Delete => To::Delete,
        Interaction::Batch => To::Batch,
        Interaction::Transaction => To::Transaction,
        Interaction::ReadAudit => To::ReadAudit,
        Interaction::HistoryType => To::HistoryType,
        Interaction::HistorySystem => To::HistorySystem,
        Interaction::SearchSystem => To::SearchSystem,
        Interaction::Patch => To::Patch,
        Interaction::Export => To::Export,
    };
    types::Intent { interaction, query: intent.query }
}

pub(crate) fn key(key: &ResourceKey) -> types::Key {
    types::Key { resource_type: key.resource_type.clone(), id: key.id.clone() }
}

fn own_key(key: types::Key) -> ResourceKey {
    ResourceKey { resource_type: key.resource_type, id: key.id }
}

pub(crate) fn place(place: Place) -> charts::Place {
    match place {
        Place::Person(id) => charts::Place::Person(id),
        Place::Holding(held) => charts::Place::Holding(key(&held)),
    }
}

pub(crate) fn window(window: Window) -> types::Window {
    types::Window {
        count: window.count,
        cursor: window.cursor,
        since_ms: window.since_ms,
        resource_types: window.resource_types,
        care_from: window.care_from,
        care_to: window.care_to,
    }
}

pub(crate) fn version(version: types::Version) -> Version {
    Version {
        key: own_key(version.key),
        version: version.version,
        last_updated_ms: version.last_updated_ms,
        kind: match version.kind {
            types::ChangeKind::Create => ChangeKind::Create,
            types::ChangeKind::Update => ChangeKind::Update,
            types::ChangeKind::Delete => ChangeKind::Delete,
        },
        body: version.body,
    }
}

pub(crate) fn page(page: types::Page) -> Page {
    Page {
        versions: page.versions.into_iter().map(version).collect(),
        matches: page.matches,
        total: page.total,
        next: page.next,
    }
}

pub(crate) fn change(change: Change) -> commits::Change {
    commits::Change {
        kind: match change.kind {
            ChangeKind::Create => types::ChangeKind::Create,
            ChangeKind::Update => types::ChangeKind::Update,
            ChangeKind::Delete => types::ChangeKind::Delete,
        },
        resource_type: change.resource_type,
        id: change.id,
        criteria: change.criteria,
        full_url: change.full_url,
        if_match: change.if_match,
        if_absent: change.if_absent,
        if_none_exist: change.if_none_exist,
        form: match change.form {
            BodyForm::Resource => commits::BodyForm::Resource,
            BodyForm::Patch => commits::BodyForm::Patch,
            BodyForm::MetaAdd => commits::BodyForm::MetaAdd,
            BodyForm::MetaDelete => commits::BodyForm::MetaDelete,
        },
        body: change.body,
    }
}

pub(crate) fn options(options: CommitOptions) -> commits::Options {
    commits::Options {
        retry_key: options.retry_key,
        request_hash: options.request_hash,
        return_bodies: options.return_bodies,
        bundle: options.bundle,
        notices: options.notices,
    }
}

fn notice(notice: types::Notice) -> Notice {
    Notice { code: notice.code, diagnostics: notice.diagnostics, expression: notice.expression }
}

pub(crate) fn receipt(receipt: commits::Receipt) -> Receipt {
    let outcomes = receipt.outcomes.into_iter().map(|outcome| Outcome {
        key: own_key(outcome.key),
        version: outcome.version,
        last_updated_ms: outcome.last_updated_ms,
        effect: match outcome.effect {
            commits::Effect::Created => Effect::Created,
            commits::Effect::Updated => Effect::Updated,
            commits::Effect::Deleted => Effect::Deleted,
            commits::Effect::Existing => Effect::Existing,
            commits::Effect::Unchanged => Effect::Unchanged,
        },
        body: outcome.body,
        notices: outcome.notices.into_iter().map(notice).collect(),
    });
    Receipt { outcomes: outcomes.collect(), replayed: receipt.replayed }
}

pub(crate) fn export(request: ExportRequest) -> exports::Request {
    exports::Request {
        level: match request.level {
            ExportLevel::System => exports::Level::System,
            ExportLevel::Patient => exports::Level::Patient,
            ExportLevel::Group(id) => exports::Level::Group(id),
        },
        url: request.url,
        resource_types: request.resource_types,
        since_ms: request.since_ms,
        filters: request
            .filters
            .into_iter()
            .map(|(resource_type, query)| exports::TypeFilter { resource_type, query })
            .collect(),
        patients: request.patients,
        elements: request.elements,
    }
}

pub(crate) fn progress(progress: exports::Progress) -> ExportProgress {
    let output = |output: exports::Output| ExportOutput {
        resource_type: output.resource_type,
        count: output.count,
    };
    ExportProgress {
        url: progress.url,
        elements: progress.elements,
        transaction_ms: progress.transaction_ms,
        expires_ms: progress.expires_ms,
        done: progress.done,
        places: progress.places,
        outputs: progress.outputs.into_iter().map(output).collect(),
    }
}
