use proptest::prelude::*;

use super::*;
use crate::json::Document;
use crate::limits::JsonLimits;

const PATIENT: &str = r##"{"resourceType":"Patient","id":"p","active":true,"gender":"female","birthDate":"1974-12-25",
"_birthDate":{"extension":[{"url":"http://t","valueDateTime":"1974-12-25T14:35:45-05:00"}]},
"name":[{"use":"official","family":"Roy","given":["Léa","Anne"]},{"use":"usual","given":["Léa"],"_given":[{"id":"g"}]},{"_family":{"id":"f"}}],
"deceasedBoolean":false,"multipleBirthInteger":2,"contact":[{"name":{"family":"Roy"}}],
"generalPractitioner":[{"reference":"Practitioner/1"},{"reference":"#o"},{"reference":"http://x.y/fhir/PractitionerRole/7/_history/2"},{"type":"Organization","display":"x"},{"display":"?"}],
"contained":[{"resourceType":"Organization","id":"o","name":"N"}],"text":{"status":"generated","div":"<div>x</div>"}}"##;
const OBSERVATION: &str = r#"{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"1"},{"code":"2"}]},
"valueQuantity":{"value":1.50,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"},"effectivePeriod":{"start":"2020-01","end":"2020-02-01"},
"referenceRange":[{"low":{"value":1,"code":"g","system":"http://unitsofmeasure.org"}}]}"#;

const NOW_MS: i64 = 1_600_000_000_000;

fn results(text: &str, on: &str) -> Result<Vec<String>, FhirPathError> {
    let document = Document::parse(on.to_owned(), &JsonLimits::default()).unwrap();
    let expression = Expression::parse(text)?;
    let context = Context { now_ms: NOW_MS, ..Context::default() };
    let items = expression.evaluate(document.root(), &context)?;
    Ok(items
        .iter()
        .map(|item| match item {
            Item::Node(node) if operators::text(item).is_none() => {
                node.value().map_or("-".to_owned(), |value| value.raw().to_owned())
            }
            Item::Referred(name) => format!("→{name}"),
            _ => operators::text(item).unwrap_or_default(),
        })
        .collect())
}

fn on(document: &str, cases: &[(&str, &str)]) {
    for (text, wanted) in cases {
        let found = results(text, document).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(found.join("; "), *wanted, "{text}");
    }
}

#[test]
fn navigates() {
    on(
        PATIENT,
        &[
            ("Patient.name.given", "Léa; Anne; Léa"),
            ("name[0].given[1]", "Anne"),
            ("name[9].given", ""),
            ("Observation.name", ""),
            ("DomainResource.id", "p"),
            ("`name`.first().\"given\".last()", "Anne"),
            ("name.where(use = 'usual').given", "Léa"),
            ("deceased", "false"),
            ("deceasedBoolean", ""),
            ("multipleBirth + 1", "3"),
            ("birthDate.extension('http://t').value", "1974-12-25T14:35:45-05:00"),
            ("name.family", "Roy; -"),
            ("name.family.hasValue()", "false"),
            ("name[2].family.id", "f"),
            ("name[2].family.exists()", "true"),
            ("name[1].given.id", "g"),
            ("contained.name", "N"),
            ("name.given.count()", "3"),
            ("children().count() > 10", "true"),
            ("descendants().where($this = 'Anne')", "Anne"),
            ("name.select(given.count())", "2; 1; 0"),
            ("name.given.select($index)", "0; 1; 2"),
            ("(1 | 2 | 3).aggregate($this + $total, 0)", "6"),
            ("contact.name.family | name.family", "Roy; -"),
            ("%resource.id & %context.id & %rootResource.id", "ppp"),
            ("%ucum", "http://unitsofmeasure.org"),
            (
                "%\"ext-x\" & %`vs-y` & %vs-a-b",
                "http://hl7.org/fhir/StructureDefinition/xhttp://hl7.org/fhir/ValueSet/yhttp://hl7.org/fhir/ValueSet/a-b",
            ),
            (
                "generalPractitioner.resolve().select($this is Practitioner)",
                "true; false; false; false",
            ),
            ("generalPractitioner.where(resolve() is Organization).count()", "2"),
            ("generalPractitioner.resolve().ofType(Organization).name", "N"),
            ("text.div.htmlChecks()", "true"),
            ("gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", "true"),
            ("gender.memberOf('http://x')", ""),
            ("conformsTo('http://x')", ""),
            ("iif(active, 'a', 'b') & iif(active.not(), 'a', 'b') & iif({}, 'a')", "ab"),
            ("repeat(contained).name", "N"),
            ("name.trace('x').use", "official; usual"),
        ],
    );
    on(
        OBSERVATION,
        &[
            ("Observation.value.value", "1.50"),
            ("(Observation.value as Quantity).unit", "mg"),
            ("value.ofType(Quantity).exists()", "true"),
            ("value is Quantity", "true"),
            ("value is Period", "false"),
            ("effective.start", "2020-01"),
            ("Observation.effective.as(Period).end", "2020-02-01"),
            ("value > 1 'mg'", "true"),
            ("value < 1 'g'", "true"),
            ("value < referenceRange.low", "true"),
            ("value = 0.0015 'g'", "true"),
            ("value < 1 'mmol'", ""),
            ("effective.start < effective.end", "true"),
            ("code.coding.where(system = %loinc).code", "1"),
            ("code.coding.code contains '2'", "true"),
            ("'3' in code.coding.code", "false"),
        ],
    );
}

#[test]
fn computes() {
    on(
        "{}",
        &[
            ("1 + 2 * 3", "7"),
            ("(1 + 2) * 3", "9"),
            ("7 div 2 & ''", "3"),
            ("-7 mod 4", "-3"),
            ("1 / 4", "0.25"),
            ("1 / 0", ""),
            ("1 div 0", ""),
            ("0.1 + 0.2 = 0.3", "true"),
            ("9223372036854775807 + 1", ""),
            ("'a' + 'b' & {} & 'c'", "abc"),
            ("'a' + {}", ""),
            ("2 > 1 and 'b' > 'a'", "true"),
            ("{} and false", "false"),
            ("{} or true", "true"),
            ("{} and true", ""),
            ("{} implies true", "true"),
            ("false implies {}", "true"),
            ("true xor {}", ""),
            ("true xor false", "true"),
            ("1 = 1.0", "true"),
            ("1 = '1'", "false"),
            ("1 = {}", ""),
            ("(1 | 2) = (1 | 2)", "true"),
            ("(1 | 2) = (2 | 1)", "false"),
            ("(1 | 2) ~ (2 | 1)", "true"),
            ("'A  b' ~ 'a B'", "true"),
            ("'a' !~ 'b'", "true"),
            ("1.01 ~ 1.0", "true"),
            ("@2012 = @2012-01", ""),
            ("@2012 = @2013-01", "false"),
            ("@2012-04-15 > @2012-03", "true"),
            ("@2012-04-15T15:00:00Z = @2012-04-15T10:00:00-05:00", "true"),
            ("@T10:00 < @T11:00", "true"),
            ("@2012-01-31 + 1 month", "2012-02-29"),
            ("@2012-01-31T10:00:00Z - 36 hours", "2012-01-29T22:00:00Z"),
            ("@2014 + 24 months", "2016"),
            ("today()", "2020-09-13"),
            ("now()", "2020-09-13T12:26:40Z"),
            ("1 year = 12 months", "true"),
            ("(1 | 2 | 3).exclude(2).intersect(3 | 1 | 4)", "1; 3"),
            ("(1 | 1).combine(1).isDistinct()", "false"),
            ("(1).combine(1).distinct()", "1"),
            ("(1 | 2).subsetOf(1 | 2 | 3) and (1 | 2).supersetOf(2)", "true"),
            ("(1|2|3).skip(1).take(1)", "2"),
            ("(1|2|3).tail().first()", "2"),
            ("((1 > 2) | true).anyTrue()", "true"),
            ("(true | false).allTrue()", "false"),
            ("(1|2).all($this < 3)", "true"),
            ("{}.all(false)", "true"),
            ("(1|2).exists($this = 2)", "true"),
        ],
    );
}

#[test]
fn reads_and_converts_texts() {
    on(
        "{}",
        &[
            ("'abc'.substring(1) & 'abc'.substring(0, 1)", "bca"),
            ("'abc'.substring(3)", ""),
            ("'ééa'.indexOf('a')", "2"),
            ("'abc'.indexOf('x')", "-1"),
            ("'abc'.startsWith('a') and 'abc'.endsWith('c') and 'abc'.contains('b')", "true"),
            ("'aBc'.upper() & 'aBc'.lower()", "ABCabc"),
            ("'abc'.replace('b', 'x')", "axc"),
            ("'abc'.matches('^a.c$')", "true"),
            ("'a1b22'.replaceMatches('[0-9]+', '#')", "a#b#"),
            ("'abc'.toChars()", "a; b; c"),
            ("'abc'.length()", "3"),
            ("'1'.toInteger() + '1.5'.toDecimal()", "2.5"),
            ("'x'.toInteger()", ""),
            ("'4 days'.toQuantity()", "4 day"),
            ("'4 \\'mg\\''.toQuantity().toString()", "4 'mg'"),
            ("'2015'.toDate()", "2015"),
            ("'true'.toBoolean()", "true"),
            ("'1'.convertsToInteger()", "true"),
            ("(-1.5).abs() + 1.2.ceiling() + (-1.2).floor()", "1.5"),
            ("2.power(10) + 16.sqrt()", "1028"),
            ("1.25.round(1)", "1.3"),
            ("-5.abs()", "-5"),
            ("1 is Integer and 'a' is System.String and 1.0 is Decimal", "true"),
            ("1 + 1 is Integer", "true"),
            ("'a\\u00e9\\'b'", "aé'b"),
            ("true // comment\n and /* other */ true", "true"),
            ("'a,b'.split(',').join('-')", "a-b"),
        ],
    );
}

#[test]
fn says_what_is_wrong() {
    use FhirPathErrorKind::*;
    for (text, kind) in [
        ("", Syntax),
        ("a.", Syntax),
        ("a b", Syntax),
        ("a +", Syntax),
        ("(a", Syntax),
        ("'a", Syntax),
        ("a.nothing()", Syntax),
        ("a.where()", Syntax),
        ("a.empty(1)", Syntax),
        ("#", Syntax),
        ("@2012-13", Syntax),
        ("$that", Syntax),
        ("a is Bad.Type", Syntax),
        ("99999999999999999999", Syntax),
        ("'\\u12'", Syntax),
        ("/* x", Syntax),
        ("%nothing", Type),
        ("1 + 'a'", Type),
        ("1 < 'a'", Type),
        ("(1 | 2) + 1", Several),
        ("(1 | 2).single()", Several),
        ("(true | false) and true", Several),
        ("'a'.matches('(')", Type),
        ("'a'.matches('((a{1000}){1000}){1000}')", Type),
    ] {
        assert_eq!(results(text, "{}").unwrap_err().kind, kind, "{text}");
    }
    let nested = |count: usize| "(".repeat(count) + "1" + &")".repeat(count);
    assert_eq!(results(&nested(30), "{}").unwrap(), ["1"]);
    assert_eq!(results(&nested(65), "{}").unwrap_err().kind, TooLarge);
    assert_eq!(results(&"1+".repeat(80), "{}").unwrap_err().kind, TooLarge);
    assert_eq!(results(&" ".repeat(9000), "{}").unwrap_err().kind, TooLarge);
    assert!(results(&["1"; 2000].join("|"), "{}").is_ok());
    let path = vec!["a"; 2000].join(".");
    assert!(results(&path, "{}").unwrap().is_empty());
}

/// What multiplies itself meets the budget in bounded time.
#[test]
fn nothing_runs_away() {
    let begun = std::time::Instant::now();
    for text in [
        "(1|2|3|4|5|6|7|8|9|10).select(%context.repeat($this)).count()".to_owned(),
        "1".to_owned() + &".combine(1|2)".repeat(3) + &".select((1|2|3|4|5|6|7|8|9).combine(1|2|3|4|5|6|7|8))".repeat(8),
        "'aaaaaaaaaaaaaaaa'".to_owned() + &".replace('a','aaaaaaaaaaaaaaaa')".repeat(20),
        "'aaaaaaaaaaaaaaaa'".to_owned() + &".replaceMatches('','aaaaaaaaaaaaaaaa')".repeat(20),
        "(1|2).repeat($this + 1)".to_owned(),
        "('a').repeat($this & 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa')".to_owned(),
        "descendants().select(%resource.descendants()).select(%resource.descendants()).select(%resource.descendants()).count()".to_owned(),
        "descendants().select(%resource.descendants()).distinct()".to_owned(),
    ] {
        if let Err(error) = results(&text, PATIENT) {
            assert!(
                matches!(error.kind, FhirPathErrorKind::TooCostly | FhirPathErrorKind::Several),
                "{text}: {error}"
            );
        }
    }
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
}

#[test]
fn locates_every_node() {
    let document = Document::parse(PATIENT.to_owned(), &JsonLimits::default()).unwrap();
    let expression = Expression::parse("descendants()").unwrap();
    let context = Context::default();
    let items = expression.evaluate(document.root(), &context).unwrap();
    assert!(items.len() > 40);
    for item in items {
        let node = item.node().unwrap();
        let mut here = document.root();
        for step in node.location(document.root()) {
            here = match step {
                Step::Member(name) => here.get(&name).unwrap(),
                Step::Index(at) => here.items().nth(at).unwrap(),
            };
        }
        assert_eq!(Some(here.span()), node.value().or(node.companion()).map(Value::span));
    }
    let one = |text: &str| {
        let expression = Expression::parse(text).unwrap();
        let items = expression.evaluate(document.root(), &context).unwrap();
        let steps = items[0].node().unwrap().location(document.root());
        (
            format!("{steps:?}").replace("Member(", "").replace("Index(", "").replace(')', ""),
            items[0].type_name(),
        )
    };
    assert_eq!(one("Patient.deceased"), (r#"["deceasedBoolean"]"#.into(), Some("boolean")));
    assert_eq!(one("name[2].family"), (r#"["name", 2, "_family"]"#.into(), Some("string")));
    assert_eq!(one("contact.name"), (r#"["contact", 0, "name"]"#.into(), Some("HumanName")));
    assert_eq!(one("contact"), (r#"["contact", 0]"#.into(), Some("Patient.contact")));
    assert_eq!(one("contained.name"), (r#"["contained", 0, "name"]"#.into(), Some("string")));
    assert_eq!(one("Patient"), ("[]".into(), Some("Patient")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// No text makes the parser or the evaluator panic.
    #[test]
    fn survives_any_tokens(parts in prop::collection::vec(
        prop::sample::select(vec![
            "name", "given", ".", "(", ")", "[", "]", "where", "select", "first()", "1", "0", "-", "+", "*", "/",
            "'a'", "@2012-01-31", "day", "'mg'", "=", "~", "<", "and", "or", "is", "as", "Patient", "String",
            "$this", "$index", "|", "{}", "%resource", "descendants()", "count()", "substring", "toString()",
            "matches('a')", "round", "in", "contains", "birthDate", "generalPractitioner", "resolve()", "repeat", ",",
        ]), 0..14)) {
        let _ = results(&parts.join(" "), PATIENT);
        let _ = results(&parts.concat(), PATIENT);
    }

    #[test]
    fn survives_any_text(text in ".{0,40}") {
        let _ = results(&text, PATIENT);
    }

    #[test]
    fn decimals_are_exact(one in -99_999_i64..99_999, two in 1_i64..99_999, places in 0_u32..6) {
        let scale = 10_f64.powi(places as i32);
        let text = |n: i64| format!("{:.*}", places as usize, n as f64 / scale);
        let (a, b) = (Decimal::parse(&text(one)).unwrap(), Decimal::parse(&text(two)).unwrap());
        prop_assert_eq!(a.plus(b).unwrap().compare(Decimal::parse(&text(one + two)).unwrap()), std::cmp::Ordering::Equal);
        prop_assert_eq!(a.compare(b), one.cmp(&two));
        prop_assert_eq!(a.to_string(), text(one));
    }
}
