//! SMART on FHIR scopes, version 1 and 2 (SMART App Launch 2.2 §3.0.2), and
//! what they permit, coarsely: by interaction and resource type.

use crate::claims::Claims;
use crate::entry::Interaction;

mod constraint;
mod grant;
#[cfg(test)]
mod tests;

pub use grant::granted;

/// On whose behalf a scope holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// `patient/`: only the one person in the token.
    Patient,
    /// `user/`: what the user may see.
    User,
    /// `system/`: a machine acting for itself.
    System,
}

impl Context {
    fn prefix(self) -> &'static str {
        match self {
            Self::Patient => "patient/",
            Self::User => "user/",
            Self::System => "system/",
        }
    }
}

/// The letters of a scope: a set of `c`, `r`, `u`, `d`, `s`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u8);

impl Permissions {
    const LETTERS: [char; 5] = ['c', 'r', 'u', 'd', 's'];
    /// `c`
    pub const CREATE: Self = Self(1);
    /// `r`: read, vread, history of an instance.
    pub const READ: Self = Self(2);
    /// `u`
    pub const UPDATE: Self = Self(4);
    /// `d`
    pub const DELETE: Self = Self(8);
    /// `s`
    pub const SEARCH: Self = Self(16);
    /// `cruds`
    pub const ALL: Self = Self(31);

    /// Both sets together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether every letter of `needed` is in this set.
    pub fn covers(self, needed: Self) -> bool {
        self.0 & needed.0 == needed.0
    }

    /// Whether the two sets share a letter.
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The letters that are in both sets.
    #[must_use]
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "read" => return Some(Self::READ.and(Self::SEARCH)),
            "write" => return Some(Self::CREATE.and(Self::UPDATE).and(Self::DELETE)),
            "*" => return Some(Self::ALL),
            _ => {}
        }
        // In the order "cruds", each at most once, at least one.
        let mut held = 0_u8;
        for letter in text.chars() {
            let at = Self::LETTERS.iter().position(|known| *known == letter)?;
            let bit = 1_u8 << at;
            if held >= bit {
                return None;
            }
            held |= bit;
        }
        (held != 0).then_some(Self(held))
    }
}

impl std::fmt::Display for Permissions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, letter) in Self::LETTERS.iter().enumerate() {
            if self.0 & (1 << at) != 0 {
                write!(f, "{letter}")?;
            }
        }
        Ok(())
    }
}

/// One scope: `context/type.letters`, perhaps with `?constraint`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// On whose behalf.
    pub context: Context,
    /// Resource type; `None` is `*`.
    pub resource_type: Option<String>,
    /// What may be done.
    pub permissions: Permissions,
    /// Only to what this search of the type finds (SMART App Launch 2.2
    /// §3.0.2.4): a query string in one spelling, decoded but for what would
    /// change its meaning. Never on every type.
    pub constraint: Option<String>,
}

/// Why a scope was refused. The text is for whoever configures an issuer or a
/// client; a caller is never told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeError {
    /// It begins like a SMART scope and is none.
    Malformed(String),
    /// What follows its `?` narrows nothing, or narrows every type.
    Constraint(String),
}

impl std::fmt::Display for ScopeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Malformed(_) => {
                "a scope is not a SMART scope; write it like patient/Observation.rs"
            }
            Self::Constraint(_) => {
                "a scope is narrowed by no search of a type; write it like patient/Observation.rs?category=laboratory"
            }
        })
    }
}

impl std::error::Error for ScopeError {}

impl Scope {
    /// One scope; `None` for scopes of other kinds (`openid`, `launch`, …),
    /// which permit nothing here.
    ///
    /// # Errors
    /// A scope under `patient/`, `user/` or `system/` that is malformed, or
    /// whose constraint is.
    pub fn parse(text: &str) -> Result<Option<Self>, ScopeError> {
        let contexts = [Context::Patient, Context::User, Context::System];
        let found = contexts
            .into_iter()
            .find_map(|context| text.strip_prefix(context.prefix()).map(|rest| (context, rest)));
        let Some((context, rest)) = found else {
            return Ok(None);
        };
        let malformed = || ScopeError::Malformed(text.to_owned());
        let (rest, query) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query)),
            None => (rest, None),
        };
        let (resource_type, letters) = rest.split_once('.').ok_or_else(malformed)?;
        let permissions = Permissions::parse(letters).ok_or_else(malformed)?;
        let typed = resource_type.starts_with(|first: char| first.is_ascii_uppercase())
            && resource_type.chars().all(|each| each.is_ascii_alphabetic());
        let resource_type = match resource_type {
            "*" => None,
            name if typed => Some(name.to_owned()),
            _ => return Err(malformed()),
        };
        let constraint = match query {
            None => None,
            Some(query) => {
                let read = constraint::read(query).filter(|_| resource_type.is_some());
                Some(read.ok_or_else(|| ScopeError::Constraint(text.to_owned()))?)
            }
        };
        Ok(Some(Self { context, resource_type, permissions, constraint }))
    }

    /// The pairs of the constraint, decoded, in their order; none without one.
    /// All must hold (FHIR R4 §3.1.1.4: several parameters are joined by and).
    pub fn constraint_pairs(&self) -> impl Iterator<Item = (String, String)> {
        self.constraint.iter().flat_map(|query| constraint::pairs(query))
    }

    /// Every SMART scope of a `scope` claim (RFC 6749 §3.3: separated by spaces).
    ///
    /// # Errors
    /// The first scope that [`Scope::parse`] refuses.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, ScopeError> {
        let parsed = text.split(' ').filter(|each| !each.is_empty()).map(Self::parse);
        parsed.filter_map(Result::transpose).collect()
    }

    /// Whether this scope, taken alone, permits the interaction on every
    /// resource of the type. With `explicit`, a wildcard type does not count. A
    /// constrained scope never does: ask [`Scope::permits_constrained`].
    pub fn permits(&self, interaction: Interaction, resource_type: &str, explicit: bool) -> bool {
        self.constraint.is_none() && self.covers(interaction, resource_type, explicit)
    }

    /// The search that a resource must match for this scope, taken alone, to
    /// permit the interaction on it; `None` when the scope has no constraint or
    /// does not permit it at all. Bundles and `$everything` are never permitted
    /// by a constrained scope: their parts are decided by themselves.
    pub fn permits_constrained(
        &self,
        interaction: Interaction,
        resource_type: &str,
    ) -> Option<&str> {
        let whole = matches!(
            interaction,
            Interaction::Batch | Interaction::Transaction | Interaction::Everything
        );
        let constraint = self.constraint.as_deref()?;
        (!whole && self.covers(interaction, resource_type, true)).then_some(constraint)
    }

    fn covers(&self, interaction: Interaction, resource_type: &str, explicit: bool) -> bool {
        let typed = match &self.resource_type {
            None => !explicit,
            Some(held) => held == resource_type,
        };
        let read_and_search = Permissions::READ.and(Permissions::SEARCH);
        match interaction {
            Interaction::Read | Interaction::Vread | Interaction::HistoryInstance => {
                typed && self.permissions.covers(Permissions::READ)
            }
            // SMART App Launch 2.2 §3.0.2.3: history of a type or of the system
            // is part of search. What spans types is decided for each of them.
            Interaction::Search
            | Interaction::SearchSystem
            | Interaction::HistoryType
            | Interaction::HistorySystem => typed && self.permissions.covers(Permissions::SEARCH),
            Interaction::Create => typed && self.permissions.covers(Permissions::CREATE),
            Interaction::Update | Interaction::Patch => {
                typed && self.permissions.covers(Permissions::UPDATE)
            }
            Interaction::Delete => typed && self.permissions.covers(Permissions::DELETE),
            // A whole chart holds every type.
            Interaction::Everything => {
                typed && self.resource_type.is_none() && self.permissions.covers(read_and_search)
            }
            // Every type that is exported is decided by itself.
            Interaction::Export => typed && self.permissions.covers(read_and_search),
            // Every entry of a bundle is decided by itself as well.
            Interaction::Batch | Interaction::Transaction => true,
            Interaction::ReadAudit => typed && self.permissions.meets(read_and_search),
            // What an auditor adds to a review stands beside the entry.
            Interaction::Review => typed && self.permissions.covers(Permissions::UPDATE),
            // Tokens are given to clients, by their assertion; the rest is done by
            // whoever operates the region, and no token does.
            Interaction::Token | Interaction::Phase | Interaction::Copy | Interaction::Restore => {
                false
            }
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let resource_type = self.resource_type.as_deref().unwrap_or("*");
        write!(f, "{}{resource_type}.{}", self.context.prefix(), self.permissions)?;
        match &self.constraint {
            Some(query) => write!(f, "?{query}"),
            None => Ok(()),
        }
    }
}

/// Whether some scope of the token permits the interaction on the type. Coarse:
/// whose record it is, [`crate::decision`] asks.
pub fn permits(claims: &Claims, interaction: Interaction, resource_type: &str) -> bool {
    claims.scopes.iter().any(|scope| scope.permits(interaction, resource_type, false))
}

/// The one person that the token's `patient/` scopes confine it to; `None` when
/// it holds no such scope or names no person.
pub fn patient_context(claims: &Claims) -> Option<&str> {
    let confined = claims.scopes.iter().any(|scope| scope.context == Context::Patient);
    claims.patient.as_deref().filter(|_| confined)
}
