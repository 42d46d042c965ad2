//! Where requests belong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use regions::{Action, Directory, Phase, Reason, Request, any_door};

fn file(code: &str, phase: &str, neighbours: &str, more: &str) -> String {
    let door = match phase {
        "planned" => "opens = \"2027-03-01\"\n".to_owned(),
        _ => format!("endpoint = \"https://{code}.example/fhir\"\nadmin_port = 94{code}\n"),
    };
    format!(
        "code = \"{code}\"\nname = {{ fr = \"R{code}\", en = \"R{code}\" }}\nphase = \"{phase}\"\n\
         {door}time_zone = \"America/Toronto\"\n{more}\nneighbours = [{neighbours}]\n\
         administrative_regions = [{}]\n[release_delay_days]\nimaging = 30\n\
         [[establishment]]\nid = \"e{code}\"\nname = {{ fr = \"É\", en = \"E\" }}\n\
         kind = \"CISSS\"\nmunicipality = \"Ville\"\n",
        code.trim_start_matches('0')
    )
}

/// 01 has 02 and 03 (over a satellite) as neighbours, and 05 is chosen to stand
/// in before them; 04 is nobody's neighbour.
fn directory(phases: [&str; 5]) -> Directory {
    let fibre = "link = \"fibre\"";
    let files = [
        (
            "01.toml",
            file("01", phases[0], "\"03\", \"02\"", "link = \"fibre\"\nstand_ins = [\"05\"]"),
        ),
        ("02.toml", file("02", phases[1], "\"01\"", fibre)),
        ("03.toml", file("03", phases[2], "\"01\"", "link = \"satellite\"")),
        ("04.toml", file("04", phases[3], "", fibre)),
        ("05.toml", file("05", phases[4], "", fibre)),
    ];
    Directory::read(files.iter().map(|(name, text)| (*name, text.as_str()))).unwrap()
}

fn live() -> Directory {
    directory(["live"; 5])
}

fn asked<'a>(establishment: &'a str, door: &'a str) -> Request<'a> {
    Request { forwards: true, ..Request::new(establishment, door) }
}

fn codes(list: &[&str]) -> Vec<String> {
    list.iter().map(|code| (*code).to_owned()).collect()
}

#[test]
fn home_is_served() {
    let decision = live().route(&asked("e01", "01"));
    assert_eq!((decision.action, decision.reason), (Action::Serve, Reason::Home));
    assert!(decision.here);
    assert_eq!(decision.region.as_deref(), Some("01"));
    assert_eq!(decision.target.as_deref(), Some("01"));
}

#[test]
fn another_door_passes_on_or_sends_on_or_names_the_right_one() {
    let ask = |forwards, redirect| {
        let asked = Request { forwards, redirect, ..Request::new("e02", "04") };
        live().route(&asked)
    };
    for (forwards, redirect, action, reason) in [
        (true, false, Action::Forward, Reason::OtherDoor),
        (true, true, Action::Redirect, Reason::OtherDoor),
        (false, true, Action::Redirect, Reason::OtherDoor),
        (false, false, Action::Refuse, Reason::WrongRegion),
    ] {
        let decision = ask(forwards, redirect);
        assert_eq!((decision.action, decision.reason), (action, reason));
        assert!(!decision.here);
        assert_eq!(decision.endpoint.as_deref(), Some("https://02.example/fhir"));
    }
    assert!(ask(false, false).text.contains("Send the request to https://02.example/fhir"));
}

#[test]
fn doors_are_listed_in_the_order_to_try_them() {
    let listed = |request: Request<'_>| {
        let endpoints = live().route(&request).endpoints.into_iter();
        endpoints
            .map(|one| format!("{}{}", one.region, if one.up { "" } else { "-" }))
            .collect::<Vec<_>>()
    };
    // Home, who is chosen, neighbours on a wide line, then the others.
    assert_eq!(listed(asked("e01", "04")), ["01", "05", "02", "03"]);
    let down = codes(&["01", "05"]);
    assert_eq!(listed(Request { down: &down, ..asked("e01", "04") }), ["01-", "05-", "02", "03"]);
    assert_eq!(listed(asked("e04", "01")), ["04"]);
}

#[test]
fn a_region_that_is_away_is_stood_in_for() {
    let ask = |door, down: &[&str]| {
        let down = codes(down);
        let decision = live().route(&Request { down: &down, ..asked("e01", door) });
        (decision.action, decision.reason, decision.target)
    };
    let target = |code: &str| Some(code.to_owned());
    for neighbour in ["02", "03", "05"] {
        assert_eq!(ask(neighbour, &[]), (Action::Forward, Reason::OtherDoor, target("01")));
        assert_eq!(ask(neighbour, &["01"]), (Action::Serve, Reason::StandIn, target(neighbour)));
    }
    assert_eq!(ask("04", &["01"]), (Action::Forward, Reason::Neighbour, target("05")));
    assert_eq!(ask("04", &["01", "05"]), (Action::Forward, Reason::Neighbour, target("02")));
    assert_eq!(ask("04", &["01", "05", "02"]), (Action::Forward, Reason::Neighbour, target("03")));
    assert_eq!(ask("04", &["01", "05", "02", "03"]), (Action::Refuse, Reason::Unreachable, None));
    // Its own door never thinks of itself as away.
    assert_eq!(ask("01", &["01"]), (Action::Serve, Reason::Home, target("01")));
}

#[test]
fn what_was_passed_on_goes_no_further() {
    let ask = |establishment, door, down: &[&str]| {
        let down = codes(down);
        let request = Request { hop: true, down: &down, ..asked(establishment, door) };
        let decision = live().route(&request);
        (decision.action, decision.reason)
    };
    assert_eq!(ask("e01", "01", &[]), (Action::Serve, Reason::Home));
    // Whoever passes it to a neighbour cannot reach the region, whatever this one
    // thinks of it.
    assert_eq!(ask("e01", "02", &[]), (Action::Serve, Reason::StandIn));
    assert_eq!(ask("e01", "04", &[]), (Action::Refuse, Reason::WrongRegion));
    assert_eq!(ask("e01", "04", &["01"]), (Action::Refuse, Reason::WrongRegion));
}

#[test]
fn paused_serves_reads_only_wherever_it_is_asked() {
    let directory = directory(["paused", "live", "live", "live", "live"]);
    assert_eq!(directory.route(&asked("e01", "01")).action, Action::Serve);
    for door in ["01", "02", "04"] {
        let write = Request { writes: true, ..asked("e01", door) };
        let decision = directory.route(&write);
        assert_eq!((decision.action, decision.reason), (Action::Refuse, Reason::Paused));
        assert!(decision.text.contains("send it again"));
        assert_eq!(decision.endpoints, []);
    }
    let down = codes(&["01"]);
    let decision = directory.route(&Request { down: &down, ..asked("e01", "02") });
    assert_eq!(decision.reason, Reason::StandIn);
}

#[test]
fn who_is_paused_stands_in_for_reads() {
    let directory = directory(["live", "paused", "live", "live", "rehearsal"]);
    let down = codes(&["01"]);
    for (writes, expected) in [(false, "02"), (true, "03")] {
        let decision = directory.route(&Request { writes, down: &down, ..asked("e01", "04") });
        assert_eq!(decision.target.as_deref(), Some(expected));
    }
}

#[test]
fn those_who_rehearse_keep_among_themselves() {
    let directory = directory(["rehearsal", "live", "rehearsal", "live", "live"]);
    let decision = directory.route(&asked("e01", "01"));
    assert_eq!((decision.action, decision.reason), (Action::Serve, Reason::Rehearsing));
    let down = codes(&["01"]);
    let decision = directory.route(&Request { down: &down, ..asked("e01", "04") });
    assert_eq!(decision.target.as_deref(), Some("03"));
    let listed: Vec<String> = decision.endpoints.into_iter().map(|one| one.region).collect();
    assert_eq!(listed, ["01", "03"]);
}

#[test]
fn planned_is_refused_at_every_door_with_the_day() {
    let directory = directory(["planned", "live", "live", "live", "live"]);
    for door in ["01", "02", "04"] {
        let decision = directory.route(&asked("e01", door));
        assert_eq!((decision.action, decision.reason), (Action::Refuse, Reason::Planned));
        assert_eq!((decision.endpoint, decision.endpoints), (None, Vec::new()));
        assert!(decision.text.contains("2027-03-01"), "{}", decision.text);
    }
}

#[test]
fn the_region_asked_for_must_be_home() {
    let directory = live();
    let ask = |region| directory.route(&Request { region: Some(region), ..asked("e01", "01") });
    assert_eq!(ask("01").action, Action::Serve);
    assert_eq!(ask("02").reason, Reason::OtherRegionAsked);
    assert_eq!(ask("99").reason, Reason::UnknownRegion);
}

#[test]
fn strangers_and_lost_gateways_are_refused() {
    let directory = live();
    assert_eq!(directory.route(&asked("e09", "01")).reason, Reason::UnknownEstablishment);
    assert_eq!(directory.route(&asked("e01", "09")).reason, Reason::UnknownDoor);
    let nobody = Request { establishment: None, ..asked("", "09") };
    assert_eq!(directory.route(&nobody).reason, Reason::UnknownDoor);
}

#[test]
fn who_acts_for_no_establishment_is_served_at_any_door() {
    let ask = |phase, writes| {
        let request = Request { establishment: None, writes, ..asked("", "01") };
        directory([phase, "live", "live", "live", "live"]).route(&request).reason
    };
    assert_eq!(ask("live", true), Reason::AnyDoor);
    assert_eq!(ask("paused", false), Reason::AnyDoor);
    assert_eq!(ask("paused", true), Reason::Paused);
    assert_eq!(ask("planned", false), Reason::Planned);
}

#[test]
fn some_paths_are_answered_anywhere() {
    for path in [
        "/route",
        "/route/",
        "/fhir/metadata",
        "/openapi.json",
        "/oauth/token",
        "/ledger/06/checkpoint",
    ] {
        assert!(any_door(path), "{path}");
    }
    assert!(any_door("/fhir/.well-known/smart-configuration"));
    for path in ["/fhir", "/fhir/", "/fhir/Patient/1", "/routes", "/fhir/metadata/x", ""] {
        assert!(!any_door(path), "{path}");
    }
}

fn phase() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("planned"), Just("rehearsal"), Just("live"), Just("paused")]
}

fn one_of_five() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("01"), Just("02"), Just("03"), Just("04"), Just("05")]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// One region's phase, and whether it is away, never change what another
    /// region's door answers its own people.
    #[test]
    fn a_region_does_not_stop_another(own in phase(), others in [phase(), phase(), phase(), phase()], writes: bool, away in one_of_five()) {
        let ask = |[a, b, c, d]: [&'static str; 4], down: &[String]| {
            let request = Request { writes, down, ..asked("e01", "01") };
            let decision = directory([own, a, b, c, d]).route(&request);
            (decision.action, decision.reason, decision.text)
        };
        prop_assert_eq!(ask(others, &codes(&[away])), ask(["live"; 4], &[]));
    }

    /// What is served or passed on is so by a region that may: the home, or one
    /// that stands in while the home is away; never a write in a paused one,
    /// never a rehearsal among live ones; and what came by a gateway goes no
    /// further. A refusal always says something.
    #[test]
    fn only_who_may_answers(
        phases in [phase(), phase(), phase(), phase(), phase()],
        door in one_of_five(), home in one_of_five(),
        writes: bool, redirect: bool, forwards: bool, hop: bool,
        down in proptest::collection::vec(one_of_five(), 0..5),
    ) {
        let directory = directory(phases);
        let (establishment, down) = (format!("e{home}"), codes(&down));
        let request = Request {
            writes, redirect, forwards, hop, down: &down, ..Request::new(&establishment, door)
        };
        let decision = directory.route(&request);
        prop_assert!(!decision.text.is_empty());
        prop_assert_eq!(decision.here, home == door);
        prop_assert_eq!(decision.target.is_none(), decision.action == Action::Refuse);
        let Some(target) = decision.target.as_deref() else { return Ok(()) };
        let (home, answering) = (directory.region(home).unwrap(), directory.region(target).unwrap());
        prop_assert_eq!(decision.action == Action::Serve, target == door);
        prop_assert!(!(hop && target != door), "a second hop");
        prop_assert_ne!(answering.phase, Phase::Planned);
        prop_assert!(!(writes && (home.phase == Phase::Paused || answering.phase == Phase::Paused)));
        prop_assert_eq!(home.phase == Phase::Rehearsal, answering.phase == Phase::Rehearsal);
        if target != home.code {
            prop_assert!(hop || down.contains(&home.code));
            let may = home.stand_ins.iter().chain(&home.neighbours).any(|code| code == target);
            prop_assert!(may, "{} answers for {}", target, home.code);
        }
        prop_assert!(decision.endpoints.iter().any(|one| one.region == target) || decision.action == Action::Serve);
    }
}
