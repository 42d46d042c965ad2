//! What is served, read from the very manifest that the gateway routes by, so
//! that nothing can be claimed that has no route.

use std::sync::LazyLock;

/// `spin.toml` as it was when this was built.
const MANIFEST: &str = include_str!("../../../spin.toml");
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// One route: its method and path, and the function that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// `GET`, …; `HEAD` goes where `GET` goes.
    pub method: &'static str,
    /// `/fhir/:type/:id`, …
    pub path: &'static str,
    /// The component.
    pub function: &'static str,
}

/// Every route, read once.
static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| read().collect());

/// Every route of every function, in the order of the manifest.
pub fn all() -> impl Iterator<Item = Route> {
    ROUTES.iter().copied()
}

fn read() -> impl Iterator<Item = Route> {
    let mut function = "";
    MANIFEST.lines().filter(|line| !line.starts_with('#')).flat_map(move |line| {
        let table = line.strip_prefix("[component.");
        if let Some(name) = table.and_then(|rest| rest.strip_suffix(".tool.dossier]")) {
            function = name;
        }
        let quoted = line.split('"').skip(1).step_by(2);
        let here = function;
        quoted.filter_map(move |text| {
            let (method, path) = text.split_once(' ')?;
            let route = path.starts_with('/') && METHODS.contains(&method);
            route.then_some(Route { method, path, function: here })
        })
    })
}

/// Whether there is such a route.
pub fn has(method: &str, path: &str) -> bool {
    all().any(|route| route.method == method && route.path == path)
}

#[cfg(test)]
mod tests {
    use super::{all, has};

    #[test]
    fn the_manifest_is_read() {
        assert!(all().count() > 30);
        assert!(has("GET", "/fhir/:type/:id") && has("PATCH", "/fhir/:type"));
        assert!(!has("PATCH", "/fhir"));
        let update = all().find(|route| route.path == "/fhir/:type" && route.method == "POST");
        assert_eq!(update.map(|route| route.function), Some("update"));
        assert!(all().all(|route| !route.function.is_empty()));
    }
}
