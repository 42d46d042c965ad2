//! `door` chooses, on stock Spin, the function that the gateway's routes choose.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::path::Path;

use door::handler::function_of;
use http::Method;

/// Every route of `spin.toml`: method, path with values in it, function.
fn routes() -> Vec<(Method, String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spin.toml");
    let text = std::fs::read_to_string(path).expect("spin.toml");
    let manifest: toml::Table = text.parse().expect("TOML");
    let components = manifest.get("component").and_then(toml::Value::as_table).expect("components");
    let mut routes = Vec::new();
    for (function, component) in components {
        let table = component.get("tool").and_then(|tool| tool.get("dossier"));
        let written = table.and_then(|table| table.get("routes")).and_then(toml::Value::as_array);
        for route in written.into_iter().flatten().filter_map(toml::Value::as_str) {
            let (method, path) = route.split_once(' ').expect("METHOD /path");
            let filled =
                path.replace(":type", "Patient").replace(":id", "p1").replace(":version", "1");
            let filled = filled.replace(":member", "Observation").replace(":job", "1");
            let filled = filled.replace(":file", "0");
            let method = method.parse().expect("a method");
            routes.push((method, filled, function.clone()));
        }
    }
    routes
}

#[test]
fn the_door_of_spin_leads_where_the_gateway_leads() {
    let routes = routes();
    assert!(routes.len() >= 15, "spin.toml has only {} routes", routes.len());
    for (method, path, function) in routes {
        assert_eq!(function_of(&method, &path).ok(), Some(function.as_str()), "{method} {path}");
    }
}
