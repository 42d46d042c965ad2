//! The access entries of commits, which are written with the commit and wait
//! beside it until the journal has taken them.

use std::future::Future;

use chart::table::TableResult;

/// The commit outbox, as the caller keeps it in the table *record*.
pub trait Outbox: Send + Sync {
    /// Names one waiting entry.
    type Handle: Send;

    /// At most `limit` waiting entries of a region, in their encoding. Every
    /// entry whose commit was acknowledged before the call, up to the limit.
    fn list(
        &self,
        region: &str,
        limit: usize,
    ) -> impl Future<Output = TableResult<Vec<(Self::Handle, Vec<u8>)>>> + Send;

    /// Forgets entries that the journal holds durably; those already forgotten
    /// are no error.
    fn acknowledge(
        &self,
        handles: Vec<Self::Handle>,
    ) -> impl Future<Output = TableResult<()>> + Send;
}

/// For a journal that serves no commits.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoOutbox;

impl Outbox for NoOutbox {
    type Handle = ();

    async fn list(&self, _: &str, _: usize) -> TableResult<Vec<((), Vec<u8>)>> {
        Ok(Vec::new())
    }

    async fn acknowledge(&self, _: Vec<()>) -> TableResult<()> {
        Ok(())
    }
}
