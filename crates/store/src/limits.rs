//! The table store's limits (DynamoDB, "Service, account, and table quotas"),
//! in one place. Every implementation keeps them, so that what passes on the
//! embedded store passes in production.

/// Largest item, key and attribute names included.
pub const ITEM_BYTES_MAX: usize = 400 * 1024;
/// Most writes in one transaction.
pub const TRANSACTION_WRITES_MAX: usize = 100;
/// Most bytes of items in one transaction.
pub const TRANSACTION_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A query page stops once it holds so many bytes of items.
pub const PAGE_BYTES_MAX: usize = 1024 * 1024;
/// Most keys in one `BatchGetItem`.
pub const BATCH_GET_KEYS_MAX: usize = 100;
/// Longest partition key.
pub const PK_BYTES_MAX: usize = 2048;
/// Longest sort key.
pub const SK_BYTES_MAX: usize = 1024;
/// Longest idempotency token.
pub const TOKEN_BYTES_MAX: usize = 36;
