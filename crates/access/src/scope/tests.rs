use super::*;

fn one(text: &str) -> Scope {
    Scope::parse(text).unwrap().unwrap()
}

#[test]
fn both_versions_are_read() {
    for (text, meant) in [
        ("patient/Observation.rs", "patient/Observation.rs"),
        ("user/*.cruds", "user/*.cruds"),
        ("system/*.read", "system/*.rs"),
        ("user/Patient.write", "user/Patient.cud"),
        ("patient/*.*", "patient/*.cruds"),
        ("system/Patient.s", "system/Patient.s"),
    ] {
        assert_eq!(one(text).to_string(), meant);
        assert_eq!(one(meant), one(text));
    }
}

#[test]
fn other_scopes_are_left_out_and_wrong_ones_refused() {
    for other in ["openid", "fhirUser", "launch/patient", "offline_access", "https://x/y", ""] {
        assert_eq!(Scope::parse(other), Ok(None));
    }
    for wrong in [
        "patient/",
        "patient/Observation",
        "patient/Observation.",
        "patient/observation.rs",
        "patient/Obs3.rs",
        "patient/.rs",
        "user/*.sr",
        "user/*.rr",
        "user/*.x",
        "user/**.r",
        "system/*.Read",
    ] {
        assert_eq!(Scope::parse(wrong), Err(ScopeError::Malformed(wrong.to_owned())), "{wrong}");
    }
    assert_eq!(Scope::parse_all("openid  user/*.r patient/*.s").unwrap().len(), 2);
    assert!(Scope::parse_all("user/*.r user/nothing").is_err());
}

#[test]
fn letters_permit_their_interactions_and_no_others() {
    use Interaction as I;
    let alone = [
        ("c", vec![I::Create]),
        ("r", vec![I::Read, I::Vread, I::HistoryInstance, I::ReadAudit]),
        ("u", vec![I::Update, I::Patch]),
        ("d", vec![I::Delete]),
        ("s", vec![I::Search, I::ReadAudit, I::HistoryType, I::HistorySystem, I::SearchSystem]),
    ];
    for (letter, permitted) in alone {
        let scope = one(&format!("user/*.{letter}"));
        for interaction in I::ALL {
            let bundle = matches!(interaction, I::Batch | I::Transaction);
            assert_eq!(
                scope.permits(interaction, "Observation", false),
                bundle || permitted.contains(&interaction),
                "{letter} {interaction:?}"
            );
        }
    }
    assert!(one("user/*.rs").permits(I::Everything, "Patient", false));
    assert!(!one("user/Patient.rs").permits(I::Everything, "Patient", false));
    assert!(!one("user/Patient.rs").permits(I::Read, "Observation", false));
    assert!(!one("user/*.rs").permits(I::Read, "Observation", true));
    assert!(one("user/Observation.rs").permits(I::Read, "Observation", true));
}

#[test]
fn a_constraint_has_one_spelling() {
    let laboratory =
        "category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory";
    for (text, meant) in [
        (format!("patient/Observation.rs?{laboratory}"), laboratory),
        (
            "patient/Observation.rs?category=http%3A%2F%2Fterminology.hl7.org%2FCodeSystem%2F\
             observation-category%7Claboratory"
                .to_owned(),
            laboratory,
        ),
        ("user/Observation.r?category=a&code:in=b,c".to_owned(), "category=a&code:in=b,c"),
        ("user/Observation.r?category=a%26b%2Bc".to_owned(), "category=a%26b%2Bc"),
        ("user/Patient.r?name=Jos%c3%a9+A%20B".to_owned(), "name=Jos%C3%A9%20A%20B"),
        ("user/Observation.r?subject:Patient.name=x=y".to_owned(), "subject:Patient.name=x=y"),
    ] {
        let scope = one(&text);
        assert_eq!(scope.constraint.as_deref(), Some(meant), "{text}");
        assert_eq!(one(&scope.to_string()), scope, "{text}");
        assert!(!scope.to_string().contains(' '));
    }
    let pairs: Vec<_> =
        one("user/Observation.r?category=a%26b&name=Jos%C3%A9").constraint_pairs().collect();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(pairs, [pair("category", "a&b"), pair("name", "José")]);
    assert_eq!(one("user/Observation.r").constraint_pairs().count(), 0);
}

#[test]
fn what_narrows_no_search_of_a_type_is_refused() {
    let many = vec!["a=b"; 17].join("&");
    for wrong in [
        "user/*.rs?category=laboratory",
        "user/Observation.rs?",
        "user/Observation.rs?category",
        "user/Observation.rs?category=",
        "user/Observation.rs?=laboratory",
        "user/Observation.rs?category=a&",
        "user/Observation.rs?&category=a",
        "user/Observation.rs?category=%",
        "user/Observation.rs?category=%4",
        "user/Observation.rs?category=%zz",
        "user/Observation.rs?category=%ff",
        "user/Observation.rs?category=%00",
        "user/Observation.rs?cat%20egory=a",
        "user/Observation.rs?cat/egory=a",
        "user/Observation.rs?_count=5",
        "user/Observation.rs?_include:iterate=Observation:subject",
        &format!("user/Observation.rs?{many}"),
    ] {
        assert_eq!(Scope::parse(wrong), Err(ScopeError::Constraint(wrong.to_owned())), "{wrong}");
    }
}

#[test]
fn a_constrained_scope_permits_nothing_unless_it_is_asked_for_its_constraint() {
    use Interaction as I;
    let scope = one("user/Observation.cruds?category=laboratory");
    for interaction in I::ALL {
        assert!(!scope.permits(interaction, "Observation", false), "{interaction:?}");
        let whole = matches!(interaction, I::Batch | I::Transaction | I::Everything);
        let expected = (!whole).then_some("category=laboratory");
        assert_eq!(scope.permits_constrained(interaction, "Observation"), expected);
        assert_eq!(scope.permits_constrained(interaction, "Patient"), None);
        assert_eq!(one("user/*.cruds").permits_constrained(interaction, "Observation"), None);
    }
    let reads = one("user/Observation.r?category=laboratory");
    assert_eq!(reads.permits_constrained(I::Search, "Observation"), None);
    assert_eq!(reads.permits_constrained(I::Read, "Observation"), Some("category=laboratory"));
}

#[test]
fn what_is_granted_is_common_to_both() {
    for (asked, held, given) in [
        ("system/*.rs", "system/*.cruds", "system/*.rs"),
        ("system/*.cruds", "system/*.rs", "system/*.rs"),
        ("system/*.read", "system/Patient.r", "system/Patient.r"),
        ("system/Patient.rs", "system/*.cruds", "system/Patient.rs"),
        ("system/Patient.c", "system/*.rs", ""),
        ("system/Patient.rs", "system/Observation.rs", ""),
        ("user/*.rs", "system/*.rs", ""),
        ("system/AuditEvent.rs", "system/*.cruds", ""),
        ("system/*.rs", "system/AuditEvent.rs", ""),
        ("system/AuditEvent.rs", "system/AuditEvent.rs", "system/AuditEvent.rs"),
        ("system/*.rs system/*.read", "system/*.rs", "system/*.rs"),
        ("system/Observation.rs", "system/Observation.r?code=a", "system/Observation.r?code=a"),
        ("system/Observation.rs?code=a", "system/*.rs", "system/Observation.rs?code=a"),
        (
            "system/Observation.rs?code=a",
            "system/Observation.rs?category=b",
            "system/Observation.rs?category=b&code=a",
        ),
        ("system/*.rs", "system/Observation.rs?code=a", "system/Observation.rs?code=a"),
    ] {
        let parsed = |text| Scope::parse_all(text).unwrap();
        let common = granted(&parsed(asked), &parsed(held));
        let common: Vec<String> = common.iter().map(ToString::to_string).collect();
        assert_eq!(common.join(" "), given, "{asked} of {held}");
    }
}
