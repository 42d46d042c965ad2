//! What a person's Consent asks of the record: a restriction (art. 7)
//! withholds information from providers, a refusal (art. 8) from researchers
//! and, after death, from close relatives; a procuration gives a proxy what
//! the proxy would not see from the age of 14 (art. 21).
//!
//! [`of_consent`] either understands an active Consent of privacy exactly or
//! says which element it does not, so that its writer mends it: nothing is
//! withheld more widely or more narrowly than was asked. Examples:
//! `docs/restrictions.md`.

mod actor;
mod consent;
mod element;
mod misunderstood;
mod provision;
mod what;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use actor::{Actor, Caller, Identity};
pub use consent::of_consent;
pub(crate) use consent::who;
pub(crate) use element::{Element, is_in};
pub use misunderstood::{Fault, Misunderstood};
pub(crate) use provision::{Provision, all, any};

use crate::claims::{Claims, Function, Purpose};
use crate::facts::Facts;

/// The function of a close relative (R-22.1, art. 8), who is no proxy.
pub const RELATIVE: &str = "relative";

/// What a restriction was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Source {
    /// Id of the Consent.
    pub consent: String,
    /// Its version.
    pub version: u64,
}

/// By what article.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Art. 7: withheld from providers, unless life or integrity is at risk.
    Restriction,
    /// Art. 8: withheld from researchers and, after death, from close
    /// relatives; no emergency lifts it.
    Refusal(Against),
    /// Given to a proxy beyond what the proxy keeps at 14.
    Procuration,
}

/// Whom a refusal is towards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Against {
    /// Researchers, and whoever acts for research.
    Researchers,
    /// Researchers, and close relatives and proxies after death.
    Both,
}

/// What the record knows of how actors are named, from configuration and from
/// its registries.
#[derive(Clone, Copy, Debug, Default)]
pub struct Naming<'a> {
    /// Issuers of tokens: an identifier in such a system is a `sub`.
    pub issuers: &'a [&'a str],
    /// Systems of licence numbers, besides [`crate::systems::LICENCE`].
    pub licence_systems: &'a [&'a str],
    /// Systems of establishments' codes, besides [`crate::systems::ESTABLISHMENT`].
    pub establishment_systems: &'a [&'a str],
    /// Functions that tokens may carry besides those of [`Function::from_code`].
    pub functions: &'a [&'a str],
    /// Base addresses under which this record is known, without a slash at the end.
    pub own_bases: &'a [&'a str],
    /// What is known of registry resources that a Consent may name: the
    /// establishment of an Organization, the Practitioner of a
    /// PractitionerRole, the licence of a Practitioner.
    pub known: &'a [Known<'a>],
}

/// A registry resource and how tokens name it.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// `Organization/1`.
    pub reference: &'a str,
    /// By any of these.
    pub named_by: &'a [KnownAs<'a>],
}

/// How a token names an actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownAs<'a> {
    /// `Type/id`, as in `fhirUser`.
    Reference(&'a str),
    /// The code of an establishment.
    Establishment(&'a str),
    /// A licence number.
    Licence(&'a str),
    /// An application.
    Client(&'a str),
}

/// One thing that a Consent withholds, refuses or gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Restriction {
    source: Source,
    kind: Kind,
    /// The root first; each tells which of the others except from it.
    provisions: Vec<Provision>,
}

/// The provisions of a restriction that hold for a caller at a time, as bits.
pub(crate) type Bearing = u64;

impl Restriction {
    /// What stands for an active Consent that was kept without being
    /// understood: everything is withheld from everybody but the person, until
    /// the Consent is mended. An emergency lifts it.
    pub fn not_understood(source: Source) -> Self {
        Self { source, kind: Kind::Restriction, provisions: vec![Provision::deny_all()] }
    }

    /// What it was read from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// By what article.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Which provisions concern the caller now: their actors, purposes and
    /// periods hold. `None` when the root does not, so that nothing of it does.
    /// Where it cannot be told whether an actor is the caller, a denial is
    /// theirs and a permission is not.
    pub(crate) fn bearing(
        &self,
        caller: &Caller<'_>,
        purpose: Purpose,
        now_ms: i64,
        deceased: bool,
    ) -> Option<Bearing> {
        if !self.kind.concerns(caller.claims, purpose, deceased) {
            return None;
        }
        let mut bearing: Bearing = 0;
        for (at, provision) in self.provisions.iter().enumerate() {
            if provision.concerns(caller, purpose, now_ms) {
                bearing |= 1 << at;
            }
        }
        (bearing & 1 != 0).then_some(bearing)
    }

    /// Whether the root takes hold of this resource, after its exceptions;
    /// `None` when only more facts can tell.
    pub(crate) fn takes(&self, bearing: Bearing, facts: &dyn Facts) -> Option<bool> {
        self.takes_at(0, bearing, facts, 0)
    }

    fn takes_at(
        &self,
        at: usize,
        bearing: Bearing,
        facts: &dyn Facts,
        depth: usize,
    ) -> Option<bool> {
        let Some(provision) = self.provisions.get(at) else { return Some(false) };
        if bearing & (1 << at) == 0 || depth > crate::limits::CONSENT_DEPTH_MAX {
            return Some(false);
        }
        let mut taken = provision.takes(facts);
        for exception in provision.exceptions() {
            if taken == Some(false) {
                break;
            }
            taken = match (taken, self.takes_at(exception, bearing, facts, depth + 1)) {
                (_, Some(true)) => Some(false),
                (taken, Some(false)) => taken,
                (_, None) => None,
            };
        }
        taken
    }
}

impl Kind {
    /// Whether it can concern such a caller at all.
    fn concerns(self, claims: &Claims, purpose: Purpose, deceased: bool) -> bool {
        let proxy = claims.function == Function::Proxy;
        let relative = proxy || claims.function.code() == RELATIVE;
        let researcher = claims.function == Function::Researcher || purpose == Purpose::Research;
        match self {
            _ if claims.function == Function::Patient => false,
            Self::Restriction => true,
            Self::Refusal(Against::Researchers) => researcher,
            Self::Refusal(Against::Both) => researcher || (deceased && relative),
            Self::Procuration => proxy && !deceased,
        }
    }
}
