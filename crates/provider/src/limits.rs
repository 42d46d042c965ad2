//! Limits of the provider.

/// Verified tokens remembered, so that a signature is checked once.
pub const TOKENS_REMEMBERED_MAX: usize = 10_000;
/// People or resources that a search across people may look at; one that needs
/// more is asked to narrow itself.
pub const CANDIDATES_MAX: usize = 20_000;
/// Times that a commit with conditional creates is planned again after another
/// changed what it had searched.
pub const PLANS_MAX: usize = 12;
/// Letters of a name that choose its index partition.
pub const NAME_PREFIX_CHARS: usize = 2;
/// Seconds after which a caller should try again when the store is away.
pub const RETRY_AFTER_S: u32 = 2;
/// Persons named by one journal entry; more are spread over several.
pub const PERSONS_PER_ENTRY_MAX: usize = 1_000;
/// Bytes of bodies that one page may hold; a page is cut when it has more.
pub const PAGE_BYTES_MAX: usize = 64 * 1024 * 1024;
