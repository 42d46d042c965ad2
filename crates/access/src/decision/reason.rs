//! Why something is denied, in one word for the journal and one sentence for
//! the caller. No text says whether something withheld exists.

/// Why something is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No scope of the token covers it.
    Scope,
    /// The token is confined to one person, and this is not their record.
    OtherPerson,
    /// An auditor sees accesses, never charts.
    AuditOnly,
    /// Reading accesses needs an authorization of its own.
    Audit,
    /// What tells of accesses is never changed or removed.
    AuditIsWrittenByTheRecord,
    /// Care is the only purpose for which any chart may be opened.
    Purpose,
    /// Researchers act for research.
    ResearchPurpose,
    /// Who offers no care needs an authorization (art. 39).
    Authorization,
    /// The person is under the age of access, or it is not known (art. 21).
    Age,
    /// A proxy does not do this any more from the age of 14 (art. 21).
    Proxy,
    /// This door does not serve the caller's establishment.
    Region,
    /// Only clinicians declare an emergency.
    BreakGlass,
    /// The reason of an emergency is too short or too long.
    EmergencyReason,
    /// What gives or lifts rights is not written by those whose rights they are.
    SelfGrant,
    /// Only whoever operates the door does this.
    Operator,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 15] = [
        Self::Scope,
        Self::OtherPerson,
        Self::AuditOnly,
        Self::Audit,
        Self::AuditIsWrittenByTheRecord,
        Self::Purpose,
        Self::ResearchPurpose,
        Self::Authorization,
        Self::Age,
        Self::Proxy,
        Self::Region,
        Self::BreakGlass,
        Self::EmergencyReason,
        Self::SelfGrant,
        Self::Operator,
    ];

    /// The word for this reason in the journal and in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::OtherPerson => "other-person",
            Self::AuditOnly => "audit-only",
            Self::Audit => "audit",
            Self::AuditIsWrittenByTheRecord => "audit-is-written-by-the-record",
            Self::Purpose => "purpose",
            Self::ResearchPurpose => "research-purpose",
            Self::Authorization => "authorization",
            Self::Age => "age",
            Self::Proxy => "proxy",
            Self::Region => "region",
            Self::BreakGlass => "break-glass",
            Self::EmergencyReason => "emergency-reason",
            Self::SelfGrant => "self-grant",
            Self::Operator => "operator",
        }
    }

    /// What to tell the caller; says what to do and nothing about the record.
    pub fn text(self) -> &'static str {
        match self {
            Self::Scope => {
                "the token's scopes do not cover this; ask for a scope for this interaction and resource type"
            }
            Self::OtherPerson => "this token is confined to one person's record; open that record",
            Self::AuditOnly => {
                "an auditor reads AuditEvent only; use a clinician's token to open a chart"
            }
            Self::Audit => {
                "reading accesses needs an auditor's token, the person's own, or a scope that names AuditEvent"
            }
            Self::AuditIsWrittenByTheRecord => {
                "an AuditEvent is never changed or removed; create another one instead"
            }
            Self::Purpose => {
                "charts are opened for care; use a token whose purpose is TREAT, or one whose scopes name the resource type"
            }
            Self::ResearchPurpose => {
                "a researcher acts for research; use a token whose purpose is HRESCH"
            }
            Self::Authorization => {
                "this needs an authorization that is in force, with training and a signed undertaking; ask your establishment to record one"
            }
            Self::Age => {
                "a person opens their own record from the age of 14; if that age is reached, ask your establishment to check the date of birth"
            }
            Self::Proxy => {
                "a proxy does not do this for a person of 14 or more; the person can do it, or give it to you by a procuration"
            }
            Self::Region => {
                "this door does not serve the establishment of the token; use the door of its region"
            }
            Self::BreakGlass => {
                "only a clinician declares an emergency; ask again without declaring one"
            }
            Self::EmergencyReason => {
                "an emergency needs a written reason of 10 to 500 characters; ask again with one"
            }
            Self::SelfGrant => {
                "what gives or limits your own access is written by somebody else; ask the person, or your establishment"
            }
            Self::Operator => {
                "this is for whoever operates the region's gateway; use a token whose function is operator"
            }
        }
    }
}
