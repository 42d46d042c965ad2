use fhir::json::Document;
use fhir::limits::JsonLimits;
use serde_json::{Value, json};

use super::*;
use crate::decision::tests::claims;
use crate::facts::BodyFacts;

const ACT_CODE: &str = crate::systems::ACT_CODE;

pub(crate) fn document(value: &Value) -> Document {
    Document::parse(value.to_string(), &JsonLimits::default()).unwrap()
}

fn concept(system: &str, code: &str) -> Value {
    json!({"coding": [{"system": system, "code": code}]})
}

/// A restriction with this provision; `deny` when it has no type.
fn consent(provision: Value) -> Value {
    let mut provision = provision;
    if provision.get("type").is_none() && provision.get("untyped").is_none() {
        provision["type"] = json!("deny");
    }
    provision.as_object_mut().unwrap().remove("untyped");
    json!({
        "resourceType": "Consent", "status": "active",
        "scope": concept(crate::systems::CONSENT_SCOPE, "patient-privacy"),
        "category": [concept("http://loinc.org", "59284-0")],
        "patient": {"reference": "Patient/ann"},
        "policyRule": concept(ACT_CODE, "OPTIN"),
        "provision": provision,
    })
}

fn actor(role: &str, reference: Value) -> Value {
    let role = match role {
        "IRCP" => concept(crate::systems::PARTICIPATION, "IRCP"),
        role => concept(crate::systems::FUNCTION, role),
    };
    json!({"role": role, "reference": reference})
}

fn read(consent: &Value) -> Result<Option<Vec<Restriction>>, Misunderstood> {
    let naming = Naming {
        issuers: &["https://issuer.example"],
        licence_systems: &["urn:licences"],
        functions: &["clerk"],
        own_bases: &["https://here.example/fhir"],
        known: &[
            Known { reference: "Organization/clinic", named_by: &[KnownAs::Establishment("e01")] },
            Known { reference: "Practitioner/roy", named_by: &[KnownAs::Licence("12345")] },
        ],
        ..Naming::default()
    };
    of_consent(document(consent).root(), &Source::default(), &naming)
}

#[track_caller]
fn one(consent: &Value) -> Restriction {
    let mut read = read(consent).unwrap().unwrap();
    assert_eq!(read.len(), 1);
    read.remove(0)
}

/// Whether a caller is concerned, for care, on 2026-06-01.
fn concerns(restriction: &Restriction, claims: &Claims) -> bool {
    let caller = Caller::new(claims, &["https://here.example/fhir"]);
    restriction.bearing(&caller, claims.purpose, 1_780_300_000_000, false).is_some()
}

/// Whether the resource is withheld from a physician.
fn withheld(restriction: &Restriction, resource: &Value) -> Option<bool> {
    let claims = claims("physician", "", None);
    let caller = Caller::new(&claims, &[""; 0]);
    let bearing = restriction.bearing(&caller, claims.purpose, 1_780_300_000_000, false)?;
    let document = document(resource);
    let id = resource["id"].as_str().unwrap_or("1");
    restriction.takes(bearing, &BodyFacts::new(document.root(), id, 0))
}

#[test]
fn only_what_is_active_and_of_privacy_is_enforced() {
    let mut told = consent(json!({}));
    assert!(read(&told).unwrap().is_some());
    for status in ["draft", "proposed", "rejected", "inactive", "entered-in-error"] {
        told["status"] = json!(status);
        assert_eq!(read(&told).unwrap(), None, "{status}");
    }
    told["status"] = json!("active");
    for scope in ["treatment", "adr"] {
        told["scope"] = concept(crate::systems::CONSENT_SCOPE, scope);
        assert_eq!(read(&told).unwrap(), None, "{scope}");
    }
    told["scope"] = concept(crate::systems::CONSENT_SCOPE, "research");
    assert_eq!(one(&told).kind(), Kind::Refusal(Against::Researchers));
    // To take part in a study withholds nothing.
    told["provision"]["type"] = json!("permit");
    assert_eq!(read(&told).unwrap(), None);
}

type Edit = fn(&mut Value);

/// Every fault, by an edit of a restriction and the element that is blamed.
const FAULTS: [(Fault, &str, Edit); 34] = [
    (Fault::Modified, "Consent.modifierExtension", |c| {
        c["modifierExtension"] = json!([{"url": "x"}])
    }),
    (Fault::Modified, "Consent.implicitRules", |c| c["implicitRules"] = json!("x")),
    (Fault::Modified, "Consent.provision.modifierExtension", |c| {
        c["provision"]["modifierExtension"] = json!([{"url": "x"}]);
    }),
    (Fault::Category, "Consent.category", |c| {
        c["category"] = json!([concept(crate::systems::CONSENT_CATEGORY, "other")]);
    }),
    (Fault::Category, "Consent.category", |c| {
        let ours = |code| concept(crate::systems::CONSENT_CATEGORY, code);
        c["category"] = json!([ours("refusal"), ours("restriction")]);
    }),
    (Fault::Category, "Consent.category", |c| {
        c["scope"] = concept(crate::systems::CONSENT_SCOPE, "treatment");
        c["category"] = json!([concept(crate::systems::CONSENT_CATEGORY, "refusal")]);
    }),
    (Fault::Policy, "Consent.policyRule", |c| c["policyRule"] = concept(ACT_CODE, "OPTOUT")),
    (Fault::Policy, "Consent.policy[0].uri", |c| c["policy"] = json!([{"uri": "urn:other"}])),
    (Fault::Patient, "Consent.patient", |c| {
        c.as_object_mut().unwrap().remove("patient");
    }),
    (Fault::NoProvision, "Consent.provision", |c| {
        c.as_object_mut().unwrap().remove("provision");
    }),
    (Fault::Untyped, "Consent.provision", |c| {
        c["provision"] = json!({"period": {"start": "2020"}})
    }),
    (Fault::Untyped, "Consent.provision", |c| {
        c["provision"] = json!({"purpose": [], "provision": [{"type": "deny"}]});
    }),
    (Fault::Type, "Consent.provision.type", |c| c["provision"]["type"] = json!("permit")),
    (Fault::Type, "Consent.provision.provision[0].type", |c| {
        c["provision"]["provision"] = json!([{"type": "deny"}]);
    }),
    (
        Fault::TooMany,
        "Consent.provision.provision[0].provision[0].provision[0].provision[0]",
        |c| {
            let deny = json!({"type": "deny", "provision": [{"type": "permit", "provision": [{"type": "deny"}]}]});
            c["provision"]["provision"] = json!([{"type": "permit", "provision": [deny]}]);
        },
    ),
    (Fault::TooMany, "Consent.provision.provision", |c| {
        c["provision"]["provision"] = json!(vec![json!({"type": "permit"}); 65]);
    }),
    (Fault::TooMany, "Consent.provision.provision[63]", |c| {
        c["provision"]["provision"] = json!(vec![json!({"type": "permit"}); 64]);
    }),
    (Fault::Period, "Consent.provision.period", |c| c["provision"]["period"] = json!({})),
    (Fault::Period, "Consent.provision.dataPeriod", |c| {
        c["provision"]["dataPeriod"] = json!({"start": "2020", "end": "2019"});
    }),
    (Fault::Action, "Consent.provision.action[0]", |c| {
        c["provision"]["action"] = json!([concept(crate::systems::CONSENT_ACTION, "correct")]);
    }),
    (Fault::Action, "Consent.provision.action", |c| {
        c["provision"]["action"] = json!([concept(crate::systems::CONSENT_ACTION, "disclose")]);
    }),
    (Fault::Coding, "Consent.provision.code[0]", |c| {
        c["provision"]["code"] = json!([{"text": "HIV"}])
    }),
    (Fault::Coding, "Consent.provision.code[0].coding[0]", |c| {
        c["provision"]["code"] =
            json!([{"coding": [{"system": "s", "code": "c", "version": "2"}]}]);
    }),
    (Fault::Coding, "Consent.provision.securityLabel[0]", |c| {
        c["provision"]["securityLabel"] = json!([{"code": "HIV"}]);
    }),
    (Fault::Class, "Consent.provision.class[0]", |c| {
        c["provision"]["class"] =
            json!([{"system": crate::systems::RESOURCE_TYPES, "code": "Obs"}]);
    }),
    (Fault::Label, "Consent.provision.securityLabel[0]", |c| {
        c["provision"]["securityLabel"] = json!([{"system": ACT_CODE, "code": "SUD"}]);
    }),
    (Fault::Purpose, "Consent.provision.purpose[0]", |c| {
        c["provision"]["purpose"] =
            json!([{"system": crate::systems::ACT_REASON, "code": "HPAYMT"}]);
    }),
    (Fault::Meaning, "Consent.provision.data[0].meaning", |c| {
        c["provision"]["data"] =
            json!([{"meaning": "related", "reference": {"reference": "Observation/1"}}]);
    }),
    (Fault::Data, "Consent.provision.data[0].reference", |c| {
        c["provision"]["data"] = json!([{"meaning": "instance", "reference": {"reference": "Observation/1/_history/2"}}]);
    }),
    (Fault::Role, "Consent.provision.actor[0].role", |c| {
        c["provision"]["actor"] = json!([actor("phisician", json!({"display": "x"}))]);
    }),
    (Fault::Actor, "Consent.provision.actor[0].reference", |c| {
        c["provision"]["actor"] =
            json!([actor("IRCP", json!({"reference": "Organization/unknown"}))]);
    }),
    (Fault::Actor, "Consent.provision.actor[0].reference", |c| {
        c["provision"]["actor"] = json!([actor("IRCP", json!({"display": "Doctor Roy"}))]);
    }),
    (Fault::Nobody, "Consent.provision.actor", |c| {
        c["category"] = json!([concept(crate::systems::CONSENT_CATEGORY, "procuration")]);
        c["provision"]["type"] = json!("permit");
    }),
    (Fault::Refused, "Consent.provision.actor[0].role", |c| {
        c["category"] = json!([concept(crate::systems::CONSENT_CATEGORY, "refusal")]);
        c["provision"]["actor"] = json!([actor("nurse", json!({"display": "x"}))]);
    }),
];

#[test]
fn what_cannot_be_kept_exactly_is_refused_with_its_element() {
    for (fault, path, edit) in FAULTS {
        let mut told = consent(json!({}));
        edit(&mut told);
        let refused = read(&told).expect_err(path);
        assert_eq!((refused.fault, refused.path.as_str()), (fault, path));
        // Of one that is not active nothing is asked.
        told["status"] = json!("draft");
        assert_eq!(read(&told).unwrap(), None);
    }
    let tried = |fault| FAULTS.iter().any(|(tried, ..)| tried == fault);
    let others = [Fault::Grantor, Fault::Dates];
    assert!(Fault::ALL.iter().all(|fault| tried(fault) || others.contains(fault)));
}

#[test]
fn a_refusal_becomes_422_at_the_element() {
    let told = consent(json!({"class": [{"system": "s", "code": "c"}]}));
    let refusal = fhir::outcome::Refusal::from(read(&told).unwrap_err());
    let text = refusal.to_operation_outcome();
    assert_eq!(refusal.status.code(), 422);
    assert!(text.contains("Consent.provision.class[0]"), "{text}");
}

#[test]
fn whom_a_restriction_concerns() {
    let by = |role: &str, reference| one(&consent(json!({"actor": [actor(role, reference)]})));
    let mut roy = claims("physician", "", None);
    roy.fhir_user = Some("https://here.example/fhir/Practitioner/roy".to_owned());
    roy.licence = Some("12345".to_owned());
    roy.establishment = Some("e01".to_owned());
    let mut other = roy.clone();
    other.fhir_user = Some("Practitioner/other".to_owned());
    other.licence = Some("99999".to_owned());
    other.establishment = Some("e02".to_owned());
    other.subject = "t".to_owned();
    other.client_id = "d".to_owned();

    let licence = json!({"identifier": {"system": "urn:licences", "value": "12345"}});
    let subject = json!({"identifier": {"system": "https://issuer.example", "value": "s"}});
    roy.issuer = "https://issuer.example".to_owned();
    let client = json!({"identifier": {"system": crate::systems::CLIENT, "value": "c"}});
    for reference in [
        json!({"reference": "Practitioner/roy"}),
        json!({"reference": "https://here.example/fhir/Practitioner/roy"}),
        json!({"reference": "Organization/clinic"}),
        licence,
        subject,
        client,
    ] {
        let restriction = by("IRCP", reference.clone());
        assert!(concerns(&restriction, &roy), "{reference}");
        assert!(!concerns(&restriction, &other), "{reference}");
        // Role and identity hold together.
        assert!(!concerns(&by("nurse", reference.clone()), &roy), "{reference}");
        assert!(concerns(&by("professional", reference), &roy));
    }
    let display = || json!({"display": "everybody"});
    for (role, named, not) in [
        ("professional", "nurse", "system"),
        ("physician", "physician", "nurse"),
        ("clerk", "clerk", "relative"),
        ("researcher", "researcher", "clerk"),
        ("proxy", "proxy", "relative"),
        ("system", "system", "physician"),
    ] {
        assert!(concerns(&by(role, display()), &claims(named, "", None)), "{role}");
        assert!(!concerns(&by(role, display()), &claims(not, "", None)), "{role}");
    }
    // Nobody named is everybody but the person.
    let all = one(&consent(json!({})));
    for function in ["physician", "system", "proxy", "clerk", "researcher"] {
        assert!(concerns(&all, &claims(function, "", None)), "{function}");
    }
    assert!(!concerns(&all, &claims("patient", "", Some("ann"))));
}

#[test]
fn who_cannot_be_told_apart_is_denied_and_not_permitted() {
    let roy = || json!([actor("IRCP", json!({"reference": "Practitioner/unlisted"}))]);
    let denied = one(&consent(json!({"actor": roy()})));
    let excepted = one(&consent(json!({"provision": [{"type": "permit", "actor": roy()}]})));
    let observation = json!({"resourceType": "Observation"});
    // A token without fhirUser may be anybody's; one that names a role, too.
    let mut unknown = claims("physician", "", None);
    for user in
        [None, Some("PractitionerRole/1"), Some("https://there.example/Practitioner/unlisted")]
    {
        unknown.fhir_user = user.map(str::to_owned);
        assert!(concerns(&denied, &unknown), "{user:?}");
        let caller = Caller::new(&unknown, &[""; 0]);
        let bearing = excepted.bearing(&caller, unknown.purpose, 0, false).unwrap();
        let document = document(&observation);
        let facts = BodyFacts::new(document.root(), "1", 0);
        assert_eq!(excepted.takes(bearing, &facts), Some(true), "{user:?}");
    }
    unknown.fhir_user = Some("Practitioner/other".to_owned());
    assert!(!concerns(&denied, &unknown));
    assert!(!concerns(&denied, &claims("system", "", None)));
}

#[test]
fn purposes_and_periods() {
    let treat = json!([{"system": crate::systems::ACT_REASON, "code": "TREAT"}]);
    let restriction = one(&consent(json!({"purpose": treat})));
    let mut caller = claims("physician", "", None);
    for (purpose, expected) in
        [(Purpose::Treatment, true), (Purpose::Emergency, true), (Purpose::Teaching, false)]
    {
        caller.purpose = purpose;
        assert_eq!(concerns(&restriction, &caller), expected);
    }
    let caller = claims("physician", "", None);
    for (period, expected) in [
        (json!({"start": "2026-06-01", "end": "2026-06-01"}), true),
        (json!({"start": "2026"}), true),
        (json!({"end": "2026-05"}), false),
        (json!({"start": "2026-06-02"}), false),
    ] {
        let restriction = one(&consent(json!({"period": period})));
        assert_eq!(concerns(&restriction, &caller), expected, "{period}");
    }
    // The period of a root without type is that of each of its provisions.
    let nested = json!([{"type": "deny"}, {"type": "deny", "period": {"start": "2026"}}]);
    let told = json!({"untyped": true, "period": {"end": "2026-05"}, "provision": nested});
    let read = read(&consent(told)).unwrap().unwrap();
    assert_eq!(read.len(), 2);
    assert!(!read.iter().any(|each| concerns(each, &caller)));
}

#[test]
fn what_a_restriction_withholds() {
    let observation = json!({
        "resourceType": "Observation", "id": "1",
        "meta": {"security": [{"system": ACT_CODE, "code": "HIV"}]},
        "category": [concept("urn:c", "laboratory")],
        "code": concept("http://loinc.org", "1-8"),
        "component": [{"code": concept("http://loinc.org", "2-6")}],
        "effectiveDateTime": "2019-12-31",
    });
    let label = |code: &str| json!({"system": ACT_CODE, "code": code});
    let data = |id: &str| json!([{"meaning": "instance", "reference": {"reference": id}}]);
    let category = |code: &str| json!([{"url": crate::systems::EXTENSION_CATEGORY, "valueCoding": {"system": "urn:c", "code": code}}]);
    let class = |code: &str| json!([{"system": crate::systems::RESOURCE_TYPES, "code": code}]);
    for (provision, expected) in [
        (json!({"class": class("Observation")}), true),
        (json!({"class": class("Condition")}), false),
        (json!({"extension": category("laboratory")}), true),
        (json!({"extension": category("imaging")}), false),
        (json!({"code": [concept("http://loinc.org", "1-8")]}), true),
        (json!({"code": [concept("http://loinc.org", "2-6")]}), true),
        (json!({"code": [concept("http://snomed.info/sct", "1-8")]}), false),
        // A label is no code of the instance.
        (json!({"code": [concept(ACT_CODE, "HIV")]}), false),
        (json!({"securityLabel": [label("HIV")]}), true),
        (json!({"securityLabel": [label("HIV"), label("PSY")]}), false),
        (json!({"data": data("Observation/1")}), true),
        (json!({"data": data("Observation/2")}), false),
        (json!({"data": data("Condition/1")}), false),
        (json!({"dataPeriod": {"start": "2019", "end": "2019"}}), true),
        (json!({"dataPeriod": {"start": "2020"}}), false),
        // All kinds together.
        (json!({"class": class("Observation"), "securityLabel": [label("PSY")]}), false),
        (json!({"class": class("Observation"), "securityLabel": [label("HIV")]}), true),
    ] {
        let restriction = one(&consent(provision.clone()));
        assert_eq!(withheld(&restriction, &observation), Some(expected), "{provision}");
    }
}

#[test]
fn confidentiality_is_a_high_water_mark() {
    let label = |code: &str| json!({"system": crate::systems::CONFIDENTIALITY, "code": code});
    let resource =
        |code: &str| json!({"resourceType": "Observation", "meta": {"security": [label(code)]}});
    let denied = one(&consent(json!({"securityLabel": [label("R")]})));
    let told = json!({"provision": [{"type": "permit", "securityLabel": [label("N")]}]});
    let excepted = one(&consent(told));
    for (code, by_denial, by_exception) in
        [("L", false, false), ("N", false, false), ("R", true, true), ("V", true, true)]
    {
        assert_eq!(withheld(&denied, &resource(code)), Some(by_denial), "{code}");
        assert_eq!(withheld(&excepted, &resource(code)), Some(by_exception), "{code}");
    }
}

#[test]
fn what_was_not_understood_withholds_everything() {
    let restriction = Restriction::not_understood(Source::default());
    let patient = json!({"resourceType": "Patient", "id": "ann"});
    assert_eq!(withheld(&restriction, &patient), Some(true));
    assert!(!concerns(&restriction, &claims("patient", "", Some("ann"))));
}

proptest::proptest! {
    /// Whatever a Consent holds, it is read or refused at one of its elements.
    #[test]
    fn any_consent_is_read_or_refused(text in consent_like()) {
        let document = Document::parse(text, &JsonLimits::default()).unwrap();
        if let Err(refused) = of_consent(document.root(), &Source::default(), &Naming::default()) {
            proptest::prop_assert!(refused.path.starts_with("Consent."));
        }
    }
}

/// JSON made of the words of Consents in any arrangement.
fn consent_like() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    const WORDS: [&str; 26] = [
        "status",
        "active",
        "scope",
        "coding",
        "system",
        "code",
        "provision",
        "type",
        "deny",
        "permit",
        "actor",
        "role",
        "reference",
        "Practitioner/1",
        "identifier",
        "value",
        "class",
        "securityLabel",
        "data",
        "meaning",
        "instance",
        "period",
        "start",
        "2020",
        "category",
        "patient-privacy",
    ];
    let leaf = prop_oneof![
        proptest::sample::select(&WORDS[..]).prop_map(|word| json!(word)),
        Just(json!(null)),
        Just(json!(true)),
        Just(json!(1)),
    ];
    let any = leaf.prop_recursive(5, 60, 6, |inner| {
        let name = proptest::sample::select(&WORDS[..]);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| json!(items)),
            proptest::collection::hash_map(name, inner, 0..6).prop_map(|members| json!(members)),
        ]
    });
    any.prop_map(|provision| {
        let mut told = consent(json!({}));
        told["provision"] = provision;
        told.to_string()
    })
}
