use super::*;

fn shown(zone: &Zone, at_ms: u64) -> String {
    let Local { year, month, day, hour, minute } = zone.local(at_ms);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}{}", zone.suffix())
}

#[test]
fn local_time_follows_the_clock_of_the_zone() {
    let toronto = Zone::of("America/Toronto");
    // 2026-11-26T19:05Z in winter, 2026-07-01T12:00Z in summer.
    assert_eq!(shown(&toronto, 1_795_719_900_000), "2026-11-26 14:05");
    assert_eq!(shown(&toronto, 1_782_907_200_000), "2026-07-01 08:00");
    // The hour that is there twice, 2026-11-01: 05:30Z and 06:30Z are both 01:30.
    assert_eq!(shown(&toronto, 1_793_511_000_000), "2026-11-01 01:30");
    assert_eq!(shown(&toronto, 1_793_514_600_000), "2026-11-01 01:30");
    // No summer time on the Lower North Shore.
    assert_eq!(shown(&Zone::of("America/Blanc-Sablon"), 1_782_907_200_000), "2026-07-01 08:00");
    assert_eq!(shown(&Zone::of("Nowhere/Land"), 1_782_907_200_000), "2026-07-01 12:00 UTC");
}

#[test]
fn days_begin_at_local_midnight() {
    let zone = Zone::of("America/Toronto");
    let hours = |text| zone.days(text).map(|(from, to)| (to - from) / 3_600_000);
    assert_eq!(hours("2026-11-26"), Some(24));
    assert_eq!(hours("2026-03-08"), Some(23), "summer time begins");
    assert_eq!(hours("2026-11-01"), Some(25), "and ends");
    assert_eq!(hours("2026-12"), Some(31 * 24));
    assert_eq!(hours("2026"), Some(365 * 24));
    assert_eq!(zone.days("2026-01-01").map(|(from, _)| from), Some(1_767_243_600_000));
    for wrong in
        ["", "26", "2026-13", "2026-02-30", "2026-1-1", "2026-01-01T00:00Z", "2026-01-01-01"]
    {
        assert_eq!(zone.days(wrong), None, "{wrong}");
    }
}
