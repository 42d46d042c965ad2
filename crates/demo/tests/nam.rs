//! The NAM against the public test vectors.

#![allow(clippy::unwrap_used)]

use demo::nam::{Fault, check, make};
use proptest::prelude::*;

#[test]
fn public_vectors() {
    assert_eq!(check("AAAA01010112").unwrap().year, 1901);
    assert_eq!(check("AAAA01010110").unwrap().year, 2001);
    assert!(check("AAAA01510117").unwrap().month_shifted);
    assert_eq!(check("AAAA01010119"), Err(Fault::CheckDigit));
    assert_eq!(check("AAAA01010100"), Err(Fault::Number));
    assert_eq!(check("AAAA01014110"), Err(Fault::Date));
    assert_eq!(check("AA3A01010110"), Err(Fault::Letters));
}

#[test]
fn other_shapes_are_refused() {
    assert_eq!(check(""), Err(Fault::Length));
    assert_eq!(check("AAAA 0101 0110"), Err(Fault::Length));
    assert_eq!(check("AAAA0101011X"), Err(Fault::Digits));
    assert_eq!(check("aaaa01010110"), Err(Fault::Letters));
    assert_eq!(check("AAAA01130110"), Err(Fault::Date));
    assert_eq!(check("ÉAAA0101011"), Err(Fault::Letters));
}

#[test]
fn letters_are_plain_and_padded() {
    let nam = make("Ôé", "Étienne", (1980, 3, 9), false, 1).unwrap();
    assert!(nam.starts_with("OEXE800309"), "{nam}");
    let nam = make("L'Heureux", "Anne-Marie", (1980, 3, 9), true, 2).unwrap();
    assert!(nam.starts_with("LHEA805309"), "{nam}");
    assert_eq!(make("Roy", "Guy", (1981, 2, 29), false, 1), None);
    assert_eq!(make("Roy", "Guy", (1981, 2, 28), false, 0), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn made_numbers_check(
        family in "\\PC{0,8}", given in "\\PC{0,8}",
        year in 1900u16..2100, month in 1u8..=12, day in 1u8..=28, shifted: bool, number in 1u8..=9,
    ) {
        let text = make(&family, &given, (year, month, day), shifted, number).unwrap();
        let nam = check(&text).unwrap();
        prop_assert_eq!(
            (nam.year, nam.month, nam.day, nam.month_shifted, nam.number),
            (year, month, day, shifted, number)
        );
    }

    #[test]
    fn no_text_is_fatal(text in "\\PC{0,14}") {
        let _ = check(&text);
    }

    /// One digit fits each century, and never the same one.
    #[test]
    fn two_of_ten_check_digits_pass(day in 1u8..=28, number in 1u8..=9) {
        let text = make("Tremblay", "Julie", (1990, 5, day), true, number).unwrap();
        let passing = (0..=9).filter(|digit| check(&format!("{}{digit}", text.get(..11).unwrap())).is_ok());
        prop_assert_eq!(passing.count(), 2);
    }
}
