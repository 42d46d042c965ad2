//! Searches over real charts against an evaluation of every resource: whatever
//! index, chain or page a search takes, it finds what looking at everything
//! finds. Runs when the Synthea bundles are found: in `DOSSIER_SYNTHEA_DIR`, or
//! beside the project. `DOSSIER_QUERIES` says how many queries, `DOSSIER_SEED`
//! which.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use contracts::{Change, ChangeKind, CommitOptions, Page};
use fhir::json::{Document, Value};
use fhir::limits::JsonLimits;
use fhir::search::{ChainLink, Position, Query, Settings, references_of};
use provider::Session;

use crate::world::*;

const OWN: [&str; 2] = ["https://01.example/fhir", "https://02.example/fhir"];
type Key = (String, String);

struct Kept {
    document: Document,
    last_updated_ms: i64,
}

struct Everything(BTreeMap<Key, Kept>);

fn folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/synthea");
    let folder = std::env::var_os("DOSSIER_SYNTHEA_DIR").map_or(beside, PathBuf::from);
    folder.is_dir().then_some(folder)
}

/// The two bundles of registries, and the smallest of people.
fn bundles(folder: &Path, people: usize) -> Vec<Document> {
    let mut files: Vec<(u64, PathBuf)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "bz2"))
        .map(|entry| (entry.metadata().unwrap().len(), entry.path()))
        .collect();
    let of_registry = |path: &Path| path.file_name().unwrap().to_string_lossy().starts_with("0-");
    files.sort_by_key(|(size, path)| (!of_registry(path), *size));
    files
        .into_iter()
        .take(2 + people)
        .map(|(_, path)| {
            let mut bytes = Vec::new();
            bzip2::read::BzDecoder::new(std::fs::File::open(path).unwrap())
                .read_to_end(&mut bytes)
                .unwrap();
            Document::parse_bytes(bytes, &JsonLimits::default()).unwrap()
        })
        .collect()
}

fn text(value: Option<Value<'_>>) -> Option<String> {
    value.and_then(Value::as_str).map(|text| text.into_owned())
}

/// The bundles, committed as they are; and everything that was stored.
fn load(world: &World, session: &Session, bundles: &[Document]) -> Everything {
    let mut kept = BTreeMap::new();
    for bundle in bundles {
        let changes: Vec<Change> = bundle
            .root()
            .each("entry")
            .map(|entry| {
                let resource = entry.get("resource").unwrap();
                let kind = text(resource.get("resourceType")).unwrap();
                let request = entry.get("request");
                Change {
                    full_url: text(entry.get("fullUrl")),
                    if_none_exist: text(request.and_then(|request| request.get("ifNoneExist"))),
                    body: resource.raw().as_bytes().to_vec(),
                    ..Change::of(ChangeKind::Create, kind)
                }
            })
            .collect();
        let options =
            CommitOptions { bundle: true, return_bodies: true, ..CommitOptions::default() };
        for outcome in world.commit(session, changes, options).unwrap().outcomes {
            let document = Document::parse_bytes(outcome.body, &JsonLimits::default()).unwrap();
            let key = (outcome.key.resource_type, outcome.key.id);
            kept.insert(key, Kept { document, last_updated_ms: outcome.last_updated_ms });
        }
    }
    Everything(kept)
}

impl Everything {
    /// Whoever matches, by looking at all.
    fn matches(&self, query: &Query) -> BTreeSet<Key> {
        let query = self.settled(query.clone());
        self.0
            .iter()
            .filter(|((kind, _), _)| kind == query.resource_type())
            .filter(|((_, id), kept)| {
                query.matches_body(kept.document.root(), id, kept.last_updated_ms)
            })
            .map(|(key, _)| key.clone())
            .collect()
    }

    fn settled(&self, mut query: Query) -> Query {
        for at in 0..query.chains().len() {
            let ids: HashSet<Key> = match query.chains()[at].link() {
                ChainLink::Forward { targets, .. } => {
                    targets.iter().flat_map(|target| self.matches(target)).collect()
                }
                ChainLink::Reverse { parameter, source } => self
                    .matches(source)
                    .iter()
                    .flat_map(|key| {
                        let kind = Some(query.resource_type());
                        references_of(parameter, kind, self.0[key].document.root(), &OWN)
                    })
                    .collect(),
            };
            query.settle_chain(at, ids);
        }
        query
    }

    fn position(&self, query: &Query, key: &Key) -> Position {
        let kept = &self.0[key];
        query.position_of_body(kept.document.root(), &key.1, kept.last_updated_ms)
    }

    /// What these include.
    fn included(&self, query: &Query, matches: &BTreeSet<Key>) -> BTreeSet<Key> {
        let mut included: BTreeSet<Key> = BTreeSet::new();
        let mut fresh = matches.clone();
        for round in 0.. {
            let mut found: BTreeSet<Key> = BTreeSet::new();
            for include in query.includes().iter().filter(|one| round == 0 || one.iterate) {
                let target = include.target.as_deref();
                let leads = |from: &Key, kept: &Kept| -> Vec<Key> {
                    include
                        .parameters_of(&from.0)
                        .iter()
                        .flat_map(|one| references_of(one, target, kept.document.root(), &OWN))
                        .collect()
                };
                if include.reverse {
                    found.extend(
                        self.0
                            .iter()
                            .filter(|(key, kept)| {
                                leads(key, kept).iter().any(|to| fresh.contains(to))
                            })
                            .map(|(key, _)| key.clone()),
                    );
                } else {
                    found.extend(fresh.iter().flat_map(|key| leads(key, &self.0[key])));
                }
            }
            found.retain(|key| {
                self.0.contains_key(key) && !matches.contains(key) && !included.contains(key)
            });
            included.extend(found.iter().cloned());
            fresh = found;
            if fresh.is_empty() {
                break;
            }
        }
        included
    }
}

/// Chance from a seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
    fn of<'a, T>(&mut self, some: &'a [T]) -> &'a T {
        &some[self.below(some.len())]
    }
}

fn key_of(one: &contracts::Version) -> Key {
    (one.key.resource_type.clone(), one.key.id.clone())
}

/// A query: its type and its text.
fn query(dice: &mut Dice, all: &Everything) -> (&'static str, String) {
    let keys: Vec<&Key> = all.0.keys().collect();
    let some = |dice: &mut Dice, kind: &str| {
        let of_kind: Vec<&&Key> = keys.iter().filter(|(name, _)| name == kind).collect();
        dice.of(&of_kind).1.clone()
    };
    let code = *dice.of(&["8302-2", "29463-7", "72166-2", "2093-3", "55284-4", "nothing", "718-7"]);
    let letter = *dice.of(&["a", "b", "ma", "ro", "je", "sa", "du"]);
    let year = 1990 + dice.below(32);
    let (patient, encounter) = (some(dice, "Patient"), some(dice, "Encounter"));
    let (kind, base): (&'static str, String) = match dice.below(24) {
        0 => ("Observation", format!("code=http://loinc.org|{code}")),
        1 => ("Observation", format!("patient={patient}&date=ge{year}")),
        2 => ("Observation", format!("encounter=Encounter/{encounter}")),
        3 => ("Observation", format!("code={code}&subject:Patient.name={letter}")),
        4 => ("Observation", "encounter.class=AMB&category=laboratory".to_owned()),
        5 => ("Observation", format!("patient.birthdate=ge{year}&code={code}")),
        6 => ("Observation", format!("patient={patient}&encounter.class=EMER,AMB&date=lt{year}")),
        7 => ("Patient", format!("_has:Observation:patient:code={code}")),
        8 => ("Patient", format!("name={letter}&_has:Condition:patient:clinical-status=active")),
        9 => ("Encounter", format!("_has:Observation:encounter:code={code}")),
        10 => ("Encounter", "service-provider:Organization.name:contains=hosp".to_owned()),
        11 => ("Condition", format!("encounter.participant:Practitioner.family={letter}")),
        12 => ("DiagnosticReport", format!("result.code={code}")),
        13 => ("Patient", format!("_has:Encounter:patient:_has:Observation:encounter:code={code}")),
        14 => ("Practitioner", format!("_has:Encounter:participant:date=ge{year}")),
        15 => ("PractitionerRole", format!("practitioner.name={letter}")),
        16 => ("Patient", format!("gender=female&birthdate=lt{year}")),
        17 => ("MedicationRequest", format!("encounter.subject:Patient.family={letter}")),
        18 => ("Condition", format!("onset-date=ge{year}&patient.gender=male")),
        19 => ("Procedure", format!("patient={patient}&date=lt{year}")),
        20 => ("Immunization", "status=completed".to_owned()),
        21 => ("Location", format!("name:contains={letter}")),
        22 => ("Claim", format!("patient={patient}&status=active")),
        _ => ("Encounter", format!("_id={encounter},{}", some(dice, "Encounter"))),
    };
    let sort = match (dice.below(3), kind) {
        (0, "Observation" | "Encounter" | "Procedure") => {
            *dice.of(&["&_sort=-date", "&_sort=date,_id"])
        }
        (0, "Patient") => *dice.of(&["&_sort=birthdate", "&_sort=-name"]),
        _ => "",
    };
    let include = match (dice.below(4), kind) {
        (0, "Observation") => *dice.of(&[
            "&_include=Observation:encounter&_include:iterate=Encounter:service-provider",
            "&_include=Observation:subject:Patient",
            "&_revinclude=DiagnosticReport:result",
        ]),
        (0, "Encounter") => *dice.of(&[
            "&_include=*",
            "&_revinclude=Condition:encounter",
            "&_include=Encounter:participant&_revinclude:iterate=PractitionerRole:practitioner",
        ]),
        (0, "Patient") => "&_revinclude=CarePlan:patient&_revinclude=Goal:patient",
        _ => "",
    };
    let count = *dice.of(&[3, 20, 100]);
    (kind, format!("{base}{sort}{include}&_count={count}"))
}

#[test]
fn searches_find_what_looking_at_everything_finds() {
    let Some(folder) = folder() else {
        println!("skipped: no Synthea bundles; set DOSSIER_SYNTHEA_DIR to their folder");
        return;
    };
    let told = |name: &str, default: usize| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let world = World::new();
    let session = world.system();
    let all = load(&world, &session, &bundles(&folder, told("DOSSIER_PEOPLE", 6)));
    let mut dice = Dice(told("DOSSIER_SEED", 7) as u64);
    let settings = Settings {
        own_bases: &OWN,
        now_ms: 1_900_000_000_000,
        count_default: 50,
        count_max: 1000,
        lenient: false,
    };
    let (mut results, mut pages, mut includes, mut empty) = (0, 0, 0, 0);
    let queries = told("DOSSIER_QUERIES", 150);
    for number in 0..queries {
        let (kind, text) = query(&mut dice, &all);
        let parsed = Query::parse(kind, &text, &settings)
            .unwrap_or_else(|error| panic!("{number}: {kind}?{text}: {error}"));
        let expected = all.matches(&parsed);
        let mut seen: Vec<Key> = Vec::new();
        let mut page_text = text.clone();
        let mut ended = false;
        for _ in 0..200 {
            let page: Page = world
                .search(&session, kind, &page_text)
                .unwrap_or_else(|refused| panic!("{number}: {kind}?{text}: {refused}"));
            pages += 1;
            let matches = usize::try_from(page.matches).unwrap();
            let found: Vec<Key> = page.versions[..matches].iter().map(key_of).collect();
            let cut = page.versions.iter().any(|one| one.version == 0);
            let beside: BTreeSet<Key> = page.versions[matches..].iter().map(key_of).collect();
            let own: BTreeSet<Key> = found.iter().cloned().collect();
            if !cut {
                assert_eq!(beside, all.included(&parsed, &own), "{number}: {kind}?{text}");
            }
            includes += beside.len();
            if let Some(total) = page.total {
                assert_eq!(total as usize, expected.len(), "{number}: {kind}?{text}");
            }
            seen.extend(found);
            let Some(next) = page.next else {
                ended = true;
                break;
            };
            page_text = format!("{text}&_page={next}");
            if seen.len() > 400 {
                break;
            }
        }
        results += seen.len();
        empty += usize::from(seen.is_empty());
        let once: BTreeSet<Key> = seen.iter().cloned().collect();
        assert_eq!(once.len(), seen.len(), "{number}: {kind}?{text}: none twice");
        if ended {
            assert_eq!(once, expected, "{number}: {kind}?{text}");
        } else {
            assert!(once.is_subset(&expected), "{number}: {kind}?{text}");
        }
        if !parsed.sort().is_empty() {
            let places: Vec<Position> = seen.iter().map(|key| all.position(&parsed, key)).collect();
            assert!(
                places.is_sorted_by(|left, right| parsed.compare_positions(left, right).is_lt()),
                "{number}: {kind}?{text}: in order"
            );
        }
    }
    println!(
        "{queries} queries over {} resources: {results} results on {pages} pages, {includes} \
         included, {empty} queries found nothing",
        all.0.len()
    );
    assert!(empty < queries / 2);
}
