//! The provider of this instance, made once from the application's variables.

use crate::environment::Wasi;
use crate::http::WasiHttp;
use access::token::{Clients, Issuers, SigningIssuer};
use contracts::Refusal;
use ledger::keys::{Kind, SignerKey};
use provider::{Authority, Journaling, Provider, Setup};
use regions::{Directory, Phase};
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
    let authority = authority().await?;
    // An instance lives for one request: it would fetch the keys for each.
    let clients = authority.iter().flat_map(|authority| authority.clients.published());
    if let Some(keys) = issuers.published().chain(clients).next() {
        return Err(format!("{} has a jwks_url; here its keys are given as jwks", keys.owner()));
    }
    let directory = Directory::from_text(&variable("regions").await?)
        .map_err(|error| format!("regions: {error}"))?;
    let region = variable("region").await?;
    let rehearses = directory.region(&region).is_some_and(|here| here.phase == Phase::Rehearsal);
    // Tables of its own, and tokens of its own (docs/regions.md).
    let (prefix, issuers, authority) = match rehearses {
        false => (String::new(), issuers, authority),
        true => {
            let practice =
                authority.map(|held| Authority { issuer: held.issuer.rehearsing(), ..held });
            (regions::rehearsal_prefix(&region), issuers.rehearsing(), practice)
        }
    };
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
        let found = tables(&prefix).into_iter().find(|table| table.kind == kind);
        found.map_or_else(|| kind.base_name().to_owned(), |table| table.name)
    };
    let setup = Setup {
        record: SdkTable::new(client.clone(), name(TableKind::Record)),
        access: SdkTable::new(client, name(TableKind::Access)),
        body_partitions: provider::limits::BODY_PARTITIONS,
        issuers,
        elsewhere: None,
        authority,
        fetch: None,
        directory,
        region,
        environment: Wasi,
        journaling: Journaling::Alone,
        background: None,
        unique_systems: provider::limits::unique_systems(),
        away: None,
    };
    // Without a flusher: every entry is one write of its own.
    let (provider, _flusher) = Provider::new(setup);
    if let Some(key) = log_key().await? {
        provider.sign_ledger_with(key);
    }
    Ok(provider)
}

/// What signs the ledger's checkpoints: only the function `sequence` has it.
async fn log_key() -> Result<Option<SignerKey>, String> {
    let Some(key) = variable("log_key").await.ok().filter(|key| !key.is_empty()) else {
        return Ok(None);
    };
    let key = SignerKey::parse(&key).map_err(|error| format!("log_key: {error}"))?;
    match key.verifier().kind() {
        Kind::Log => Ok(Some(key)),
        Kind::Witness => Err("log_key: it is a witness's key; a log's is of type 1".to_owned()),
    }
}

/// What gives tokens: only the function `token` has the variables.
async fn authority() -> Result<Option<Authority>, String> {
    let Some(key) = variable("token_key").await.ok().filter(|key| !key.is_empty()) else {
        return Ok(None);
    };
    let issuer = SigningIssuer::from_private_jwk(variable("token_issuer").await?, AUDIENCE, &key)
        .map_err(|error| format!("token_key: {error}"))?;
    let clients =
        Clients::parse(&variable("clients").await?).map_err(|error| format!("clients: {error}"))?;
    Ok(Some(Authority { issuer, clients, endpoints: vec![variable("token_endpoint").await?] }))
}

/// Whom the tokens that are signed here are for.
const AUDIENCE: &str = "dossier";

async fn variable(name: &str) -> Result<String, String> {
    spin_sdk::variables::get(name).await.map_err(|error| format!("{name}: {error}"))
}
