use fhir::json::Value;
use fhir::limits::JsonLimits;
use fhir::resource::Resource;
use fhir::search::{Query, Settings};

/// Entries of a Bundle: what each request names, conditions and all, is read or
/// refused.
pub fn bundle_entry(bytes: &[u8]) {
    let Ok(bundle) = Resource::parse(bytes.to_vec(), &JsonLimits::default()) else { return };
    let _ = fhir::validate::issues(bundle.root());
    for entry in bundle.root().each("entry") {
        let Some(request) = entry.get("request") else { continue };
        let text = |name: &str| request.get(name).and_then(Value::as_str);
        if let Some(url) = text("url") {
            let (path, query) = url.split_once('?').unwrap_or((&url, ""));
            if let Ok(target) = rest::path::Target::parse(&format!("/fhir/{path}")) {
                criteria(&target, query);
            }
        }
        if let (Some(url), Some(criteria)) = (text("url"), text("ifNoneExist")) {
            searched(&url, &criteria);
        }
        let _ = text("ifMatch").map(|tag| rest::conditional::version_tag(&tag));
        let _ = text("ifModifiedSince").map(|date| rest::conditional::date(&date));
    }
}

fn criteria(target: &rest::path::Target, query: &str) {
    if let rest::path::Target::Type(kind) | rest::path::Target::TypeSearch(kind) = target {
        searched(kind, query);
    }
    let _ = rest::ask::parameters(query, "_count").count();
    let _ = rest::present::asked(query, None);
}

fn searched(kind: &str, query: &str) {
    let settings = Settings {
        own_bases: &[],
        now_ms: crate::NOW_MS,
        count_default: 20,
        count_max: 1_000,
        lenient: false,
    };
    let _ = Query::parse(kind, query, &settings);
}
