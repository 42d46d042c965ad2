use super::*;
use crate::{Directory, Phase};

fn draft(code: &str, name: &str) -> Draft {
    Draft {
        code: code.into(),
        name_fr: name.into(),
        name_en: name.into(),
        opens: "2027-09-01".into(),
        endpoint: format!("http://127.0.0.1:84{code}/fhir"),
        admin_port: 9400,
        peer: format!("127.0.0.1:74{code}"),
        time_zone: "America/Toronto".into(),
        link: Link::Fibre,
        neighbours: Vec::new(),
        establishments: vec![DraftEstablishment {
            id: format!("demo-{code}-x"),
            name_fr: "Le \"centre\" \\ l'autre\nligne".into(),
            name_en: "Centre".into(),
            kind: "CISSS".into(),
            municipality: "Ville".into(),
        }],
    }
}

#[test]
fn what_is_drafted_is_in_order_and_says_what_was_given() {
    for (code, name, administrative) in [
        ("08", "Abitibi-Témiscamingue", vec![8]),
        ("04", "Mauricie-et-Centre-du-Québec", vec![4, 17]),
        ("17", "Nunavik", vec![10]),
        ("18", "Terres-Cries-de-la-Baie-James", vec![10]),
        ("10", "Nord-du-Québec", vec![10]),
    ] {
        let text = draft(code, name).to_text();
        let file = format!("{code}.toml");
        let directory = Directory::read([(file.as_str(), text.as_str())]);
        let directory = directory.unwrap_or_else(|faults| panic!("{faults:?}\n{text}"));
        let region = directory.region(code).unwrap();
        assert_eq!((region.phase, region.name.fr.as_str()), (Phase::Planned, name));
        assert_eq!(region.administrative_regions, administrative);
        assert_eq!(region.establishments[0].name.fr, "Le \"centre\" \\ l'autre\nligne");
        assert_eq!(region.release_delay_days("imaging"), 30);
    }
}

#[test]
fn a_wrong_code_is_told_by_the_check() {
    let text = draft("19", "Nulle part").to_text();
    assert!(Directory::read([("19.toml", text.as_str())]).is_err());
}
