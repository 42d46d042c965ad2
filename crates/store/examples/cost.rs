//! Prints what the embedded store costs on this machine: time and CPU of each
//! operation, alone and with many callers.
//!
//! `cargo run --release -p store --features embedded --example cost [FOLDER]`

use chart::table::{Condition, Item, Key, Query, Range, Table, TableError, Value, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use store::embedded::{Embedded, EmbeddedTable, serve};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args_os()
        .nth(1)
        .map_or_else(|| std::env::temp_dir().join("dossier-cost"), PathBuf::from);
    let store = Embedded::open(&folder)?;
    println!("{:<44}{:>10}{:>10}{:>10}", "operation", "ops/s", "us each", "us CPU");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    runtime.block_on(measure(&store))?;
    drop(store);
    let started = Instant::now();
    let again = Embedded::open(&folder)?;
    println!("open a folder with these files: {:?}", started.elapsed());
    drop(again);
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

async fn measure(store: &Embedded) -> Result<(), Box<dyn std::error::Error>> {
    let table = store.record();
    let cell = Item::default()
        .with("val", Value::N(3))
        .with("tokens", Value::L((0..8).map(|_| Value::S("code=8480-6".to_owned())).collect()));
    let body = Item::default().with("body", Value::B((0..1500).map(|n| (n % 251) as u8).collect()));
    for (partition, count) in [("one", 1), ("hundred", 100), ("thousand", 1000)] {
        let writes = (0..count)
            .map(|number| Write::put(key(partition, number), cell.clone(), Condition::Always))
            .collect();
        table.write_each(writes).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    }
    table.write(Write::put(key("body", 0), body.clone(), Condition::Always)).await?;

    alone("get, cell", 50_000, async |_| table.get(&key("thousand", 500)).await.map(drop)).await?;
    alone("get, body of 1.5 KB", 50_000, async |_| table.get(&key("body", 0)).await.map(drop))
        .await?;
    alone("get, absent", 50_000, async |_| table.get(&key("nobody", 0)).await.map(drop)).await?;
    for (partition, times) in [("one", 20_000), ("hundred", 2_000), ("thousand", 300)] {
        let query = all(partition);
        let name = format!("query, {partition}");
        alone(&name, times, async |_| table.query(&query).await.map(drop)).await?;
    }
    let keys: Vec<Key> = (0..100).map(|number| key("hundred", number)).collect();
    alone("get_many of 100", 2_000, async |_| table.get_many(&keys).await.map(drop)).await?;
    let get = r#"{"TableName":"record","ConsistentRead":true,
        "Key":{"pk":{"S":"P#body"},"sk":{"S":"X#Observation#000000"}}}"#;
    let query = r##"{"TableName":"record","ConsistentRead":true,"KeyConditionExpression":"#p = :p",
        "ExpressionAttributeNames":{"#p":"pk"},
        "ExpressionAttributeValues":{":p":{"S":"P#hundred"}}}"##;
    for (name, operation, body, times) in [
        ("by the protocol: get, body of 1.5 KB", "GetItem", get, 5_000),
        ("by the protocol: query, hundred", "Query", query, 500),
    ] {
        let target = format!("DynamoDB_20120810.{operation}");
        alone(name, times, async |_| {
            let reply = serve::answer(store, &target, body.as_bytes()).await;
            if reply.status == 200 { Ok(()) } else { Err(TableError::Conflict) }
        })
        .await?;
    }
    alone("write, body of 1.5 KB", 300, async |number| {
        table.write(Write::put(key("write", number), body.clone(), Condition::Absent)).await
    })
    .await?;
    alone("transact of 5", 300, async |number| {
        table.transact(&format!("a-{number}"), five("alone", number, &cell, &body)).await
    })
    .await?;
    for callers in [4, 16, 64] {
        crowd(&table, callers, &cell, &body).await?;
    }
    let writes = (0..1000)
        .map(|number| Write::put(key("each", number), body.clone(), Condition::Absent))
        .collect();
    let (started, cpu) = (Instant::now(), cpu_time());
    table.write_each(writes).await.into_iter().collect::<Result<Vec<_>, _>>()?;
    print("write_each of 1000, per write", 1000, started.elapsed(), cpu_time() - cpu);
    Ok(())
}

fn key(partition: &str, number: usize) -> Key {
    Key::new(format!("P#{partition}"), format!("X#Observation#{number:06}"))
}

fn all(partition: &str) -> Query {
    Query {
        pk: format!("P#{partition}"),
        range: Range::All,
        descending: false,
        limit: None,
        after: None,
    }
}

/// What the commit of one resource writes: a cell, a version, an outbox item, a
/// retry key, and a check.
fn five(name: &str, number: usize, cell: &Item, body: &Item) -> Vec<Write> {
    let person = format!("{name}-{}", number % 50);
    let put = |kind: &str, item: &Item| {
        Write::put(key(&format!("{person}#{kind}"), number), item.clone(), Condition::Absent)
    };
    vec![
        put("X", cell),
        put("V", body),
        put("O", cell),
        put("K", cell),
        Write::check(key("thousand", 7), Condition::Present),
    ]
}

async fn alone(
    name: &str,
    times: usize,
    operation: impl AsyncFn(usize) -> Result<(), TableError>,
) -> Result<(), TableError> {
    let (started, cpu) = (Instant::now(), cpu_time());
    for number in 0..times {
        operation(number).await?;
    }
    print(name, times, started.elapsed(), cpu_time() - cpu);
    Ok(())
}

async fn crowd(
    table: &EmbeddedTable,
    callers: usize,
    cell: &Item,
    body: &Item,
) -> Result<(), Box<dyn std::error::Error>> {
    const TIMES: usize = 4000;
    let each = TIMES / callers;
    let (started, cpu) = (Instant::now(), cpu_time());
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let (table, cell, body) = (table.clone(), cell.clone(), body.clone());
            tokio::spawn(async move {
                for number in 0..each {
                    let number = caller * each + number;
                    let writes = five(&format!("crowd{callers}"), number, &cell, &body);
                    table.transact(&format!("c{callers}-{number}"), writes).await?;
                }
                Ok::<(), TableError>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    print(
        &format!("transact of 5, {callers} callers"),
        each * callers,
        started.elapsed(),
        cpu_time() - cpu,
    );
    Ok(())
}

fn print(name: &str, times: usize, elapsed: Duration, cpu: Duration) {
    let each = |time: Duration| time.as_secs_f64() * 1e6 / times as f64;
    let rate = times as f64 / elapsed.as_secs_f64();
    println!("{name:<44}{rate:>10.0}{:>10.1}{:>10.1}", each(elapsed), each(cpu));
}

/// CPU time of this process: on Linux, in hundredths of a second; elsewhere none.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
