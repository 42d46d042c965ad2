//! The provider of this instance, made once from the application's variables.

use crate::environment::Wasi;
use crate::http::WasiHttp;
use access::token::Issuers;
use contracts::Refusal;
use provider::{Journaling, Provider, Setup};
use regions::Directory;
use std::sync::OnceLock;
use store::definition::{TableKind, tables};
use store::sdk::{
    ClientSettings, Credentials, SdkTable, SharedAsyncSleep, SharedHttpClient, SharedTimeSource,
    client,
};

/// The provider over DynamoDB, in WASI.
pub type Adapted = Provider<SdkTable, Wasi>;

static PROVIDER: OnceLock<Adapted> = OnceLock::new();

/// The provider, made on the first call.
pub async fn provider() -> Result<&'static Adapted, Refusal> {
    if let Some(made) = PROVIDER.get() {
        return Ok(made);
    }
    let made = make().await.map_err(|what| {
        Refusal::fault(format!(
            "The adapter is not set up: {what}. Set the application's variables as spin.toml \
             names them."
        ))
    })?;
    Ok(PROVIDER.get_or_init(|| made))
}

async fn make() -> Result<Adapted, String> {
    let issuers =
        Issuers::parse(&variable("issuers").await?).map_err(|error| format!("issuers: {error}"))?;
    let directory = Directory::from_text(&variable("regions").await?)
        .map_err(|error| format!("regions: {error}"))?;
    let endpoint = variable("record_endpoint").await?;
    let token = variable("aws_session_token").await?;
    let credentials = Credentials::new(
        variable("aws_access_key_id").await?,
        variable("aws_secret_access_key").await?,
        (!token.is_empty()).then_some(token),
        None,
        "variables",
    );
    let client = client(ClientSettings {
        endpoint_url: (!endpoint.is_empty()).then_some(endpoint),
        region: variable("aws_region").await?,
        credentials,
        http_client: SharedHttpClient::new(WasiHttp),
        sleep: SharedAsyncSleep::new(Wasi),
        time: SharedTimeSource::new(Wasi),
    });
    let name = |kind: TableKind| {
        let found = tables("").into_iter().find(|table| table.kind == kind);
        found.map_or_else(|| kind.base_name().to_owned(), |table| table.name)
    };
    let setup = Setup {
        record: SdkTable::new(client.clone(), name(TableKind::Record)),
        access: SdkTable::new(client, name(TableKind::Access)),
        body_partitions: provider::limits::BODY_PARTITIONS,
        issuers,
        directory,
        region: variable("region").await?,
        environment: Wasi,
        journaling: Journaling::Alone,
        background: None,
        unique_systems: provider::limits::unique_systems(),
    };
    // Without a flusher: every entry is one write of its own.
    let (provider, _flusher) = Provider::new(setup);
    Ok(provider)
}

async fn variable(name: &str) -> Result<String, String> {
    spin_sdk::variables::get(name).await.map_err(|error| format!("{name}: {error}"))
}
