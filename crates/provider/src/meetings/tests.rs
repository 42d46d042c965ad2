use super::*;

fn known(body: &str) -> Somebody {
    somebody(parsed(body).unwrap().root())
}

#[test]
fn family_names_are_compared_by_their_parts() {
    let both = |one: &str, other: &str| !parts(one).is_disjoint(&parts(other));
    assert!(both("Tremblay-Roy", "ROY"));
    assert!(both("Bélanger", "Belanger"));
    assert!(both("de la Durantaye", "Durantaye"));
    assert!(!both("St-Pierre", "St-Amour"), "a particle tells nothing");
    assert!(!both("Saint-Onge", "Saint-Laurent"));
    assert!(!both("Roy", "Royer"));
    assert!(parts("Li").is_empty(), "two letters are too few to tell");
}

#[test]
fn an_address_is_its_line_and_postal_code() {
    let one = known(
        r#"{"resourceType":"Patient","address":[{"line":["12, rue de l'Église"],"postalCode":"H2X 1Y4"}]}"#,
    );
    let other = known(
        r#"{"resourceType":"Practitioner","address":[{"line":["12 RUE DE L EGLISE"],"postalCode":"h2x1y4"}]}"#,
    );
    let next = known(
        r#"{"resourceType":"Practitioner","address":[{"line":["14 rue de l'Église"],"postalCode":"H2X 1Y4"}]}"#,
    );
    assert_eq!(one.addresses, other.addresses);
    assert!(one.addresses.is_disjoint(&next.addresses));
    let without = known(r#"{"resourceType":"Patient","address":[{"city":"Montréal"}]}"#);
    assert!(without.addresses.is_empty(), "a town is no address");
}

#[test]
fn an_establishment_is_named_by_its_code() {
    let encounter = |provider: &str| {
        format!(r#"{{"resourceType":"Encounter","serviceProvider":{{"identifier":{provider}}}}}"#)
    };
    let named = |body: &str| names_identifier(parsed(body).unwrap().root(), "demo-06-chum");
    assert!(named(&encounter(r#"{"system":"urn:dossier:establishment","value":"demo-06-chum"}"#)));
    assert!(!named(&encounter(r#"{"system":"urn:dossier:establishment","value":"demo-06-nim"}"#)));
    assert!(!named(&encounter(r#"{"system":"urn:other","value":"demo-06-chum"}"#)));
    assert!(!named(r#"{"resourceType":"Encounter"}"#));
}
