//! The authorization matrix: every route of spin.toml, by role, scopes,
//! purpose, restriction and region. `tests/authorization/matrix.tsv` is what
//! the code decides; write it anew with `MATRIX=write cargo test -p access
//! --test matrix` and read the difference.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod routes;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use access::authorization::Authorization;
use access::claims::{Claims, Function, Purpose};
use access::decision::{Circumstances, Door, Intended, Reason, Settings, Shown, view};
use access::entry::Interaction;
use access::facts::BodyFacts;
use access::restriction::{Naming, Restriction, Source, of_consent};
use access::scope::Scope;
use fhir::json::Document;
use fhir::limits::JsonLimits;
use serde_json::{Value, json};

use routes::ROUTES;

/// 2026-06-01 at noon, UTC.
const NOW_MS: i64 = 1_780_315_200_000;

/// What a route asks of the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Asks {
    /// Anybody; it tells of nobody.
    Public,
    /// A verified token; nothing of the record is read or written.
    Token,
    /// A verified token, the one that ordered the export, which was decided then.
    OwnExport,
    /// The token of whoever operates the door; it tells of nobody.
    Operator,
    /// The interaction at this index of [`CLASSES`].
    Class(usize),
}

/// Interactions, and the type when it is not any.
const CLASSES: [(&str, Interaction, &str); 20] = [
    ("read", Interaction::Read, "Observation"),
    ("vread", Interaction::Vread, "Observation"),
    ("history-instance", Interaction::HistoryInstance, "Observation"),
    ("history-type", Interaction::HistoryType, "Observation"),
    ("history-system", Interaction::HistorySystem, "Observation"),
    ("search", Interaction::Search, "Observation"),
    ("search-system", Interaction::SearchSystem, "Observation"),
    ("everything", Interaction::Everything, "Observation"),
    ("export", Interaction::Export, "Observation"),
    ("create", Interaction::Create, "Observation"),
    ("update", Interaction::Update, "Observation"),
    ("patch", Interaction::Patch, "Observation"),
    ("delete", Interaction::Delete, "Observation"),
    ("bundle", Interaction::Batch, "Bundle"),
    ("read-audit", Interaction::ReadAudit, "AuditEvent"),
    ("review-queue", Interaction::ReadAudit, "Task"),
    ("review", Interaction::Review, "AuditEvent"),
    ("provenance-read", Interaction::Read, "Provenance"),
    ("provenance-search", Interaction::Search, "Provenance"),
    ("provenance-history", Interaction::HistoryType, "Provenance"),
];

/// Name, function, birth date of the person, whether an authorization is in force.
const ROLES: [(&str, &str, &str, bool); 13] = [
    ("physician", "physician", "1980-01-01", false),
    ("nurse", "nurse", "1980-01-01", false),
    ("pharmacist", "pharmacist", "1980-01-01", false),
    ("patient of 14 or more", "patient", "2012-06-01", false),
    ("patient under 14", "patient", "2012-06-02", false),
    ("proxy, person of 14 or more", "proxy", "2012-06-01", false),
    ("proxy, person under 14", "proxy", "2012-06-02", false),
    ("auditor", "auditor", "1980-01-01", false),
    ("system", "system", "1980-01-01", false),
    ("researcher, authorized", "researcher", "1980-01-01", true),
    ("researcher", "researcher", "1980-01-01", false),
    ("other, authorized", "clerk", "1980-01-01", true),
    ("other", "clerk", "1980-01-01", false),
];

/// Scopes after the context that is natural for the role. The last ones are
/// confined to a person: this one, and another.
const SCOPES: [&str; 10] = [
    "",
    "*.rs",
    "*.cruds",
    "Observation.rs Provenance.rs",
    "Observation.cruds",
    "Observation.cruds?category=laboratory",
    "Observation.cruds?category=imaging",
    "AuditEvent.rs",
    "patient/*.cruds",
    "patient/*.cruds of another",
];

/// Purposes, the last with a written reason.
const PURPOSES: [&str; 8] =
    ["TREAT", "ETREAT", "TRAIN", "HOPERAT", "HRESCH", "HLEGAL", "PATRQT", "ETREAT+reason"];
const RESTRICTIONS: [&str; 5] = ["none", "of another caller", "art. 7", "art. 8", "procuration"];
const REGIONS: [Door; 2] = [Door::Serves, Door::Elsewhere];
const CELLS: usize = PURPOSES.len() * RESTRICTIONS.len() * REGIONS.len();

const LETTERS: [(char, &str); 17] = [
    ('x', "allowed, and what is asked for is shown"),
    ('w', "allowed, and what is asked for is withheld: absent, not counted"),
    ('e', "allowed as a whole; each entry is decided by itself"),
    ('s', "refused: scope"),
    ('p', "refused: other-person"),
    ('a', "refused: audit-only"),
    ('j', "refused: audit"),
    ('k', "refused: audit-is-written-by-the-record"),
    ('u', "refused: purpose"),
    ('h', "refused: research-purpose"),
    ('z', "refused: authorization"),
    ('y', "refused: age"),
    ('o', "refused: proxy"),
    ('r', "refused: region"),
    ('g', "refused: break-glass"),
    ('m', "refused: emergency-reason"),
    ('f', "refused: self-grant"),
];

fn letter(reason: Reason) -> char {
    let text = format!("refused: {}", reason.word());
    LETTERS.iter().find(|(_, meaning)| *meaning == text).unwrap().0
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every route of spin.toml's `tool.dossier` tables.
fn routes() -> Vec<String> {
    let manifest = std::fs::read_to_string(root().join("spin.toml")).unwrap();
    let tables = manifest.split(".tool.dossier]").skip(1);
    let mut found = Vec::new();
    for table in tables {
        let list = table.split_once("routes = [").unwrap().1;
        let list = list.split_once(']').unwrap().0;
        found.extend(list.split('"').skip(1).step_by(2).map(str::to_owned));
    }
    found
}

fn asks(name: &str) -> Asks {
    match name {
        "public" => Asks::Public,
        "token" => Asks::Token,
        "own-export" => Asks::OwnExport,
        "operator" => Asks::Operator,
        name => Asks::Class(CLASSES.iter().position(|class| class.0 == name).unwrap()),
    }
}

fn parse(value: &Value) -> Document {
    Document::parse(value.to_string(), &JsonLimits::default()).unwrap()
}

fn concept(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": system, "code": code}]})
}

/// The restrictions of each column.
fn restrictions(column: &str) -> Arc<[Restriction]> {
    let ours = |code| concept("urn:dossier:consent-category", code);
    let display = json!({"display": "x"});
    let actor =
        |code| json!([{"role": concept("urn:dossier:function", code), "reference": display}]);
    let named = json!([{
        "role": concept("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP"),
        "reference": {"identifier": {"system": "urn:dossier:client", "value": "another"}},
    }]);
    let (category, provision) = match column {
        "none" => return Arc::from(Vec::new()),
        "of another caller" => (ours("restriction"), json!({"type": "deny", "actor": named})),
        "art. 7" => (ours("restriction"), json!({"type": "deny"})),
        "art. 8" => (ours("refusal"), json!({"type": "deny"})),
        "procuration" => (ours("procuration"), json!({"type": "permit", "actor": actor("proxy")})),
        other => panic!("{other}"),
    };
    let consent = json!({
        "resourceType": "Consent", "status": "active",
        "scope": concept("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"),
        "category": [category], "patient": {"reference": "Patient/ann"},
        "provision": provision,
    });
    let read = of_consent(parse(&consent).root(), &Source::default(), &Naming::default());
    Arc::from(read.unwrap().unwrap())
}

fn authorization() -> Authorization {
    let basic = json!({
        "resourceType": "Basic",
        "code": concept("urn:dossier:basic", "authorization"),
        "subject": {"identifier": {"system": "urn:dossier:client", "value": "c"}},
        "author": {"reference": "Practitioner/director"},
        "extension": [
            {"url": "urn:dossier:extension:authorization-period", "valuePeriod": {"start": "2026", "end": "2026"}},
            {"url": "urn:dossier:extension:training-date", "valueDate": "2025"},
            {"url": "urn:dossier:extension:undertaking-date", "valueDate": "2025"},
        ],
    });
    Authorization::of_basic(parse(&basic).root(), "a", &Naming::default()).unwrap().unwrap()
}

fn claims(function: &str, scopes: &str, purpose: Purpose) -> Claims {
    let function = Function::from_code(function);
    let context = match function {
        Function::Patient | Function::Proxy => "patient",
        Function::System => "system",
        _ => "user",
    };
    let (scopes, another) = match scopes.strip_suffix(" of another") {
        Some(scopes) => (scopes, true),
        None => (scopes, false),
    };
    let written = scopes.split(' ').filter(|scope| !scope.is_empty()).map(|scope| {
        if scope.contains('/') { scope.to_owned() } else { format!("{context}/{scope}") }
    });
    let scopes = Scope::parse_all(&written.collect::<Vec<_>>().join(" ")).unwrap();
    Claims {
        subject: "s".to_owned(),
        name: None,
        fhir_user: None,
        function,
        licence: None,
        establishment: Some("e".to_owned()),
        purpose,
        patient: Some(if another { "bob" } else { "ann" }.to_owned()),
        client_id: "c".to_owned(),
        scopes,
        token_id: None,
        issuer: "i".to_owned(),
        expires_at_s: 0,
        issued_at_s: None,
    }
}

/// The cells of one class, role and set of scopes: by region, then by
/// restriction, then by purpose.
fn cells(class: usize, role: usize, scopes: &str) -> String {
    let (_, interaction, kind) = CLASSES[class];
    let (_, function, born, authorized) = ROLES[role];
    let authorizations: Vec<Authorization> =
        if authorized { vec![authorization()] } else { Vec::new() };
    let body = parse(&json!({
        "resourceType": kind, "id": "1",
        "category": [concept("urn:c", "laboratory")],
    }));
    let mut letters = String::new();
    for door in REGIONS {
        for restriction in RESTRICTIONS {
            for purpose in PURPOSES {
                let (code, reason) = match purpose.strip_suffix("+reason") {
                    Some(code) => (code, Some("unconscious, life at risk")),
                    None => (purpose, None),
                };
                let purpose = Purpose::from_code(code).unwrap();
                let claims = claims(function, scopes, purpose);
                let circumstances = Circumstances {
                    now_ms: NOW_MS,
                    birth_date: Some(born),
                    deceased: false,
                    restrictions: restrictions(restriction),
                    authorizations: &authorizations,
                    settings: Arc::new(Settings::default()),
                    door,
                    emergency: reason,
                };
                let intended =
                    Intended { interaction, resource_type: kind, person: Some("ann"), purpose };
                letters.push(match view(&claims, &intended, &circumstances) {
                    Err(reason) => letter(reason),
                    Ok(_) if interaction == Interaction::ReadAudit => 'x',
                    Ok(_) if interaction == Interaction::Batch => 'e',
                    Ok(view) => {
                        let facts = BodyFacts::new(body.root(), "1", 0);
                        let reads =
                            interaction == Interaction::Create || view.shows(&facts) == Shown::Yes;
                        let writes = !interaction.changes() || view.accepts(&facts) == Shown::Yes;
                        if reads && writes { 'x' } else { 'w' }
                    }
                });
            }
        }
    }
    letters
}

/// Runs of one letter as the letter and their length.
fn runs(cells: &str) -> String {
    let mut text = String::new();
    let mut letters = cells.chars().peekable();
    while let Some(letter) = letters.next() {
        let mut length = 1;
        while letters.next_if_eq(&letter).is_some() {
            length += 1;
        }
        text.push(letter);
        if length > 1 {
            write!(text, "{length}").unwrap();
        }
    }
    text
}

fn unrolled(runs: &str) -> String {
    let mut text = String::new();
    let mut letters = runs.chars().peekable();
    while let Some(letter) = letters.next() {
        let mut length = String::new();
        while let Some(digit) = letters.next_if(char::is_ascii_digit) {
            length.push(digit);
        }
        let length = length.parse().unwrap_or(1);
        text.extend(std::iter::repeat_n(letter, length));
    }
    text
}

fn table() -> String {
    let mut text = String::from(
        "# The authorization matrix, written by crates/access/tests/matrix. Do not edit.\n\
         # A row of cells is, for each region (served here, served elsewhere), for each\n\
         # restriction of the chart, one letter for each purpose; a number repeats a letter.\n\
         # The caller asks about one Observation of the category laboratory (or one\n\
         # Provenance) in the chart of ann. Scopes without a context have that of the role.\n",
    );
    writeln!(text, "# purposes\t{}", PURPOSES.join("\t")).unwrap();
    writeln!(text, "# restrictions\t{}", RESTRICTIONS.join("\t")).unwrap();
    for (letter, meaning) in LETTERS {
        writeln!(text, "# {letter}\t{meaning}").unwrap();
    }
    text.push_str("\n# route\tasks\n");
    let declared = routes();
    for (route, name) in
        ROUTES.iter().filter(|(route, _)| declared.iter().any(|each| each == route))
    {
        writeln!(text, "{route}\t{name}").unwrap();
    }
    text.push_str("\n# asks\trole\tscopes\tcells\n");
    for (class, (name, ..)) in CLASSES.iter().enumerate() {
        for (role, (role_name, ..)) in ROLES.iter().enumerate() {
            let mut rows: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for scopes in SCOPES {
                rows.entry(cells(class, role, scopes)).or_default().push(scopes);
            }
            for (cells, scopes) in rows {
                let scopes: Vec<&str> = scopes
                    .into_iter()
                    .map(|each| if each.is_empty() { "none" } else { each })
                    .collect();
                writeln!(text, "{name}\t{role_name}\t{}\t{}", scopes.join(" | "), runs(&cells))
                    .unwrap();
            }
        }
    }
    text
}

fn file() -> PathBuf {
    root().join("tests/authorization/matrix.tsv")
}

#[test]
fn every_route_is_in_the_matrix() {
    let declared = routes();
    assert!(declared.len() >= 50, "the routes of spin.toml are not where they were: {declared:?}");
    let known = |route: &String| ROUTES.iter().any(|(known, _)| known == route);
    let missing: Vec<&String> = declared.iter().filter(|route| !known(route)).collect();
    assert!(missing.is_empty(), "say in ROUTES what is decided for {missing:?}");
    for (_, name) in ROUTES {
        asks(name);
    }
}

#[test]
fn the_code_decides_as_the_matrix_says() {
    let made = table();
    if std::env::var("MATRIX").is_ok_and(|wish| wish == "write") {
        std::fs::write(file(), &made).unwrap();
    }
    let kept = std::fs::read_to_string(file()).unwrap_or_default();
    for (at, (kept, made)) in kept.lines().zip(made.lines()).enumerate() {
        assert_eq!(kept, made, "line {} of the matrix", at + 1);
    }
    assert_eq!(kept.lines().count(), made.lines().count());
}

#[test]
fn no_cell_of_the_matrix_is_unspecified() {
    let kept = std::fs::read_to_string(file()).unwrap();
    let table = kept.split_once("# asks\trole\tscopes\tcells\n").unwrap().1;
    let mut specified = 0;
    for row in table.lines() {
        let fields: Vec<&str> = row.split('\t').collect();
        let [_, _, scopes, cells] = fields[..] else { panic!("{row}") };
        let cells = unrolled(cells);
        assert_eq!(cells.len(), CELLS, "{row}");
        for cell in cells.chars() {
            assert!(LETTERS.iter().any(|(letter, _)| *letter == cell), "{row}");
        }
        specified += scopes.split(" | ").count() * CELLS;
    }
    let expected = CLASSES.len() * ROLES.len() * SCOPES.len() * CELLS;
    assert_eq!(specified, expected);
    println!("{expected} cells");
}

#[test]
fn the_matrix_holds_what_the_law_says() {
    let here = |class: &str, role: &str, scopes: &str, restriction: &str, purpose: &str| {
        let class = CLASSES.iter().position(|each| each.0 == class).unwrap();
        let role = ROLES.iter().position(|each| each.0 == role).unwrap();
        let restriction = RESTRICTIONS.iter().position(|each| *each == restriction).unwrap();
        let purpose = PURPOSES.iter().position(|each| *each == purpose).unwrap();
        cells(class, role, scopes).chars().nth(restriction * PURPOSES.len() + purpose).unwrap()
    };
    // Each line is one sentence of the law or of the issue.
    for (class, role, scopes, restriction, purpose, expected) in [
        ("read", "physician", "*.rs", "none", "TREAT", 'x'),
        ("read", "physician", "*.rs", "none", "HRESCH", 'u'),
        ("read", "physician", "*.rs", "art. 7", "TREAT", 'w'),
        ("read", "physician", "*.rs", "art. 7", "ETREAT", 'w'),
        ("read", "physician", "*.rs", "art. 7", "ETREAT+reason", 'x'),
        ("read", "physician", "", "art. 7", "ETREAT+reason", 's'),
        ("read", "physician", "patient/*.cruds of another", "art. 7", "ETREAT+reason", 'p'),
        ("search", "nurse", "*.rs", "art. 7", "TREAT", 'w'),
        ("everything", "nurse", "*.rs", "of another caller", "TREAT", 'x'),
        ("read", "patient of 14 or more", "*.rs", "art. 7", "PATRQT", 'x'),
        ("read", "patient under 14", "*.rs", "none", "PATRQT", 'y'),
        ("read", "proxy, person under 14", "*.rs", "none", "PATRQT", 'x'),
        ("read", "proxy, person under 14", "*.rs", "art. 7", "PATRQT", 'w'),
        ("read", "proxy, person of 14 or more", "*.rs", "none", "PATRQT", 'w'),
        ("read", "proxy, person of 14 or more", "*.rs", "procuration", "PATRQT", 'x'),
        ("read", "patient of 14 or more", "*.rs", "none", "ETREAT+reason", 'g'),
        ("read", "auditor", "*.rs", "none", "HLEGAL", 'a'),
        ("read-audit", "auditor", "AuditEvent.rs", "art. 7", "HLEGAL", 'x'),
        ("read", "researcher", "Observation.rs Provenance.rs", "none", "HRESCH", 'z'),
        ("read", "researcher, authorized", "Observation.rs Provenance.rs", "none", "HRESCH", 'x'),
        ("read", "researcher, authorized", "Observation.rs Provenance.rs", "art. 8", "HRESCH", 'w'),
        ("read", "other", "Observation.rs Provenance.rs", "none", "HOPERAT", 'z'),
        ("read", "other, authorized", "Observation.rs Provenance.rs", "none", "HOPERAT", 'x'),
        ("read", "physician", "*.rs", "art. 8", "TREAT", 'x'),
        ("read", "nurse", "Observation.cruds?category=laboratory", "none", "TREAT", 'x'),
        ("read", "nurse", "Observation.cruds?category=imaging", "none", "TREAT", 'w'),
        ("create", "nurse", "Observation.cruds?category=imaging", "none", "TREAT", 'w'),
        ("everything", "nurse", "Observation.cruds?category=laboratory", "none", "TREAT", 's'),
        ("export", "system", "*.rs", "art. 7", "TREAT", 'w'),
    ] {
        let found = here(class, role, scopes, restriction, purpose);
        assert_eq!(found, expected, "{class} {role} {scopes} {restriction} {purpose}");
    }
    let elsewhere = cells(0, 0, "*.rs").split_off(CELLS / 2);
    assert!(elsewhere.chars().all(|cell| "ru".contains(cell)), "{elsewhere}");
}
