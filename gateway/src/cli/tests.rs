use super::Line;
use clap::{CommandFactory, Parser};

#[test]
fn no_two_options_share_a_name() {
    // Panics on a collision within any subcommand.
    Line::command().debug_assert();
}

#[test]
fn the_fixed_entry_points_are_understood() {
    for line in [
        "dossier up",
        "dossier up --region 06 --region 04 --ports 06=8406,04=8404 --data d --reuse 16",
        "dossier up --region 06 --tls dev --store dynamodb",
        "dossier up --region 06 --native",
        "dossier compile --data d",
        "dossier store --data d --port 8000",
        "dossier tables create",
        "dossier tables check --data d",
        "dossier token --role clinician --region 06",
        "dossier token --role patient --region 04 --patient p1 --data d",
        "dossier load --region 06 a.json b",
        "dossier demo --people 10 --seed 7",
        "dossier backup --data d --out copy",
        "dossier backup verify copy --digest 00",
        "dossier restore --data d --from copy",
        "dossier restore --data d --from copy --rehearse --key k --live",
        "dossier up --take-over",
        "dossier upgrade --data d",
    ] {
        assert!(Line::try_parse_from(line.split(' ')).is_ok(), "{line}");
    }
    for line in [
        "dossier",
        "dossier up --native --reuse 2",
        "dossier up --ports 8406",
        "dossier up --tls nonsense",
        "dossier token",
    ] {
        assert!(Line::try_parse_from(line.split(' ')).is_err(), "{line}");
    }
}

#[test]
fn a_region_to_serve_is_not_the_folder_of_the_region_files() {
    let line = Line::try_parse_from(["dossier", "up", "--region", "06"]).unwrap();
    let super::Command::Up(options) = line.command else { panic!("not up") };
    assert!(options.places.regions.ends_with("infra/regions"), "{:?}", options.places.regions);
}
