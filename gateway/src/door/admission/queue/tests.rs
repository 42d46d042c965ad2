use super::{Class, Full, Queue};
use proptest::prelude::*;

fn drain(queue: &mut Queue<u32>) -> Vec<(Class, u64, u32)> {
    std::iter::from_fn(|| queue.pop(|_| true, |_| true)).collect()
}

#[test]
fn the_most_urgent_come_first_and_equals_by_turns() {
    let mut queue = Queue::new(100, 100);
    for (number, (class, caller)) in [
        (Class::Bulk, 1),
        (Class::Read, 1),
        (Class::Read, 1),
        (Class::Read, 1),
        (Class::Read, 2),
        (Class::Write, 1),
        (Class::Emergency, 3),
    ]
    .into_iter()
    .enumerate()
    {
        queue.push(class, caller, number as u64, number as u32).unwrap();
    }
    let order: Vec<u32> = drain(&mut queue).into_iter().map(|(.., number)| number).collect();
    // Caller 2 waits for one of caller 1, not for three.
    assert_eq!(order, [6, 5, 1, 4, 2, 3, 0]);
}

#[test]
fn a_full_room_makes_way_for_the_more_urgent_only() {
    let mut queue = Queue::new(2, 2);
    queue.push(Class::Bulk, 1, 1, 1).unwrap();
    queue.push(Class::Read, 2, 2, 2).unwrap();
    assert_eq!(queue.push(Class::Bulk, 3, 3, 3), Err(Full::Room));
    assert_eq!(queue.push(Class::Read, 3, 4, 4), Ok(Some(1)));
    assert_eq!(queue.push(Class::Read, 4, 5, 5), Err(Full::Room));
    assert!(queue.push(Class::Emergency, 4, 6, 6).unwrap().is_some());
    assert_eq!(queue.len(), 2);
}

#[test]
fn no_caller_takes_all_of_the_room() {
    let mut queue = Queue::new(10, 3);
    for ticket in 0..3 {
        queue.push(Class::Read, 1, ticket, 0).unwrap();
    }
    assert_eq!(queue.push(Class::Emergency, 1, 9, 0), Err(Full::Caller));
    assert_eq!(queue.push(Class::Read, 2, 9, 0), Ok(None));
}

#[test]
fn a_class_without_a_place_holds_back_only_those_below_it() {
    let mut queue = Queue::new(10, 10);
    queue.push(Class::Bulk, 1, 1, 1).unwrap();
    queue.push(Class::Write, 1, 2, 2).unwrap();
    let urgent = |class| class <= Class::Write;
    assert_eq!(queue.pop(urgent, |_| true), Some((Class::Write, 1, 2)));
    assert_eq!(queue.pop(urgent, |_| true), None);
    assert_eq!(queue.pop(|_| true, |caller| caller != 1), None);
    assert_eq!(queue.remove(Class::Bulk, 1, 1), Some(1));
    assert_eq!((queue.remove(Class::Bulk, 1, 1), queue.len()), (None, 0));
}

proptest! {
    /// Whatever comes and goes: the room is never over its size, nobody is lost
    /// or let in twice, and nobody is let in before somebody more urgent.
    #[test]
    fn nobody_is_lost_and_urgency_is_kept(
        steps in prop::collection::vec((0..4usize, 0..5u64, 0..3u8), 1..200),
        room in 1..20usize, share in 1..20usize,
    ) {
        let mut queue = Queue::new(room, share);
        let mut waiting: Vec<(u32, Class, u64)> = Vec::new();
        for (number, (class, caller, action)) in steps.into_iter().enumerate() {
            let (number, class) = (number as u32, Class::ALL[class]);
            match action {
                0 => {
                    let told = queue.pop(|_| true, |_| true);
                    let most = waiting.iter().map(|(_, class, _)| *class).min();
                    prop_assert_eq!(told.as_ref().map(|(class, ..)| *class), most);
                    if let Some((_, _, number)) = told {
                        waiting.retain(|(held, ..)| *held != number);
                    }
                }
                _ => match queue.push(class, caller, u64::from(number), number) {
                    Ok(evicted) => {
                        if let Some(evicted) = evicted {
                            let out = waiting.iter().find(|(held, ..)| *held == evicted);
                            prop_assert!(out.unwrap().1 > class);
                            waiting.retain(|(held, ..)| *held != evicted);
                        }
                        waiting.push((number, class, caller));
                    }
                    Err(Full::Room) => {
                        prop_assert_eq!(waiting.len(), room);
                        prop_assert!(waiting.iter().all(|(_, held, _)| *held <= class));
                    }
                    Err(Full::Caller) => {
                        let own = waiting.iter().filter(|(.., of)| *of == caller).count();
                        prop_assert_eq!(own, share);
                    }
                },
            }
            prop_assert_eq!(queue.len(), waiting.len());
            prop_assert!(queue.len() <= room);
        }
    }

    /// Of two callers in one class, one with many waiting and one with few, the
    /// second is served at least every other time.
    #[test]
    fn turns_are_fair(many in 2..60usize, few in 1..30usize) {
        let mut queue = Queue::new(1_000, 1_000);
        (0..many).for_each(|ticket| { queue.push(Class::Read, 1, ticket as u64, 0).unwrap(); });
        (0..few).for_each(|ticket| { queue.push(Class::Read, 2, ticket as u64, 0).unwrap(); });
        let order: Vec<u64> = drain(&mut queue).into_iter().map(|(_, caller, _)| caller).collect();
        let last_of_few = order.iter().rposition(|caller| *caller == 2).unwrap();
        prop_assert!(last_of_few < 2 * few, "{order:?}");
    }
}
