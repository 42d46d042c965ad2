//! Items: values of every type, sizes, and reads of one and of many.

use chart::table::{Condition, Item, Key, Table, TableError, Value, Write};

use super::{Bench, Outcome, Report, done, numbered, rejected, same, sorted};
use crate::limits::ITEM_BYTES_MAX;
use crate::rules::item_bytes;

pub(super) async fn check<T: Table>(bench: &Bench<'_, T>, report: &mut Report) {
    report.note("values of every type come back as they were put", values(bench).await);
    report.note("keys may hold any text", keys(bench).await);
    report.note("an absent item is absent", absent(bench).await);
    report.note("a put replaces the whole item", replaces(bench).await);
    report.note("a delete removes, also what is not there", deletes(bench).await);
    report.note("an item near 400 KB is stored, a larger one refused", large(bench).await);
    report.note("get_many keeps the order of its keys", many(bench).await);
    report.note("write_each answers each write by itself", each(bench).await);
    report.note("empty keys are refused", empty_keys(bench).await);
}

async fn values<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let item = Item::default()
        .with("s", Value::S("Noël — ᐃᓄᒃᑎᑐᑦ \" \\ \n \u{1F341}".to_owned()))
        .with("empty", Value::S(String::new()))
        .with("n", Value::N(-42))
        .with("least", Value::N(i64::MIN))
        .with("most", Value::N(i64::MAX))
        .with("b", Value::B((0..=255).collect()))
        .with("none", Value::B(Vec::new()))
        .with("l", Value::L(vec![Value::S("a".to_owned()), Value::L(vec![Value::N(1)])]))
        .with("nothing", Value::L(Vec::new()))
        .with("size", Value::N(0));
    let key = bench.key("values", "1");
    done("put", bench.table.write(Write::put(key.clone(), item.clone(), Condition::Always)).await)?;
    bench.holds(&key, Some(&item)).await
}

async fn keys<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    for (number, sk) in
        ["V#a/b?c=%25_*", "é", "\u{10FFFF}", "'; --", "\"q\"", " "].iter().enumerate()
    {
        let item = numbered(i64::try_from(number).unwrap_or(0));
        let key = bench.key("keys % _ é", sk);
        done(
            "put",
            bench.table.write(Write::put(key.clone(), item.clone(), Condition::Absent)).await,
        )?;
        bench.holds(&key, Some(&item)).await?;
    }
    Ok(())
}

async fn absent<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    bench.holds(&bench.key("absent", "1"), None).await
}

async fn replaces<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let key = bench.key("replaces", "1");
    let first = numbered(1).with("old", Value::S("x".to_owned()));
    for item in [first, numbered(2)] {
        done(
            "put",
            bench.table.write(Write::put(key.clone(), item.clone(), Condition::Always)).await,
        )?;
        bench.holds(&key, Some(&item)).await?;
    }
    Ok(())
}

async fn deletes<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let key = bench.key("deletes", "1");
    done("put", bench.table.write(Write::put(key.clone(), numbered(1), Condition::Always)).await)?;
    for _ in 0..2 {
        done("delete", bench.table.write(Write::delete(key.clone(), Condition::Always)).await)?;
        bench.holds(&key, None).await?;
    }
    Ok(())
}

async fn large<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let key = bench.key("large", "1");
    let overhead = item_bytes(&key, &Item::default()) + "b".len();
    let filled = |bytes: usize| {
        let body = (0..bytes).map(|index| u8::try_from(index % 251).unwrap_or(0)).collect();
        Item::default().with("b", Value::B(body))
    };
    let most = filled(ITEM_BYTES_MAX - overhead);
    done("put", bench.table.write(Write::put(key.clone(), most.clone(), Condition::Always)).await)?;
    bench.holds(&key, Some(&most)).await?;
    let other = bench.key("large", "2");
    let over = Write::put(other.clone(), filled(ITEM_BYTES_MAX - overhead + 1), Condition::Always);
    rejected("one byte over", bench.table.write(over.clone()).await)?;
    rejected(
        "one byte over, in a transaction",
        bench.table.transact(&bench.token("large-over"), vec![over]).await,
    )?;
    bench.holds(&other, None).await
}

async fn many<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let key = |number: i64| bench.key("many", &format!("{number:03}"));
    let writes = (0..230)
        .filter(|number| number % 3 != 0)
        .map(|number| Write::put(key(number), numbered(number), Condition::Always))
        .collect();
    for result in bench.table.write_each(writes).await {
        done("put", result)?;
    }
    let mut asked: Vec<i64> = (0..230).rev().collect();
    asked.extend([7, 7, 0]);
    let keys: Vec<Key> = asked.iter().map(|number| key(*number)).collect();
    let got = bench.table.get_many(&keys).await.map_err(|error| error.to_string())?;
    let wanted: Vec<Option<Item>> =
        asked.iter().map(|number| (number % 3 != 0).then(|| numbered(*number))).collect();
    same("items", got, wanted)?;
    let none = bench.table.get_many(&[]).await.map_err(|error| error.to_string())?;
    same("items of no key", none, Vec::new())
}

async fn each<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let key = |number: i64| bench.key("each", &format!("{number:03}"));
    let before = Write::put(key(5), numbered(-1), Condition::Always);
    done("put", bench.table.write(before).await)?;
    let writes: Vec<Write> = (0..150)
        .map(|number| Write::put(key(number), numbered(number), Condition::Absent))
        .collect();
    let results = bench.table.write_each(writes).await;
    same("results", results.len(), 150)?;
    for (number, result) in (0..).zip(results) {
        let wanted = match number {
            5 => Err(TableError::Condition(vec![(0, Some(numbered(-1)))])),
            _ => Ok(()),
        };
        same(&format!("result {number}"), result, wanted)?;
    }
    bench.holds(&key(5), Some(&numbered(-1))).await?;
    bench.holds(&key(149), Some(&numbered(149))).await?;
    let deletes = vec![
        Write::delete(key(0), Condition::Equals("val".to_owned(), Value::N(0))),
        Write::delete(key(1), Condition::Equals("val".to_owned(), Value::N(0))),
    ];
    let results = bench.table.write_each(deletes).await;
    let failed = Err(TableError::Condition(vec![(0, Some(sorted(numbered(1))))]));
    same("deletes", results, vec![Ok(()), failed])?;
    bench.holds(&key(0), None).await
}

async fn empty_keys<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let key = bench.key("empty", "");
    rejected("put", bench.table.write(Write::put(key, numbered(1), Condition::Always)).await)
}
