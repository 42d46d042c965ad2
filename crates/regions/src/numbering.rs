//! Two numberings that look alike: health regions (RSS, 01 to 18) and
//! administrative regions (1 to 17). They agree from 1 to 16 but for two
//! traps: administrative 17 is Centre-du-Québec, which belongs to health region
//! 04, while health region 17 is Nunavik; administrative 10 covers health
//! regions 10, 17 and 18.

/// Highest health region code.
pub(crate) const HEALTH_REGION_MAX: u8 = 18;
/// Highest administrative region number.
pub(crate) const ADMINISTRATIVE_REGION_MAX: u8 = 17;

/// Words of a name that belong to one health region alone.
const WORDS: [(&str, u8, &str); 4] = [
    (
        "centre-du-québec",
        4,
        "Centre-du-Québec is administrative region 17 but belongs to health region 04",
    ),
    ("nunavik", 17, "Nunavik is health region 17 and lies in administrative region 10"),
    ("nord-du-québec", 10, "Nord-du-Québec is health region 10"),
    (
        "cries",
        18,
        "Terres-Cries-de-la-Baie-James is health region 18 and lies in administrative region 10",
    ),
];

/// The number of a health region code; `None` unless it is `01` to `18`.
pub(crate) fn health_region(code: &str) -> Option<u8> {
    let number: u8 = match code.as_bytes() {
        [b'0'..=b'9', b'0'..=b'9'] => code.parse().ok()?,
        _ => return None,
    };
    (1..=HEALTH_REGION_MAX).contains(&number).then_some(number)
}

/// The administrative regions that a health region of this number lies in.
pub(crate) fn administrative_regions(number: u8) -> &'static [u8] {
    const ALONE: [u8; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
    match number {
        4 => &[4, 17],
        17 | 18 => &[10],
        _ => {
            let at = usize::from(number).saturating_sub(1);
            ALONE.get(at..=at).unwrap_or_default()
        }
    }
}

/// What is wrong with a health region of this number and name; `None` when
/// nothing is.
pub(crate) fn name_trap(number: u8, name_fr: &str) -> Option<&'static str> {
    let name = name_fr.to_lowercase();
    WORDS
        .iter()
        .find(|(word, owner, _)| name.contains(word) && *owner != number)
        .map(|(_, _, explanation)| *explanation)
}

/// What is wrong with a health region that claims to lie in an administrative
/// region; `None` when nothing is.
pub(crate) fn administrative_trap(number: u8, administrative: u8) -> Option<&'static str> {
    match (number, administrative) {
        (_, 0) => Some("administrative regions are numbered from 1 to 17"),
        (_, n) if n > ADMINISTRATIVE_REGION_MAX => Some(
            "administrative regions are numbered from 1 to 17; 18 exists only as a health region",
        ),
        (10 | 17 | 18, 10) | (4, 17) => None,
        (17, 17) => Some(
            "health region 17 is Nunavik, in administrative region 10; \
             administrative region 17 is Centre-du-Québec, in health region 04",
        ),
        (17 | 18, _) => Some("health regions 17 and 18 lie in administrative region 10"),
        (_, 17) => Some("administrative region 17 is Centre-du-Québec, in health region 04"),
        (_, 10) => Some("administrative region 10 covers health regions 10, 17 and 18 only"),
        _ => None,
    }
}
