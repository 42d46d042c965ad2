//! Where a request belongs and why. A request belongs to the region of the
//! establishment in its token. Through that door any person's record can be
//! read, wherever the person lives: the record is central, the doors are
//! regional. So the person decides nothing, and of the path only whether it is
//! answered at any door ([`any_door`]).

use crate::directory::Directory;
use crate::model::{Phase, Region};

/// What the decision rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request<'a> {
    /// Establishment that the verified token names. Patients, auditors and
    /// machines may act for none: any door serves them.
    pub establishment: Option<&'a str>,
    /// Code of the region whose door was knocked at.
    pub door: &'a str,
    /// The request would change the record.
    pub writes: bool,
    /// Region that the caller asks for by a header or in the path, if any.
    pub region: Option<&'a str>,
    /// The caller would rather go to the right door than be passed on.
    pub redirect: bool,
    /// This door has a way to other gateways.
    pub forwards: bool,
    /// It goes no further: another gateway passed it on, or the door has
    /// decided that it is answered here.
    pub hop: bool,
    /// Codes of the regions that this door cannot reach now.
    pub down: &'a [String],
}

impl<'a> Request<'a> {
    /// A reading request of an establishment's people at a door that passes
    /// nothing on.
    pub fn new(establishment: &'a str, door: &'a str) -> Self {
        Self { establishment: Some(establishment), door, ..Self::default() }
    }

    fn reaches(&self, code: &str) -> bool {
        !self.down.iter().any(|down| down == code)
    }
}

/// What the door does with the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Answer it here.
    Serve,
    /// Pass it on to the gateway of [`Decision::target`].
    Forward,
    /// Send the caller to [`Decision::endpoint`].
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
    /// The token names no establishment: any door serves it.
    AnyDoor,
    /// The establishment's region is away, and this door stands in for it.
    StandIn,
    /// The establishment's region has another door.
    OtherDoor,
    /// The establishment's region is away, and another stands in for it.
    Neighbour,
    /// The establishment's region is away, and nobody can stand in for it.
    Unreachable,
    /// This door's code is not in the directory: the gateway is misconfigured.
    UnknownDoor,
    /// The token's establishment is not in the directory.
    UnknownEstablishment,
    /// The region asked for is not in the directory.
    UnknownRegion,
    /// The region asked for is not the one of the token's establishment.
    OtherRegionAsked,
    /// The establishment's region has another door, and this one passes
    /// nothing on.
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
            Self::AnyDoor => "any-door",
            Self::StandIn => "stand-in",
            Self::OtherDoor => "other-door",
            Self::Neighbour => "neighbour",
            Self::Unreachable => "unreachable",
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

/// A door at which the request would be answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Code of the region.
    pub region: String,
    /// Base address of its FHIR interface.
    pub address: String,
    /// It is the region of the establishment, and stands in for nobody.
    pub home: bool,
    /// This door reaches it now.
    pub up: bool,
}

/// Where a request belongs, and what this door does with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Code of the region that the request belongs to; `None` when the
    /// directory does not know the establishment, or none was named.
    pub region: Option<String>,
    /// How far that region is.
    pub phase: Option<Phase>,
    /// That region is the one of this door.
    pub here: bool,
    /// What to do.
    pub action: Action,
    /// Why.
    pub reason: Reason,
    /// The same in a sentence for the caller, with what to do next.
    pub text: String,
    /// Code of the region that answers: this door's when it is served here,
    /// `None` when it is refused.
    pub target: Option<String>,
    /// Base address of the region that answers, or of the one that the request
    /// belongs to when none does, if it has one.
    pub endpoint: Option<String>,
    /// Every door that would answer, in the order to try them: the region's
    /// own, then those that stand in for it.
    pub endpoints: Vec<Endpoint>,
}

/// Whether a path is answered at any door, whoever asks: what tells of this
/// door itself, and where to go.
pub fn any_door(path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    matches!(path, "/route" | "/openapi.json" | "/fhir/metadata")
        || ["/fhir/.well-known/", "/oauth/", "/ledger/"].iter().any(|start| path.starts_with(start))
}

/// Whether `other` may answer for `home`. Those who rehearse work on other
/// tables than those who do not; who is paused changes nothing for anybody.
fn stands_in(home: &Region, other: &Region, writes: bool) -> bool {
    match (home.phase, other.phase) {
        (Phase::Live, Phase::Live) | (Phase::Rehearsal, Phase::Rehearsal) => true,
        (Phase::Live | Phase::Paused, Phase::Live | Phase::Paused) => !writes,
        _ => false,
    }
}

impl Directory {
    /// Where a request belongs and why. Pure, and within 10 µs.
    pub fn route(&self, request: &Request<'_>) -> Decision {
        let Some(establishment) = request.establishment else { return self.anywhere(request) };
        let Some((home, _)) = self.establishment(establishment) else {
            return Decision {
                region: None,
                phase: None,
                here: false,
                action: Action::Refuse,
                reason: Reason::UnknownEstablishment,
                text: "The establishment in the token is in no region of the directory. Ask the \
                       issuer of the token for an establishment of infra/regions."
                    .to_owned(),
                target: None,
                endpoint: None,
                endpoints: Vec::new(),
            };
        };
        let (action, reason, target) = self.decide(home, request);
        let endpoints = self.endpoints(home, request);
        let answering = target.unwrap_or(home);
        Decision {
            region: Some(home.code.clone()),
            phase: Some(home.phase),
            here: home.code == request.door,
            action,
            reason,
            text: sentence(home, answering, request, reason),
            target: target.map(|region| region.code.clone()),
            endpoint: answering.endpoint.clone(),
            endpoints,
        }
    }

    /// For a token without an establishment.
    fn anywhere(&self, request: &Request<'_>) -> Decision {
        let door = self.region(request.door);
        let (action, reason) = match door.map(|region| region.phase) {
            None => (Action::Refuse, Reason::UnknownDoor),
            Some(Phase::Planned) => (Action::Refuse, Reason::Planned),
            Some(Phase::Paused) if request.writes => (Action::Refuse, Reason::Paused),
            Some(_) => (Action::Serve, Reason::AnyDoor),
        };
        let served = door.filter(|_| action == Action::Serve);
        let text = match (door, reason) {
            (Some(door), Reason::Planned | Reason::Paused) => sentence(door, door, request, reason),
            (None, _) => unknown_door(request.door),
            _ => "The token names no establishment: any door serves it.".to_owned(),
        };
        let address = door.and_then(|region| region.endpoint.clone());
        let endpoint = |(address, region): (&String, &Region)| Endpoint {
            region: region.code.clone(),
            address: address.clone(),
            home: false,
            up: true,
        };
        Decision {
            region: None,
            phase: door.map(|region| region.phase),
            here: action == Action::Serve,
            action,
            reason,
            text,
            target: served.map(|region| region.code.clone()),
            endpoints: address.as_ref().zip(served).map(endpoint).into_iter().collect(),
            endpoint: address,
        }
    }

    fn decide<'a>(
        &'a self,
        home: &'a Region,
        request: &Request<'_>,
    ) -> (Action, Reason, Option<&'a Region>) {
        let refuse = |reason| (Action::Refuse, reason, None);
        let Some(door) = self.region(request.door) else { return refuse(Reason::UnknownDoor) };
        match request.region {
            Some(asked) if self.region(asked).is_none() => return refuse(Reason::UnknownRegion),
            Some(asked) if asked != home.code => return refuse(Reason::OtherRegionAsked),
            _ => {}
        }
        match home.phase {
            Phase::Planned => return refuse(Reason::Planned),
            Phase::Paused if request.writes => return refuse(Reason::Paused),
            Phase::Rehearsal if home.code == door.code => {
                return (Action::Serve, Reason::Rehearsing, Some(home));
            }
            Phase::Live | Phase::Paused if home.code == door.code => {
                return (Action::Serve, Reason::Home, Some(home));
            }
            _ => {}
        }
        let mut others = self.stand_ins(home, request.writes);
        let here = others.clone().any(|other| other.code == door.code);
        if request.hop {
            return match here {
                true => (Action::Serve, Reason::StandIn, Some(door)),
                false => refuse(Reason::WrongRegion),
            };
        }
        if !request.forwards && !request.redirect {
            return refuse(Reason::WrongRegion);
        }
        let onward = match request.redirect || !request.forwards {
            true => Action::Redirect,
            false => Action::Forward,
        };
        if request.reaches(&home.code) {
            return (onward, Reason::OtherDoor, Some(home));
        }
        if here {
            return (Action::Serve, Reason::StandIn, Some(door));
        }
        match others.find(|other| request.reaches(&other.code)) {
            Some(other) => (onward, Reason::Neighbour, Some(other)),
            None => refuse(Reason::Unreachable),
        }
    }

    /// Regions that may answer for `home` now, in the order to try them: the
    /// chosen ones, then neighbours, those on a wide line first.
    fn stand_ins<'a>(
        &'a self,
        home: &'a Region,
        writes: bool,
    ) -> impl Iterator<Item = &'a Region> + Clone {
        let chosen = home.stand_ins.iter();
        let wide = |narrow: bool| {
            let others = home.neighbours.iter().filter(|code| !home.stand_ins.contains(*code));
            others.filter(move |code| {
                self.region(code).is_some_and(|other| other.link.is_narrow() == narrow)
            })
        };
        let codes = chosen.chain(wide(false)).chain(wide(true));
        codes
            .filter_map(|code| self.region(code))
            .filter(move |other| other.code != home.code && stands_in(home, other, writes))
    }

    fn endpoints(&self, home: &Region, request: &Request<'_>) -> Vec<Endpoint> {
        if home.phase == Phase::Planned || (home.phase == Phase::Paused && request.writes) {
            return Vec::new();
        }
        let all = std::iter::once(home).chain(self.stand_ins(home, request.writes));
        let each = all.filter_map(|region| {
            Some(Endpoint {
                region: region.code.clone(),
                address: region.endpoint.clone()?,
                home: region.code == home.code,
                up: request.reaches(&region.code),
            })
        });
        each.collect()
    }
}

fn unknown_door(door: &str) -> String {
    format!(
        "This gateway says that it is region {}, which is not in the directory. \
         Ask its operator to correct its region.",
        door
    )
}

/// A sentence for the caller. `home` has the establishment, `answering` is
/// where it is answered.
fn sentence(home: &Region, answering: &Region, request: &Request<'_>, reason: Reason) -> String {
    let code = &home.code;
    let name = &home.name.en;
    let other = &answering.code;
    match reason {
        Reason::Home | Reason::AnyDoor => {
            format!("The establishment belongs to region {code} ({name}).")
        }
        Reason::Rehearsing => {
            format!("The establishment belongs to region {code} ({name}), which rehearses.")
        }
        Reason::UnknownDoor => unknown_door(request.door),
        Reason::UnknownEstablishment => String::new(),
        Reason::UnknownRegion => format!(
            "The region asked for is not in the directory. Leave the region out, or ask for {code}."
        ),
        Reason::OtherRegionAsked => format!(
            "The establishment in the token belongs to region {code} ({name}), not to the region \
             asked for. Leave the region out, or ask for {code}: any person's record can be read \
             there."
        ),
        Reason::OtherDoor => format!(
            "The establishment belongs to region {code} ({name}): its gateway answers, and can be \
             asked directly."
        ),
        Reason::StandIn => {
            format!("Region {code} ({name}) does not answer: this door stands in for it.")
        }
        Reason::Neighbour => {
            format!("Region {code} ({name}) does not answer: region {other} stands in for it.")
        }
        Reason::Unreachable => format!(
            "Region {code} ({name}) does not answer, and no region stands in for it. Send the \
             request again, with the same Idempotency-Key if it had one."
        ),
        Reason::WrongRegion => {
            let door = home.endpoint.as_deref().unwrap_or("its own gateway");
            format!(
                "Wrong region: the establishment in the token belongs to region {code} ({name}). \
                 Send the request to {door}."
            )
        }
        Reason::Planned => match &home.opens {
            Some(day) => format!(
                "Region {code} ({name}) is planned and has no gateway yet; it is to open on {day} \
                 (indicative). Go on with the present systems; its users are told when it \
                 rehearses."
            ),
            None => format!(
                "Region {code} ({name}) is planned and has no gateway yet. Go on with the present \
                 systems; its users are told when it rehearses."
            ),
        },
        Reason::Paused => format!(
            "Region {code} ({name}) is paused: reads are served, changes are not. Keep the change \
             and send it again when the region is live."
        ),
    }
}
