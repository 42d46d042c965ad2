//! The region files of the house, and what is refused in a file.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::path::Path;

use regions::{Directory, Fault, Link, Phase};

fn house() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/regions");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

fn read(files: &[(String, String)]) -> Result<Directory, Vec<Fault>> {
    Directory::read(files.iter().map(|(name, text)| (name.as_str(), text.as_str())))
}

/// The house's files with one replacement in one of them; the faults.
fn faults_after(file: &str, from: &str, to: &str) -> Vec<Fault> {
    let mut files = house();
    let (_, text) = files.iter_mut().find(|(name, _)| name == file).unwrap();
    assert!(text.contains(from), "{file} does not hold {from}");
    *text = text.replacen(from, to, 1);
    read(&files).expect_err("the change must be refused")
}

fn assert_fault(faults: &[Fault], file: &str, holding: &str, what: &str) {
    let files = house();
    let (_, text) = files.iter().find(|(name, _)| name == file).unwrap();
    let line = text.lines().position(|line| line.starts_with(holding)).unwrap() + 1;
    assert!(
        faults
            .iter()
            .any(|fault| fault.file == file && fault.line == line && fault.what.contains(what)),
        "no fault `{what}` at {file}:{line} in {faults:?}"
    );
    assert!(faults.iter().all(|fault| !fault.remedy.is_empty()));
}

#[test]
fn the_house_has_eighteen_regions_and_two_live() {
    let directory = read(&house()).unwrap();
    let codes: Vec<&str> = directory.regions().iter().map(|region| region.code.as_str()).collect();
    let expected: Vec<String> = (1..=18).map(|n| format!("{n:02}")).collect();
    assert_eq!(codes, expected);
    let live: Vec<&str> = directory
        .regions()
        .iter()
        .filter(|region| region.phase == Phase::Live)
        .map(|region| region.code.as_str())
        .collect();
    assert_eq!(live, ["04", "06"]);
    let montreal = directory.region("06").unwrap();
    assert_eq!(montreal.endpoint.as_deref(), Some("http://127.0.0.1:8406/fhir"));
    assert_eq!(montreal.admin_port, Some(9406));
    assert_eq!(montreal.release_delay_days("imaging"), 30);
    assert_eq!(montreal.release_delay_days("unheard of"), 0);
    let ciusss = montreal.establishments.iter().filter(|e| e.kind == "CIUSSS").count();
    assert_eq!(ciusss, 5);
    assert_eq!(directory.region("17").unwrap().link, Link::Satellite);
    assert_eq!(directory.region("17").unwrap().name.fr, "Nunavik");
    assert_eq!(directory.region("04").unwrap().administrative_regions, [4, 17]);
}

#[test]
fn neighbours_are_mutual() {
    let directory = read(&house()).unwrap();
    for region in directory.regions() {
        for other in &region.neighbours {
            let back = &directory.region(other).unwrap().neighbours;
            assert!(back.contains(&region.code), "{} and {other}", region.code);
        }
    }
}

#[test]
fn the_compact_text_carries_the_house() {
    let directory = read(&house()).unwrap();
    let text = directory.to_text();
    assert!(text.len() < 12_000, "{} bytes", text.len());
    assert_eq!(Directory::from_text(&text).unwrap(), directory);
}

#[test]
fn a_wrong_phase_is_named_with_its_line() {
    let faults = faults_after("06.toml", "phase = \"live\"", "phase = \"alive\"");
    assert_fault(&faults, "06.toml", "phase", "alive");
    assert!(faults[0].remedy.contains("planned, rehearsal, live, paused"));
}

#[test]
fn a_missing_field_is_named() {
    let faults = faults_after("04.toml", "time_zone = \"America/Toronto\"\n", "");
    assert_eq!(faults.len(), 1);
    assert_eq!(faults[0].file, "04.toml");
    assert!(faults[0].what.contains("time_zone"), "{faults:?}");
    assert!(faults[0].remedy.contains("add the field"));
}

#[test]
fn a_field_missing_in_an_establishment_is_found_there() {
    let faults = faults_after("04.toml", "kind = \"CIUSSS\"\n", "");
    assert_fault(&faults, "04.toml", "[[establishment]]", "kind");
}

#[test]
fn an_unknown_field_is_refused() {
    let faults = faults_after("04.toml", "link =", "lynx = 1\nlink =");
    assert!(faults[0].what.contains("lynx"));
    assert!(faults[0].remedy.contains("spelling"));
}

#[test]
fn an_unknown_neighbour_is_refused() {
    let faults = faults_after("06.toml", "\"13\"", "\"31\"");
    assert_fault(&faults, "06.toml", "neighbours", "`31` is not a region");
}

#[test]
fn a_region_is_not_its_own_neighbour() {
    let faults = faults_after("06.toml", "\"13\"", "\"06\"");
    assert_fault(&faults, "06.toml", "neighbours", "its own neighbour");
}

#[test]
fn a_region_defined_twice_is_refused() {
    let mut files = house();
    let (_, text) = files.iter().find(|(name, _)| name == "13.toml").unwrap().clone();
    files.push(("copy/13.toml".to_owned(), text));
    let faults = read(&files).unwrap_err();
    assert!(faults.iter().any(|fault| fault.file == "copy/13.toml"
        && fault.what == "region 13 is already defined in 13.toml"));
}

#[test]
fn an_establishment_belongs_to_one_region() {
    let faults = faults_after("06.toml", "demo-06-nim", "demo-04-mcq");
    assert_fault(&faults, "06.toml", "id =", "already in region 04");
}

#[test]
fn demonstration_codes_say_so() {
    let faults = faults_after("06.toml", "demo-06-nim", "06-nim");
    assert_fault(&faults, "06.toml", "id =", "demonstration code");
    let faults = faults_after("06.toml", "demonstration = true", "demonstration = false");
    assert_fault(&faults, "06.toml", "id =", "demonstration code");
}

#[test]
fn administrative_seventeen_is_not_health_region_seventeen() {
    let faults = faults_after("17.toml", "fr = \"Nunavik\"", "fr = \"Centre-du-Québec\"");
    assert_fault(&faults, "17.toml", "name", "belongs to health region 04");
    let faults = faults_after("17.toml", "_regions = [10]", "_regions = [17]");
    assert_fault(&faults, "17.toml", "administrative_regions", "health region 17 is Nunavik");
    let faults = faults_after("16.toml", "_regions = [16]", "_regions = [16, 17]");
    assert_fault(&faults, "16.toml", "administrative_regions", "in health region 04");
}

#[test]
fn administrative_ten_covers_three_health_regions() {
    let faults = faults_after("02.toml", "_regions = [2]", "_regions = [2, 10]");
    assert_fault(&faults, "02.toml", "administrative_regions", "10, 17 and 18 only");
    let faults = faults_after("18.toml", "_regions = [10]", "_regions = [18]");
    assert_fault(&faults, "18.toml", "administrative_regions", "18 exists only as");
    let faults = faults_after("10.toml", "fr = \"Nord-du-Québec\"", "fr = \"Nunavik\"");
    assert_fault(&faults, "10.toml", "name", "Nunavik is health region 17");
}

#[test]
fn codes_have_two_digits_and_name_the_file() {
    let faults = faults_after("06.toml", "code = \"06\"", "code = \"6\"");
    assert_fault(&faults, "06.toml", "code", "not a health region code");
    let faults = faults_after("06.toml", "code = \"06\"", "code = \"19\"");
    assert_fault(&faults, "06.toml", "code", "not a health region code");
    let faults = faults_after("06.toml", "code = \"06\"", "code = \"07\"");
    assert_fault(&faults, "06.toml", "code", "has another name");
}

#[test]
fn a_live_region_has_a_door_of_its_own() {
    let faults = faults_after("06.toml", "admin_port = 9406\n", "");
    assert_fault(&faults, "06.toml", "phase", "needs endpoint and admin_port");
    let faults = faults_after("06.toml", "9406", "9404");
    assert_fault(&faults, "06.toml", "admin_port", "already taken by 04.toml");
    let faults = faults_after("06.toml", "8406/fhir", "8406/fhir/");
    assert_fault(&faults, "06.toml", "endpoint", "not a base address");
}

#[test]
fn a_planned_region_says_when_it_opens() {
    let faults = faults_after("13.toml", "opens = \"2027-03-01\"\n", "");
    assert_fault(&faults, "13.toml", "phase", "does not say when it opens");
    for wrong in ["2027-02-29", "2027-3-1", "2027-13-01", "soon", "2027-03-01T00:00", "+027-03-01"]
    {
        let faults = faults_after("13.toml", "2027-03-01", wrong);
        assert_fault(&faults, "13.toml", "opens", "is not a day");
        assert!(faults[0].remedy.contains("2027-03-01"));
    }
}

#[test]
fn a_door_off_this_machine_speaks_tls() {
    for good in ["https://06.example.org/fhir", "http://localhost:1/fhir", "http://[::1]:1/fhir"] {
        let mut files = house();
        let (_, text) = files.iter_mut().find(|(name, _)| name == "06.toml").unwrap();
        *text = text.replace("http://127.0.0.1:8406/fhir", good);
        assert!(read(&files).is_ok(), "{good}");
    }
    for wrong in ["http://06.example.org/fhir", "http://127.0.0.1.example.org/fhir"] {
        let faults = faults_after("06.toml", "http://127.0.0.1:8406/fhir", wrong);
        assert_fault(&faults, "06.toml", "endpoint", "without TLS");
        assert!(faults[0].remedy.contains("https://"));
    }
}

#[test]
fn gateways_are_reached_at_a_host_and_a_port_of_their_own() {
    for wrong in
        ["127.0.0.1", "127.0.0.1:0", ":7406", "https://peer:7406", "peer:99999", "[::1:7406"]
    {
        let faults = faults_after("06.toml", "127.0.0.1:7406", wrong);
        assert_fault(&faults, "06.toml", "peer", "not where gateways can be reached");
        assert!(faults[0].remedy.contains("host:port"));
    }
    let faults = faults_after("06.toml", "127.0.0.1:7406", "127.0.0.1:7404");
    assert_fault(&faults, "06.toml", "peer", "already taken by 04.toml");
}

#[test]
fn neighbours_name_each_other_and_once() {
    let faults = faults_after("13.toml", "\"06\", ", "");
    assert_fault(&faults, "06.toml", "neighbours", "region 13 does not name 06");
    assert!(faults[0].remedy.contains("13.toml"));
    let faults = faults_after("06.toml", "\"13\",", "\"13\", \"13\",");
    assert_fault(&faults, "06.toml", "neighbours", "13 is there twice");
}

#[test]
fn who_stands_in_is_a_region() {
    let faults = faults_after("06.toml", "stand_ins = [\"04\"]", "stand_ins = [\"40\"]");
    assert_fault(&faults, "06.toml", "stand_ins", "`40` is not a region");
    let faults = faults_after("06.toml", "stand_ins = [\"04\"]", "stand_ins = [\"06\"]");
    assert_fault(&faults, "06.toml", "stand_ins", "its own stand-in");
    let faults = faults_after("06.toml", "stand_ins = [\"04\"]", "stand_ins = [\"04\", \"04\"]");
    assert_fault(&faults, "06.toml", "stand_ins", "there twice");
}

#[test]
fn half_a_file_and_no_toml_are_refused_where_they_break() {
    let faults = faults_after("06.toml", "link = \"fibre\"", "link = \"fibre");
    assert_fault(&faults, "06.toml", "link", "");
    let faults = faults_after("06.toml", "link = \"fibre\"", "link = \"pigeon\"");
    assert_fault(&faults, "06.toml", "link", "pigeon");
    let faults = faults_after("06.toml", "admin_port = 9406", "admin_port = 94060");
    assert_fault(&faults, "06.toml", "admin_port", "");
    let faults = faults_after("06.toml", "phase = \"live\"", "phase = \"live\"\nphase = \"live\"");
    assert!(faults[0].remedy.contains("keep one of the two"), "{faults:?}");
    let faults = faults_after("06.toml", "time_zone = \"America/Toronto\"", "time_zone = \"EST\"");
    assert_fault(&faults, "06.toml", "time_zone", "IANA");
    let faults = faults_after("06.toml", "_regions = [6]", "_regions = []");
    assert_fault(&faults, "06.toml", "code", "administrative_regions is empty");
    let faults = faults_after("06.toml", "id = \"demo-06-nim\"", "id = \"demo 06\"");
    assert_fault(&faults, "06.toml", "id", "not an establishment id");
}

#[test]
fn a_region_that_opens_without_people_is_refused() {
    let mut files = house();
    let (_, text) = files.iter_mut().find(|(name, _)| name == "04.toml").unwrap();
    *text = text.split("[[establishment]]").next().unwrap().to_owned();
    let faults = read(&files).unwrap_err();
    assert!(faults[0].what.contains("needs an establishment"), "{faults:?}");
    assert_eq!(faults[0].line, 6);
}

#[test]
fn every_region_has_somebody_who_gives_care() {
    let directory = read(&house()).unwrap();
    for region in directory.regions() {
        assert!(!region.establishments.is_empty(), "region {}", region.code);
        assert_eq!(
            region.opens.is_some(),
            region.phase == Phase::Planned,
            "region {}",
            region.code
        );
    }
}

#[test]
fn every_fault_is_reported_at_once() {
    let faults = faults_after("06.toml", "\"13\", \"14\"", "\"33\", \"44\"");
    let unknown = faults.iter().filter(|fault| fault.what.ends_with("is not a region")).count();
    assert_eq!((faults.len(), unknown), (4, 2), "{faults:?}");
    let shown = faults[0].to_string();
    assert!(shown.starts_with("06.toml:"), "{shown}");
}
