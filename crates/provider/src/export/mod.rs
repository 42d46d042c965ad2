//! `exports`: Bulk Data (HL7 Bulk Data Access 2.0). A job walks every place of
//! the record once, a bounded piece at each question, and notes where its files
//! begin and end; a file is then read from its places, as they were at the
//! instant of the job. Nothing of the record is copied, and nothing is held in
//! memory but one file.

mod state;
mod walk;

use crate::chart_reads::seen_in;
use crate::convert::{self, read_failed};
use crate::decide::permitted;
use crate::limits::{
    EXPORT_FILE_RESOURCES, EXPORT_KEPT_MS, EXPORT_PEOPLE_MAX, EXPORT_PEOPLE_PER_PART,
    EXPORT_STEP_MS, EXPORT_STEPS_RETRIED,
};
use crate::provider::Provider;
use crate::references::local;
use crate::session::{Session, Told};
use access::entry::{Basis, Interaction};
use chart::table::Table;
use chart::{CellRef, Environment, Job};
use contracts::{ExportLevel, ExportOutput, ExportProgress, ExportRequest, Intent, Page, Refusal};
use fhir::json::{Document, Value};
use fhir::limits::JsonLimits;
use state::{File, Mark, Open, State, Walk, decoded, encoded};
use walk::Selection;

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// `exports.begin`.
    pub async fn export_begin(
        &self,
        session: &Session,
        intent: Intent,
        request: ExportRequest,
    ) -> Result<String, Refusal> {
        let (resource_types, basis) = self.exportable(session, &intent, &request).await?;
        for (resource_type, query) in &request.filters {
            self.alternative(resource_type, query)?;
        }
        let mut listed = request.patients.clone();
        let walk = match (&request.level, listed.is_empty()) {
            (ExportLevel::Group(id), _) => {
                let members = self.members(session, &intent, id).await?;
                match listed.is_empty() {
                    true => listed = members,
                    false => listed.retain(|person| members.contains(person)),
                }
                Walk::Listed
            }
            (ExportLevel::System, true) => Walk::Everything,
            (ExportLevel::Patient, true) => Walk::People,
            _ => Walk::Listed,
        };
        listed.sort_unstable();
        listed.dedup();
        if listed.len() > EXPORT_PEOPLE_MAX {
            return Err(Refusal::too_large(format!(
                "An export names at most {EXPORT_PEOPLE_MAX} people. Export several groups, or \
                 everybody."
            )));
        }
        let now_ms = self.now_ms();
        let open = Open { from: Mark::default(), count: 0 };
        let state = State {
            owner: owner(session),
            url: request.url,
            elements: request.elements,
            transaction_ms: now_ms,
            walk,
            open: vec![open; resource_types.len()],
            resource_types,
            since_ms: request.since_ms,
            filters: request.filters,
            at: Some(Mark::default()),
            places: 0,
        };
        let parts: Result<Vec<Vec<u8>>, Refusal> =
            listed.chunks(EXPORT_PEOPLE_PER_PART).map(|some| encoded(&some)).collect();
        self.witness(session, told(&intent, basis, 202)).await?;
        let begun = self.record().begin_job(encoded(&state)?, parts?, now_ms + EXPORT_KEPT_MS);
        begun.await.map_err(|error| read_failed(&error))
    }

    /// `exports.advance`.
    pub async fn export_advance(
        &self,
        session: &Session,
        intent: Intent,
        id: &str,
    ) -> Result<ExportProgress, Refusal> {
        for _ in 0..EXPORT_STEPS_RETRIED {
            let (job, mut state) = self.own_job(session, &intent, id).await?;
            if state.at.is_none() {
                return self.progress(id, &job, state).await;
            }
            let files = self.step(session, id, &mut state).await?;
            let part = match files.is_empty() {
                true => None,
                false => Some(encoded(&files)?),
            };
            let made = self.record().step_job(id, &job, encoded(&state)?, part).await;
            if made.map_err(|error| read_failed(&error))? {
                return self.progress(id, &job, state).await;
            }
        }
        // Others carry it forward meanwhile.
        let (job, state) = self.own_job(session, &intent, id).await?;
        self.progress(id, &job, state).await
    }

    /// `exports.file`.
    pub async fn export_file(
        &self,
        session: &Session,
        intent: Intent,
        id: &str,
        number: u32,
    ) -> Result<Page, Refusal> {
        let (_, state) = self.own_job(session, &intent, id).await?;
        let files = self.files(id).await?;
        let file = usize::try_from(number).ok().and_then(|number| files.get(number));
        let Some(file) = file.filter(|_| state.at.is_none()) else {
            return Err(Refusal::missing(
                "The export has no such file. Ask its status for the files that it has.",
            ));
        };
        let basis = self.may_export(session, &intent, &file.resource_type).await?;
        let listed = self.listed(id).await?;
        let selection = self.selection(&state, &listed)?;
        let types = [file.resource_type.clone()];
        let mut taken = Vec::new();
        let mut at = file.from.clone();
        'walk: while at < file.to {
            let spots = self.spots(state.walk, &listed, &at).await?;
            if spots.is_empty() {
                break;
            }
            for (spot, behind) in spots {
                if behind > file.to {
                    break 'walk;
                }
                let there = self.taken_at(&state, &selection, &spot, &types).await?;
                taken.extend(self.exported_to(session, there).await?);
                at = behind;
            }
        }
        let versions = self.bodies(&taken).await?;
        let mut told = told(&intent, basis, 200);
        told.seen = seen_in(&taken, &versions);
        self.witness(session, told).await?;
        Ok(convert::page(versions, None, None))
    }

    /// `exports.cancel`.
    pub async fn export_cancel(
        &self,
        session: &Session,
        intent: Intent,
        id: &str,
    ) -> Result<(), Refusal> {
        self.own_job(session, &intent, id).await?;
        self.record().forget_job(id).await.map_err(|error| read_failed(&error))
    }

    /// The types that are exported, each permitted, and by what right.
    async fn exportable(
        &self,
        session: &Session,
        intent: &Intent,
        request: &ExportRequest,
    ) -> Result<(Vec<String>, Basis), Refusal> {
        let of_people = request.level != ExportLevel::System;
        let mut basis = None;
        let mut types = Vec::new();
        if request.resource_types.is_empty() {
            for kind in fhir::types::all() {
                let concerned = kind.name == "Patient" || !fhir::types::is_registry_type(kind.name);
                if of_people && !concerned {
                    continue;
                }
                if let Ok(by) = permitted(&session.claims, Interaction::Export, kind.name, None) {
                    basis.get_or_insert(by);
                    types.push(kind.name.to_owned());
                }
            }
        }
        for resource_type in &request.resource_types {
            basis = Some(self.may_export(session, intent, resource_type).await?);
            if !types.contains(resource_type) {
                types.push(resource_type.clone());
            }
        }
        match basis {
            Some(basis) => Ok((types, basis)),
            // None is permitted: refused as the first would be.
            None => Ok((types, self.may_export(session, intent, "Patient").await?)),
        }
    }

    async fn may_export(
        &self,
        session: &Session,
        intent: &Intent,
        resource_type: &str,
    ) -> Result<Basis, Refusal> {
        self.may_all(session, intent, Interaction::Export, resource_type).await
    }

    async fn may_all(
        &self,
        session: &Session,
        intent: &Intent,
        interaction: Interaction,
        resource_type: &str,
    ) -> Result<Basis, Refusal> {
        match permitted(&session.claims, interaction, resource_type, None) {
            Ok(basis) => Ok(basis),
            Err((reason, refusal)) => {
                let mut told = told(intent, Basis::Law, refusal.status.code());
                told.denied = Some(reason.to_owned());
                Err(self.deny(session, told, refusal).await)
            }
        }
    }

    /// The people who are members of a Group, and active.
    async fn members(
        &self,
        session: &Session,
        intent: &Intent,
        id: &str,
    ) -> Result<Vec<String>, Refusal> {
        self.may_all(session, intent, Interaction::Read, "Group").await?;
        let absent = || {
            Refusal::missing(format!(
                "There is no Group/{id}. Check the id, or search for the group."
            ))
        };
        let failed = |error| read_failed(&error);
        let home = self.record().locate("Group", id).await.map_err(failed)?;
        let home = home.unwrap_or_else(|| chart::Home::registry("Group", id));
        let found = self.record().read_at(&home, "Group", id).await.map_err(failed)?;
        let text = found.and_then(|version| version.body).ok_or_else(absent)?;
        let document = Document::parse(text, &JsonLimits::default())?;
        let member = |member: Value<'_>| {
            let inactive = member.get("inactive").and_then(Value::as_bool).unwrap_or(false);
            let reference = member.get("entity")?.get("reference")?.as_str()?;
            let key =
                local(&reference).filter(|key| key.resource_type == "Patient" && !inactive)?;
            Some(key.id)
        };
        Ok(document.root().each("member").filter_map(member).collect())
    }

    /// The caller's own job.
    async fn own_job(
        &self,
        session: &Session,
        intent: &Intent,
        id: &str,
    ) -> Result<(Job, State), Refusal> {
        let job = match fhir::types::is_id(id) {
            true => self.record().job(id).await.map_err(|error| read_failed(&error))?,
            false => None,
        };
        let found = match job {
            Some(job) => Some((decoded::<State>(&job.state)?, job)),
            None => None,
        };
        match found.filter(|(state, _)| state.owner == owner(session)) {
            Some((state, job)) => Ok((job, state)),
            None => {
                let refusal = Refusal::missing(
                    "There is no such export: it was deleted, has expired, or another client \
                     began it. Ask for a new one with $export.",
                );
                Err(self.deny(session, told(intent, Basis::Law, 404), refusal).await)
            }
        }
    }

    /// Walks on for a while; the files that became known.
    async fn step(&self, session: &Session, id: &str, state: &mut State) -> Result<Vec<File>, Refusal> {
        let listed = self.listed(id).await?;
        let selection = self.selection(state, &listed)?;
        let until_ms = self.now_ms().saturating_add(EXPORT_STEP_MS);
        let mut files = Vec::new();
        let mut at = state.at.clone().unwrap_or_default();
        let types = state.resource_types.clone();
        loop {
            let spots = self.spots(state.walk, &listed, &at).await?;
            if spots.is_empty() {
                files.extend(close(state, &at, 1));
                state.at = None;
                return Ok(files);
            }
            for (spot, behind) in spots {
                let taken = self.taken_at(state, &selection, &spot, &types).await?;
                let taken = self.exported_to(session, taken).await?;
                for one in taken {
                    let position = types.iter().position(|held| *held == one.resource_type);
                    if let Some(open) = position.and_then(|position| state.open.get_mut(position)) {
                        open.count += 1;
                    }
                }
                at = behind;
                state.places += 1;
                files.extend(close(state, &at, EXPORT_FILE_RESOURCES));
            }
            state.at = Some(at.clone());
            if self.now_ms() >= until_ms {
                return Ok(files);
            }
        }
    }

    /// Of what is taken, what the caller is shown.
    async fn exported_to(
        &self,
        session: &Session,
        taken: Vec<CellRef>,
    ) -> Result<Vec<CellRef>, Refusal> {
        let seen = self.refs_seen_by(session, Interaction::Export, &taken).await?;
        Ok(taken.into_iter().zip(seen).filter_map(|(at, seen)| seen.then_some(at)).collect())
    }

    fn selection<'s>(&self, state: &State, listed: &'s [String]) -> Result<Selection<'s>, Refusal> {
        let mut queries = Vec::with_capacity(state.filters.len());
        for (resource_type, query) in &state.filters {
            queries.push((resource_type.clone(), self.alternative(resource_type, query)?));
        }
        let (since_ms, transaction_ms) = (state.since_ms, state.transaction_ms);
        Ok(Selection { since_ms, transaction_ms, queries, listed })
    }

    /// One `_typeFilter`.
    fn alternative(&self, resource_type: &str, text: &str) -> Result<fhir::search::Query, Refusal> {
        let query =
            self.understood(resource_type, text).map_err(|fault| fault.at("_typeFilter"))?;
        if query.cursor().is_some() || !query.sort().is_empty() {
            return Err(Refusal::invalid(
                "_typeFilter takes search criteria only: leave _sort and _page out.",
            )
            .at("_typeFilter"));
        }
        Ok(query)
    }

    /// The people that a job was begun with, in order.
    async fn listed(&self, id: &str) -> Result<Vec<String>, Refusal> {
        self.parts(id, false).await
    }

    async fn files(&self, id: &str) -> Result<Vec<File>, Refusal> {
        self.parts(id, true).await
    }

    async fn parts<P: for<'de> serde::Deserialize<'de>>(
        &self,
        id: &str,
        from_steps: bool,
    ) -> Result<Vec<P>, Refusal> {
        let parts = self.record().job_parts(id, from_steps).await;
        let mut all = Vec::new();
        for part in parts.map_err(|error| read_failed(&error))? {
            all.extend(decoded::<Vec<P>>(&part)?);
        }
        Ok(all)
    }

    async fn progress(&self, id: &str, job: &Job, state: State) -> Result<ExportProgress, Refusal> {
        let done = state.at.is_none();
        let files = if done { self.files(id).await? } else { Vec::new() };
        let output =
            |file: File| ExportOutput { resource_type: file.resource_type, count: file.count };
        Ok(ExportProgress {
            url: state.url,
            elements: state.elements,
            transaction_ms: state.transaction_ms,
            expires_ms: job.expires_ms,
            done,
            places: state.places,
            outputs: files.into_iter().map(output).collect(),
        })
    }
}

/// Closes the files that hold at least so many resources.
fn close(state: &mut State, at: &Mark, least: u32) -> Vec<File> {
    let mut files = Vec::new();
    for (open, resource_type) in state.open.iter_mut().zip(&state.resource_types) {
        if open.count >= least {
            files.push(File {
                resource_type: resource_type.clone(),
                from: std::mem::replace(&mut open.from, at.clone()),
                to: at.clone(),
                count: std::mem::take(&mut open.count),
            });
        }
    }
    files
}

/// Who may ask after a job: the same client for the same person.
fn owner(session: &Session) -> String {
    let claims = &session.claims;
    format!("{}\n{}\n{}", claims.issuer, claims.client_id, claims.subject)
}

fn told(intent: &Intent, basis: Basis, status: u16) -> Told {
    Told {
        interaction: convert::interaction(intent.interaction),
        query: intent.query.clone(),
        persons: Vec::new(),
        seen: Vec::new(),
        basis: Some(basis),
        status,
        denied: None,
    }
}
