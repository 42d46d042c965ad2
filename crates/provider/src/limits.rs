//! Limits of the provider.

/// Resources that the rows of an index, or a chain, may name to one search; one
/// that needs more is asked to narrow itself.
pub const CANDIDATES_MAX: usize = 20_000;
/// Cells that one request may read to search; a scan goes on with the next page.
pub const SEARCH_CELLS_MAX: usize = 400_000;
/// Charts of which a process remembers that they are on the list of all.
pub const CHARTS_REMEMBERED_MAX: usize = 100_000;
/// Milliseconds that one request may search.
pub const SEARCH_MS_MAX: i64 = 8_000;
/// Charts read side by side.
pub const HOMES_AT_ONCE: usize = 16;
/// Resources for which it is looked up who refers to them; a search for more
/// looks at all of its type.
pub const REFERRED_MAX: usize = 1_000;
/// Resources that one page includes beside its matches.
pub const INCLUDED_MAX: usize = 1_000;
/// Times that included resources include others (`:iterate`).
pub const INCLUDE_ROUNDS_MAX: usize = 8;
/// Times that a commit with criteria or a patch is planned again after another
/// changed what it had searched or read.
pub const PLANS_MAX: usize = 40;
/// Longest pause before a commit is planned again; half of it is chance.
pub const REPLAN_MS_MAX: u64 = 200;
/// Seconds after which a change that met a paused region may be sent again:
/// pauses are of minutes or hours, and queues must not hammer until then.
pub const PAUSED_RETRY_AFTER_S: u32 = 300;
/// Letters of a name that choose its index partition.
pub const NAME_PREFIX_CHARS: usize = 2;
/// Transactions with which one request carries the ledger forward: some 16,000
/// entries, within the time of a request.
pub const SEQUENCE_PASSES_MAX: usize = 8;
/// Seconds after which a caller should try again when the store is away.
pub const RETRY_AFTER_S: u32 = 2;
/// Resources named by one journal entry; more are spread over several, so that
/// each fits an item of the store.
pub const ITEMS_PER_ENTRY_MAX: usize = 1_000;
/// Bytes of the query kept in a journal entry.
pub const QUERY_BYTES_MAX: usize = 16 * 1024;
/// Bodies fetched at once where they are only looked at, and not kept.
pub const BODIES_AT_ONCE: usize = 200;
/// Conditional creates and conditional references searched side by side.
pub const SEARCHES_AT_ONCE: usize = 16;
/// Versions of a page of the history of a type or of everything.
pub const HISTORY_COUNT_MAX: usize = 1_000;
/// Commits of the feed that such a page asks for at once, at first about as
/// many as it wants versions.
pub const HISTORY_COMMITS_MAX: u32 = 1_000;
/// Times that it asks; then the page is short and has a link to the next.
pub const HISTORY_ROUNDS_MAX: usize = 8;
/// Journal entries that one request looks at for the changes among them; then
/// the page is short and has a link to the next.
pub const CHANGES_LOOKED_AT_MAX: usize = 5_000;
/// Of them at once.
pub const CHANGES_LOOKED_AT_ONCE: usize = 500;
/// Bytes of bodies that one page may hold; a page is cut when it has more.
pub const PAGE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Partitions over which the bodies of one chart are spread. The same in every
/// store, so that a record can be served from its files or from a shared table
/// alike. **Part of the stored form.**
pub const BODY_PARTITIONS: u32 = 4;

/// Identifier systems whose values one person holds at a time: the NAM. Kept
/// where configuration can replace it.
pub fn unique_systems() -> Vec<String> {
    vec![
        "https://fhir.infoway-inforoute.ca/NamingSystem/ca-qc-patient-healthcare-id".to_owned(),
        "urn:oid:2.16.124.10.101.1.60.100".to_owned(),
    ]
}

/// How long an export is kept for its caller, in milliseconds.
pub const EXPORT_KEPT_MS: i64 = 24 * 3_600_000;
/// How long one question carries an export forward, in milliseconds.
pub const EXPORT_STEP_MS: i64 = 1_500;
/// Times that a question tries when another moves the same export.
pub const EXPORT_STEPS_RETRIED: usize = 3;
/// Resources after which a file of an export ends, at the next place.
pub const EXPORT_FILE_RESOURCES: u32 = 1_000;
/// Charts listed at once by an export's walk.
pub const EXPORT_PLACES_AT_ONCE: usize = 64;
/// People whom an export may name, by `patient` or by a Group.
pub const EXPORT_PEOPLE_MAX: usize = 100_000;
/// Of them, how many one item keeps.
pub const EXPORT_PEOPLE_PER_PART: usize = 4_000;

/// While there is more to drain, the rules of review run once in so many
/// milliseconds.
pub const JUDGE_EVERY_MS: i64 = 1_000;
/// Resources of a chart that tell of care, at which the rules of review look:
/// the newest.
pub const CARE_LOOKED_AT_MAX: usize = 60;

/// Seconds for which a used assertion is remembered after it has expired: a
/// clock that is set back by so much lets none be used again.
pub const ASSERTION_KEPT_S: i64 = 3_600;
