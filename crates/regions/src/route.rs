//! Where a request belongs and why. A request belongs to the region of the
//! establishment in its token. Through that door any person's record can be
//! read, wherever the person lives: the record is central, the doors are
//! regional.

use crate::directory::Directory;
use crate::model::{Phase, Region};

/// What the decision rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Establishment that the verified token names.
    pub establishment: &'a str,
    /// Code of the region whose door was knocked at.
    pub door: &'a str,
    /// The request would change the record.
    pub writes: bool,
    /// Region that the caller asks for by a header or in the path, if any.
    pub region: Option<&'a str>,
}

/// What the door does with the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Answer it here.
    Serve,
    /// Pass it on to [`Decision::endpoint`]. Not decided yet: a later step
    /// forwards what is refused as [`Reason::WrongRegion`] today.
    Forward,
    /// Send the caller to [`Decision::endpoint`]. Not decided yet.
    Redirect,
    /// Answer that it cannot be done, with [`Decision::text`].
    Refuse,
}

impl Action {
    /// One lower-case word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Serve => "serve",
            Self::Forward => "forward",
            Self::Redirect => "redirect",
            Self::Refuse => "refuse",
        }
    }
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The establishment's region has this door and serves.
    Home,
    /// The same, in a region that rehearses.
    Rehearsing,
    /// This door's code is not in the directory: the gateway is misconfigured.
    UnknownDoor,
    /// The token's establishment is not in the directory.
    UnknownEstablishment,
    /// The region asked for is not in the directory.
    UnknownRegion,
    /// The region asked for is not the one of the token's establishment.
    OtherRegionAsked,
    /// The establishment's region has another door.
    WrongRegion,
    /// The establishment's region is only planned.
    Planned,
    /// The region is paused and the request would change the record.
    Paused,
}

impl Reason {
    /// One stable lower-case word, for logs, metrics and tests.
    pub fn word(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Rehearsing => "rehearsing",
            Self::UnknownDoor => "unknown-door",
            Self::UnknownEstablishment => "unknown-establishment",
            Self::UnknownRegion => "unknown-region",
            Self::OtherRegionAsked => "other-region-asked",
            Self::WrongRegion => "wrong-region",
            Self::Planned => "planned",
            Self::Paused => "paused",
        }
    }
}

/// Where a request belongs, and what this door does with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Code of the region that the request belongs to; `None` when the
    /// directory does not know the establishment.
    pub region: Option<String>,
    /// That region is the one of this door.
    pub here: bool,
    /// What to do.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// The same in a sentence for the caller, with what to do next.
    pub text: String,
    /// Base address of the region that the request belongs to, if it has one.
    pub endpoint: Option<String>,
}

impl Directory {
    /// Where a request belongs and why.
    pub fn route(&self, request: &Request<'_>) -> Decision {
        let Some((home, _)) = self.establishment(request.establishment) else {
            return Decision {
                region: None,
                here: false,
                action: Action::Refuse,
                reason: Reason::UnknownEstablishment,
                text: "The establishment in the token is in no region of the directory. Ask the \
                       issuer of the token for an establishment of infra/regions."
                    .to_owned(),
                endpoint: None,
            };
        };
        let (action, reason) = self.decide(home, request);
        Decision {
            region: Some(home.code.clone()),
            here: home.code == request.door,
            action,
            reason,
            text: sentence(home, request, reason),
            endpoint: home.endpoint.clone(),
        }
    }

    fn decide(&self, home: &Region, request: &Request<'_>) -> (Action, Reason) {
        if self.region(request.door).is_none() {
            return (Action::Refuse, Reason::UnknownDoor);
        }
        match request.region {
            Some(asked) if self.region(asked).is_none() => {
                return (Action::Refuse, Reason::UnknownRegion);
            }
            Some(asked) if asked != home.code => {
                return (Action::Refuse, Reason::OtherRegionAsked);
            }
            _ => {}
        }
        match home.phase {
            Phase::Planned => (Action::Refuse, Reason::Planned),
            _ if home.code != request.door => (Action::Refuse, Reason::WrongRegion),
            Phase::Paused if request.writes => (Action::Refuse, Reason::Paused),
            Phase::Rehearsal => (Action::Serve, Reason::Rehearsing),
            Phase::Live | Phase::Paused => (Action::Serve, Reason::Home),
        }
    }
}

fn sentence(home: &Region, request: &Request<'_>, reason: Reason) -> String {
    let code = &home.code;
    let name = &home.name.en;
    match reason {
        Reason::Home => format!("The establishment belongs to region {code} ({name})."),
        Reason::Rehearsing => {
            format!("The establishment belongs to region {code} ({name}), which rehearses.")
        }
        Reason::UnknownDoor => format!(
            "This gateway says that it is region {}, which is not in the directory. \
             Ask its operator to correct its region.",
            request.door
        ),
        Reason::UnknownEstablishment => String::new(),
        Reason::UnknownRegion => format!(
            "The region asked for is not in the directory. Leave the region out, or ask for {code}."
        ),
        Reason::OtherRegionAsked => format!(
            "The establishment in the token belongs to region {code} ({name}), not to the region \
             asked for. Leave the region out, or ask for {code}: any person's record can be read \
             there."
        ),
        Reason::WrongRegion => {
            let door = home.endpoint.as_deref().unwrap_or("its own gateway");
            format!(
                "Wrong region: the establishment in the token belongs to region {code} ({name}). \
                 Send the request to {door}."
            )
        }
        Reason::Planned => format!(
            "Region {code} ({name}) is planned and has no gateway yet. Go on with the present \
             systems; its users are told when it rehearses."
        ),
        Reason::Paused => format!(
            "Region {code} ({name}) is paused: reads are served, changes are not. Keep the change \
             and send it again when the region is live."
        ),
    }
}
