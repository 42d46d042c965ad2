//! A door that speaks TLS.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rustls_pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use super::chart;
use super::door::Door;
use crate::cli::load::client::{Client, Target};

#[tokio::test]
async fn a_door_is_believed_only_with_a_certificate_of_its_own() {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let door = Door::opened(&[], Some(TlsAcceptor::from(Arc::new(config)))).await;
    let folder = tempfile::tempdir().unwrap();
    let (own, other) = (folder.path().join("own.pem"), folder.path().join("other.pem"));
    std::fs::write(&own, made.cert.pem()).unwrap();
    let stranger = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(&other, stranger.cert.pem()).unwrap();

    let url = format!("https://127.0.0.1:{}/fhir", door.port);
    let post = async |authorities| {
        let target = Target::parse(&url, Some(authorities)).unwrap();
        let mut client = Client::new(target, Duration::from_secs(5));
        let body = Bytes::from(chart("x", 1).to_string());
        client.post("let-me-in", "sha-256=x", body).await
    };
    assert_eq!(post(own.as_path()).await.unwrap().status, 200);
    assert!(post(other.as_path()).await.is_err());
    assert_eq!(door.kept().asked.len(), 1);
    std::fs::write(&other, "no certificate").unwrap();
    assert!(Target::parse(&url, Some(&other)).is_err());
}
