//! Transactions: all or nothing, their limits, and their idempotency token.

use chart::table::{Condition, Item, Table, Value, Write};

use super::{Bench, Outcome, Report, conditions_failed, done, numbered, rejected};

pub(super) async fn check<T: Table>(bench: &Bench<'_, T>, report: &mut Report) {
    report.note("a transaction does all of its writes", all(bench).await);
    report.note("a transaction with a failed condition does nothing", nothing(bench).await);
    report.note("failed conditions are told by index, with the item", told(bench).await);
    report.note("a transaction holds 100 writes, not 101", hundred(bench).await);
    report.note("a transaction may not name a key twice", twice(bench).await);
    report.note("a transaction holds 4 MB, not more", large(bench).await);
    report.note("an empty transaction is refused", empty(bench).await);
    report.note("a repeated token does nothing again", token(bench).await);
    report.note("a token of a failed transaction may be used again", token_of_failed(bench).await);
}

async fn all<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let key = |sk: &str| bench.key("all", sk);
    done("put", bench.table.write(Write::put(key("old"), numbered(0), Condition::Always)).await)?;
    done("put", bench.table.write(Write::put(key("held"), numbered(7), Condition::Always)).await)?;
    let writes = vec![
        Write::put(key("new"), numbered(1), Condition::Absent),
        Write::delete(key("old"), Condition::Present),
        Write::check(key("held"), Condition::Equals("val".to_owned(), Value::N(7))),
        Write::check(key("nowhere"), Condition::Absent),
        Write::put(bench.key("all, elsewhere", "new"), numbered(2), Condition::Always),
    ];
    done("transact", bench.table.transact(&bench.token("all"), writes).await)?;
    bench.holds(&key("new"), Some(&numbered(1))).await?;
    bench.holds(&key("old"), None).await?;
    bench.holds(&key("held"), Some(&numbered(7))).await?;
    bench.holds(&key("nowhere"), None).await?;
    bench.holds(&bench.key("all, elsewhere", "new"), Some(&numbered(2))).await
}

async fn nothing<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let key = |sk: &str| bench.key("nothing", sk);
    done("put", bench.table.write(Write::put(key("old"), numbered(0), Condition::Always)).await)?;
    let writes = vec![
        Write::put(key("new"), numbered(1), Condition::Absent),
        Write::delete(key("old"), Condition::Always),
        Write::check(key("nowhere"), Condition::Present),
    ];
    conditions_failed(
        "transact",
        bench.table.transact(&bench.token("nothing"), writes).await,
        &[(2, None)],
    )?;
    bench.holds(&key("new"), None).await?;
    bench.holds(&key("old"), Some(&numbered(0))).await
}

async fn told<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let key = |sk: &str| bench.key("told", sk);
    let held = numbered(3).with("cid", Value::S("c-1".to_owned()));
    done("put", bench.table.write(Write::put(key("a"), held.clone(), Condition::Always)).await)?;
    let writes = vec![
        Write::put(key("b"), numbered(1), Condition::Always),
        Write::put(key("a"), numbered(1), Condition::Absent),
        Write::delete(key("c"), Condition::Present),
        Write::check(key("d"), Condition::Absent),
    ];
    let failed = [(1, Some(held.clone())), (2, None)];
    conditions_failed(
        "transact",
        bench.table.transact(&bench.token("told"), writes).await,
        &failed,
    )?;
    let write = Write::put(key("a"), numbered(1), Condition::Absent);
    conditions_failed("write", bench.table.write(write).await, &[(0, Some(held))])
}

fn puts<T: Table>(bench: &Bench<'_, T>, partition: &str, count: usize, item: &Item) -> Vec<Write> {
    (0..count)
        .map(|number| {
            let key = bench.key(partition, &format!("{number:03}"));
            Write::put(key, item.clone(), Condition::Absent)
        })
        .collect()
}

async fn hundred<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let most = puts(bench, "hundred", 100, &numbered(1));
    done("100 writes", bench.table.transact(&bench.token("hundred"), most).await)?;
    bench.holds(&bench.key("hundred", "099"), Some(&numbered(1))).await?;
    let over = puts(bench, "hundred and one", 101, &numbered(1));
    rejected("101 writes", bench.table.transact(&bench.token("hundred-1"), over).await)?;
    bench.holds(&bench.key("hundred and one", "000"), None).await
}

async fn twice<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let key = bench.key("twice", "1");
    let writes = vec![
        Write::check(key.clone(), Condition::Absent),
        Write::put(key.clone(), numbered(1), Condition::Always),
    ];
    rejected("transact", bench.table.transact(&bench.token("twice"), writes).await)?;
    bench.holds(&key, None).await
}

/// How close to 4 MB a transaction may come differs: DynamoDB counts items, and
/// others the request's text, in which binary is a third longer. What both take
/// is below 3 MB of binary, what both refuse above 4 MB.
async fn large<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let item = Item::default().with("b", Value::B(vec![7; 380_000]));
    done(
        "2.7 MB",
        bench.table.transact(&bench.token("large-7"), puts(bench, "7 large", 7, &item)).await,
    )?;
    bench.holds(&bench.key("7 large", "006"), Some(&item)).await?;
    let over = puts(bench, "12 large", 12, &item);
    rejected("4.5 MB", bench.table.transact(&bench.token("large-12"), over).await)?;
    bench.holds(&bench.key("12 large", "000"), None).await
}

async fn empty<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    rejected("transact", bench.table.transact(&bench.token("empty"), Vec::new()).await)
}

async fn token<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let key = bench.key("token", "1");
    let token = bench.token("again");
    let writes = vec![Write::put(key.clone(), numbered(1), Condition::Absent)];
    done("first", bench.table.transact(&token, writes.clone()).await)?;
    done("again", bench.table.transact(&token, writes.clone()).await)?;
    let changed = Write::put(key.clone(), numbered(2), Condition::Always);
    done("change", bench.table.write(changed).await)?;
    done("again after a change", bench.table.transact(&token, writes).await)?;
    bench.holds(&key, Some(&numbered(2))).await?;
    let other = vec![Write::put(key.clone(), numbered(3), Condition::Always)];
    rejected("another under the same token", bench.table.transact(&token, other).await)?;
    bench.holds(&key, Some(&numbered(2))).await
}

async fn token_of_failed<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let key = bench.key("token of failed", "1");
    let token = bench.token("failed");
    let writes = vec![Write::put(key.clone(), numbered(1), Condition::Present)];
    conditions_failed("first", bench.table.transact(&token, writes.clone()).await, &[(0, None)])?;
    done("put", bench.table.write(Write::put(key.clone(), numbered(0), Condition::Always)).await)?;
    done("again", bench.table.transact(&token, writes).await)?;
    bench.holds(&key, Some(&numbered(1))).await
}
