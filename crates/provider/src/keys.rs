//! Keys that issuers and clients publish at addresses: fetched when they are
//! due, and once more, rarely, when a token names a key that is not known.

use crate::provider::Provider;
use access::token::{KeySet, Refusal};
use chart::Environment;
use chart::table::Table;
use std::pin::Pin;
use std::sync::Arc;

/// Brings the text at an address of the configuration, or says in words for the
/// log why not. It bounds time and size itself.
pub type Fetch = Arc<
    dyn Fn(String) -> Pin<Box<dyn Future<Output = Result<String, String>> + Send>> + Send + Sync,
>;

/// Fetches one set of keys, whoever may be doing so already.
///
/// # Errors
/// In words for the log; the keys that are there stay.
pub async fn renew(keys: &KeySet, fetch: &Fetch, now_s: i64) -> Result<(), String> {
    let Some(address) = keys.address() else { return Ok(()) };
    let text = fetch(address.to_owned()).await.map_err(|why| format!("{}: {why}", keys.owner()))?;
    keys.renew(&text, now_s).map(drop).map_err(|why| why.to_string())
}

impl<T: Table + 'static, E: Environment + 'static> Provider<T, E> {
    /// Verifies; when the key is unknown and published at an address that may be
    /// asked again, asks and verifies once more.
    pub(crate) async fn verified<V>(
        &self,
        verify: impl Fn(i64) -> Result<V, Refusal>,
        published: Option<&Arc<KeySet>>,
    ) -> Result<V, Refusal> {
        let now_s = self.now_ms() / 1000;
        let first = verify(now_s);
        let (Err(Refusal::KeyUnknown), Some(keys), Some(fetch)) =
            (&first, published, &self.inner.fetch)
        else {
            return first;
        };
        if !keys.due_for_unknown(now_s) {
            return first;
        }
        // What went wrong is seen by the timer as well, which logs it.
        match renew(keys, fetch, now_s).await {
            Ok(()) => verify(now_s),
            Err(_) => first,
        }
    }
}
