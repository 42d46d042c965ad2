//! The health insurance number (NAM): `AAAA YYMM DDNC`.
//!
//! Three letters of the family name at birth, one of the given name, year,
//! month (50 more on a woman's card), day, a number from 1 that tells
//! namesakes apart, a check digit. A NAM is not a key and does not tell gender.
//! The rule of the check digit was recomputed against public test vectors and
//! is not an official publication: a failing digit is a reason to warn, never
//! to refuse.

/// FHIR `Identifier.system` of a NAM.
pub const SYSTEM: &str =
    "https://fhir.infoway-inforoute.ca/NamingSystem/ca-qc-patient-healthcare-id";

/// What a well-formed NAM says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nam {
    /// Four digits; the check digit tells the century, which is not printed.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// The month was printed with 50 added.
    pub month_shifted: bool,
    /// 1 to 9.
    pub number: u8,
}

/// Why a text is not a valid NAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Not 12 characters.
    Length,
    /// One of the first four is not a capital letter from A to Z.
    Letters,
    /// One of the last eight is not a digit.
    Digits,
    /// Its date is not in the calendar.
    Date,
    /// The number that tells namesakes apart is 0.
    Number,
    /// The check digit fits neither 19xx nor 20xx: warn, do not refuse.
    CheckDigit,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Length => "a NAM has 12 characters: AAAAYYMMDDNC, without spaces",
            Self::Letters => "a NAM begins with four letters from A to Z, without accents",
            Self::Digits => "a NAM ends with eight digits",
            Self::Date => "the date in the NAM is not in the calendar; read the card again",
            Self::Number => "the eleventh character of a NAM is from 1 to 9; read the card again",
            Self::CheckDigit => "the last digit of the NAM does not fit; read the card again",
        })
    }
}

impl std::error::Error for Fault {}

const WEIGHTS: [u32; 17] = [7, 1, 1, 3, 9, 7, 3, 9, 5, 3, 1, 3, 5, 7, 6, 9, 1];

/// The check digit (0 to 9) of four capital letters, a year of four digits, the
/// month as printed (50 more when shifted), day and number.
pub fn check_digit(letters: [u8; 4], year: u16, month_printed: u8, day: u8, number: u8) -> u8 {
    let mut digits = Vec::with_capacity(17);
    let mut pair = |value: u32| digits.extend([value / 10 % 10, value % 10]);
    for letter in letters {
        let rank = u32::from(letter.saturating_sub(b'A')) + 1;
        pair(if rank > 18 { rank + 1 } else { rank });
    }
    pair(u32::from(year / 100));
    pair(u32::from(year % 100));
    pair(u32::from(month_printed));
    pair(u32::from(day));
    digits.push(u32::from(number));
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    (sum % 10) as u8
}

/// The NAM of a person; `None` unless month, day and number are in range.
/// `family` is the family name at birth.
pub fn make(
    family: &str,
    given: &str,
    (year, month, day): (u16, u8, u8),
    month_shifted: bool,
    number: u8,
) -> Option<String> {
    if !(1..=9).contains(&number) || day < 1 || day > days_in(year, month) {
        return None;
    }
    let mut letters = [b'X'; 4];
    let (names, initial) = letters.split_at_mut(3);
    for (slot, letter) in names.iter_mut().zip(plain_letters(family)) {
        *slot = letter;
    }
    for (slot, letter) in initial.iter_mut().zip(plain_letters(given)) {
        *slot = letter;
    }
    let printed = if month_shifted { month + 50 } else { month };
    let digit = check_digit(letters, year, printed, day, number);
    let mut text: String = letters.iter().map(|letter| char::from(*letter)).collect();
    text.push_str(&format!("{:02}{printed:02}{day:02}{number}{digit}", year % 100));
    Some(text)
}

/// Reads a NAM of 12 characters without spaces. The century is the one that the
/// check digit fits; it cannot fit both.
///
/// # Errors
/// The first thing wrong, from left to right.
pub fn check(text: &str) -> Result<Nam, Fault> {
    let bytes: &[u8; 12] = text.as_bytes().try_into().map_err(|_| Fault::Length)?;
    let [a, b, c, d, digits @ ..] = bytes;
    let letters = [*a, *b, *c, *d];
    if !letters.iter().all(u8::is_ascii_uppercase) {
        return Err(Fault::Letters);
    }
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(Fault::Digits);
    }
    let [y1, y2, m1, m2, d1, d2, n, last] = digits.map(|byte| byte - b'0');
    let (short_year, printed, day) = (y1 * 10 + y2, m1 * 10 + m2, d1 * 10 + d2);
    let month_shifted = printed > 50;
    let month = if month_shifted { printed - 50 } else { printed };
    let years = [2000 + u16::from(short_year), 1900 + u16::from(short_year)];
    if day < 1 || !years.iter().any(|year| day <= days_in(*year, month)) {
        return Err(Fault::Date);
    }
    if n == 0 {
        return Err(Fault::Number);
    }
    years
        .into_iter()
        .filter(|year| day <= days_in(*year, month))
        .find(|year| check_digit(letters, *year, printed, day, n) == last)
        .map(|year| Nam { year, month, day, month_shifted, number: n })
        .ok_or(Fault::CheckDigit)
}

/// Days of a month; 0 when there is no such month.
fn days_in(year: u16, month: u8) -> u8 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

/// The letters of a name as a card prints them: capital, without accents;
/// hyphens, spaces and apostrophes left out.
fn plain_letters(name: &str) -> impl Iterator<Item = u8> {
    name.chars().flat_map(char::to_uppercase).filter_map(|c| match c {
        'A'..='Z' => u8::try_from(c).ok(),
        'À' | 'Á' | 'Â' | 'Ã' | 'Ä' | 'Å' | 'Æ' => Some(b'A'),
        'Ç' => Some(b'C'),
        'È' | 'É' | 'Ê' | 'Ë' => Some(b'E'),
        'Ì' | 'Í' | 'Î' | 'Ï' => Some(b'I'),
        'Ñ' => Some(b'N'),
        'Ò' | 'Ó' | 'Ô' | 'Õ' | 'Ö' | 'Ø' | 'Œ' => Some(b'O'),
        'Ù' | 'Ú' | 'Û' | 'Ü' => Some(b'U'),
        'Ý' | 'Ÿ' => Some(b'Y'),
        _ => None,
    })
}
