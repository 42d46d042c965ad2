use super::*;

#[test]
fn a_token_is_remembered_for_ten_minutes() {
    let (mut tokens, start) = (Tokens::default(), Instant::now());
    assert_eq!(tokens.look_up("a", 1, start), Known::No);
    tokens.remember("a", 1, start);
    let later = start + Duration::from_secs(599);
    assert_eq!(tokens.look_up("a", 1, later), Known::Same);
    assert_eq!(tokens.look_up("a", 2, later), Known::Other);
    assert_eq!(tokens.look_up("b", 1, later), Known::No);
    assert_eq!(tokens.look_up("a", 1, start + Duration::from_secs(600)), Known::No);
    assert!(tokens.requests.is_empty() && tokens.order.is_empty());
}

#[test]
fn the_oldest_are_forgotten_when_there_are_too_many() {
    let (mut tokens, now) = (Tokens::default(), Instant::now());
    for number in 0..=TOKENS_MAX {
        tokens.remember(&number.to_string(), 1, now);
    }
    assert_eq!(tokens.requests.len(), TOKENS_MAX);
    assert_eq!(tokens.look_up("0", 1, now), Known::No);
    assert_eq!(tokens.look_up("1", 1, now), Known::Same);
}
