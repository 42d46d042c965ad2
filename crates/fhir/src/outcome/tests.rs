use super::*;
use crate::json::Document;
use crate::limits::JsonLimits;

fn every_case() -> Vec<Refusal> {
    let issue = |code, diagnostics: &str| Issue {
        severity: Severity::Error,
        code,
        diagnostics: diagnostics.to_owned(),
        expression: Some("Patient.gender".to_owned()),
    };
    let issues =
        vec![issue(IssueType::Structure, "First: \"one\"."), issue(IssueType::Value, "Second.")];
    vec![
        Refusal::invalid("The offset is no number; send one."),
        Refusal::structure("A name is no array; send one.").at("Patient.name"),
        Refusal::not_supported("The parameter is unknown; leave it out."),
        Refusal::token_needed(),
        Refusal::token_refused("Its signature is not of a known key."),
        Refusal::token_expired(),
        Refusal::forbidden("The token has no scope for this; ask for patient/*.rs."),
        Refusal::not_found("Patient", "1"),
        Refusal::unknown_type("Pateint"),
        Refusal::no_such_route(),
        Refusal::method_not_allowed("PATCH", "GET, PUT or DELETE"),
        Refusal::not_acceptable(),
        Refusal::conflict("The resource is being changed; retry."),
        Refusal::deleted("Patient", "1"),
        Refusal::version_conflict(3),
        Refusal::multiple_matches(),
        Refusal::too_large("The body is over 50 bytes; send it in smaller parts."),
        Refusal::unsupported_media_type(),
        Refusal::unprocessable(IssueType::BusinessRule, "The id differs; send the same."),
        Refusal::retry_key_reused(),
        Refusal::too_many_requests(2),
        Refusal::internal("r-1"),
        Refusal::unavailable("The record cannot be reached.", 5),
        Refusal::of_issues(issues).unwrap(),
        Document::parse("{\"resourceType\":\"Patient\",\"a\":1,}".into(), &JsonLimits::default())
            .unwrap_err()
            .into(),
    ]
}

/// Pins what the wire shows of every case. After a change that is meant, write
/// the printed text to `src/outcome/refusals.txt`.
#[test]
fn every_refusal_reads_as_pinned() {
    let shown: Vec<String> = every_case()
        .iter()
        .map(|refusal| {
            let retry = refusal.retry_after_s.map_or(String::new(), |s| format!(" retry {s} s"));
            format!("{}{retry} {}\n", refusal.status.code(), refusal.to_operation_outcome())
        })
        .collect();
    let shown = shown.concat();
    assert!(shown == include_str!("refusals.txt"), "now:\n{shown}");
}

#[test]
fn every_outcome_is_a_valid_resource() {
    for refusal in every_case() {
        let text = refusal.to_operation_outcome();
        let document = Document::parse(text, &JsonLimits::default()).unwrap();
        assert_eq!(crate::validate::issues(document.root()), []);
    }
}

#[test]
fn every_issue_type_is_in_the_standard() {
    for code in IssueType::ALL {
        let text = Refusal::new(Status::BadRequest, *code, "x").to_operation_outcome();
        let document = Document::parse(text, &JsonLimits::default()).unwrap();
        assert_eq!(crate::validate::issues(document.root()), [], "{code:?}");
    }
}

#[test]
fn information_is_a_valid_resource() {
    let document = Document::parse(information("x"), &JsonLimits::default()).unwrap();
    assert_eq!(crate::validate::issues(document.root()), []);
    assert!(
        document
            .root()
            .each("issue")
            .all(|issue| issue.get("severity").unwrap().is_str("information"))
    );
}

#[test]
fn a_refusal_crosses_a_wall_and_back() {
    for refusal in every_case() {
        let back = Refusal::from_wire(
            refusal.status.code(),
            refusal.code.code(),
            refusal.diagnostics.clone(),
            refusal.expression.clone(),
            refusal.retry_after_s,
        );
        assert_eq!(back, Refusal { further: Vec::new(), ..refusal });
    }
}

#[test]
fn expressions_go_under_an_outer_one() {
    let under = |inner: &str| {
        Refusal::invalid("x").at(inner).within("Bundle.entry[3].resource").expression.unwrap()
    };
    assert_eq!(under("Patient.name"), "Bundle.entry[3].resource.name");
    assert_eq!(under("Patient"), "Bundle.entry[3].resource");
    assert_eq!(under("x.y"), "Bundle.entry[3].resource.x.y");
}

#[test]
fn limits_have_their_own_statuses() {
    let limits = JsonLimits { depth_max: 1, nodes_max: 9, text_bytes_max: 30 };
    let status = |text: &str| {
        let error = Document::parse(text.to_owned(), &limits).unwrap_err();
        Refusal::from(error).status.code()
    };
    assert_eq!(status("[[1]]"), 400);
    assert_eq!(status("[1,2,3,4,5,6,7,8,9,0]"), 413);
    assert_eq!(status(&" ".repeat(31)), 413);
}
