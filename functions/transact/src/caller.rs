//! Carries a Bundle out: all of it in one commit, or each entry by itself.

use crate::entry::{Entry, Verb};
use contracts::{
    Answer, BodyForm, Change, ChangeKind, Charts, CommitOptions, Commits, Intent, Interaction,
    Receipt, Refusal, Registry,
};
use futures::StreamExt;
use http::{Method, Request};
use rest::ask::Ask;
use rest::bundle::EntryAnswer;
use rest::headers::{retry_key, text};
use rest::path::Target;
use rest::prefer::Return;
use rest::provenance_header::{accompanying, named};

/// Entries that are under way at once.
const ENTRIES_AT_ONCE: usize = 16;

/// Who asks for the bundle, and of whom.
pub struct Caller<'c, H: Charts + Registry + Commits> {
    /// The walls.
    pub host: &'c H,
    /// The verified caller.
    pub session: &'c H::Session,
    /// The request that carries the bundle.
    pub ask: &'c Ask<'c>,
    /// How much of each change is told.
    pub preferred: Return,
}

/// Where the answer to an entry is found.
enum Place {
    /// In this change of the commit.
    Changed(usize),
    /// Among the reads.
    Read,
}

impl<H: Charts + Registry + Commits> Caller<'_, H> {
    /// All changes in one commit, then the reads, which see them (R4
    /// §3.1.0.11.2: DELETE, POST, PUT and PATCH, GET and HEAD).
    pub async fn transaction(
        &self,
        entries: Vec<Result<Entry, Refusal>>,
        request_hash: Vec<u8>,
    ) -> Answer<(Vec<EntryAnswer>, bool)> {
        let mut changes: Vec<(usize, Change)> = Vec::new();
        let mut reads = Vec::new();
        let mut places = Vec::with_capacity(entries.len());
        for (index, entry) in entries.into_iter().enumerate() {
            match entry?.verb {
                Verb::Change(change) => {
                    places.push(Place::Changed(0));
                    changes.push((index, *change));
                }
                Verb::Read(request) => {
                    // What cannot be understood must undo the whole, while it still can.
                    understood(&request)
                        .map_err(|refusal| refusal.within(&format!("Bundle.entry[{index}]")))?;
                    places.push(Place::Read);
                    reads.push(*request);
                }
            }
        }
        changes.sort_by_key(|(_, change)| turn(change));
        let asked: Vec<usize> = changes.iter().map(|(index, _)| *index).collect();
        for (number, index) in asked.iter().enumerate() {
            if let Some(place) = places.get_mut(*index) {
                *place = Place::Changed(number);
            }
        }
        let changes = changes.into_iter().map(|(_, change)| change).collect();
        let receipt = self.committed(changes, &asked, request_hash).await?;
        let mut outcomes: Vec<_> = receipt.outcomes.into_iter().map(Some).collect();
        let reading = reads.into_iter().map(|request| self.read(request));
        let read: Vec<EntryAnswer> =
            futures::stream::iter(reading).buffered(ENTRIES_AT_ONCE).collect().await;
        let mut read = read.into_iter();
        let answers = places.into_iter().enumerate().map(|(index, place)| match place {
            Place::Changed(number) => {
                outcomes.get_mut(number).and_then(Option::take).map(EntryAnswer::Changed)
            }
            Place::Read => read.next().map(|answer| match answer {
                // What was read cannot undo what is committed.
                EntryAnswer::Refused(refusal) => {
                    EntryAnswer::Refused(refusal.within(&format!("Bundle.entry[{index}]")))
                }
                other => other,
            }),
        });
        let answers: Option<Vec<EntryAnswer>> = answers.collect();
        Ok((answers.ok_or_else(incomplete)?, receipt.replayed))
    }

    async fn committed(
        &self,
        mut changes: Vec<Change>,
        asked: &[usize],
        request_hash: Vec<u8>,
    ) -> Answer<Receipt> {
        let provenance = accompanying(self.ask.headers, &mut changes)?;
        changes.extend(provenance);
        if changes.is_empty() {
            return Ok(Receipt::default());
        }
        let options = CommitOptions {
            retry_key: retry_key(self.ask.headers)?,
            request_hash,
            return_bodies: self.preferred == Return::Representation,
            bundle: true,
            notices: self.preferred == Return::OperationOutcome,
        };
        let intent = Intent::to(Interaction::Transaction);
        let committed = self.host.commit(self.session, intent, changes, options).await;
        committed.map_err(|refusal| in_the_bundle(refusal, asked))
    }

    /// Each entry by itself: whatever happens to one, every one is answered.
    pub async fn batch(&self, entries: Vec<Result<Entry, Refusal>>) -> Answer<Vec<EntryAnswer>> {
        if self.ask.headers.contains_key("x-provenance") {
            return Err(Refusal::not_supported(
                "X-Provenance does not go with a batch, whose entries stand alone: send a \
                 Provenance as an entry, or a transaction.",
            )
            .at("X-Provenance"));
        }
        let key = retry_key(self.ask.headers)?;
        let each = entries.into_iter().enumerate().map(|(index, entry)| {
            let key = key.as_ref().map(|key| format!("{key}#{index}"));
            async move {
                match entry {
                    Err(refusal) => EntryAnswer::Refused(refusal),
                    Ok(Entry { verb: Verb::Read(request), .. }) => self.read(*request).await,
                    Ok(Entry { verb: Verb::Change(change), hash }) => {
                        self.change(*change, key, hash).await
                    }
                }
            }
        });
        Ok(futures::stream::iter(each).buffered(ENTRIES_AT_ONCE).collect().await)
    }

    async fn change(
        &self,
        change: Change,
        retry_key: Option<String>,
        hash: Vec<u8>,
    ) -> EntryAnswer {
        let options = CommitOptions {
            retry_key,
            request_hash: hash,
            return_bodies: self.preferred == Return::Representation,
            bundle: false,
            notices: self.preferred == Return::OperationOutcome,
        };
        let interaction = match change.form {
            BodyForm::Patch => Interaction::Patch,
            _ => change.kind.interaction(),
        };
        let criteria = change.if_none_exist.as_ref().or(change.criteria.as_ref());
        let query = criteria.map(|criteria| format!("{}?{criteria}", change.resource_type));
        let intent = Intent { interaction, query };
        match self.host.commit(self.session, intent, vec![change], options).await {
            Ok(mut receipt) => match receipt.outcomes.pop() {
                Some(outcome) => EntryAnswer::Changed(outcome),
                None => EntryAnswer::Refused(incomplete()),
            },
            Err(refusal) => EntryAnswer::Refused(refusal),
        }
    }

    /// A GET or HEAD entry: the same code as the functions `lookup` and `search`.
    async fn read(&self, mut request: Request<Vec<u8>>) -> EntryAnswer {
        let head = request.method() == Method::HEAD;
        *request.method_mut() = Method::GET;
        let answer = match Ask::of(&request) {
            Ok(ask) => self.answered(&ask).await,
            Err(refusal) => Err(refusal),
        };
        match answer {
            Err(refusal) => EntryAnswer::Refused(refusal),
            Ok(answer) => {
                let answer = rest::answer::in_language(answer, self.ask.language());
                let modified = text(answer.headers(), "last-modified");
                EntryAnswer::Read {
                    status: answer.status().as_u16(),
                    etag: text(answer.headers(), "etag").map(str::to_owned),
                    modified_ms: modified.and_then(rest::conditional::date_ms),
                    body: if head { Vec::new() } else { answer.into_body() },
                }
            }
        }
    }

    async fn answered(&self, ask: &Ask<'_>) -> Answer<http::Response<Vec<u8>>> {
        match &ask.target {
            Target::Type(name) | Target::TypeSearch(name)
                if ["AuditEvent", "Provenance"].contains(&name.as_str()) =>
            {
                Err(Refusal::not_supported(format!(
                    "{name} is not searched in a Bundle, because the record makes some of its own: \
                     GET {name} by itself."
                ))
                .at("request.url"))
            }
            Target::Instance(key) if key.resource_type == "AuditEvent" => {
                Err(Refusal::not_supported(
                    "AuditEvents are not read in a Bundle: GET AuditEvent by itself.",
                )
                .at("request.url"))
            }
            Target::TypeOperation(name, operation)
                if name == "Observation" && operation == "$lastn" =>
            {
                crate::search::lastn::answer(self.host, self.session, ask, ask.query).await
            }
            Target::Type(_)
            | Target::TypeSearch(_)
            | Target::System
            | Target::SystemSearch
            | Target::Compartment(..) => {
                crate::search::answer(self.host, self.session, ask, ask.query).await
            }
            _ => crate::lookup::handler::answer(self.host, self.session, ask).await,
        }
    }
}

/// Refuses a GET entry whose path or search has no meaning.
fn understood(request: &Request<Vec<u8>>) -> Answer<()> {
    let ask = Ask::of(request)?;
    match &ask.target {
        Target::Type(_)
        | Target::TypeSearch(_)
        | Target::System
        | Target::SystemSearch
        | Target::Compartment(..) => crate::search::check(&ask, ask.query),
        _ => Ok(()),
    }
}

/// In which turn a change of a transaction is made (R4 §3.1.0.11.2).
fn turn(change: &Change) -> u8 {
    match change.kind {
        ChangeKind::Delete => 0,
        ChangeKind::Create => 1,
        ChangeKind::Update => 2,
    }
}

/// The provider counts the changes in their turns; the caller counts the
/// entries. What is beyond them is the header's Provenance.
fn in_the_bundle(mut refusal: Refusal, asked: &[usize]) -> Refusal {
    let told = |expression: &str| {
        let (number, rest) = expression.strip_prefix("Bundle.entry[")?.split_once(']')?;
        let change: usize = number.parse().ok()?;
        match asked.get(change) {
            Some(entry) => Some(format!("Bundle.entry[{entry}]{rest}")),
            None => named(expression, change),
        }
    };
    if let Some(mended) = refusal.expression.as_deref().and_then(told) {
        refusal.expression = Some(mended);
    }
    refusal
}

fn incomplete() -> Refusal {
    Refusal::fault(
        "The commit came back without an outcome for every entry. Ask again with the same \
         Idempotency-Key."
            .to_owned(),
    )
}
