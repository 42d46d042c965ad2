//! batch and transaction (R4 §3.1.0.11).

use crate::entry::{Entry, Verb, parse};
use contracts::{
    Answer, Change, Charts, CommitOptions, Commits, Intent, Interaction, Receipt, Refusal, Registry,
};
use futures::StreamExt;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use rest::answer::{json, method_not_allowed, refused, settled};
use rest::ask::{Ask, of_caller};
use rest::bundle::{EntryAnswer, response};
use rest::headers::{Return, carries_json, preferred_return, retry_key, text};
use rest::path::Target;

/// Entries of a batch that are under way at once.
const ENTRIES_AT_ONCE: usize = 16;

/// Answers one request.
pub async fn handle<H: Charts + Registry + Commits>(
    host: &H,
    request: Request<Vec<u8>>,
) -> Response<Vec<u8>> {
    let (ask, session) = match of_caller(host, &request).await {
        Ok(known) => known,
        Err(refusal) => return refused(&refusal),
    };
    if request.method() != Method::POST || ask.target != Target::System {
        return method_not_allowed(request.method().as_str(), "POST");
    }
    settled(answer(host, &session, &ask).await)
}

async fn answer<H: Charts + Registry + Commits>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
) -> Answer<Response<Vec<u8>>> {
    carries_json(ask.headers)?;
    let bundle = parse(ask.body.to_vec())?;
    let hash = ask.fingerprint("POST", "/");
    let caller = Caller { host, session, ask };
    let (kind, answers, replayed) = if bundle.transaction {
        let (answers, replayed) = caller.transaction(bundle.entries, hash).await?;
        ("transaction-response", answers, replayed)
    } else {
        ("batch-response", caller.batch(bundle.entries).await?, false)
    };
    let mut answer = json(StatusCode::OK, response(&ask.base, kind, &answers, ask.language()));
    if replayed {
        rest::answer::set(answer.headers_mut(), "idempotency-replayed", "true");
    }
    Ok(answer)
}

/// Who asks for the bundle, and of whom.
struct Caller<'c, H: Charts + Registry + Commits> {
    host: &'c H,
    session: &'c H::Session,
    ask: &'c Ask<'c>,
}

impl<H: Charts + Registry + Commits> Caller<'_, H> {
    /// All changes in one commit, then the reads, which see them.
    async fn transaction(
        &self,
        entries: Vec<Result<Entry, Refusal>>,
        request_hash: Vec<u8>,
    ) -> Answer<(Vec<EntryAnswer>, bool)> {
        let mut changes = Vec::new();
        let mut reads = Vec::new();
        let mut places = Vec::with_capacity(entries.len());
        for entry in entries {
            match entry?.verb {
                Verb::Change(change) => {
                    places.push((true, changes.len()));
                    changes.push(change);
                }
                Verb::Read(url) => {
                    places.push((false, reads.len()));
                    reads.push(url);
                }
            }
        }
        let options = CommitOptions {
            retry_key: retry_key(self.ask.headers)?,
            request_hash,
            return_bodies: wants_bodies(self.ask.headers),
            bundle: true,
            notices: false,
        };
        let receipt = if changes.is_empty() {
            Receipt::default()
        } else {
            let intent = Intent::to(Interaction::Transaction);
            let committed = self.host.commit(self.session, intent, changes, options).await;
            committed.map_err(|refusal| in_the_bundle(refusal, &places))?
        };
        let mut outcomes = receipt.outcomes.into_iter();
        let mut urls = reads.into_iter();
        let mut answers = Vec::with_capacity(places.len());
        for (index, (changed, _)) in places.into_iter().enumerate() {
            let answer = if changed {
                outcomes.next().map(EntryAnswer::Changed)
            } else if let Some(url) = urls.next() {
                match self.read(&url).await {
                    // What was read cannot undo what is committed.
                    EntryAnswer::Refused(refusal) => {
                        Some(EntryAnswer::Refused(refusal.at(format!("Bundle.entry[{index}]"))))
                    }
                    read => Some(read),
                }
            } else {
                None
            };
            answers.push(answer.ok_or_else(incomplete)?);
        }
        Ok((answers, receipt.replayed))
    }

    /// Each entry by itself.
    async fn batch(&self, entries: Vec<Result<Entry, Refusal>>) -> Answer<Vec<EntryAnswer>> {
        let key = retry_key(self.ask.headers)?;
        let each = entries.into_iter().enumerate().map(|(index, entry)| {
            let key = key.as_ref().map(|key| format!("{key}#{index}"));
            async move {
                match entry {
                    Err(refusal) => EntryAnswer::Refused(refusal),
                    Ok(Entry { verb: Verb::Read(url), .. }) => self.read(&url).await,
                    Ok(Entry { verb: Verb::Change(change), hash }) => {
                        self.change(change, key, hash).await
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
            return_bodies: wants_bodies(self.ask.headers),
            bundle: false,
            notices: false,
        };
        let intent =
            Intent { interaction: change.kind.interaction(), query: change.if_none_exist.clone() };
        match self.host.commit(self.session, intent, vec![change], options).await {
            Ok(mut receipt) => match receipt.outcomes.pop() {
                Some(outcome) => EntryAnswer::Changed(outcome),
                None => EntryAnswer::Refused(incomplete()),
            },
            Err(refusal) => EntryAnswer::Refused(refusal),
        }
    }

    /// A GET entry: the same code as the functions `lookup` and `search`.
    async fn read(&self, url: &str) -> EntryAnswer {
        let answer = match self.asked(url) {
            Err(refusal) => Err(refusal),
            Ok(request) => match Ask::of(&request) {
                Err(refusal) => Err(refusal),
                Ok(ask) => match &ask.target {
                    Target::Type(name) if name == "AuditEvent" => Err(Refusal::not_supported(
                        "AuditEvents are not read in a Bundle: GET AuditEvent by itself.",
                    )),
                    Target::Type(_) => {
                        crate::search::answer(self.host, self.session, &ask, ask.query).await
                    }
                    _ => crate::lookup::answer(self.host, self.session, &ask).await,
                },
            },
        };
        match answer {
            Err(refusal) => EntryAnswer::Refused(refusal),
            Ok(answer) => EntryAnswer::Read {
                status: answer.status().as_u16(),
                etag: text(answer.headers(), "etag").map(str::to_owned),
                body: answer.into_body(),
            },
        }
    }

    /// The request that a GET entry stands for.
    fn asked(&self, url: &str) -> Answer<Request<Vec<u8>>> {
        let relative = url.trim_start_matches('/');
        let built = Request::get(format!("{}/{relative}", rest::path::BASE))
            .header("x-dossier-base", &self.ask.base)
            .body(Vec::new());
        built.map_err(|_| {
            Refusal::invalid(
                "request.url is no relative URL: write it as in a GET, percent-encoded.".to_owned(),
            )
        })
    }
}

/// The provider counts the changes; the caller counts the entries, reads among
/// them.
fn in_the_bundle(mut refusal: Refusal, places: &[(bool, usize)]) -> Refusal {
    let told = |expression: &str| {
        let (number, rest) = expression.strip_prefix("Bundle.entry[")?.split_once(']')?;
        let change: usize = number.parse().ok()?;
        let entry = places.iter().position(|place| *place == (true, change))?;
        Some(format!("Bundle.entry[{entry}]{rest}"))
    };
    if let Some(mended) = refusal.expression.as_deref().and_then(told) {
        refusal.expression = Some(mended);
    }
    refusal
}

fn wants_bodies(headers: &HeaderMap) -> bool {
    // A Bundle's answer carries the resources only when asked (R4 §3.1.0.11.2
    // leaves it open): they are many, and the client has just sent them.
    headers.contains_key("prefer") && preferred_return(headers) == Return::Representation
}

fn incomplete() -> Refusal {
    Refusal::fault(
        "The commit came back without an outcome for every entry. Ask again with the same \
         Idempotency-Key."
            .to_owned(),
    )
}
