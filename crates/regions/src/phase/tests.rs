use super::*;
use crate::Directory;

const PHASES: [Phase; 4] = [Phase::Planned, Phase::Rehearsal, Phase::Live, Phase::Paused];

#[test]
fn phases_follow_each_other_in_both_directions() {
    let allowed: Vec<(Phase, Phase)> = PHASES
        .into_iter()
        .flat_map(|from| PHASES.map(|to| (from, to)))
        .filter(|(from, to)| Move::new(*from, *to).is_ok())
        .collect();
    let steps = [
        (Phase::Planned, Phase::Rehearsal),
        (Phase::Rehearsal, Phase::Planned),
        (Phase::Rehearsal, Phase::Live),
        (Phase::Live, Phase::Rehearsal),
        (Phase::Live, Phase::Paused),
        (Phase::Paused, Phase::Live),
    ];
    assert_eq!(allowed, steps);
}

#[test]
fn what_is_no_move_says_which_step_comes_first() {
    for (from, to, first) in [
        (Phase::Planned, Phase::Live, "move it to rehearsal first"),
        (Phase::Planned, Phase::Paused, "move it to rehearsal first"),
        (Phase::Rehearsal, Phase::Paused, "move it to live first"),
        (Phase::Paused, Phase::Rehearsal, "move it to live first"),
        (Phase::Paused, Phase::Planned, "move it to live first"),
        (Phase::Live, Phase::Planned, "move it to rehearsal first"),
        (Phase::Live, Phase::Live, "already"),
    ] {
        let why = Move::new(from, to).unwrap_err().to_string();
        assert!(why.contains(first), "{why}");
        if let Some(next) = why.strip_suffix(" first").and_then(|why| why.rsplit(' ').next()) {
            assert!(Move::new(from, Phase::from_word(next).unwrap()).is_ok(), "{why}");
        }
    }
}

#[test]
fn nothing_is_live_without_all_of_it_and_nothing_but_files_stops_a_pause() {
    assert_eq!(Move::new(Phase::Rehearsal, Phase::Live).unwrap().items(), Item::ALL);
    assert_eq!(Move::new(Phase::Live, Phase::Paused).unwrap().items(), [Item::Files]);
    assert!(Move::new(Phase::Paused, Phase::Live).unwrap().items().contains(&Item::Audit));
    assert!(Item::ALL.iter().all(|item| Item::from_word(item.word()) == Some(*item)));
}

fn file() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra/regions/08.toml");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn only_phase_and_day_change() {
    let before = file().replace("phase = \"planned\"", "phase = 'planned' # kept");
    let moved = with_phase(&before, Phase::Rehearsal, "2026-11-26").unwrap();
    let expected = before.replace(
        "phase = 'planned' # kept",
        "phase = \"rehearsal\" # kept\nsince = \"2026-11-26\"",
    );
    assert_eq!(moved, expected);
    let again = with_phase(&moved, Phase::Live, "2026-12-01").unwrap();
    let expected = expected.replace("\"rehearsal\"", "\"live\"").replace("-11-26", "-12-01");
    assert_eq!(again, expected);
    // The day may stand before the phase.
    let turned = "since = \"2026-11-26\"\n".to_owned() + &before;
    let moved = with_phase(&turned, Phase::Live, "2026-12-01").unwrap();
    assert!(moved.starts_with("since = \"2026-12-01\"\n"));
    assert!(moved.contains("phase = \"live\" # kept\n"));
    assert_eq!(moved.matches("since").count(), 1);
}

#[test]
fn a_day_that_is_none_is_refused_with_its_line() {
    let text = with_phase(&file(), Phase::Planned, "2026-02-30").unwrap();
    let faults = Directory::read([("08.toml", text.as_str())]).unwrap_err();
    assert!(faults.iter().any(|fault| fault.remedy.contains("since = ")), "{faults:?}");
}

#[test]
fn a_text_that_is_no_region_is_not_touched() {
    assert!(with_phase("code = 8", Phase::Live, "2026-11-26").is_err());
}
