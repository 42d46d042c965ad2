//! Where requests belong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use proptest::prelude::*;
use regions::{Action, Directory, Phase, Reason, Request};

fn file(code: &str, phase: &str, neighbour: &str) -> String {
    let planned = phase == "planned";
    let door = if planned {
        String::new()
    } else {
        format!("endpoint = \"https://{code}.example/fhir\"\nadmin_port = 94{code}\n")
    };
    format!(
        "code = \"{code}\"\nname = {{ fr = \"R{code}\", en = \"R{code}\" }}\nphase = \"{phase}\"\n\
         {door}time_zone = \"America/Toronto\"\nlink = \"fibre\"\nneighbours = [\"{neighbour}\"]\n\
         administrative_regions = [{}]\n[release_delay_days]\nimaging = 30\n\
         [[establishment]]\nid = \"e{code}\"\nname = {{ fr = \"É\", en = \"E\" }}\n\
         kind = \"CISSS\"\nmunicipality = \"Ville\"\n",
        code.trim_start_matches('0')
    )
}

fn directory(phase_01: &str, phase_02: &str) -> Directory {
    let first = file("01", phase_01, "02");
    let second = file("02", phase_02, "01");
    Directory::read([("01.toml", first.as_str()), ("02.toml", second.as_str())]).unwrap()
}

fn request<'a>(establishment: &'a str, door: &'a str) -> Request<'a> {
    Request { establishment, door, writes: false, region: None }
}

#[test]
fn home_is_served() {
    let decision = directory("live", "live").route(&request("e01", "01"));
    assert_eq!((decision.action, decision.reason), (Action::Serve, Reason::Home));
    assert!(decision.here);
    assert_eq!(decision.region.as_deref(), Some("01"));
}

#[test]
fn the_wrong_door_names_the_right_one() {
    let decision = directory("live", "live").route(&request("e02", "01"));
    assert_eq!((decision.action, decision.reason), (Action::Refuse, Reason::WrongRegion));
    assert!(!decision.here);
    assert_eq!(decision.endpoint.as_deref(), Some("https://02.example/fhir"));
    assert!(decision.text.contains("https://02.example/fhir"));
}

#[test]
fn paused_serves_reads_only() {
    let directory = directory("paused", "live");
    assert_eq!(directory.route(&request("e01", "01")).action, Action::Serve);
    let write = Request { writes: true, ..request("e01", "01") };
    let decision = directory.route(&write);
    assert_eq!((decision.action, decision.reason), (Action::Refuse, Reason::Paused));
    assert!(decision.text.contains("send it again"));
}

#[test]
fn planned_is_refused_at_every_door() {
    let directory = directory("planned", "live");
    for door in ["01", "02"] {
        let decision = directory.route(&request("e01", door));
        assert_eq!((decision.action, decision.reason), (Action::Refuse, Reason::Planned));
        assert_eq!(decision.endpoint, None);
    }
}

#[test]
fn the_region_asked_for_must_be_home() {
    let directory = directory("live", "live");
    let ask = |region| directory.route(&Request { region: Some(region), ..request("e01", "01") });
    assert_eq!(ask("01").action, Action::Serve);
    assert_eq!(ask("02").reason, Reason::OtherRegionAsked);
    assert_eq!(ask("99").reason, Reason::UnknownRegion);
}

#[test]
fn strangers_and_lost_gateways_are_refused() {
    let directory = directory("live", "live");
    assert_eq!(directory.route(&request("e09", "01")).reason, Reason::UnknownEstablishment);
    assert_eq!(directory.route(&request("e01", "09")).reason, Reason::UnknownDoor);
}

fn phase() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("planned"), Just("rehearsal"), Just("live"), Just("paused")]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    /// One region's phase never changes what another region's door answers its
    /// own people.
    #[test]
    fn a_region_does_not_stop_another(other_a in phase(), other_b in phase(), own in phase(), writes: bool) {
        let ask = |other| {
            directory(own, other).route(&Request { writes, ..request("e01", "01") })
        };
        prop_assert_eq!(ask(other_a), ask(other_b));
    }

    /// What is served is at home, in a region with a door; a write never in a
    /// paused one; a refusal always says something.
    #[test]
    fn served_means_home(
        first in phase(), second in phase(), writes: bool,
        establishment in prop_oneof![Just("e01"), Just("e02"), Just("e03")],
        door in prop_oneof![Just("01"), Just("02"), Just("03")],
        region in proptest::option::of(prop_oneof![Just("01"), Just("02"), Just("03")]),
    ) {
        let directory = directory(first, second);
        let decision = directory.route(&Request { establishment, door, writes, region });
        prop_assert!(!decision.text.is_empty());
        prop_assert_eq!(decision.here, decision.region.as_deref() == Some(door));
        if decision.action == Action::Serve {
            let home = directory.establishment(establishment).unwrap().0;
            prop_assert_eq!(&home.code, door);
            prop_assert_ne!(home.phase, Phase::Planned);
            prop_assert!(!(writes && home.phase == Phase::Paused));
            prop_assert!(region.is_none_or(|asked| asked == home.code));
        }
    }
}
