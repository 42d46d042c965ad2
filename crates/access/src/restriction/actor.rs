//! Against whom: one actor of a provision, and whether the caller is it.

use super::provision::any;
use super::{KnownAs, Naming};
use crate::claims::{Claims, Function};

/// Who is named: by role, by identity, or by both together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Actor {
    /// Only such callers.
    pub role: Option<Role>,
    /// Any of these; whoever has the role when there is none.
    pub identities: Vec<Identity>,
}

/// A category of callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Whoever offers care.
    Professional,
    /// One function.
    Function(Function),
}

/// How a token names somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// A resource of this record, by type and id (`fhirUser`).
    Reference(String, String),
    /// A subject at an issuer (`iss` and `sub`).
    Subject(String, String),
    /// A licence number.
    Licence(String),
    /// An application.
    Client(String),
    /// Whoever acts for this establishment.
    Establishment(String),
}

/// The caller, as far as actors are compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller<'a> {
    /// What the token says.
    pub claims: &'a Claims,
    /// `fhirUser` as type and id, when it is a resource of this record.
    user: Option<(&'a str, &'a str)>,
}

impl<'a> Caller<'a> {
    pub fn new(claims: &'a Claims, own_bases: &[impl AsRef<str>]) -> Self {
        let user = claims.fhir_user.as_deref();
        Self { claims, user: user.and_then(|user| local(user, own_bases)) }
    }
}

/// The type and id of a reference to a resource of this record.
pub(crate) fn local<'t>(
    text: &'t str,
    own_bases: &[impl AsRef<str>],
) -> Option<(&'t str, &'t str)> {
    let (rest, id) = text.rsplit_once('/')?;
    let kind = match rest.rsplit_once('/') {
        None => rest,
        Some((base, kind)) => own_bases
            .iter()
            .any(|own| own.as_ref().trim_end_matches('/') == base)
            .then_some(kind)?,
    };
    (fhir::types::is_resource_type(kind) && fhir::types::is_id(id)).then_some((kind, id))
}

impl Actor {
    /// Whether the caller is meant; `None` when it cannot be told.
    pub fn is(&self, caller: &Caller<'_>) -> Option<bool> {
        let function = &caller.claims.function;
        let of_role = match &self.role {
            None => true,
            Some(Role::Professional) => function.is_clinician(),
            Some(Role::Function(named)) => function == named,
        };
        match (of_role, self.identities.as_slice()) {
            (false, _) => Some(false),
            (true, []) => Some(true),
            (true, named) => any(named.iter().map(|identity| identity.is(caller))),
        }
    }
}

impl Identity {
    fn is(&self, caller: &Caller<'_>) -> Option<bool> {
        let claims = caller.claims;
        match self {
            Self::Subject(issuer, subject) => {
                Some(claims.issuer == *issuer && claims.subject == *subject)
            }
            Self::Client(client) => Some(claims.client_id == *client),
            // Who acts for no establishment does not act for this one.
            Self::Establishment(named) => Some(claims.establishment.as_ref() == Some(named)),
            Self::Licence(named) => match &claims.licence {
                Some(licence) => Some(licence == named),
                None => Some(false).filter(|_| !works(&claims.function)),
            },
            Self::Reference(kind, id) => match caller.user {
                Some((user_kind, user_id)) if user_kind == kind => Some(user_id == id),
                // A practitioner and their role are two resources for one person.
                Some((user_kind, _)) => {
                    Some(false).filter(|_| !(is_practitioner(kind) && is_practitioner(user_kind)))
                }
                None => Some(false).filter(|_| !may_be(&claims.function, kind)),
            },
        }
    }
}

fn is_practitioner(kind: &str) -> bool {
    matches!(kind, "Practitioner" | "PractitionerRole")
}

/// Whether such a caller may hold a licence.
fn works(function: &Function) -> bool {
    !matches!(function, Function::Patient | Function::Proxy | Function::System)
}

/// Whether such a caller, whose token names no resource, may be one of this type.
fn may_be(function: &Function, kind: &str) -> bool {
    match kind {
        "Practitioner" | "PractitionerRole" => works(function),
        "RelatedPerson" | "Patient" => matches!(function, Function::Proxy | Function::Other(_)),
        "Device" => matches!(function, Function::System),
        _ => true,
    }
}

/// How tokens name the resource `kind`/`id`; `None` when they may name it in a
/// way that is not known here.
pub(crate) fn identities(kind: &str, id: &str, naming: &Naming<'_>) -> Option<Vec<Identity>> {
    let known =
        naming.known.iter().filter(|known| known.reference.split_once('/') == Some((kind, id)));
    let mut found: Vec<Identity> =
        known.flat_map(|known| known.named_by).filter_map(identity).collect();
    match kind {
        // No token's user is an organization, and a role is one of several.
        "Organization" | "PractitionerRole" if found.is_empty() => return None,
        "Organization" => {}
        "Practitioner" | "PractitionerRole" | "RelatedPerson" | "Patient" | "Device" => {
            found.push(Identity::Reference(kind.to_owned(), id.to_owned()));
        }
        _ => return None,
    }
    Some(found)
}

fn identity(known: &KnownAs<'_>) -> Option<Identity> {
    Some(match known {
        KnownAs::Reference(text) => {
            let (kind, id) = text.split_once('/')?;
            Identity::Reference(kind.to_owned(), id.to_owned())
        }
        KnownAs::Establishment(code) => Identity::Establishment((*code).to_owned()),
        KnownAs::Licence(number) => Identity::Licence((*number).to_owned()),
        KnownAs::Client(client) => Identity::Client((*client).to_owned()),
    })
}

/// Who has this identifier, when its system is one that tokens tell of.
pub(crate) fn identified(system: &str, value: &str, naming: &Naming<'_>) -> Option<Identity> {
    use crate::systems::{CLIENT, ESTABLISHMENT, LICENCE};
    let value = value.to_owned();
    match system {
        CLIENT => Some(Identity::Client(value)),
        ESTABLISHMENT => Some(Identity::Establishment(value)),
        LICENCE => Some(Identity::Licence(value)),
        issuer if naming.issuers.contains(&issuer) => {
            Some(Identity::Subject(issuer.to_owned(), value))
        }
        system if naming.establishment_systems.contains(&system) => {
            Some(Identity::Establishment(value))
        }
        system if naming.licence_systems.contains(&system) => Some(Identity::Licence(value)),
        _ => None,
    }
}

/// The role of a code of ours; `None` for one that no token carries.
pub(crate) fn role(code: &str, naming: &Naming<'_>) -> Option<Role> {
    if code == "professional" {
        return Some(Role::Professional);
    }
    match Function::from_code(code) {
        Function::Other(code) if code == super::RELATIVE => {
            Some(Role::Function(Function::Other(code)))
        }
        Function::Other(code) => naming
            .functions
            .contains(&code.as_str())
            .then_some(Role::Function(Function::Other(code))),
        function => Some(Role::Function(function)),
    }
}
