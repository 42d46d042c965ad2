//! What R4 §3.1.1 says of modifiers, composites, special parameters and
//! results, case by case, of cell and body alike.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod search_judging;

use fhir::search::{Query, Settings, Summary};
use search_judging::{judge, settings};
use serde_json::{Value as Json, json};

fn each(resource: &Json, cases: &[(&str, bool)]) {
    for (query, expected) in cases {
        assert_eq!(judge(resource, query).body, *expected, "{query}");
    }
}

#[test]
fn token_modifiers() {
    let it = json!({"resourceType": "Observation", "status": "final",
        "identifier": [{"type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}], "text": "Dossier"},
            "system": "urn:s", "value": "12345"}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4", "display": "Hémoglobine glyquée"}], "text": "Glycémie de l’an dernier"},
        "subject": {"identifier": {"system": "urn:nam", "value": "TREM"}, "display": "Tremblay"},
        "performer": [{"reference": "Practitioner/1", "identifier": {"value": "x"}}]});
    each(
        &it,
        &[
            ("code:text=hemoglobine", true),
            ("code:text=GLYQUEE", true),
            ("code:text=glycemie de lan dernier", true),
            ("code:text=lobine", false),
            ("identifier:text=dossier", true),
            ("identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|12345", true),
            ("identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|1234", false),
            ("identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MC|12345", false),
            ("subject:identifier=TREM", true),
            ("subject:identifier=urn:nam|TREM", true),
            ("subject:identifier=urn:nam|", true),
            ("subject:identifier=|TREM", false),
            ("performer:identifier=x", true),
            ("subject:missing=false", true),
            ("patient:missing=true", true),
            ("encounter:missing=true", true),
            ("status=http://hl7.org/fhir/observation-status|final", true),
            ("status=http://example.org/status|final", false),
            ("status:in=http://hl7.org/fhir/ValueSet/observation-status", true),
            ("status:in=http://hl7.org/fhir/ValueSet/observation-status|4.0.1", true),
            ("status:not-in=http://hl7.org/fhir/ValueSet/observation-status", false),
            ("status:in=http://hl7.org/fhir/ValueSet/task-status", false),
        ],
    );
    let patient = json!({"resourceType": "Patient", "active": true, "gender": "male"});
    each(
        &patient,
        &[
            ("active=true", true),
            ("active=http://terminology.hl7.org/CodeSystem/special-values|true", true),
            ("gender=http://hl7.org/fhir/administrative-gender|male", true),
            ("gender=|male", true),
        ],
    );
}

#[test]
fn a_value_set_that_is_not_known_lets_nothing_pass_until_it_is_given() {
    let it = json!({"resourceType": "Observation", "code": {"coding": [{"system": "http://loinc.org", "code": "1"}]}});
    let url = "http://example.org/ValueSet/mine";
    for (modifier, within) in [("in", true), ("not-in", false)] {
        let text = format!("code:{modifier}={url}");
        assert!(!judge(&it, &text).body);
        let mut query = Query::parse("Observation", &text, &settings()).unwrap();
        assert_eq!(query.value_sets_wanted(), [url]);
        let document = fhir::json::Document::parse(it.to_string(), &Default::default()).unwrap();
        for (system, code, held) in [
            ("http://loinc.org", "1", true),
            ("http://loinc.org", "2", false),
            ("http://other.org", "1", false),
        ] {
            query.supply_value_set(url, [(system.to_owned(), code.to_owned())]);
            assert!(query.value_sets_wanted().is_empty());
            assert_eq!(
                query.matches_body(document.root(), "1", 0),
                held == within,
                "{text} {code}"
            );
        }
    }
}

#[test]
fn composites_match_within_one_element() {
    let quantity = |value: f64| json!({"value": value, "system": "http://unitsofmeasure.org", "code": "mm[Hg]"});
    let concept = |code: &str| json!({"coding": [{"system": "http://loinc.org", "code": code}]});
    let it = json!({"resourceType": "Observation", "code": concept("85354-9"), "valueQuantity": quantity(1.0),
        "component": [
            {"code": concept("8480-6"), "valueQuantity": quantity(120.0)},
            {"code": concept("8462-4"), "valueQuantity": quantity(80.0)}]});
    each(
        &it,
        &[
            ("component-code-value-quantity=8480-6$gt100", true),
            (
                "component-code-value-quantity=http://loinc.org|8480-6$120|http://unitsofmeasure.org|mm[Hg]",
                true,
            ),
            ("component-code-value-quantity=8462-4$gt100", false),
            ("component-code-value-quantity=8462-4$gt100,8462-4$lt100", true),
            ("code-value-quantity=85354-9$1", true),
            ("code-value-quantity=8480-6$120", false),
            ("combo-code-value-quantity=8480-6$120", true),
            ("combo-code-value-quantity=85354-9$1", true),
            ("combo-code-value-quantity=85354-9$120", false),
            ("code-value-concept=85354-9$x", false),
            ("code-value-concept:missing=true", true),
            ("component-code-value-quantity:missing=false", true),
        ],
    );
    let group = json!({"resourceType": "Group", "characteristic": [
        {"code": concept("a"), "valueBoolean": true}, {"code": concept("b"), "valueCodeableConcept": concept("c$d")}]});
    each(
        &group,
        &[
            ("characteristic-value=a$true", true),
            ("characteristic-value=a$c\\$d", false),
            ("characteristic-value=b$c\\$d", true),
        ],
    );
    let document = json!({"resourceType": "DocumentReference", "relatesTo": [
        {"code": "replaces", "target": {"reference": "DocumentReference/1"}},
        {"code": "appends", "target": {"reference": "DocumentReference/2"}}]});
    each(
        &document,
        &[
            ("relationship=replaces$DocumentReference/1", true),
            ("relationship=replaces$DocumentReference/2", false),
        ],
    );
    let sequence = json!({"resourceType": "MolecularSequence", "referenceSeq": {"chromosome": concept("1"), "windowStart": 5, "windowEnd": 9},
        "variant": [{"start": 10, "end": 20}, {"start": 30, "end": 40}]});
    each(
        &sequence,
        &[
            ("chromosome-variant-coordinate=1$ge10$le20", true),
            ("chromosome-variant-coordinate=1$ge25$le25", false),
            ("chromosome-variant-coordinate=2$ge10$le20", false),
            ("chromosome-window-coordinate=1$5$9", true),
        ],
    );
}

#[test]
fn links_and_their_hierarchies() {
    let it = json!({"resourceType": "ValueSet", "url": "http://acme.org/fhir/ValueSet/123",
        "meta": {"profile": ["http://example.org/p|1.0"], "source": "http://here", "tag": [{"system": "urn:t", "code": "vip"}], "security": [{"code": "R"}]}});
    each(
        &it,
        &[
            ("url=http://acme.org/fhir/ValueSet/123", true),
            ("url=http://acme.org/fhir", false),
            ("url:below=http://acme.org/fhir/", true),
            ("url:below=http://acme.org/fhir", true),
            ("url:below=http://acme.org/fh", false),
            ("url:above=http://acme.org/fhir/ValueSet/123/_history/5", true),
            ("url:above=http://acme.org/fhir/ValueSet/12", false),
            ("_profile=http://example.org/p|1.0", true),
            ("_source=http://here", true),
            ("_tag=urn:t|vip", true),
            ("_tag:not=vip", false),
            ("_security=R", true),
            ("_type=ValueSet", true),
            ("_type=Patient,CodeSystem", false),
        ],
    );
    let report =
        json!({"resourceType": "MeasureReport", "measure": "http://acme.org/Measure/m1|1.2.3"});
    each(
        &report,
        &[
            ("measure=http://acme.org/Measure/m1", true),
            ("measure=http://acme.org/Measure/m1|1.2.3", true),
            ("measure=http://acme.org/Measure/m1|1.2", false),
            ("measure:below=http://acme.org/Measure/m1|1.2", true),
            ("measure:below=http://acme.org/Measure/m1|1.3", false),
            ("measure:below=http://acme.org/Measure", true),
            ("measure:above=http://acme.org/Measure/m1|1.2.3.4", true),
        ],
    );
}

#[test]
fn numbers_and_quantities_of_every_form() {
    let risk =
        |probability: Json| json!({"resourceType": "RiskAssessment", "prediction": [probability]});
    each(
        &risk(json!({"probabilityDecimal": 5.35})),
        &[
            ("probability=5.35", true),
            ("probability=5.4", true),
            ("probability=5.3", false),
            ("probability=ne5.4", false),
            ("probability=gt5.3", true),
            ("probability=gt5.35", false),
            ("probability=sa5.3", true),
            ("probability=eb5.4", true),
            ("probability=ap5", true),
            ("probability=ap4", false),
        ],
    );
    each(
        &risk(json!({"probabilityRange": {"low": {"value": 1}, "high": {"value": 3}}})),
        &[
            ("probability=gt2", true),
            ("probability=lt2", true),
            ("probability=2", false),
            ("probability=sa2", false),
            ("probability=eb4", true),
        ],
    );
    let less = json!({"resourceType": "Observation", "valueQuantity": {"value": 5, "comparator": "<", "unit": "mg"}});
    each(
        &less,
        &[("value-quantity=lt5", true), ("value-quantity=gt5", false), ("value-quantity=5", false)],
    );
    let series = json!({"resourceType": "Observation", "valueSampledData": {"origin": {"value": 10, "unit": "mV"}, "period": 1, "dimensions": 1, "factor": 2, "data": "1 E 3 2"}});
    each(
        &series,
        &[
            ("value-quantity=ge16", true),
            ("value-quantity=gt16", false),
            ("value-quantity=lt13||mV", true),
            ("value-quantity=lt13||mA", false),
        ],
    );
    let invoice =
        json!({"resourceType": "Invoice", "totalGross": {"value": 10.50, "currency": "CAD"}});
    each(&invoice, &[("totalgross=10.50||CAD", true), ("totalgross=10.50||USD", false)]);
}

#[test]
fn places_texts_and_sounds() {
    let montreal = json!({"resourceType": "Location", "position": {"latitude": 45.5019, "longitude": -73.5674}});
    each(
        &montreal,
        &[
            // Laval is 12 km away, Québec 233 km.
            ("near=45.6066|-73.7124", true),
            ("near=45.6066|-73.7124|10", false),
            ("near=45.6066|-73.7124|20|km", true),
            ("near=46.8139|-71.2080|230|km", false),
            ("near=46.8139|-71.2080|236|km", true),
            ("near=46.8139|-71.2080|150|[mi_i]", true),
            ("near:missing=false", true),
        ],
    );
    let it = json!({"resourceType": "Patient", "name": [{"family": "Gauthier", "given": ["Ève"]}],
        "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Allergique aux noix&#233;s &amp; &eacute;rables</p></div>"},
        "address": [{"line": ["12, rue de l’Église"]}]});
    each(
        &it,
        &[
            ("_text=allergique", true),
            ("_text=noix allerg", true),
            ("_text=erables", true),
            ("_text=lergique", false),
            ("_text=gauthier", false),
            ("_text=xmlns", false),
            ("_content=gauthier eglise", true),
            ("_content=gauthier laval", false),
            ("phonetic=gautier", true),
            ("phonetic=Gotié", false),
            ("phonetic=Gaultier", false),
            ("phonetic=eve", true),
        ],
    );
    for (left, right) in [
        ("Beaudoin", "Baudouin"),
        ("Lefebvre", "Lefèvre"),
        ("Thibault", "Tibault"),
        ("Philippe", "Filipe"),
        ("Lacroix", "Lacroi"),
    ] {
        let it = json!({"resourceType": "Patient", "name": [{"family": left}]});
        each(&it, &[(&format!("phonetic={right}"), true)]);
    }
}

#[test]
fn the_first_resource_of_a_bundle() {
    let it = json!({"resourceType": "Bundle", "type": "document", "entry": [
        {"resource": {"resourceType": "Composition", "id": "c1"}}, {"resource": {"resourceType": "Composition", "id": "c2"}}]});
    each(
        &it,
        &[
            ("composition=c1", true),
            ("composition=Composition/c2", false),
            ("message:missing=false", true),
        ],
    );
}

#[test]
fn results_are_shaped_as_asked() {
    let parse = |query: &str| Query::parse("Patient", query, &settings()).unwrap();
    for (code, summary) in [
        ("true", Summary::True),
        ("text", Summary::Text),
        ("data", Summary::Data),
        ("count", Summary::Count),
        ("false", Summary::False),
    ] {
        let query = parse(&format!("_summary={code}"));
        assert_eq!(
            (query.summary(), query.self_link()),
            (summary, format!("Patient?_summary={code}"))
        );
    }
    let query = parse("_elements=name,birthDate,deceased,name&_contained=false");
    assert_eq!(query.elements(), ["name", "birthDate", "deceased"]);
    assert_eq!(query.self_link(), "Patient?_elements=name,birthDate,deceased");
    let text = "_include=Patient:general-practitioner:Practitioner&_revinclude=Observation:patient&\
                _include:recurse=PractitionerRole:*&_revinclude:iterate=*";
    let query = parse(text);
    assert_eq!(
        query.self_link(),
        format!("Patient?{}", text.replace("recurse", "iterate").replace('*', "%2A"))
    );
    let [first, second, third, fourth] = query.includes() else { panic!("four includes") };
    assert_eq!(
        (first.reverse, first.iterate, first.target.as_deref()),
        (false, false, Some("Practitioner"))
    );
    assert_eq!(
        first.parameters_of("Patient").iter().map(|it| it.code).collect::<Vec<_>>(),
        ["general-practitioner"]
    );
    assert!(first.parameters_of("Observation").is_empty());
    assert!(second.reverse && third.iterate && third.parameters_of("PractitionerRole").len() > 3);
    assert!(fourth.source.is_none() && fourth.parameters_of("Observation").len() > 5);
}

#[test]
fn lenient_handling_leaves_out_what_is_unknown_and_says_so() {
    let lenient = Settings { lenient: true, ..settings() };
    let text =
        "name=x&colour=red&_include=Patient:colour&_has:Zebra2:x:y=1&_sort=colour&name:below=y";
    assert!(Query::parse("Patient", text, &lenient).is_err(), "what is malformed is refused");
    let text = text.replace("&_has:Zebra2:x:y=1", "&general-practitioner.colour=1");
    let query = Query::parse("Patient", &text, &lenient).unwrap();
    assert_eq!(query.self_link(), "Patient?name=x");
    let ignored: Vec<&str> = query.ignored().iter().map(|error| error.parameter.as_str()).collect();
    assert_eq!(
        ignored,
        ["colour", "_include", "general-practitioner.colour", "_sort", "name:below"]
    );
    assert!(Query::parse("Patient", "birthdate=yesterday", &lenient).is_err());
}

#[test]
fn several_orders_of_several_kinds() {
    let query = Query::parse("Observation", "_sort=-value-quantity,_id", &settings()).unwrap();
    let place = |id: &str, value: Option<&str>| {
        let value =
            value.map_or(String::new(), |value| format!(r#","valueQuantity":{{"value":{value}}}"#));
        let text = format!(r#"{{"resourceType":"Observation"{value}}}"#);
        let document = fhir::json::Document::parse(text, &Default::default()).unwrap();
        query.position_of_body(document.root(), id, 0)
    };
    let mut places = [
        place("a", Some("-1.5")),
        place("b", None),
        place("c", Some("1e3")),
        place("d", Some("0")),
        place("e", Some("-0.0")),
        place("f", Some("7.25")),
        place("g", Some("-20")),
    ];
    places.sort_by(|left, right| query.compare_positions(left, right));
    let order: Vec<&str> = places.iter().map(|place| place.id.as_str()).collect();
    assert_eq!(order, ["c", "f", "d", "e", "a", "g", "b"]);
}
