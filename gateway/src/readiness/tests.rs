use super::Readiness;
use store::definition::TableKind;
use store::embedded::Embedded;
use store::sdk::{
    ClientSettings, Credentials, SdkTable, SharedTimeSource, client, native_http_client,
    native_sleep,
};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_store_that_answers_makes_ready_until_the_journal_ends() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = Embedded::open(folder.path()).unwrap();
    runtime().block_on(async {
        let journal = tokio::spawn(std::future::pending::<()>());
        let readiness =
            Readiness::new(TableKind::ALL.map(|kind| embedded.table(kind)), journal.abort_handle());
        assert_eq!(readiness.look().await, Ok(()));
        journal.abort();
        let _ = journal.await;
        assert_eq!(readiness.look().await, Err("the access journal is closed"));
    });
}

#[test]
fn a_store_that_is_silent_or_away_makes_unready() {
    // Accepts connections and never answers.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    runtime().block_on(async {
        let client = client(ClientSettings {
            endpoint_url: Some(format!("http://127.0.0.1:{port}")),
            region: "ca-central-1".to_owned(),
            credentials: Credentials::new("local", "local", None, None, "test"),
            http_client: native_http_client(),
            sleep: native_sleep(),
            time: SharedTimeSource::default(),
        });
        let table = || SdkTable::new(client.clone(), "record".to_owned());
        let journal = tokio::spawn(std::future::pending::<()>());
        let readiness = Readiness::new([table(), table()], journal.abort_handle());
        assert_eq!(readiness.look().await, Err("the store does not answer in time"));
    });
}
