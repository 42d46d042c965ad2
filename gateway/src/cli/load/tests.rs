mod counting;
mod delivering;
mod door;
mod files;
mod judging;
mod reading;
mod secure;

use std::path::Path;

use serde_json::{Value, json};

/// A person of one resource, and as many observations as asked for.
fn chart(name: &str, observations: usize) -> Value {
    let person = "urn:uuid:1b4e28ba-2fa1-11d2-883f-0016d3cca427";
    let mut entries = vec![json!({
        "fullUrl": person,
        "resource": {"resourceType": "Patient", "identifier": [{"value": name}]},
        "request": {"method": "POST", "url": "Patient"},
    })];
    entries.extend((0..observations).map(|index| {
        json!({
            "resource": {
                "resourceType": "Observation", "identifier": [{"value": format!("{name}-{index}")}],
                "subject": {"reference": person},
            },
            "request": {"method": "POST", "url": "Observation"},
        })
    }));
    json!({"resourceType": "Bundle", "type": "transaction", "entry": entries})
}

/// A batch of organizations.
fn registry(names: &[&str]) -> Value {
    let entries: Vec<Value> = names
        .iter()
        .map(|name| {
            json!({
                "resource": {"resourceType": "Organization", "identifier": [{"value": name}]},
                "request": {
                    "method": "POST", "url": "Organization", "ifNoneExist": format!("identifier={name}"),
                },
            })
        })
        .collect();
    json!({"resourceType": "Bundle", "type": "batch", "entry": entries})
}

fn write(folder: &Path, name: &str, content: &Value) {
    std::fs::write(folder.join(name), content.to_string()).unwrap();
}
