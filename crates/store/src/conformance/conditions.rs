//! Each kind of condition, with and without an item.

use chart::table::{Condition, Item, Table, Value, Write};

use super::{Bench, Outcome, Report, conditions_failed, done, numbered};

pub(super) async fn check<T: Table>(bench: &Bench<'_, T>, report: &mut Report) {
    let less = |bound| Condition::Less("val".to_owned(), bound);
    let is = |value: Value| Condition::Equals("val".to_owned(), value);
    let without = |name: &str| Condition::Without(name.to_owned());
    let all = Condition::All;
    let any = Condition::Any;
    // Name; condition; whether it holds without an item; whether it holds of
    // the item { val: 5, text: "t", raw: [1] }.
    let cases: Vec<(&'static str, Condition, bool, bool)> = vec![
        ("condition: always", Condition::Always, true, true),
        ("condition: absent", Condition::Absent, true, false),
        ("condition: present", Condition::Present, false, true),
        ("condition: without, of another attribute", without("lx"), true, true),
        ("condition: without, of a held attribute", without("val"), true, false),
        ("condition: equals, a number", is(Value::N(5)), false, true),
        ("condition: equals, another number", is(Value::N(6)), false, false),
        ("condition: equals, another type", is(Value::S("5".to_owned())), false, false),
        (
            "condition: equals, text",
            Condition::Equals("text".to_owned(), Value::S("t".to_owned())),
            false,
            true,
        ),
        (
            "condition: equals, binary",
            Condition::Equals("raw".to_owned(), Value::B(vec![1])),
            false,
            true,
        ),
        (
            "condition: equals, an absent attribute",
            Condition::Equals("lx".to_owned(), Value::N(1)),
            false,
            false,
        ),
        ("condition: less", less(6), false, true),
        ("condition: less, of an equal number", less(5), false, false),
        ("condition: less, as numbers and not as text", less(10), false, true),
        ("condition: less, of text", Condition::Less("text".to_owned(), 9), false, false),
        (
            "condition: all",
            all(vec![Condition::Present, is(Value::N(5)), without("lx")]),
            false,
            true,
        ),
        ("condition: all, but one", all(vec![Condition::Present, less(5)]), false, false),
        ("condition: all of none", all(Vec::new()), true, true),
        ("condition: any", any(vec![Condition::Absent, is(Value::N(5))]), true, true),
        ("condition: any, but none holds", any(vec![less(1), is(Value::N(6))]), false, false),
        ("condition: any of none", any(Vec::new()), false, false),
        ("condition: any with always", any(vec![less(1), Condition::Always]), true, true),
        (
            "condition: any of alls",
            any(vec![
                all(vec![without("val"), Condition::Present]),
                all(vec![less(9), without("lx")]),
            ]),
            false,
            true,
        ),
    ];
    for (number, (name, condition, bare, held)) in cases.into_iter().enumerate() {
        let place = format!("{number:02}");
        let outcome = on_both(bench, &place, &condition, bare, held).await;
        report.note(name, outcome);
    }
}

fn before() -> Item {
    numbered(5).with("text", Value::S("t".to_owned())).with("raw", Value::B(vec![1]))
}

async fn on_both<T: Table>(
    bench: &Bench<'_, T>,
    place: &str,
    condition: &Condition,
    bare: bool,
    held: bool,
) -> Outcome {
    for (stored, wanted) in [(None, bare), (Some(before()), held)] {
        let state = if stored.is_some() { "held" } else { "bare" };
        for (kind, transacted) in
            [("put", false), ("put", true), ("delete", false), ("check", true)]
        {
            let key = bench.key("conditions", &format!("{place}-{state}-{kind}-{transacted}"));
            if let Some(item) = &stored {
                let put = Write::put(key.clone(), item.clone(), Condition::Always);
                done("prepare", bench.table.write(put).await)?;
            }
            let after = numbered(9);
            let (write, wanted_item) = match kind {
                "put" => (Write::put(key.clone(), after.clone(), condition.clone()), Some(after)),
                "delete" => (Write::delete(key.clone(), condition.clone()), None),
                _ => (Write::check(key.clone(), condition.clone()), stored.clone()),
            };
            let what = format!("{kind}, {state}, transacted: {transacted}");
            let result = if transacted {
                bench
                    .table
                    .transact(&bench.token(&format!("c-{place}-{state}-{kind}")), vec![write])
                    .await
            } else {
                bench.table.write(write).await
            };
            if wanted {
                done(&what, result)?;
                bench.holds(&key, wanted_item.as_ref()).await?;
            } else {
                conditions_failed(&what, result, &[(0, stored.clone())])?;
                bench.holds(&key, stored.as_ref()).await?;
            }
        }
    }
    Ok(())
}
