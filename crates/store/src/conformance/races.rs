//! Many at once: no lost update, no torn transaction, reads of one's own writes.

use chart::table::{Condition, Key, Table, TableError, Value, Write};
use futures::future::join_all;

use super::{Bench, Outcome, Report, done, ensure, numbered, same};

/// Callers at once.
const CALLERS: i64 = 8;
/// Tries of one caller before the check gives up.
const TRIES_MAX: usize = 1000;

pub(super) async fn check<T: Table>(bench: &Bench<'_, T>, report: &mut Report) {
    report.note("concurrent increments lose nothing", increments(bench).await);
    report.note("of concurrent creations one succeeds", creations(bench).await);
    report.note("of two overlapping transactions one succeeds", overlapping(bench).await);
    report.note("concurrent transactions keep what they keep together", together(bench).await);
    report.note("a read after a write sees it", own_writes(bench).await);
}

async fn increments<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    const EACH: i64 = 10;
    let key = bench.key("increments", "1");
    done("put", bench.table.write(Write::put(key.clone(), numbered(0), Condition::Always)).await)?;
    let callers = (0..CALLERS).map(|caller| increment(bench, key.clone(), caller, EACH));
    for outcome in join_all(callers).await {
        outcome?;
    }
    bench.holds(&key, Some(&numbered(CALLERS * EACH))).await
}

async fn increment<T: Table>(bench: &Bench<'_, T>, key: Key, caller: i64, times: i64) -> Outcome {
    let mut made = 0;
    for attempt in 0..TRIES_MAX {
        if made == times {
            return Ok(());
        }
        let number = bench.stored(&key).await?.and_then(|item| item.num("val")).unwrap_or(0);
        let as_read = Condition::Equals("val".to_owned(), Value::N(number));
        let write = Write::put(key.clone(), numbered(number + 1), as_read);
        let result = if caller % 2 == 0 {
            bench.table.write(write).await
        } else {
            bench.table.transact(&bench.token(&format!("i-{caller}-{attempt}")), vec![write]).await
        };
        match result {
            Ok(()) => made += 1,
            Err(TableError::Condition(_) | TableError::Conflict | TableError::Throttled) => {}
            Err(other) => return Err(other.to_string()),
        }
    }
    Err("no progress".to_owned())
}

async fn creations<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let key = bench.key("creations", "1");
    let callers = (0..CALLERS).map(|caller| {
        let write = Write::put(key.clone(), numbered(caller), Condition::Absent);
        async move {
            if caller % 2 == 0 {
                bench.table.write(write).await
            } else {
                bench.table.transact(&bench.token(&format!("c-{caller}")), vec![write]).await
            }
        }
    });
    let results = join_all(callers).await;
    let winners: Vec<i64> = (0..)
        .zip(&results)
        .filter(|(_, result)| result.is_ok())
        .map(|(caller, _)| caller)
        .collect();
    let [winner] = winners.as_slice() else {
        return Err(format!("{} succeeded: {results:?}", winners.len()));
    };
    let lost =
        |error: &TableError| matches!(error, TableError::Condition(_) | TableError::Conflict);
    ensure(results.iter().filter_map(|result| result.as_ref().err()).all(lost), "another error")?;
    bench.holds(&key, Some(&numbered(*winner))).await
}

async fn overlapping<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    for round in 0..10 {
        let key = |sk: &str| bench.key(&format!("overlapping {round}"), sk);
        // Each puts its own key and checks that the other's is absent.
        let left = vec![
            Write::put(key("left"), numbered(1), Condition::Absent),
            Write::check(key("right"), Condition::Absent),
        ];
        let right = vec![
            Write::check(key("left"), Condition::Absent),
            Write::put(key("right"), numbered(2), Condition::Absent),
        ];
        let tokens = (bench.token(&format!("l-{round}")), bench.token(&format!("r-{round}")));
        let (first, second) = futures::join!(
            bench.table.transact(&tokens.0, left),
            bench.table.transact(&tokens.1, right)
        );
        let stored = (bench.stored(&key("left")).await?, bench.stored(&key("right")).await?);
        let wrote = (first.is_ok(), second.is_ok());
        same("what is stored", (stored.0.is_some(), stored.1.is_some()), wrote)?;
        ensure(wrote != (true, true), "both succeeded")?;
        for error in [first.err(), second.err()].into_iter().flatten() {
            let lost = matches!(error, TableError::Condition(_) | TableError::Conflict);
            ensure(lost, &format!("another error: {error}"))?;
        }
    }
    Ok(())
}

async fn together<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let keys = [bench.key("together", "a"), bench.key("together", "b")];
    let put = |number: i64| -> Vec<Write> {
        keys.iter()
            .map(|key| Write::put(key.clone(), numbered(number), Condition::Always))
            .collect()
    };
    let callers = (0..CALLERS).map(|caller| {
        let put = &put;
        async move {
            for attempt in 0..5 {
                match bench
                    .table
                    .transact(&bench.token(&format!("t-{caller}-{attempt}")), put(caller))
                    .await
                {
                    Ok(()) | Err(TableError::Conflict | TableError::Throttled) => {}
                    Err(other) => return Err(other.to_string()),
                }
            }
            Ok(())
        }
    });
    for outcome in join_all(callers).await {
        outcome?;
    }
    let mut numbers = Vec::new();
    for key in &keys {
        numbers.push(bench.stored(key).await?.and_then(|item| item.num("val")));
    }
    ensure(numbers.iter().all(Option::is_some), "nothing was written")?;
    same("the two", numbers.first(), numbers.last())
}

async fn own_writes<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let callers = (0..CALLERS).map(|caller| async move {
        let key = bench.key("own writes", &caller.to_string());
        for number in 0..20 {
            let write = Write::put(key.clone(), numbered(number), Condition::Always);
            done("put", bench.table.write(write).await)?;
            bench.holds(&key, Some(&numbered(number))).await?;
        }
        Ok(())
    });
    join_all(callers).await.into_iter().collect()
}
