//! A region over tables in memory that can be told to fail.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use access::claims::{Claims, Function};
use access::entry::Entry;
use access::scope::Scope;
use access::token::{Issuers, SigningIssuer};
use chart::Environment;
use chart::table::{Item, Key, Query, QueryPage, Table, TableError, TableResult, Write};
use contracts::{
    BodyForm, Change, ChangeKind, CommitOptions, Intent, Interaction, JournalFilter, Origin, Page,
    Place, Receipt, Refusal, ResourceKey, Window,
};
use futures::executor::block_on;
use provider::keys::Fetch;
use provider::{Authority, Journaling, Provider, Session, Setup};
use regions::Directory;
use store::faults::Counting;
use store::memory::MemoryTable;

pub const NAM: &str = "https://fhir.infoway-inforoute.ca/NamingSystem/ca-qc-patient-healthcare-id";

/// A clock that moves with every look, chance from a counter, no waiting.
#[derive(Clone)]
pub struct Still {
    pub now_ms: Arc<AtomicI64>,
    chance: Arc<AtomicU64>,
}

impl Environment for Still {
    fn now_ms(&self) -> i64 {
        self.now_ms.fetch_add(1, Ordering::SeqCst)
    }
    fn fill_random(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let mut z = self.chance.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            *byte = (z >> 56) as u8;
        }
    }
    async fn sleep(&self, ms: u64) {
        self.now_ms.fetch_add(ms as i64, Ordering::SeqCst);
        std::thread::yield_now();
    }
}

/// A table that counts, refuses everything, or loses replies of transactions.
#[derive(Clone)]
pub struct Gate {
    pub inner: Arc<Counting<MemoryTable>>,
    pub refusing: Arc<AtomicBool>,
    /// So many transactions are done and their replies lost.
    pub losing: Arc<AtomicU64>,
    /// After so many more transactions the table refuses; 0 is never.
    pub refuse_after: Arc<AtomicU64>,
}

impl Gate {
    fn new() -> Self {
        Self {
            inner: Arc::new(Counting::new(MemoryTable::new())),
            refusing: Arc::default(),
            losing: Arc::default(),
            refuse_after: Arc::default(),
        }
    }
    pub fn refuse(&self, refusing: bool) {
        self.refusing.store(refusing, Ordering::SeqCst);
    }
    fn open(&self) -> TableResult<()> {
        match self.refusing.load(Ordering::SeqCst) {
            true => Err(TableError::Unavailable("refusing".into())),
            false => Ok(()),
        }
    }
}

impl Table for Gate {
    async fn get(&self, key: &Key) -> TableResult<Option<Item>> {
        self.open()?;
        self.inner.get(key).await
    }
    async fn get_many(&self, keys: &[Key]) -> TableResult<Vec<Option<Item>>> {
        self.open()?;
        self.inner.get_many(keys).await
    }
    async fn query(&self, query: &Query) -> TableResult<QueryPage> {
        self.open()?;
        self.inner.query(query).await
    }
    async fn write(&self, write: Write) -> TableResult<()> {
        self.open()?;
        self.inner.write(write).await
    }
    async fn write_each(&self, writes: Vec<Write>) -> Vec<TableResult<()>> {
        match self.open() {
            Ok(()) => self.inner.write_each(writes).await,
            Err(error) => writes.iter().map(|_| Err(error.clone())).collect(),
        }
    }
    async fn transact(&self, token: &str, writes: Vec<Write>) -> TableResult<()> {
        self.open()?;
        let done = self.inner.transact(token, writes).await;
        let less = |left: u64| left.checked_sub(1);
        let last = self.refuse_after.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
        if last == Ok(1) {
            self.refuse(true);
        }
        if self.losing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
            return Err(TableError::Unavailable("lost".into()));
        }
        done
    }
}

pub type Walls = Provider<Gate, Still>;

/// One region and its tables.
pub struct World {
    pub walls: Walls,
    pub record: Gate,
    pub access: Gate,
    pub environment: Still,
    issuer: SigningIssuer,
}

pub fn directory() -> Directory {
    let file = |code: &str, phase: &str, neighbour: &str| {
        format!(
            "code = \"{code}\"\nname = {{ fr = \"R\", en = \"R\" }}\nphase = \"{phase}\"\n\
             endpoint = \"https://{code}.example/fhir\"\nadmin_port = 94{code}\n\
             time_zone = \"America/Toronto\"\nlink = \"fibre\"\nneighbours = [\"{neighbour}\"]\n\
             administrative_regions = [{}]\n[release_delay_days]\nimaging = 30\n\
             [[establishment]]\nid = \"e{code}\"\nname = {{ fr = \"E\", en = \"E\" }}\n\
             kind = \"CISSS\"\nmunicipality = \"Ville\"\n",
            code.trim_start_matches('0')
        )
    };
    let (first, second) = (file("01", "live", "02"), file("02", "paused", "01"));
    Directory::read([("01.toml", first.as_str()), ("02.toml", second.as_str())]).unwrap()
}

impl World {
    pub fn new() -> Self {
        Self::at("01")
    }

    /// The door of this region.
    pub fn at(region: &str) -> Self {
        Self::with(region, None)
    }

    /// Trusting these issuers, whose keys are fetched so.
    pub fn trusting(issuers: Issuers, fetch: Fetch) -> Self {
        Self::with("01", Some((issuers, fetch)))
    }

    fn with(region: &str, trust: Option<(Issuers, Fetch)>) -> Self {
        let environment = Still {
            now_ms: Arc::new(AtomicI64::new(1_800_000_000_000)),
            chance: Arc::new(AtomicU64::new(7)),
        };
        let chance = environment.clone();
        let issuer = SigningIssuer::create("https://issuer.example", "dossier", move |bytes| {
            chance.fill_random(bytes);
        })
        .unwrap();
        let trusted = format!(
            r#"{{"issuers":[{{"issuer":"https://issuer.example","audiences":["dossier"],"jwks":{}}}]}}"#,
            issuer.public_jwks()
        );
        let own = || Issuers::parse(&trusted).unwrap();
        let (issuers, fetch) =
            trust.map_or_else(|| (own(), None), |(issuers, fetch)| (issuers, Some(fetch)));
        let (record, access) = (Gate::new(), Gate::new());
        let (walls, flusher) = Provider::new(Setup {
            record: record.clone(),
            access: access.clone(),
            body_partitions: provider::limits::BODY_PARTITIONS,
            issuers,
            authority: Some(Authority {
                issuer: issuer.clone(),
                clients: crate::tokens::clients(),
                endpoints: vec![crate::tokens::ENDPOINT.to_owned()],
            }),
            fetch,
            elsewhere: None,
            directory: directory(),
            region: region.to_owned(),
            environment: environment.clone(),
            journaling: Journaling::Shared,
            background: None,
            unique_systems: provider::limits::unique_systems(),
            away: None,
        });
        std::thread::spawn(move || block_on(flusher));
        Self { walls, record, access, environment, issuer }
    }

    /// A caller with these scopes.
    pub fn caller(&self, function: Function, scopes: &str, patient: Option<&str>) -> Session {
        self.declaring(function, scopes, patient, None)
    }

    /// The same, declaring an emergency for this reason.
    pub fn declaring(
        &self,
        function: Function,
        scopes: &str,
        patient: Option<&str>,
        emergency: Option<&str>,
    ) -> Session {
        let purpose = function.usual_purpose();
        let acts_for_one = function.is_clinician() || function.code() == access::decision::OPERATOR;
        let establishment = acts_for_one.then(|| "e01".to_owned());
        let now_s = self.environment.now_ms() / 1000;
        let claims = Claims {
            subject: format!("{}-{scopes}-{patient:?}", function.code()),
            name: None,
            fhir_user: None,
            function,
            licence: None,
            establishment,
            purpose,
            patient: patient.map(str::to_owned),
            client_id: "client".into(),
            scopes: Scope::parse_all(scopes).unwrap(),
            token_id: None,
            issuer: String::new(),
            expires_at_s: now_s + 3600,
            issued_at_s: Some(now_s),
        };
        let header = format!("Bearer {}", self.issuer.sign(&claims));
        let origin = Origin {
            request_id: "request-1".into(),
            client_address: "192.0.2.1".into(),
            emergency: emergency.map(str::to_owned),
            stands_in_for: None,
            any_door: false,
        };
        block_on(self.walls.verify(Some(&header), &origin)).unwrap()
    }
    pub fn clinician(&self) -> Session {
        self.caller(Function::Physician, "user/*.cruds", None)
    }
    pub fn system(&self) -> Session {
        self.caller(Function::System, "system/*.cruds", None)
    }
    pub fn patient(&self, id: &str) -> Session {
        self.caller(Function::Patient, "patient/*.cruds", Some(id))
    }
    pub fn auditor(&self) -> Session {
        self.caller(Function::Auditor, "user/AuditEvent.rs", None)
    }

    /// Commits as one request.
    pub fn commit(
        &self,
        session: &Session,
        changes: Vec<Change>,
        options: CommitOptions,
    ) -> Result<Receipt, Refusal> {
        let interaction = match changes.first() {
            _ if options.bundle => Interaction::Transaction,
            Some(Change { kind: ChangeKind::Create, .. }) => Interaction::Create,
            Some(Change { kind: ChangeKind::Delete, .. }) => Interaction::Delete,
            _ => Interaction::Update,
        };
        block_on(self.walls.commit(session, Intent::to(interaction), changes, options))
    }
    pub fn one(&self, session: &Session, change: Change) -> Result<Receipt, Refusal> {
        self.commit(session, vec![change], CommitOptions::default())
    }
    pub fn bundle(&self, session: &Session, changes: Vec<Change>) -> Result<Receipt, Refusal> {
        self.commit(session, changes, CommitOptions { bundle: true, ..CommitOptions::default() })
    }
    /// Creates or updates under an id.
    pub fn put(&self, session: &Session, body: &str) -> ResourceKey {
        let done = self.one(session, update(body)).unwrap();
        done.outcomes[0].key.clone()
    }

    pub fn read(&self, session: &Session, key: &ResourceKey) -> Result<String, Refusal> {
        block_on(async {
            let intent = Intent::to(Interaction::Read);
            let place = Place::Holding(key.clone());
            let chart = self.walls.open_chart(session, intent, place).await?;
            let version = self.walls.chart_read(&chart, key).await?;
            Ok(String::from_utf8(version.body).unwrap())
        })
    }
    /// A search across people or in the registries.
    pub fn search(&self, session: &Session, kind: &str, query: &str) -> Result<Page, Refusal> {
        block_on(async {
            let intent = Intent::asking(Interaction::Search, format!("{kind}?{query}"));
            let shelf = self.walls.open_registry(session, intent).await?;
            self.walls.registry_search(&shelf, &[kind.to_owned()], query, None).await
        })
    }
    /// A page of the history of these types.
    pub fn history(
        &self,
        session: &Session,
        types: &[&str],
        window: Window,
    ) -> Result<Page, Refusal> {
        let kind =
            if types.len() == 1 { Interaction::HistoryType } else { Interaction::HistorySystem };
        let resource_types = types.iter().map(|name| (*name).to_owned()).collect();
        block_on(async {
            let shelf = self.walls.open_registry(session, Intent::to(kind)).await?;
            let window = Window { resource_types, ..window };
            self.walls.registry_history_of_types(&shelf, window).await
        })
    }
    pub fn everything(&self, session: &Session, person: &str) -> Result<Page, Refusal> {
        block_on(async {
            let intent = Intent::to(Interaction::Everything);
            let place = Place::Person(person.into());
            let chart = self.walls.open_chart(session, intent, place).await?;
            self.walls.chart_everything(&chart, window()).await
        })
    }

    /// Every entry of the journal, newest first.
    pub fn entries(&self) -> Vec<Entry> {
        let filter = JournalFilter::newest(1000);
        let (session, intent) = (self.auditor(), Intent::to(Interaction::ReadAudit));
        let page = block_on(self.walls.journal_read(&session, intent, filter)).unwrap();
        page.entries.iter().map(|bytes| Entry::from_bytes(bytes).unwrap()).collect()
    }
    /// The newest entry but for looks at the journal.
    pub fn last(&self) -> Entry {
        let looks = access::entry::Interaction::ReadAudit;
        self.entries().into_iter().find(|entry| entry.interaction != looks).unwrap()
    }
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        block_on(future)
    }
}

pub fn window() -> Window {
    Window { count: 1000, ..Window::default() }
}

pub fn create(body: &str) -> Change {
    let resource: serde_json::Value = serde_json::from_str(body).unwrap();
    let resource_type = resource["resourceType"].as_str().unwrap();
    Change { body: body.into(), ..Change::of(ChangeKind::Create, resource_type) }
}

pub fn update(body: &str) -> Change {
    let resource: serde_json::Value = serde_json::from_str(body).unwrap();
    let id = resource["id"].as_str().unwrap().to_owned();
    Change { kind: ChangeKind::Update, id: Some(id), ..create(body) }
}

/// An update of the one that matches.
pub fn update_where(criteria: &str, body: &str) -> Change {
    let criteria = Some(criteria.to_owned());
    Change { kind: ChangeKind::Update, criteria, ..create(body) }
}

/// A patch of a resource.
pub fn patch(resource_type: &str, id: &str, body: &str) -> Change {
    Change {
        form: BodyForm::Patch,
        body: body.into(),
        kind: ChangeKind::Update,
        ..delete(resource_type, id)
    }
}

pub fn delete(resource_type: &str, id: &str) -> Change {
    Change { id: Some(id.into()), ..Change::of(ChangeKind::Delete, resource_type) }
}

pub fn patient(id: &str) -> String {
    format!(r#"{{"resourceType":"Patient","id":"{id}","birthDate":"1980-02-03"}}"#)
}

/// A person, another content for each number.
pub fn numbered(id: &str, number: u64) -> String {
    format!(
        r#"{{"resourceType":"Patient","id":"{id}","birthDate":"1980-02-03","multipleBirthInteger":{number}}}"#
    )
}

/// A person with a NAM.
pub fn insured(id: &str, value: &str) -> String {
    format!(
        r#"{{"resourceType":"Patient","id":"{id}","birthDate":"1980-02-03","identifier":[{{"system":"{NAM}","value":"{value}"}}]}}"#
    )
}

pub fn observation(subject: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"subject":{{"reference":"{subject}"}}}}"#
    )
}

pub fn key(resource_type: &str, id: &str) -> ResourceKey {
    ResourceKey::new(resource_type, id)
}

/// The ids on a page, in order.
pub fn ids(page: &Page) -> Vec<&str> {
    page.versions.iter().map(|version| version.key.id.as_str()).collect()
}
