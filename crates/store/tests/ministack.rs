//! The SDK against MiniStack (PyPI `ministack`), another implementation of the
//! protocol, through the conformance suite.
//!
//! `DOSSIER_MINISTACK` names its executable; without it the test is skipped,
//! and says so.
#![cfg(feature = "sdk-native")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by them")]

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use store::conformance;
use store::sdk::{
    ClientSettings, Credentials, SdkTable, SharedTimeSource, check_tables, client, create_tables,
    native_http_client, native_sleep,
};

/// The process, ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(executable: &str) -> (Running, u16) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new(executable)
        .env("GATEWAY_PORT", port.to_string())
        .env("SERVICES", "dynamodb")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (Running(child), port)
}

async fn wait_for(port: u16) {
    for _ in 0..300 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("MiniStack did not start");
}

#[tokio::test]
async fn conforms() {
    let Ok(executable) = std::env::var("DOSSIER_MINISTACK") else {
        println!("skipped: DOSSIER_MINISTACK does not name MiniStack's executable");
        return;
    };
    let (_running, port) = start(&executable);
    wait_for(port).await;
    let client = client(ClientSettings {
        endpoint_url: Some(format!("http://127.0.0.1:{port}")),
        region: "ca-central-1".to_owned(),
        credentials: Credentials::new("test", "test", None, None, "test"),
        http_client: native_http_client(),
        sleep: native_sleep(),
        time: SharedTimeSource::default(),
    });
    assert!(check_tables(&client, "t-").await.is_err());
    assert_eq!(create_tables(&client, "t-").await.unwrap(), ["t-record", "t-access"]);
    assert!(create_tables(&client, "t-").await.unwrap().is_empty());
    check_tables(&client, "t-").await.unwrap();
    let report = conformance::run(&SdkTable::new(client, "t-record"), "run").await;
    println!("{report}");
    assert!(report.passed(), "{report}");
}
