use chart::table::TableError;

use super::of_code;

fn told(code: &str, status: u16) -> TableError {
    of_code(code, status, || "why".to_owned())
}

#[test]
fn each_code_says_whether_to_ask_again() {
    let denied = TableError::Denied("why".to_owned());
    assert_eq!(told("AccessDeniedException", 400), denied);
    assert_eq!(told("AccessDenied", 403), denied);
    assert_eq!(told("ThrottlingException", 400), TableError::Throttled);
    assert_eq!(told("TransactionInProgressException", 400), TableError::Conflict);
    assert!(matches!(told("ValidationException", 400), TableError::Rejected(_)));
    assert!(matches!(told("InternalServerError", 500), TableError::Unavailable(_)));
}
