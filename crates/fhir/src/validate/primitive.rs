//! Formats of the primitive datatypes (FHIR R4, Datatypes).

use crate::json::Kind;
use crate::resource::{is_calendar_day, parse_instant};

macro_rules! primitives {
    ($($variant:ident $name:literal $advice:literal)*) => {
        /// A primitive datatype, in the order of `scripts/definitions`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Primitive {
            $(#[doc = $name] $variant,)*
        }

        impl Primitive {
            const ALL: &[Self] = &[$(Self::$variant),*];

            /// Its name in FHIR.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What to send instead of what is not of its format.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice,)* }
            }
        }
    };
}

primitives! {
    Boolean "boolean" "A boolean is true or false."
    Integer "integer" "An integer is a whole number of 32 bits, with no point and no exponent."
    UnsignedInt "unsignedInt" "An unsignedInt is a whole number from 0 to 2147483647."
    PositiveInt "positiveInt" "A positiveInt is a whole number from 1 to 2147483647."
    Decimal "decimal" "A decimal is a number of at most 60 characters."
    String "string" "A string must not be empty and has no control characters but tab and line ends."
    Markdown "markdown" "A text must not be empty and has no control characters but tab and line ends."
    Code "code" "A code has no spaces at its ends and only single spaces inside."
    Id "id" "An id has 1 to 64 letters, digits, hyphens and points."
    Uri "uri" "A uri must not be empty and has no spaces."
    Url "url" "A url must not be empty and has no spaces."
    Canonical "canonical" "A canonical must not be empty and has no spaces."
    Oid "oid" "An oid is written as urn:oid:1.2.3."
    Uuid "uuid" "A uuid is written as urn:uuid: and 36 lower-case characters."
    Base64Binary "base64Binary" "A base64Binary has letters, digits, + and /, in groups of four padded with =."
    Instant "instant" "An instant is written as 2015-02-07T13:28:17.239+02:00, with its time zone."
    Date "date" "A date is written as 2018, 1973-06 or 1905-08-23, and must be in the calendar."
    DateTime "dateTime" "A dateTime is a date, or a date with time to the second and time zone, as 2015-02-07T13:28:17-05:00."
    Time "time" "A time is written as 13:28:17, without a time zone."
    Xhtml "xhtml" "A narrative must not be empty."
}

impl Primitive {
    pub(crate) fn numbered(number: u16) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::String)
    }

    /// The primitive of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|primitive| primitive.name() == name)
    }

    /// The JSON type that it is written as.
    pub fn json(self) -> Kind {
        match self {
            Self::Boolean => Kind::Bool,
            Self::Integer | Self::UnsignedInt | Self::PositiveInt | Self::Decimal => Kind::Number,
            _ => Kind::String,
        }
    }

    /// Whether `text` is of its format: a string without its quotes, or a JSON
    /// number as written.
    pub fn accepts(self, text: &str) -> bool {
        match self {
            Self::Boolean => matches!(text, "true" | "false"),
            Self::Integer => text.parse::<i32>().is_ok() && text != "-0",
            Self::UnsignedInt => {
                text.parse::<i32>().is_ok_and(|number| number >= 0) && text != "-0"
            }
            Self::PositiveInt => text.parse::<i32>().is_ok_and(|number| number >= 1),
            Self::Decimal => text.len() <= 60,
            Self::String | Self::Markdown | Self::Xhtml => {
                !text.is_empty()
                    && !text.bytes().any(|byte| byte < 0x20 && !matches!(byte, 9 | 10 | 13))
            }
            Self::Code => is_code(text),
            Self::Id => crate::types::is_id(text),
            Self::Uri | Self::Url | Self::Canonical => {
                !text.is_empty() && !text.chars().any(char::is_whitespace)
            }
            Self::Oid => is_oid(text),
            Self::Uuid => is_uuid(text),
            Self::Base64Binary => is_base64(text),
            Self::Instant => parse_instant(text).is_some(),
            Self::Date => is_date(text),
            Self::DateTime => is_date(text) || parse_instant(text).is_some(),
            Self::Time => is_time(text),
        }
    }
}

fn is_code(text: &str) -> bool {
    let mut space = true;
    for character in text.chars() {
        let next = character.is_whitespace();
        if next && space {
            return false;
        }
        space = next;
    }
    !space
}

fn is_oid(text: &str) -> bool {
    let Some(arcs) = text.strip_prefix("urn:oid:") else { return false };
    let number = |arc: &str| {
        !arc.is_empty()
            && arc.bytes().all(|byte| byte.is_ascii_digit())
            && (arc == "0" || !arc.starts_with('0'))
    };
    arcs.contains('.')
        && arcs.split('.').all(number)
        && matches!(arcs.as_bytes(), [b'0'..=b'2', b'.', ..])
}

fn is_uuid(text: &str) -> bool {
    let Some(uuid) = text.strip_prefix("urn:uuid:") else { return false };
    uuid.len() == 36
        && uuid.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

fn is_base64(text: &str) -> bool {
    let (mut count, mut padding) = (0_usize, 0_usize);
    for byte in text.bytes() {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => {}
            _ => return false,
        }
        count += 1;
    }
    count > 0 && count.is_multiple_of(4) && padding <= 2
}

/// A year, a month or a day of the calendar.
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut part = |length: usize| match parts.next() {
        None => Some(None),
        Some(digits) if digits.len() == length && digits.bytes().all(|b| b.is_ascii_digit()) => {
            digits.parse::<i64>().ok().map(Some)
        }
        Some(_) => None,
    };
    let (Some(Some(year)), Some(month), Some(day)) = (part(4), part(2), part(2)) else {
        return false;
    };
    parts.next().is_none() && is_calendar_day(year, month.unwrap_or(1), day.unwrap_or(1))
}

fn is_time(text: &str) -> bool {
    // An instant of any day has the same time.
    text.len() >= 8 && !text.contains(['Z', '+', '-']) && {
        parse_instant(&format!("2000-01-01T{text}Z")).is_some()
    }
}
