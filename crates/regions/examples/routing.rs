//! How long a routing decision takes, over the house's own region files: the
//! budget is 10 µs.

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use regions::{Directory, Request};

/// Decisions of each kind.
const ROUNDS: u32 = 200_000;
/// The budget, in nanoseconds.
const BUDGET_NS: u128 = 10_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/regions");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        files.push((path.display().to_string(), std::fs::read_to_string(&path)?));
    }
    let texts = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
    let directory = Directory::read(texts).map_err(|faults| format!("{faults:?}"))?;
    let away = ["06".to_owned()];
    let forwards =
        |establishment, door| Request { forwards: true, ..Request::new(establishment, door) };
    let kinds = [
        ("at home", forwards("demo-06-ipm", "06")),
        ("passed on", forwards("demo-06-ipm", "04")),
        ("stood in for", Request { down: &away, ..forwards("demo-06-ipm", "04") }),
        ("planned", forwards("demo-18-ccsssbj", "06")),
        ("of no region", forwards("nowhere", "06")),
    ];
    let mut slowest = 0;
    for (kind, request) in kinds {
        let start = Instant::now();
        for _ in 0..ROUNDS {
            black_box(directory.route(black_box(&request)));
        }
        let each = start.elapsed().as_nanos() / u128::from(ROUNDS);
        slowest = slowest.max(each);
        println!("{kind:<14} {each:>6} ns");
    }
    println!("budget         {BUDGET_NS:>6} ns, slowest {slowest} ns");
    if slowest > BUDGET_NS { Err("over the budget".into()) } else { Ok(()) }
}
