//! What a caller is shown of each chart: `access::decision::view`, asked once
//! for each person and kind of access of a request, and kept with the session.
//!
//! Whatever reads the record goes by it: a read asks for its one resource, a
//! search drops what it may not find before it counts, sorts or includes
//! anything. What is withheld is treated as absent everywhere; only a change
//! that would collide with it is refused (`conditional`, `plan`).

mod cells;
mod keep;
mod known;
mod restrictions;
mod writes;

pub(crate) use keep::Candidate;
pub(crate) use known::{is_restricting, parsed, veil_row};
pub(crate) use writes::{as_absent, collision};

use restrictions::Read;

use crate::decide::{permitted, sentence};
use crate::provider::Provider;
use crate::search::Denied;
use crate::session::Session;
use access::authorization::Authorization;
use access::claims::{Claims, Function, Purpose};
use access::decision::{Circumstances, Door, Intended, Reason, Settings, View, view};
use access::entry::{Basis, Decided, Interaction};
use access::restriction::Restriction;
use chart::Environment;
use chart::table::Table;
use contracts::Refusal;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What of a person bears on a decision.
#[derive(Debug, Default)]
pub(crate) struct Person {
    restrictions: Arc<[Restriction]>,
    birth_date: Option<String>,
    deceased: bool,
}

/// What one request has found out about charts, shared by the clones of its
/// session.
#[derive(Debug, Default)]
pub(crate) struct Sights(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    persons: HashMap<String, Arc<Person>>,
    /// By person, kind of access, and whether it is of accesses themselves: those
    /// are shown by rules of their own, which no Consent has a part in.
    views: HashMap<(String, Interaction, bool), Arc<View>>,
    authorizations: Option<Arc<[Authorization]>>,
}

impl Sights {
    fn held(&self) -> MutexGuard<'_, Held> {
        // No code panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether Consents of a person who is known withhold anything from anybody.
    pub fn withholds(&self, person: &str) -> bool {
        self.held().persons.get(person).is_some_and(|known| !known.restrictions.is_empty())
    }

    /// What bore on the decisions about these people, for the entry, and by what
    /// right their charts were open.
    pub fn told(&self, persons: &[String], emergency: Option<&str>) -> (Decided, Option<Basis>) {
        let mut decided = Decided { emergency: emergency.map(str::to_owned), ..Decided::default() };
        let mut basis = None;
        for ((person, ..), view) in &self.held().views {
            if !persons.contains(person) {
                continue;
            }
            basis = Some(match basis {
                Some(Basis::BreakGlass) => Basis::BreakGlass,
                _ => view.basis(),
            });
            let sources = view.lifted().chain(view.consents());
            let named =
                sources.map(|held| format!("Consent/{}/_history/{}", held.consent, held.version));
            decided.consents.extend(named);
        }
        decided.consents.sort();
        decided.consents.dedup();
        (decided, basis)
    }
}

/// What is settled of this region and record, for decisions.
pub(crate) fn settings(release: &[regions::ReleaseDelay], own_bases: Vec<String>) -> Settings {
    use access::decision::ReleaseDelay;
    let delays = release.iter().flat_map(|delay| ReleaseDelay::of_kind(&delay.kind, delay.days));
    Settings { release_delays: delays.collect(), own_bases, ..Settings::default() }
}

/// Types that say who may see what.
pub(crate) fn gives_rights(resource_type: &str) -> bool {
    matches!(resource_type, "Consent" | "Basic")
}

/// Whether a type is decided as accesses are.
fn is_of_accesses(resource_type: &str) -> bool {
    resource_type == "AuditEvent"
}

/// Whether decisions about such a caller depend on who the person is.
fn depends_on_person(claims: &Claims) -> bool {
    let relative = claims.function.code() == access::restriction::RELATIVE;
    relative || matches!(claims.function, Function::Patient | Function::Proxy)
}

/// Whether such a caller needs an authorization (art. 39).
fn needs_authorization(claims: &Claims) -> bool {
    matches!(claims.function, Function::Other(_) | Function::Researcher)
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// What the session is shown of a person's chart, or of the registries when
    /// it is nobody's: a session that is confined to one person sees those as
    /// that person.
    ///
    /// # Errors
    /// The word for the journal and the refusal: by `access::decision`, or 503
    /// when the record cannot be asked.
    pub(crate) async fn view(
        &self,
        session: &Session,
        interaction: Interaction,
        resource_type: &str,
        person: Option<&str>,
    ) -> Result<Arc<View>, Denied> {
        let person = person.or_else(|| session.confined_to());
        permitted(&session.claims, interaction, resource_type, person)?;
        let of_accesses = is_of_accesses(resource_type);
        let key = (person.unwrap_or_default().to_owned(), interaction, of_accesses);
        if let Some(view) = session.sights.held().views.get(&key) {
            return Ok(Arc::clone(view));
        }
        let unknown = |refusal: Refusal| ("unavailable", refusal);
        if let Some(person) = person {
            self.get_to_know(session, &[person]).await.map_err(unknown)?;
        }
        let authorizations = self.authorizations(session).await.map_err(unknown)?;
        let known = person.and_then(|person| session.sights.held().persons.get(person).cloned());
        let known = known.unwrap_or_default();
        let claims = &session.claims;
        let emergency = session.origin.emergency.as_deref();
        let purpose = if emergency.is_some() { Purpose::Emergency } else { claims.purpose };
        let intended = Intended { interaction, resource_type, person, purpose };
        let circumstances = Circumstances {
            now_ms: self.now_ms(),
            birth_date: known.birth_date.as_deref(),
            deceased: known.deceased,
            restrictions: Arc::clone(&known.restrictions),
            authorizations: &authorizations,
            settings: Arc::clone(&self.atlas().decisions),
            // `tokens.verify` turned everybody else away.
            door: Door::Serves,
            emergency,
        };
        let decided = view(claims, &intended, &circumstances);
        let decided = Arc::new(decided.map_err(refused)?);
        session.sights.held().views.insert(key, Arc::clone(&decided));
        Ok(decided)
    }

    /// Whether a decision about this session needs nothing of the record.
    pub(crate) fn is_plain(session: &Session) -> bool {
        let claims = &session.claims;
        let constrained = claims.scopes.iter().any(|scope| scope.constraint.is_some());
        !(constrained || depends_on_person(claims) || needs_authorization(claims))
    }
}

/// A refusal of the whole chart.
pub(crate) fn refused(reason: Reason) -> Denied {
    (reason.word(), Refusal::forbidden(sentence(reason.text())))
}
