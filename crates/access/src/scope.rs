//! SMART on FHIR scopes, version 1 and 2 (SMART App Launch 2.2 §3.0.2), and
//! what they permit, coarsely: by interaction and resource type.

use crate::claims::Claims;
use crate::entry::Interaction;

#[cfg(test)]
mod tests;

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

/// One scope: `context/type.letters`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// On whose behalf.
    pub context: Context,
    /// Resource type; `None` is `*`.
    pub resource_type: Option<String>,
    /// What may be done.
    pub permissions: Permissions,
    /// The search that narrows it (`category=laboratory`), as in the token.
    pub constraint: Option<String>,
}

/// Why a scope was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScopeError {
    /// It begins like a SMART scope and is none.
    Malformed(String),
    /// It narrows by a search (`?category=…`), which is not supported yet.
    /// Holding it for the wide scope would give away more than was granted.
    ConstraintUnsupported(String),
}

impl std::fmt::Display for ScopeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Malformed(scope) => write!(
                f,
                "scope {scope:?} is not a SMART scope; write it like patient/Observation.rs"
            ),
            Self::ConstraintUnsupported(scope) => write!(
                f,
                "scope {scope:?} narrows by a search, which is not supported yet; ask for it without the part after '?'"
            ),
        }
    }
}

impl std::error::Error for ScopeError {}

impl Scope {
    /// One scope; `None` for scopes of other kinds (`openid`, `launch`, …),
    /// which permit nothing here.
    ///
    /// # Errors
    /// A scope under `patient/`, `user/` or `system/` that is malformed, or
    /// narrowed by a search.
    pub fn parse(text: &str) -> Result<Option<Self>, ScopeError> {
        let contexts = [Context::Patient, Context::User, Context::System];
        let found = contexts
            .into_iter()
            .find_map(|context| text.strip_prefix(context.prefix()).map(|rest| (context, rest)));
        let Some((context, rest)) = found else {
            return Ok(None);
        };
        let malformed = || ScopeError::Malformed(text.to_owned());
        let (rest, constraint) = match rest.split_once('?') {
            Some((rest, constraint)) => (rest, Some(constraint)),
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
        match constraint {
            None => Ok(Some(Self { context, resource_type, permissions, constraint: None })),
            Some(search) if search.contains('=') => {
                Err(ScopeError::ConstraintUnsupported(text.to_owned()))
            }
            Some(_) => Err(malformed()),
        }
    }

    /// Every SMART scope of a `scope` claim (RFC 6749 §3.3: separated by spaces).
    ///
    /// # Errors
    /// The first scope that [`Scope::parse`] refuses.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, ScopeError> {
        let parsed = text.split(' ').filter(|each| !each.is_empty()).map(Self::parse);
        parsed.filter_map(Result::transpose).collect()
    }

    /// Whether this scope, taken alone, permits the interaction. With
    /// `explicit`, a wildcard type does not count.
    pub fn permits(&self, interaction: Interaction, resource_type: &str, explicit: bool) -> bool {
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
        }
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let resource_type = self.resource_type.as_deref().unwrap_or("*");
        write!(f, "{}{resource_type}.{}", self.context.prefix(), self.permissions)
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
