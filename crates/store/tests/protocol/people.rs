//! Small changes to make commits of.

use std::sync::Arc;

use chart::{Change, Commit, Content, Expect, Home, Record, Settings};

pub fn never_in_chart(resource_type: &str) -> bool {
    matches!(resource_type, "Practitioner" | "Organization" | "Location")
}

pub fn settings() -> Settings {
    Settings { body_partitions: 4, never_in_chart }
}

pub fn record<T: chart::table::Table, E: chart::Environment>(table: T, world: E) -> Record<T, E> {
    Record::new(table, world, settings())
}

pub fn change(person: &str, resource_type: &str, id: &str, expect: Expect, text: &str) -> Change {
    let text = text.to_owned();
    let home = match never_in_chart(resource_type) {
        true => Home::registry(resource_type, id),
        false => Home::Person(person.to_owned()),
    };
    Change {
        home,
        resource_type: resource_type.to_owned(),
        id: id.to_owned(),
        expect,
        tokens: text.as_bytes().to_vec(),
        digest: None,
        content: Content::Body(Arc::new(move |version, _| format!("{text}/{version}"))),
        rows: Vec::new(),
        drop_rows: Vec::new(),
        claims: Vec::new(),
        pointers: Vec::new(),
        locator: false,
    }
}

pub fn patient(id: &str, expect: Expect, text: &str) -> Change {
    change(id, "Patient", id, expect, text)
}

pub fn commit(changes: Vec<Change>) -> Commit {
    Commit {
        changes,
        guards: Vec::new(),
        region: "06".to_owned(),
        retry: None,
        entry: Arc::new(|done, id| format!("{id}:{}", done.len()).into_bytes()),
        result: Arc::new(|done| {
            let lines: Vec<String> = done
                .iter()
                .map(|d| format!("{}/{}/{}", d.resource_type, d.id, d.version))
                .collect();
            lines.join(" ").into_bytes()
        }),
    }
}

pub fn retry(key: &str, hash: &str) -> Option<chart::Retry> {
    Some(chart::Retry {
        caller: "caller".into(),
        key: key.into(),
        request_hash: hash.as_bytes().to_vec(),
    })
}
