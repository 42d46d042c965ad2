//! 20,000 random requests, or as many as `ORACLE_CASES` says (1,000,000 for the
//! demonstration), decided by the code and by Cedar. Prints how many of each
//! outcome there were; any disagreement fails.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../../../crates/access/tests/cases/mod.rs"]
mod cases;
mod policies;

use std::collections::{BTreeMap, HashMap, HashSet};

use access::entry::Interaction;
use cases::{Case, Dice, Held, pool};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityUid, PolicySet, Request,
    RestrictedExpression,
};

const POOL: usize = 2_000;

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

fn set<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> RestrictedExpression {
    RestrictedExpression::new_set(values.into_iter().map(|value| text(value.as_ref())))
}

fn uid(kind: &str, id: &str) -> EntityUid {
    format!("{kind}::\"{id}\"").parse().unwrap()
}

/// Every set of letters that a scope covers, one by one and `rs` together.
fn covered(letters: &str) -> Vec<&'static str> {
    let both = letters.contains('r') && letters.contains('s');
    let single = ["c", "r", "u", "d", "s"].into_iter().filter(|letter| letters.contains(letter));
    single.chain(both.then_some("rs")).collect()
}

/// The action, and the letters of which one is needed.
fn action(case: &Case) -> (&'static str, &'static [&'static str]) {
    if case.reads_accesses() {
        return ("accesses", &["r", "s"]);
    }
    match case.interaction {
        Interaction::Read => ("read", &["r"]),
        Interaction::Search => ("search", &["s"]),
        Interaction::Everything => ("everything", &["rs"]),
        Interaction::Export => ("export", &["rs"]),
        Interaction::Create => ("create", &["c"]),
        Interaction::Update => ("update", &["u"]),
        Interaction::Delete => ("delete", &["d"]),
        other => panic!("{other:?} is not among the cases"),
    }
}

fn principal(case: &Case) -> Entity {
    let mut grants = Vec::new();
    let mut narrow = Vec::new();
    for scope in &case.scopes {
        for letters in covered(scope.letters) {
            let grant = format!("{}:{}:{letters}", scope.context, scope.kind.unwrap_or("*"));
            match scope.category {
                None => grants.push(grant),
                Some(category) => narrow.push(format!("{grant}?{category}")),
            }
        }
    }
    let mut held: HashMap<String, RestrictedExpression> = HashMap::from([
        ("function".to_owned(), text(case.function)),
        ("client".to_owned(), text(case.client)),
        ("grants".to_owned(), set(grants)),
        ("narrow".to_owned(), set(narrow)),
    ]);
    let user = case.user.map(|user| user.split_once('/').unwrap());
    let optional = [
        ("patient", case.token_patient),
        ("establishment", case.establishment),
        ("licence", case.licence),
        ("userKind", user.map(|(kind, _)| kind)),
        ("userId", user.map(|(_, id)| id)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            held.insert(name.to_owned(), text(value));
        }
    }
    Entity::new(uid("Caller", "me"), held, HashSet::new()).unwrap()
}

fn resource(case: &Case) -> Entity {
    let resource = &case.resource;
    let mut held = HashMap::from([
        ("kind".to_owned(), text(resource.kind)),
        ("ref".to_owned(), text(&format!("{}/{}", resource.kind, resource.id))),
        ("person".to_owned(), text("ann")),
        ("code".to_owned(), text(resource.code)),
        ("labels".to_owned(), set(&resource.labels)),
        ("issuedDaysAgo".to_owned(), RestrictedExpression::new_long(resource.issued_days_ago)),
    ]);
    if let Some(category) = resource.category {
        held.insert("category".to_owned(), text(category));
    }
    if let Some(year) = resource.year {
        held.insert("year".to_owned(), RestrictedExpression::new_long(year));
    }
    Entity::new(uid("Record", "it"), held, HashSet::new()).unwrap()
}

fn need(case: &Case, letters: &[&str]) -> RestrictedExpression {
    let kind = case.resource.kind;
    // A whole chart holds every type: only a scope for all of them covers it.
    let whole = case.interaction == Interaction::Everything && !case.reads_accesses();
    let strings = |context: &str, kinds: &[&str]| -> Vec<String> {
        let kinds = kinds.iter().filter(|named| !whole || **named == "*");
        kinds
            .flat_map(|named| letters.iter().map(move |each| format!("{context}:{named}:{each}")))
            .collect()
    };
    let mut fields = Vec::new();
    for context in ["user", "patient", "system"] {
        fields.push((format!("{context}Any"), set(strings(context, &[kind, "*"]))));
        fields.push((format!("{context}Typed"), set(strings(context, &[kind]))));
        let narrowed = case.resource.category.map(|category| {
            strings(context, &[kind]).into_iter().map(move |each| format!("{each}?{category}"))
        });
        fields.push((format!("{context}Narrow"), set(narrowed.into_iter().flatten())));
    }
    RestrictedExpression::new_record(fields).unwrap()
}

fn context(case: &Case, letters: &[&str]) -> Context {
    let age = match case.birth_date {
        Some("1980-02-29" | "2012-06-01" | "2011") => "of",
        Some("2012-06-02" | "2020") => "under",
        // Of 2012 nobody knows yet.
        Some("2012") | None => "unknown",
        Some(other) => panic!("{other} is not among the cases"),
    };
    let emergency = match case.emergency {
        None => "none",
        Some(reason) if reason.len() < 10 => "bad",
        Some(_) => "good",
    };
    let mut pairs = vec![
        ("purpose".to_owned(), text(case.purpose.code())),
        ("here".to_owned(), RestrictedExpression::new_bool(case.here)),
        ("emergency".to_owned(), text(emergency)),
        ("age".to_owned(), text(age)),
        ("deceased".to_owned(), RestrictedExpression::new_bool(case.deceased)),
        (
            "authorized".to_owned(),
            RestrictedExpression::new_bool(case.authorization == Held::InForce),
        ),
        ("keeps".to_owned(), set(&case.keeps)),
        ("need".to_owned(), need(case, letters)),
    ];
    if let Some(days) = case.delay_days {
        pairs.push(("delayDays".to_owned(), RestrictedExpression::new_long(days.into())));
    }
    Context::from_pairs(pairs).unwrap()
}

/// The groups of actions: what opens a chart, and what shows something of it.
fn actions() -> Vec<Entity> {
    let group = |name: &str| uid("Action", name);
    let charts: HashSet<EntityUid> = HashSet::from([group("charts")]);
    let sees: HashSet<EntityUid> = HashSet::from([group("charts"), group("sees")]);
    let mut actions = Vec::new();
    for name in ["read", "search", "everything", "export", "update", "delete"] {
        actions.push(Entity::new_no_attrs(group(name), sees.clone()));
    }
    actions.push(Entity::new_no_attrs(group("create"), charts));
    actions.push(Entity::new_no_attrs(group("accesses"), HashSet::new()));
    actions
}

#[test]
fn the_code_and_cedar_agree() {
    let count: u64 = std::env::var("ORACLE_CASES").map_or(20_000, |count| count.parse().unwrap());
    let seed: u64 = std::env::var("ORACLE_SEED").map_or(2_026, |seed| seed.parse().unwrap());
    println!("{count} cases from seed {seed}");
    let (consents, read) = pool(seed, POOL);
    let written: Vec<_> =
        consents.iter().enumerate().map(|(at, consent)| policies::of(at, consent)).collect();
    let rules: PolicySet =
        include_str!("../policies.cedar").parse().unwrap_or_else(|error| panic!("{error}"));
    let (authorizer, actions) = (Authorizer::new(), actions());
    let mut dice = Dice(seed);
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut disagreements = Vec::new();
    for _ in 0..count {
        let case = Case::random(&mut dice, POOL);
        let ours = case.outcome(&read);
        *counts.entry(ours).or_default() += 1;
        let mut policies = rules.clone();
        for at in case.consents.iter().collect::<HashSet<_>>() {
            policies.add(written[*at].clone()).unwrap();
        }
        let (name, letters) = action(&case);
        let mut entities = actions.clone();
        entities.extend([principal(&case), resource(&case)]);
        let entities = Entities::from_entities(entities, None).unwrap();
        let request = Request::new(
            uid("Caller", "me"),
            uid("Action", name),
            uid("Record", "it"),
            context(&case, letters),
            None,
        );
        let answer = authorizer.is_authorized(&request.unwrap(), &policies, &entities);
        let errors: Vec<String> = answer.diagnostics().errors().map(ToString::to_string).collect();
        assert!(errors.is_empty(), "{errors:?}");
        let theirs = answer.decision() == Decision::Allow;
        if theirs != (ours == "shown") {
            let told: Vec<String> =
                case.consents.iter().map(|at| format!("{:?}", consents[*at])).collect();
            let because: Vec<String> =
                answer.diagnostics().reason().map(ToString::to_string).collect();
            disagreements.push(format!("{ours} but {theirs} by {because:?}\n{case:?}\n{told:#?}"));
        }
    }
    for (outcome, times) in &counts {
        println!("{times:>9}  {outcome}");
    }
    assert!(
        disagreements.is_empty(),
        "{} disagreements; the first: {}",
        disagreements.len(),
        disagreements[0]
    );
}
