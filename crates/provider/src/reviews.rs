//! `journal`: the list of accesses to be reviewed, and what reviewers add to it.

use crate::convert::{journal_failed, random_id};
use crate::decide::permitted;
use crate::provider::Provider;
use crate::session::{Session, Told, entries};
use access::decision::REVIEW;
use access::entry::{Agent, Basis, Entry, Interaction};
use access::limits::{FINDINGS_MAX, REVIEW_NOTE_CHARS_MAX, REVIEW_NOTE_CHARS_MIN};
use access::review::{Conclusion, Outcome, Rule, State, Wanted, same_person};
use chart::Environment;
use chart::table::Table;
use contracts::{Intent, Refusal, ReviewFilter, ReviewPage, Reviewed};
use sha2::{Digest, Sha256};

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// `journal.reviews`.
    pub async fn journal_reviews(
        &self,
        session: &Session,
        intent: Intent,
        filter: ReviewFilter,
    ) -> Result<ReviewPage, Refusal> {
        let query = intent.query.clone();
        let basis = self.reviewing(session, Interaction::ReadAudit, query.clone()).await?;
        let wanted = wanted(&filter)?;
        let listed = self.atlas().reviews.page(&wanted).await;
        let listed = listed.map_err(|error| match error {
            access::journal::JournalError::Cursor => not_a_cursor(),
            other => journal_failed(&other),
        })?;
        self.witness(session, told(Interaction::ReadAudit, query, Some(basis), &[])).await?;
        let items = listed.reviews.iter().filter_map(|review| review.to_bytes().ok());
        Ok(ReviewPage {
            items: items.collect(),
            next: listed.next,
            judged_until_ms: i64::try_from(listed.judged_until_ms).unwrap_or_default(),
        })
    }

    /// `journal.review`. The conclusion is durable first, under the id that its
    /// entry will have; who repeats a request that broke off in between has the
    /// entry written then.
    pub async fn journal_review(
        &self,
        session: &Session,
        intent: Intent,
        id: &str,
        outcome: &str,
        note: &str,
    ) -> Result<Vec<u8>, Refusal> {
        let query = intent.query.clone();
        let basis = self.reviewing(session, Interaction::Review, query).await?;
        let outcome = Outcome::from_code(outcome).ok_or_else(no_such_outcome)?;
        let letters = note.chars().count();
        if !(REVIEW_NOTE_CHARS_MIN..=REVIEW_NOTE_CHARS_MAX).contains(&letters) {
            return Err(Refusal::invalid(
                "note must say in 10 to 2000 characters what the review found.",
            )
            .at("note"));
        }
        let found = self.atlas().reviews.find(id).await.map_err(|error| journal_failed(&error))?;
        let query = Some(asked(id, outcome, note));
        let Some(mut review) = found else {
            let absent = Refusal::missing(
                "This access is not on the list to be reviewed. See AuditEvent/$review-queue for \
                 those that are.",
            );
            return Err(self
                .deny(session, told(Interaction::Review, query, None, &[]), absent)
                .await);
        };
        let persons = review.entry.persons.clone();
        let tells = |basis| told(Interaction::Review, query.clone(), basis, &persons);
        let reviewer = Agent::from_claims(&session.claims);
        if same_person(&reviewer, &review.entry.agent) {
            let own = Refusal::forbidden(
                "Nobody reviews their own access. Leave it to another reviewer.",
            );
            return Err(self.deny(session, tells(None), own).await);
        }
        if let Some(last) = review.conclusions.last()
            && last.reviewer.subject == reviewer.subject
            && last.reviewer.issuer == reviewer.issuer
            && (last.outcome, last.note.as_str()) == (outcome, note)
        {
            self.tell_once(session, last.entry.clone(), last.at_ms, tells(Some(basis))).await?;
            return review.to_bytes().map_err(|_| unreadable());
        }
        if review.state() == State::Closed || review.conclusions.len() >= FINDINGS_MAX {
            let ended = Refusal::conflict(
                "This review has ended, and nothing is added to it. Read it in \
                 AuditEvent/$review-queue.",
            );
            return Err(self.deny(session, tells(None), ended).await);
        }
        let now_ms = self.now_ms();
        let conclusion = Conclusion {
            outcome,
            reviewer,
            note: note.to_owned(),
            at_ms: u64::try_from(now_ms).unwrap_or_default(),
            entry: random_id(&self.inner.environment, now_ms),
        };
        let there = self.atlas().reviews.conclude(&review, &conclusion).await;
        if !there.map_err(|error| journal_failed(&error))? {
            let overtaken = Refusal::conflict(
                "Somebody else has just added to this review. Read it again, then decide.",
            );
            return Err(self.deny(session, tells(None), overtaken).await);
        }
        let (entry, at_ms) = (conclusion.entry.clone(), conclusion.at_ms);
        self.tell(session, entry, at_ms, tells(Some(basis))).await?;
        review.conclusions.push(conclusion);
        review.to_bytes().map_err(|_| unreadable())
    }

    /// The last review of each emergency among these accesses.
    pub(crate) async fn reviewed(&self, found: &[Entry]) -> Result<Vec<Reviewed>, Refusal> {
        let mut reviewed = Vec::new();
        for entry in found.iter().filter(|entry| entry.decided.emergency.is_some()) {
            let held = self.atlas().reviews.of(entry).await;
            let held = held.map_err(|error| journal_failed(&error))?;
            reviewed.extend(held.last().map(|last| Reviewed {
                entry: entry.id.clone(),
                outcome: last.outcome.code().to_owned(),
                at_ms: i64::try_from(last.at_ms).unwrap_or_default(),
            }));
        }
        Ok(reviewed)
    }

    /// By what right the session sees the list, or adds to it.
    async fn reviewing(
        &self,
        session: &Session,
        interaction: Interaction,
        query: Option<String>,
    ) -> Result<Basis, Refusal> {
        let name = match interaction {
            Interaction::Review => "AuditEvent",
            _ => REVIEW,
        };
        let view = match permitted(&session.claims, interaction, name, None) {
            Ok(_) => self.view(session, interaction, name, None).await,
            Err(denied) => Err(denied),
        };
        match view {
            Ok(view) => Ok(view.basis()),
            Err((reason, refusal)) => {
                let mut told = told(interaction, query, None, &[]);
                told.denied = Some(reason.to_owned());
                Err(self.deny(session, told, refusal).await)
            }
        }
    }

    async fn tell(
        &self,
        session: &Session,
        id: String,
        at_ms: u64,
        told: Told,
    ) -> Result<(), Refusal> {
        let at_ms = i64::try_from(at_ms).unwrap_or_default();
        for entry in entries(session, &self.here(), &[id], at_ms, told) {
            self.journaled(&entry).await?;
        }
        Ok(())
    }

    /// Writes an entry that may be there already.
    async fn tell_once(
        &self,
        session: &Session,
        id: String,
        at_ms: u64,
        told: Told,
    ) -> Result<(), Refusal> {
        let found = self.atlas().reader.find(&id).await.map_err(|error| journal_failed(&error))?;
        match found {
            Some(_) => Ok(()),
            None => self.tell(session, id, at_ms, told).await,
        }
    }
}

/// What the entry says that was done. Of the note it holds a digest: the person
/// reads the entry, reviewers read the note.
fn asked(id: &str, outcome: Outcome, note: &str) -> String {
    let digest = Sha256::digest(note.as_bytes());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("AuditEvent/{id}.0/$review?outcome={}&note-sha256={digest}", outcome.code())
}

fn told(
    interaction: Interaction,
    query: Option<String>,
    basis: Option<Basis>,
    persons: &[String],
) -> Told {
    Told {
        interaction,
        query,
        persons: persons.to_vec(),
        seen: Vec::new(),
        basis,
        status: 200,
        denied: None,
    }
}

fn wanted(filter: &ReviewFilter) -> Result<Wanted<'_>, Refusal> {
    let state =
        filter.state.as_deref().map(|code| State::from_code(code).ok_or_else(no_such_state));
    let rule = filter.rule.as_deref().map(|code| Rule::from_code(code).ok_or_else(no_such_rule));
    Ok(Wanted {
        region: filter.region.as_deref(),
        state: state.transpose()?,
        rule: rule.transpose()?,
        establishment: filter.establishment.as_deref(),
        from_ms: u64::try_from(filter.from_ms).unwrap_or_default(),
        to_ms: u64::try_from(filter.to_ms).unwrap_or_default(),
        limit: usize::try_from(filter.count).unwrap_or(usize::MAX),
        cursor: filter.cursor.as_deref(),
    })
}

fn no_such_state() -> Refusal {
    Refusal::invalid("state is open, follow-up or closed.").at("state")
}

fn no_such_rule() -> Refusal {
    Refusal::invalid(
        "rule is break-glass, collision, own-record, same-family-name, same-address, \
         no-care-relation or volume.",
    )
    .at("rule")
}

fn no_such_outcome() -> Refusal {
    Refusal::invalid("outcome is justified, not-justified or follow-up.").at("outcome")
}

fn not_a_cursor() -> Refusal {
    Refusal::invalid("_page is no cursor of this search. Follow the link \"next\".").at("_page")
}

fn unreadable() -> Refusal {
    Refusal::fault("A review cannot be written out. Report this with the request id.")
}
