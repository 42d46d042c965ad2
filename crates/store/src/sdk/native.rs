//! The client of a native process: pooled connections, TLS, and the usual AWS
//! settings (environment, profile files, `AWS_ENDPOINT_URL_DYNAMODB`, web
//! identity, the container's and the machine's role).

use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use std::collections::BTreeMap;
use std::time::Duration;

use super::{Client, SharedAsyncSleep, SharedHttpClient, ours};

/// Idle connections kept per host: more than are ever in use at once.
const IDLE_CONNECTIONS_MAX: usize = 256;
/// Less than the time after which DynamoDB closes an idle connection.
const IDLE_TIMEOUT: Duration = Duration::from_secs(50);

/// An HTTP client that keeps its connections; HTTP and HTTPS (rustls, ring,
/// the system's certificates). Make one per process.
pub fn native_http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
        .build_https()
}

/// Waits on tokio's clock.
pub fn native_sleep() -> SharedAsyncSleep {
    SharedAsyncSleep::new(TokioSleep::new())
}

/// Under which CloudTrail shows what was done in a role.
const SESSION: &str = "dossier-gateway";

async fn settings() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest()).http_client(native_http_client()).load().await
}

/// The client that the process's AWS settings describe. Runs on tokio.
///
/// Credentials that do not resolve show at the first call.
pub async fn native_client() -> Client {
    let settings = settings().await;
    Client::from_conf(ours(Builder::from(&settings)).build())
}

/// A client for each of these roles (name and ARN), with the credentials that
/// the process's own may assume it with (`sts:AssumeRole`); renewed before they
/// end. They share their connections.
///
/// A role that may not be assumed shows at its first call.
pub async fn clients_of_roles(roles: &BTreeMap<String, String>) -> BTreeMap<String, Client> {
    let settings = settings().await;
    let mut clients = BTreeMap::new();
    for (name, arn) in roles {
        let assumed = AssumeRoleProvider::builder(arn)
            .session_name(SESSION)
            .configure(&settings)
            .build()
            .await;
        let builder = Builder::from(&settings).credentials_provider(assumed);
        clients.insert(name.clone(), Client::from_conf(ours(builder).build()));
    }
    clients
}
