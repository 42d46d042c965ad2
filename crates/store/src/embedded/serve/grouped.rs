//! Writes of the record's kind, which share durable writes.

use super::Answered;
use crate::embedded::EmbeddedTable;

pub(super) async fn answer(
    _table: &EmbeddedTable,
    _operation: &str,
    _body: &[u8],
) -> Option<Answered> {
    None
}
