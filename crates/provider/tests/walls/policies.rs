//! Each function's walls within its own policy (`infra/policies`), journaling by
//! itself as on stock Spin; and without any one of its grants.

use std::path::Path;
use std::sync::Arc;

use access::claims::Function;
use access::token::Issuers;
use chart::table::Table;
use contracts::{
    Change, CommitOptions, ExportLevel, ExportRequest, Intent, Interaction, JournalFilter, Place,
    Refusal, ResourceKey, ReviewFilter,
};
use futures::executor::block_on;
use provider::{Journaling, Provider, Setup};
use store::definition::TableKind;
use store::policy::{Acting, Asked, Decision, Enforced, Policy};

use crate::world::{Gate, Still, World, create, delete, directory, observation, patient, update};

#[derive(Clone)]
struct Role(Arc<Policy>);

impl Acting for Role {
    fn policy(&self) -> Option<Arc<Policy>> {
        Some(Arc::clone(&self.0))
    }

    fn decided(&self, _: &Asked<'_>, _: Decision<'_>) {}
}

type Walled = Provider<Enforced<Gate, Role>, Still>;

/// The policy of a role, as its file has it, without one of its grants.
fn policy(role: &str, without: Option<&str>) -> Policy {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/policies");
    let text = std::fs::read_to_string(folder.join(format!("{role}.json"))).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let statements = document["Statement"].as_array_mut().unwrap();
    statements.retain(|statement| statement["Sid"].as_str() != without);
    Policy::parse(&document.to_string()).unwrap()
}

/// A function's own provider over the tables of this world.
fn walls(world: &World, role: &str, without: Option<&str>) -> Walled {
    let role = Role(Arc::new(policy(role, without)));
    let walled = |gate: &Gate, kind| Enforced::new(gate.clone(), kind, role.clone());
    let (walls, _flusher) = Provider::new(Setup {
        record: walled(&world.record, TableKind::Record),
        access: walled(&world.access, TableKind::Access),
        body_partitions: provider::limits::BODY_PARTITIONS,
        issuers: Issuers::parse(r#"{"issuers": []}"#).unwrap(),
        authority: None,
        fetch: None,
        elsewhere: None,
        directory: directory(),
        away: None,
        region: "01".to_owned(),
        environment: world.environment.clone(),
        journaling: Journaling::Alone,
        background: None,
        unique_systems: provider::limits::unique_systems(),
    });
    walls
}

/// What a function does of its work, once; the first refusal.
type Work = fn(&World, &Walled) -> Result<(), Refusal>;

fn looks_up(world: &World, walls: &Walled) -> Result<(), Refusal> {
    let (session, key) = (world.clinician(), ResourceKey::new("Patient", "p1"));
    block_on(async {
        let place = Place::Holding(key.clone());
        let chart = walls.open_chart(&session, Intent::to(Interaction::Read), place).await?;
        walls.chart_read(&chart, &key).await.map(drop)
    })
}

fn searches(world: &World, walls: &Walled) -> Result<(), Refusal> {
    let session = world.clinician();
    block_on(async {
        let shelf = walls.open_registry(&session, Intent::to(Interaction::Search)).await?;
        let found = walls.registry_search(&shelf, &["Patient".into()], "name=Tr", None).await;
        found.map(drop)
    })
}

fn updates(world: &World, walls: &Walled) -> Result<(), Refusal> {
    let session = world.clinician();
    let commit = |interaction, change| {
        let changes = vec![change];
        block_on(walls.commit(&session, Intent::to(interaction), changes, CommitOptions::default()))
    };
    commit(Interaction::Create, create(&observation("Patient/p1")))?;
    // What leads to a person goes with them.
    let made = commit(Interaction::Create, create(&patient("other")))?;
    commit(Interaction::Delete, delete("Patient", &made.outcomes[0].key.id))?;
    // What is refused is journaled.
    let stale = Change { if_match: Some(99), ..update(&patient("p1")) };
    let other = commit(Interaction::Update, stale);
    match other {
        Err(refusal) if refusal.status.code() == 503 => Err(refusal),
        _ => Ok(()),
    }
}

fn audits(world: &World, walls: &Walled) -> Result<(), Refusal> {
    let (session, intent) = (world.auditor(), Intent::to(Interaction::ReadAudit));
    block_on(walls.journal_read(&session, intent, JournalFilter::newest(10)))?;
    match block_on(walls.log_file("01", "checkpoint")) {
        Err(refusal) if refusal.status.code() == 503 => return Err(refusal),
        _ => {}
    }
    let all = ReviewFilter {
        region: None,
        state: None,
        rule: None,
        establishment: None,
        from_ms: 0,
        to_ms: i64::MAX,
        count: 10,
        cursor: None,
    };
    block_on(walls.journal_reviews(&session, Intent::to(Interaction::ReadAudit), all))?;
    looks_up(world, walls)
}

fn exports(world: &World, walls: &Walled) -> Result<(), Refusal> {
    let (session, intent) = (world.system(), Intent::to(Interaction::Export));
    let request = ExportRequest {
        level: ExportLevel::Patient,
        url: "https://01.example/fhir/Patient/$export".into(),
        resource_types: Vec::new(),
        since_ms: None,
        filters: Vec::new(),
        patients: Vec::new(),
        elements: None,
    };
    block_on(async {
        let id = walls.export_begin(&session, intent.clone(), request).await?;
        while !walls.export_advance(&session, intent.clone(), &id).await?.done {}
        walls.export_file(&session, intent.clone(), &id, 0).await?;
        walls.export_cancel(&session, intent, &id).await
    })
}

fn sequences(world: &World, walls: &Walled) -> Result<(), Refusal> {
    let operator = world.caller(Function::from_code("operator"), "user/*.rs", None);
    // Of another, whose refusal is journaled.
    let refused = block_on(walls.ledger_advance(&world.clinician())).unwrap_err();
    if refused.status.code() == 503 {
        return Err(refused);
    }
    block_on(walls.ledger_advance(&operator)).map(drop)
}

/// Roles, their work, and grants of theirs that another of theirs covers.
const ROLES: [(&str, Work, &[&str]); 7] = [
    ("lookup", looks_up, &[]),
    ("search", searches, &[]),
    // What a commit reads, it reads together with claims and retry keys.
    ("update", updates, &["ReadRecord"]),
    ("transact", updates, &["ReadRecord"]),
    // Nothing is on the list to be concluded within this test.
    ("audit", audits, &["ConcludeReviews"]),
    ("bulk", exports, &[]),
    // No stream is closed or ends within this test, and the rules of review meet
    // nobody; to add entries and to move them are one and the same write.
    (
        "sequence",
        sequences,
        &["AddEntries", "CloseStreams", "LeaveJudged", "LeaveStreams", "MoveEntries", "ReadRecord"],
    ),
];

fn world() -> World {
    let world = World::new();
    world.put(&world.clinician(), &patient("p1"));
    world
}

#[test]
fn each_function_works_within_its_own_policy() {
    for (role, work, _) in ROLES {
        let world = world();
        let before = world.entries().len();
        let done = work(&world, &walls(&world, role, None));
        assert!(done.is_ok(), "{role}: {done:?}");
        assert!(world.entries().len() > before + 1, "{role} left no entry of its own");
    }
}

#[test]
fn without_any_one_grant_a_function_is_refused_and_nothing_is_told() {
    let mut needless = Vec::new();
    for (role, work, covered) in ROLES {
        let grants: Vec<String> =
            policy(role, None).grants().into_iter().map(str::to_owned).collect();
        assert!(grants.len() >= 2, "{role}: {grants:?}");
        for grant in grants.iter().filter(|grant| !covered.contains(&grant.as_str())) {
            let world = world();
            let done = work(&world, &walls(&world, role, Some(grant)));
            let Err(refused) = done else {
                needless.push(format!("{role} needs no {grant}"));
                continue;
            };
            assert_eq!(refused.status.code(), 503, "{role} without {grant}: {refused:?}");
            assert!(!refused.diagnostics.contains("p1"), "{refused:?}");
        }
    }
    assert!(needless.is_empty(), "{needless:#?}");
}

#[test]
fn the_gateways_own_tasks_work_within_their_policies() {
    let world = world();
    block_on(async {
        let drained = walls(&world, "drain", None).drain().await;
        assert!(drained.is_ok(), "{drained:?}");
        let sequenced = walls(&world, "ledger", None).sequence().await.unwrap();
        assert!(sequenced.appended > 0);
        assert!(walls(&world, "sweep", None).sweep().await.is_ok());
        // None does another's.
        assert!(walls(&world, "sweep", None).drain().await.is_err());
        assert!(walls(&world, "drain", None).sequence().await.is_err());
        assert!(walls(&world, "journal", None).sweep().await.is_err());
        assert!(walls(&world, "ledger", None).drain().await.is_err());
    });
    let key = chart::table::Key::new("LH#01", "head");
    assert!(block_on(world.access.get(&key)).unwrap().is_some());
}
