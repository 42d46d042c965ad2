//! The tables in DynamoDB, or in anything that speaks its protocol, through
//! `aws-sdk-dynamodb`.
//!
//! The SDK's own retries are off: the commit protocol must see each lost reply
//! to know what it does not know. Every call has one deadline, [`CALL_TIMEOUT`].

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Builder, IdentityCache, StalledStreamProtectionConfig,
};
use std::time::Duration;

pub use aws_sdk_dynamodb::Client;
pub use aws_sdk_dynamodb::config::{
    AsyncSleep, Credentials, HttpClient, Region, SharedAsyncSleep, SharedHttpClient,
};
pub use aws_smithy_async::time::{SharedTimeSource, TimeSource};
pub use table::SdkTable;
pub use tables::{TablesError, check_tables, create_tables};

mod failure;
#[cfg(feature = "sdk-native")]
mod native;
mod reads;
mod table;
mod tables;
mod values;
mod writes;

#[cfg(feature = "sdk-native")]
pub use native::{clients_of_roles, native_client, native_http_client, native_sleep};

/// A call that takes longer has lost its reply.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// Time to connect; part of [`CALL_TIMEOUT`].
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Calls that one [`chart::table::Table::write_each`] has under way at once,
/// unless told otherwise.
pub const WRITES_AT_ONCE: usize = 32;
/// Times that keys which a batch left unread are asked for again.
const UNPROCESSED_TRIES_MAX: u32 = 8;

/// What a client needs when the surroundings give nothing, as inside a
/// component: everything is the caller's.
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// Where the store is; the region's own endpoint when absent.
    pub endpoint_url: Option<String>,
    /// The region, which signatures name.
    pub region: String,
    /// Credentials that last as long as the client.
    pub credentials: Credentials,
    /// Sends the requests.
    pub http_client: SharedHttpClient,
    /// Waits, for deadlines and pauses.
    pub sleep: SharedAsyncSleep,
    /// The time of day, which signatures name.
    pub time: SharedTimeSource,
}

/// A client of settings that are all given: no environment, file or clock is
/// consulted.
pub fn client(settings: ClientSettings) -> Client {
    let builder = Builder::new()
        .region(Region::new(settings.region))
        .credentials_provider(settings.credentials)
        .identity_cache(IdentityCache::no_cache())
        .http_client(settings.http_client)
        .sleep_impl(settings.sleep)
        .time_source(settings.time);
    let builder = match settings.endpoint_url {
        Some(url) => builder.endpoint_url(url),
        None => builder,
    };
    Client::from_conf(ours(builder).build())
}

/// What holds of every client: deadlines, no retries.
fn ours(builder: Builder) -> Builder {
    let deadlines = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build();
    builder
        .behavior_version(BehaviorVersion::latest())
        .retry_config(RetryConfig::disabled())
        .timeout_config(deadlines)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
}
