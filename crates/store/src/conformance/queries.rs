//! Queries: ranges, directions, limits and pages.

use chart::table::{Condition, Item, Query, Range, Table, Value, Write};

use super::{Bench, Outcome, Report, done, ensure, numbered, same};
use crate::limits::PAGE_BYTES_MAX;

/// Sort keys in the order of their bytes.
const SORTED: [&str; 9] = ["M", "V#1", "V#10", "V#2", "V#é", "V#\u{10FFFF}", "V$", "W#%", "é"];

pub(super) async fn check<T: Table>(bench: &Bench<'_, T>, report: &mut Report) {
    if let Err(why) = fill(bench).await {
        report.note("a partition can be filled", Err(why));
        return;
    }
    report.note("a query gives a partition in order", ranges(bench).await);
    report.note("a query keeps its limit and goes on after a key", limits(bench).await);
    report.note("a query gives items whole", whole(bench).await);
    report.note("a query of an empty partition is empty", empty(bench).await);
    report.note("a partition over 1 MB comes in pages", pages(bench).await);
}

async fn fill<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let writes = (0..)
        .zip(SORTED.iter().rev())
        .map(|(number, sk)| Write::put(bench.key("query", sk), numbered(number), Condition::Always))
        .chain([Write::put(bench.key("query2", "V#0"), numbered(0), Condition::Always)])
        .collect();
    for result in bench.table.write_each(writes).await {
        done("put", result)?;
    }
    Ok(())
}

fn query<T: Table>(bench: &Bench<'_, T>, partition: &str, range: Range) -> Query {
    Query { pk: bench.pk(partition), range, descending: false, limit: None, after: None }
}

/// Sort keys of all pages.
async fn read<T: Table>(bench: &Bench<'_, T>, mut query: Query) -> Result<Vec<String>, String> {
    let mut keys = Vec::new();
    loop {
        let page = bench.table.query(&query).await.map_err(|error| error.to_string())?;
        let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
        ensure(page.items.len() <= limit, "a page has more items than its limit")?;
        keys.extend(page.items.into_iter().map(|(sk, _)| sk));
        match page.after {
            Some(after) => query.after = Some(after),
            None => return Ok(keys),
        }
    }
}

async fn ranges<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let between = |from: &str, to: &str| Range::Between(from.to_owned(), to.to_owned());
    let prefix = |prefix: &str| Range::Prefix(prefix.to_owned());
    let cases: Vec<(Range, &[&str])> = vec![
        (Range::All, &SORTED),
        (prefix(""), &SORTED),
        (prefix("V#"), &["V#1", "V#10", "V#2", "V#é", "V#\u{10FFFF}"]),
        (prefix("V#1"), &["V#1", "V#10"]),
        (prefix("V#\u{10FFFF}"), &["V#\u{10FFFF}"]),
        (prefix("é"), &["é"]),
        (prefix("%"), &[]),
        (between("V#1", "V#2"), &["V#1", "V#10", "V#2"]),
        (between("V#10", "V#10"), &["V#10"]),
        (between("A", "B"), &[]),
    ];
    for (range, wanted) in cases {
        let mut wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
        for descending in [false, true] {
            if descending {
                wanted.reverse();
            }
            for limit in [None, Some(1), Some(2), Some(100)] {
                let asked = Query { descending, limit, ..query(bench, "query", range.clone()) };
                let what = format!("{range:?}, descending {descending}, limit {limit:?}");
                same(&what, read(bench, asked).await?, wanted.clone())?;
            }
        }
    }
    Ok(())
}

async fn limits<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let asked = Query {
        descending: true,
        limit: Some(1),
        ..query(bench, "query", Range::Prefix("V#".to_owned()))
    };
    let page = bench.table.query(&asked).await.map_err(|error| error.to_string())?;
    let keys: Vec<&str> = page.items.iter().map(|(sk, _)| sk.as_str()).collect();
    same("newest", keys, vec!["V#\u{10FFFF}"])?;
    same("after", page.after.as_deref(), Some("V#\u{10FFFF}"))?;
    for (descending, wanted) in [(false, vec!["V#2", "V#é", "V#\u{10FFFF}"]), (true, vec!["V#1"])]
    {
        let after = Some("V#10".to_owned());
        let next = Query { descending, limit: None, after, ..asked.clone() };
        same(
            "after V#10",
            read(bench, next).await?,
            wanted.iter().map(ToString::to_string).collect(),
        )?;
    }
    Ok(())
}

async fn whole<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let asked = query(bench, "query", Range::Prefix("V#2".to_owned()));
    let page = bench.table.query(&asked).await.map_err(|error| error.to_string())?;
    same("items", page.items, vec![("V#2".to_owned(), numbered(5))])
}

async fn empty<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    let page = bench
        .table
        .query(&query(bench, "nobody", Range::All))
        .await
        .map_err(|error| error.to_string())?;
    ensure(page.items.is_empty() && page.after.is_none(), "something is there")
}

async fn pages<T: Table>(bench: &Bench<'_, T>) -> Outcome {
    const BODY_BYTES: usize = 120_000;
    let item = Item::default().with("b", Value::B(vec![1; BODY_BYTES]));
    let writes = (0..20)
        .map(|number| {
            Write::put(bench.key("pages", &format!("{number:02}")), item.clone(), Condition::Always)
        })
        .collect();
    for result in bench.table.write_each(writes).await {
        done("put", result)?;
    }
    let mut asked = query(bench, "pages", Range::All);
    let (mut keys, mut count) = (Vec::new(), 0);
    loop {
        let page = bench.table.query(&asked).await.map_err(|error| error.to_string())?;
        let bytes = page.items.len() * BODY_BYTES;
        ensure(bytes <= PAGE_BYTES_MAX + BODY_BYTES, "a page has more than 1 MB")?;
        keys.extend(page.items.into_iter().map(|(sk, _)| sk));
        count += 1;
        let Some(after) = page.after else { break };
        ensure(count < 20, "pages without end")?;
        asked.after = Some(after);
    }
    same("keys", keys, (0..20).map(|number| format!("{number:02}")).collect())?;
    ensure((2..=4).contains(&count), "20 items of 120 KB do not come in 2 to 4 pages")
}
