//! `X-Provenance`: a Provenance that a change brings along (R4 §6.3.2, Provenance
//! header). It is committed with the change, and its target is what was changed.

use contracts::{Change, ChangeKind, Refusal};
use fhir::json::{Edit, quoted, splice};
use fhir::limits::JsonLimits;
use fhir::resource::Resource;
use http::HeaderMap;

/// By what the Provenance names a change before that has an id; its number
/// follows.
const CHANGED: &str = "urn:dossier:changed:";
/// The header, as refusals name it.
const HEADER: &str = "X-Provenance";

/// The Provenance that accompanies `changes`, when there is one, as one more
/// change of the same commit. Changes whose id the caller does not know are
/// given a `full_url` to be named by.
///
/// # Errors
/// 400 or 422 when the header holds no valid Provenance without a target, or
/// when nothing is changed that it could be about.
pub fn accompanying(
    headers: &HeaderMap,
    changes: &mut [Change],
) -> Result<Option<Change>, Refusal> {
    let mut all = headers.get_all("x-provenance").iter();
    let Some(value) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(Refusal::invalid("X-Provenance may be sent only once.").at(HEADER));
    }
    let kept = changes.iter_mut().enumerate().filter(|(_, it)| it.kind != ChangeKind::Delete);
    let targets: Vec<String> = kept.map(|(at, change)| target(at, change)).collect();
    if targets.is_empty() {
        return Err(Refusal::not_supported(
            "X-Provenance does not go with a request that stores nothing. For a deletion, create \
             a Provenance whose target is the deleted version.",
        )
        .at(HEADER));
    }
    let sent = provenance(value.as_bytes(), &targets);
    let body = sent.map_err(|refusal| refusal.within(HEADER))?;
    Ok(Some(Change { body, ..Change::of(ChangeKind::Create, "Provenance") }))
}

/// What has an id is named by it; what is to be given one, by its `full_url`.
fn target(at: usize, change: &mut Change) -> String {
    if let Some(id) = &change.id {
        return format!("{}/{id}", change.resource_type);
    }
    change.full_url.get_or_insert_with(|| format!("{CHANGED}{at}")).clone()
}

fn provenance(value: &[u8], targets: &[String]) -> Result<Vec<u8>, Refusal> {
    let sent = Resource::parse(value.to_vec(), &JsonLimits::default())?;
    if sent.type_name() != "Provenance" {
        return Err(Refusal::invalid(format!(
            "X-Provenance holds a {}: it is for a Provenance.",
            sent.type_name()
        ))
        .at("resourceType"));
    }
    let root = sent.root();
    if root.get("target").is_some() {
        return Err(Refusal::invalid(
            "The Provenance of X-Provenance has no target: the server sets it to what the request \
             changes. Leave it out.",
        )
        .at("Provenance.target"));
    }
    let after_type = root.get("resourceType").map_or(0, |value| value.span().end);
    let named: Vec<String> =
        targets.iter().map(|target| format!("{{\"reference\":{}}}", quoted(target))).collect();
    let member = format!(",\"target\":[{}]", named.join(","));
    let text = splice(sent.text(), &mut [Edit::insert(after_type, member)]);
    let whole = Resource::parse(text.into_bytes(), &JsonLimits::default())?;
    fhir::validate::check(&whole)?;
    Ok(whole.into_text().into_bytes())
}

/// What a refusal names, when the change `number` of the commit is the header.
pub fn named(expression: &str, number: usize) -> Option<String> {
    let rest = expression.strip_prefix(&format!("Bundle.entry[{number}]"))?;
    Some(format!("{HEADER}{}", rest.strip_prefix(".resource").unwrap_or(rest)))
}

/// A refusal of a single change and its Provenance, as of one request: the
/// first is its body, the second the header.
pub fn outside_the_bundle(mut refusal: Refusal) -> Refusal {
    let Some(expression) = refusal.expression.take() else { return refusal };
    let of_body = expression.strip_prefix("Bundle.entry[0]");
    let inner = of_body.map(|rest| rest.strip_prefix(".resource").unwrap_or(rest));
    refusal.expression = match inner {
        Some(rest) => Some(rest.trim_start_matches('.').to_owned()).filter(|rest| !rest.is_empty()),
        None => named(&expression, 1).or(Some(expression)),
    };
    refusal
}

#[cfg(test)]
mod tests {
    use super::{accompanying, outside_the_bundle};
    use contracts::{Change, ChangeKind, Refusal};
    use http::HeaderMap;

    fn sent(value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-provenance", value.parse().unwrap());
        headers
    }

    const GOOD: &str = r#"{"resourceType":"Provenance","recorded":"2026-01-31T13:00:00Z",
        "agent":[{"who":{"display":"Import"}}]}"#;

    #[test]
    fn the_target_is_what_is_changed() {
        let known = Change { id: Some("1".into()), ..Change::of(ChangeKind::Update, "Patient") };
        let mut changes = [Change::of(ChangeKind::Create, "Observation"), known];
        let good = GOOD.replace('\n', "");
        let made = accompanying(&sent(&good), &mut changes).unwrap().unwrap();
        let body = String::from_utf8(made.body).unwrap();
        let target =
            r#""target":[{"reference":"urn:dossier:changed:0"},{"reference":"Patient/1"}]"#;
        assert!(body.contains(target), "{body}");
        assert_eq!(changes[0].full_url.as_deref(), Some("urn:dossier:changed:0"));
        assert!(accompanying(&HeaderMap::new(), &mut changes).unwrap().is_none());
    }

    #[test]
    fn what_is_wrong_is_named_in_the_header() {
        let wrong = |value: &str, kind| {
            accompanying(&sent(value), &mut [Change::of(kind, "Patient")]).unwrap_err()
        };
        let other = wrong(r#"{"resourceType":"Patient"}"#, ChangeKind::Create);
        assert_eq!(other.expression.as_deref(), Some("X-Provenance.resourceType"));
        let targeted = wrong(r#"{"resourceType":"Provenance","target":[]}"#, ChangeKind::Create);
        assert_eq!(targeted.status.code(), 400);
        assert_eq!(wrong(&GOOD.replace('\n', ""), ChangeKind::Delete).status.code(), 400);
    }

    #[test]
    fn a_refusal_names_the_body_or_the_header() {
        let told = |at: &str| outside_the_bundle(Refusal::invalid("no").at(at)).expression;
        assert_eq!(told("Bundle.entry[0].resource.subject").as_deref(), Some("subject"));
        assert_eq!(told("Bundle.entry[0]"), None);
        assert_eq!(told("Bundle.entry[1].resource.agent").as_deref(), Some("X-Provenance.agent"));
        assert_eq!(told("X-Provenance").as_deref(), Some("X-Provenance"));
    }
}
