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
        "user/*.rs?",
    ] {
        assert_eq!(Scope::parse(wrong), Err(ScopeError::Malformed(wrong.to_owned())), "{wrong}");
    }
    let narrowed = "patient/Observation.rs?category=laboratory";
    assert_eq!(Scope::parse(narrowed), Err(ScopeError::ConstraintUnsupported(narrowed.to_owned())));
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
