//! `kill -9` in the midst of writing: what was acknowledged is there, and no
//! transaction is half there.
#![cfg(feature = "embedded")]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use chart::table::{Condition, Item, Key, Table, Value, Write};
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, Stdio};
use store::embedded::Embedded;

/// Names the folder to the process that is to be killed.
const FOLDER: &str = "DOSSIER_TEST_KILLED_FOLDER";
/// Callers that write at once.
const CALLERS: usize = 8;
/// Times that a process is killed.
const ROUNDS: usize = 5;

fn pair(number: usize) -> [Key; 2] {
    [Key::new("left", format!("{number:06}")), Key::new("right", format!("{number:06}"))]
}

/// Writes pairs until it is killed, and prints the number of each that was
/// acknowledged. Does nothing when run as a test of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_until_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let (folder, first) = folder.rsplit_once('#').unwrap();
    let (table, first) =
        (Embedded::open(folder.as_ref()).unwrap().record(), first.parse::<usize>().unwrap());
    let callers = (0..CALLERS).map(|caller| {
        let table = table.clone();
        tokio::spawn(async move {
            for number in (first + caller..).step_by(CALLERS) {
                let item = Item::default().with("body", Value::B(vec![7; 2000]));
                let put = |key| Write::put(key, item.clone(), Condition::Absent);
                let writes = pair(number).map(put).into();
                table.transact(&format!("t-{number}"), writes).await.unwrap();
                // One call, so that no line is torn; after the acknowledgement.
                std::io::stdout()
                    .write_all(format!("\nacknowledged {number}\n").as_bytes())
                    .unwrap();
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_and_nothing_is_torn() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged: Vec<usize> = Vec::new();
    for round in 0..ROUNDS {
        let first = round * 100_000;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writes_until_killed", "--nocapture"])
            .env(FOLDER, format!("{}#{first}", folder.path().display()))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let numbers = lines
            .map_while(Result::ok)
            .filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok());
        // Reads on after the kill: what was printed was acknowledged.
        let mut killed = false;
        for (count, number) in numbers.enumerate() {
            acknowledged.push(number);
            if count == 30 + 17 * round && !killed {
                child.kill().unwrap();
                killed = true;
            }
        }
        child.wait().unwrap();
        assert!(killed, "the process ended by itself");
        let table = Embedded::open(folder.path()).unwrap().record();
        for number in &acknowledged {
            let found = table.get_many(&pair(*number)).await.unwrap();
            assert!(found.iter().all(Option::is_some), "pair {number} is lost");
        }
        for number in first..first + 2000 {
            let found = table.get_many(&pair(number)).await.unwrap();
            assert_eq!(found[0].is_some(), found[1].is_some(), "pair {number} is torn");
        }
    }
}
