//! Reports as they are made and written.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use fhir::outcome::Language;
use report::model::{Name, Number};
use report::questions::{Figure, Question, Verdict};
use report::record::{Load, Reviews, Verification};
use report::slice::{Answered, Event, Ledger, Slice};
use report::write::{Format, write};
use report::{Audience, Input, Objectives, Place, Record, Report, Row, Span};

const DAY: i64 = 86_400_000;
const FROM: i64 = 20_000 * DAY;

fn objectives() -> Objectives {
    Objectives::shipped().unwrap()
}

fn asked(status: u16, taken_us: u64) -> Answered<'static> {
    Answered {
        establishment: "demo-06-nim",
        function: "lookup",
        status,
        taken_us,
        change: false,
        emergency: false,
        denied: None,
        shed: false,
    }
}

/// A good pilot: 30 days, 1,200 requests.
fn good() -> Input {
    let rows = (0..30).map(|day| {
        let mut slice = Slice::default();
        for number in 0..40u64 {
            let mut asked = asked(200, 2_000 + number * 100);
            asked.change = number % 4 == 0;
            asked.emergency = day == 3 && number == 7;
            slice.request(&asked);
            slice.event(Event::Forwarded);
        }
        slice.ledger(Ledger { size: 40 * (day as u64 + 1), published: 40, lag_ms_max: 2_000 });
        Row { at_ms: FROM + day * DAY + 8 * 3_600_000, slice }
    });
    let region = "06".to_owned();
    let at_ms = FROM + 20 * DAY;
    Input {
        from_ms: FROM,
        to_ms: FROM + 30 * DAY,
        made_ms: FROM + 30 * DAY,
        minutes: false,
        regions: vec![(
            Place {
                code: region.clone(),
                name: Name { fr: "Montréal".into(), en: "Montréal".into() },
                phase: "live".into(),
                establishments: vec![(
                    "demo-06-nim".into(),
                    Name { fr: "CIUSSS <du Nord>".into(), en: "North".into() },
                )],
            },
            rows.collect(),
        )],
        records: vec![
            Record::Load(Load {
                at_ms,
                region: region.clone(),
                balanced: true,
                read: 100,
                created: 90,
                updated: 0,
                there: 10,
                refused: 0,
            }),
            Record::Verification(Verification {
                at_ms,
                region: region.clone(),
                what: "log".into(),
                size: 800,
                whole: true,
                fault: None,
            }),
            Record::Reviews(Reviews { at_ms, region, open: 0, closed: 1 }),
        ],
    }
}

fn verdicts(input: Input) -> Vec<(Question, Verdict)> {
    let report = Report::of(input, &objectives(), Audience::Operators);
    report.regions[0].answers.iter().map(|answer| (answer.question, answer.verdict)).collect()
}

fn verdict(input: Input, question: Question) -> Verdict {
    verdicts(input).into_iter().find(|(asked, _)| *asked == question).unwrap().1
}

#[test]
fn a_good_pilot_answers_yes_to_every_question() {
    let report = Report::of(good(), &objectives(), Audience::Operators);
    let told = verdicts(good());
    assert!(told.iter().all(|(_, verdict)| *verdict == Verdict::Yes), "{told:?}");
    assert_eq!(report.regions[0].verdict(), Verdict::Yes);
    assert_eq!(report.regions[0].days, 30);
    assert_eq!(report.regions[0].total.emergencies, Number::Exact(1));
}

#[test]
fn nothing_counted_is_not_enough_data_and_never_yes() {
    let mut empty = good();
    empty.regions[0].1.clear();
    empty.records.clear();
    let told = verdicts(empty);
    assert!(told.iter().all(|(_, verdict)| *verdict == Verdict::NotEnough), "{told:?}");
}

#[test]
fn each_question_can_be_answered_no() {
    let with = |change: &dyn Fn(&mut Slice)| {
        let mut input = good();
        change(&mut input.regions[0].1[5].slice);
        input
    };
    let many = |asked: Answered<'static>| {
        move |slice: &mut Slice| (0..60).for_each(|_| slice.request(&asked))
    };
    let failing = with(&many(asked(500, 1_000)));
    assert_eq!(verdict(failing, Question::Available), Verdict::No);
    assert_eq!(verdict(with(&many(asked(200, 900_000))), Question::Fast), Verdict::No);
    let emergency = Answered { emergency: true, ..asked(200, 1_000) };
    assert_eq!(verdict(with(&many(emergency)), Question::EmergenciesRare), Verdict::No);
    let conflict = Answered { change: true, ..asked(412, 1_000) };
    assert_eq!(verdict(with(&many(conflict)), Question::ConflictsRare), Verdict::No);
    let shed = |slice: &mut Slice| (0..9).for_each(|_| slice.event(Event::ShedRead));
    assert_eq!(verdict(with(&shed), Question::Room), Verdict::No);
    let lost = |slice: &mut Slice| (0..9).for_each(|_| slice.event(Event::ForwardFailed));
    assert_eq!(verdict(with(&lost), Question::Forwarded), Verdict::No);
    let late = |slice: &mut Slice| slice.ledger(Ledger { lag_ms_max: 60_000, ..Ledger::default() });
    assert_eq!(verdict(with(&late), Question::Traced), Verdict::No);
}

#[test]
fn records_answer_no_as_well() {
    let with = |change: &dyn Fn(&mut Record)| {
        let mut input = good();
        input.records.iter_mut().for_each(change);
        input
    };
    let unbalanced = |record: &mut Record| {
        if let Record::Load(load) = record {
            load.balanced = false
        }
    };
    assert_eq!(verdict(with(&unbalanced), Question::Loaded), Verdict::No);
    let refused = |record: &mut Record| {
        if let Record::Load(load) = record {
            load.refused = 5
        }
    };
    assert_eq!(verdict(with(&refused), Question::Loaded), Verdict::No);
    let broken = |record: &mut Record| {
        if let Record::Verification(verification) = record {
            verification.whole = false
        }
    };
    assert_eq!(verdict(with(&broken), Question::Verified), Verdict::No);
    let old = |record: &mut Record| {
        if let Record::Verification(verification) = record {
            verification.at_ms = FROM - 10 * DAY
        }
    };
    assert_eq!(verdict(with(&old), Question::Verified), Verdict::No);
    let open = |record: &mut Record| {
        if let Record::Reviews(reviews) = record {
            reviews.open = 5
        }
    };
    assert_eq!(verdict(with(&open), Question::EmergenciesReviewed), Verdict::No);
}

#[test]
fn what_is_outside_the_period_does_not_count() {
    let mut input = good();
    input.from_ms = FROM + 10 * DAY;
    input.to_ms = FROM + 20 * DAY;
    let report = Report::of(input, &objectives(), Audience::Operators);
    assert_eq!(report.regions[0].total.requests, 400);
    assert_eq!(report.regions[0].days, 10);
    assert!(report.regions[0].loads.is_empty(), "the load was at its end");
}

#[test]
fn the_public_is_not_told_small_numbers_of_emergencies() {
    let report = Report::of(good(), &objectives(), Audience::Public);
    assert_eq!(report.regions[0].total.emergencies, Number::Below { below: 5 });
    let page = write(&report, Format::Html, Language::English);
    assert!(page.contains("fewer than 5 of 1,200"), "{page}");
    let json: serde_json::Value =
        serde_json::from_str(&write(&report, Format::Json, Language::English)).unwrap();
    assert_eq!(json["regions"][0]["total"]["emergencies"]["below"], 5);
    assert_eq!(json["regions"][0]["verdict"], "yes");
    // Nor of how many wait for a review, whatever the period had.
    for (open, closed, figure) in [
        (1, 2, Figure::SmallShare { below: 5, whole: 5 }),
        (13, 4, Figure::SmallShare { below: 5, whole: 15 }),
        (3, 99, Figure::Share { part: 95, whole: 100 }),
    ] {
        let mut input = good();
        for record in &mut input.records {
            if let Record::Reviews(reviews) = record {
                (reviews.open, reviews.closed) = (open, closed);
            }
        }
        let report = Report::of(input, &objectives(), Audience::Public);
        let answers = &report.regions[0].answers;
        let reviewed =
            answers.iter().find(|answer| answer.question == Question::EmergenciesReviewed);
        assert_eq!(reviewed.unwrap().figure, figure);
    }
}

#[test]
fn a_page_is_whole_in_both_languages_and_fetches_nothing() {
    let report = Report::of(good(), &objectives(), Audience::Operators);
    for (language, tag, words) in [
        (Language::French, "fr", ["Est-il assez rapide?", "Budget d’erreur", "1\u{a0}200"]),
        (Language::English, "en", ["Is it fast enough?", "Error budget", "1,200"]),
    ] {
        let page = write(&report, Format::Html, language);
        assert!(page.contains(&format!("<html lang=\"{tag}\">")));
        words.iter().for_each(|word| assert!(page.contains(word), "{word}"));
        for fetched in ["src=", "url(", "<script", "<link", "@import", "http://", "https://"] {
            assert!(!page.contains(fetched), "{fetched}");
        }
        assert!(!page.contains("<du Nord>"), "names are escaped");
        for tag in ["table", "svg", "section", "figure", "div", "main", "header"] {
            let count = |text: &str| page.matches(text).count();
            let opened = count(&format!("<{tag}>")) + count(&format!("<{tag} "));
            assert_eq!(opened, count(&format!("</{tag}>")), "{tag}");
        }
        let table = write(&report, Format::Markdown, language);
        assert!(table.contains(words[0]), "{table}");
    }
}

#[test]
fn every_word_that_is_counted_is_said_in_both_languages() {
    let mut slice = Slice::default();
    for event in Event::ALL {
        slice.event(event);
    }
    for word in report::reason::WORDS {
        slice.establishments.entry(String::new()).or_default().refusals.insert(word.into(), 1);
    }
    let mut input = good();
    input.regions[0].1[0].slice.merge(&slice);
    let report = Report::of(input, &objectives(), Audience::Operators);
    for language in [Language::French, Language::English] {
        let page = write(&report, Format::Html, language);
        let unsaid: Vec<_> = report::reason::WORDS
            .into_iter()
            .chain(Event::ALL.map(Event::word))
            .filter(|word| word.contains('-') && page.contains(&format!(">{word}<")))
            .collect();
        assert!(unsaid.is_empty(), "{unsaid:?}");
    }
}

#[test]
fn a_period_is_read_from_every_partition_that_it_touches() {
    let from = FROM + 20 * 3_600_000;
    let days = Span::Minute.partitions("06", from, from + 2 * DAY);
    assert_eq!(days.len(), 3, "{days:?}");
    assert_eq!(days[0], Span::Minute.partition("06", from));
    let months = Span::Hour.partitions("06", FROM, FROM + 90 * DAY);
    assert!((4..=5).contains(&months.len()), "{months:?}");
    assert_eq!(Span::Hour.partitions("06", FROM, FROM).len(), 1);
}

#[test]
fn objectives_are_checked() {
    assert!(Objectives::read("availability = 2").is_err());
    let shipped = include_str!("../../../infra/objectives.toml");
    let wrong = shipped.replace("availability = 0.999", "availability = 99.9");
    assert!(Objectives::read(&wrong).unwrap_err().contains("from 0 to 1"));
    let unknown = format!("{shipped}\nmore = 1\n");
    assert!(Objectives::read(&unknown).is_err());
}

#[test]
fn records_are_lines_and_anything_else_is_none() {
    for record in good().records {
        assert_eq!(Record::from_line(&record.to_line()), Some(record));
    }
    assert_eq!(Record::from_line("{\"kind\":\"load\"}"), None);
    assert_eq!(Record::from_line(&"x".repeat(5_000)), None);
}
