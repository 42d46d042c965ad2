//! What must hold of every decision, whatever the request and the chart.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod cases;

use access::claims::Purpose;
use access::decision::{Decision, Intended, decide};
use access::facts::{BodyFacts, Condition, Facts};
use access::restriction::{Kind, Restriction, Source};
use cases::{Case, Dice, NOW_MS, parse, pool};
use proptest::prelude::*;

const POOL: usize = 400;

/// A cell: what it does not know, it does not tell.
struct Partly<'f> {
    body: &'f BodyFacts<'f>,
    unknown: u64,
}

impl Facts for Partly<'_> {
    fn resource_type(&self) -> &str {
        self.body.resource_type()
    }

    fn id(&self) -> &str {
        self.body.id()
    }

    fn holds(&self, condition: &Condition<'_>) -> Option<bool> {
        let kind = match condition {
            Condition::Category(_) => 0,
            Condition::Code(_) => 1,
            Condition::Label(_) => 2,
            Condition::DataPeriod { .. } => 3,
            Condition::Search(_) => 4,
            Condition::ReleasedBy(_) => 5,
        };
        self.body.holds(condition).filter(|_| self.unknown & (1 << kind) == 0)
    }
}

fn chosen(case: &Case, read: &[Vec<Restriction>]) -> Vec<Restriction> {
    case.consents.iter().flat_map(|at| read[*at].clone()).collect()
}

thread_local! {
    static READ: Vec<Vec<Restriction>> = pool(7, POOL).1;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_cell_never_says_what_the_body_denies(seed: u64, unknown in 0..64_u64) {
        READ.with(|read| -> Result<(), TestCaseError> {
            let case = Case::random(&mut Dice(seed), POOL);
            let document = parse(&case.resource.body());
            let body = BodyFacts::new(document.root(), case.resource.id, NOW_MS);
            let restrictions = chosen(&case, read);
            let whole = case.decided(restrictions.clone(), case.emergency, &body);
            prop_assert!(whole.is_some(), "a body is always enough");
            let partly = case.decided(restrictions, case.emergency, &Partly { body: &body, unknown });
            let told = |word: Option<&str>| word.map(|word| word == "shown");
            if partly.is_some() {
                prop_assert_eq!(told(partly), told(whole), "{:?}", case);
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_restriction_never_shows_more_and_an_emergency_never_less(seed: u64, added in 0..POOL) {
        READ.with(|read| -> Result<(), TestCaseError> {
            let case = Case::random(&mut Dice(seed), POOL);
            let document = parse(&case.resource.body());
            let body = BodyFacts::new(document.root(), case.resource.id, NOW_MS);
            let restrictions = chosen(&case, read);
            let before = case.decided(restrictions.clone(), case.emergency, &body);
            for one in &read[added] {
                let mut more = restrictions.clone();
                more.push(one.clone());
                let after = case.decided(more, case.emergency, &body);
                let gives = one.kind() == Kind::Procuration;
                let (less, more) = if gives { (before, after) } else { (after, before) };
                prop_assert!(less != Some("shown") || more == Some("shown"), "{:?}", case);
            }
            let clinician = ["physician", "nurse", "pharmacist"].contains(&case.function);
            if clinician && case.emergency.is_none() {
                let emergency = Some("a reason that is long enough");
                let broken = case.decided(restrictions.clone(), emergency, &body);
                prop_assert!(before != Some("shown") || broken == Some("shown"));
                // It lifts restrictions and nothing else.
                let lifted = [Some("shown"), before].contains(&broken);
                prop_assert!(lifted && broken != Some("restriction"), "{:?} {:?}", before, broken);
                prop_assert!(before == Some("restriction") || broken == before);
            }
            Ok(())
        })?;
    }

    #[test]
    fn what_is_denied_coarsely_is_denied_for_the_same_reason(seed: u64) {
        let case = Case::random(&mut Dice(seed), 1);
        let claims = case.claims();
        let intended = Intended {
            interaction: case.interaction,
            resource_type: case.resource.kind,
            person: Some("ann"),
            purpose: case.purpose,
        };
        if let Decision::Deny { reason, .. } = decide(&claims, &intended) {
            prop_assert_eq!(case.outcome_under(Vec::new()), reason.word());
        }
    }

    #[test]
    fn what_is_not_understood_shows_nothing_but_to_the_person(seed: u64) {
        let mut case = Case::random(&mut Dice(seed), 1);
        case.emergency = None;
        let source = Source { consent: "x".to_owned(), version: 1 };
        let outcome = case.outcome_under(vec![Restriction::not_understood(source)]);
        let reads = !matches!(case.interaction, access::entry::Interaction::Create);
        if outcome == "shown" && reads && !case.reads_accesses() {
            prop_assert_eq!(case.function, "patient");
        }
    }

    #[test]
    fn researchers_never_see_what_is_refused(seed: u64) {
        READ.with(|read| -> Result<(), TestCaseError> {
            let mut case = Case::random(&mut Dice(seed), POOL);
            case.function = "researcher";
            case.purpose = Purpose::Research;
            let refusal = case.consents.iter().any(|at| {
                let plain = |one: &Restriction| matches!(one.kind(), Kind::Refusal(_));
                read[*at].iter().any(plain)
            });
            let shown = case.outcome_under(chosen(&case, read)) == "shown";
            let without: Vec<Restriction> = chosen(&case, read)
                .into_iter()
                .filter(|one| !matches!(one.kind(), Kind::Refusal(_)))
                .collect();
            let without = case.outcome_under(without) == "shown";
            // A refusal only takes away; without one nothing changes.
            prop_assert!(!shown || without);
            prop_assert!(refusal || shown == without);
            Ok(())
        })?;
    }
}

#[test]
fn the_cases_reach_every_outcome() {
    let (_, read) = pool(7, POOL);
    let mut dice = Dice(1);
    let mut counts = std::collections::BTreeMap::new();
    for _ in 0..20_000 {
        *counts.entry(Case::random(&mut dice, POOL).outcome(&read)).or_insert(0_u32) += 1;
    }
    println!("{counts:?}");
    for word in [
        "shown",
        "scope",
        "other-person",
        "audit-only",
        "audit",
        "purpose",
        "research-purpose",
        "authorization",
        "age",
        "proxy",
        "region",
        "break-glass",
        "emergency-reason",
        "audit-is-written-by-the-record",
        "restriction",
        "refusal",
        "not-released",
    ] {
        assert!(counts.get(word).is_some_and(|count| *count >= 5), "{word}: {counts:?}");
    }
}
