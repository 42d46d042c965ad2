//! `X-Provenance`: a Provenance that a change brings along (R4 §6.3.2, Provenance
//! header). It is committed with the change, and its target is what was changed.

use contracts::{Answer, Change, ChangeKind, Refusal};
use fhir::json::{Edit, quoted, splice};
use fhir::limits::JsonLimits;
use fhir::resource::Resource;
use http::HeaderMap;

/// By what the Provenance names the change before it has an id.
const CHANGED: &str = "urn:dossier:changed";
/// The header, as refusals name it.
const HEADER: &str = "X-Provenance";

/// The change and the Provenance that accompanies it, when there is one.
///
/// # Errors
/// 400 or 422 when the header holds no valid Provenance without a target.
pub fn accompanying(headers: &HeaderMap, change: &Change) -> Answer<Option<(Change, Change)>> {
    let mut all = headers.get_all("x-provenance").iter();
    let Some(value) = all.next() else { return Ok(None) };
    if all.next().is_some() {
        return Err(Refusal::invalid("X-Provenance may be sent only once.").at(HEADER));
    }
    if change.kind == ChangeKind::Delete {
        return Err(Refusal::not_supported(
            "X-Provenance does not go with a deletion: create a Provenance whose target is the \
             deleted version.",
        )
        .at(HEADER));
    }
    let body =
        provenance(value.as_bytes(), &target(change)).map_err(|refusal| refusal.within(HEADER))?;
    let mut change = change.clone();
    // What has an id is named by it; what is to be given one, by this.
    if change.id.is_none() {
        change.full_url = Some(CHANGED.to_owned());
    }
    let accompanies = Change { body, ..Change::of(ChangeKind::Create, "Provenance") };
    Ok(Some((change, accompanies)))
}

fn target(change: &Change) -> String {
    match &change.id {
        Some(id) => format!("{}/{id}", change.resource_type),
        None => CHANGED.to_owned(),
    }
}

fn provenance(value: &[u8], target: &str) -> Answer<Vec<u8>> {
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
    let member = format!(",\"target\":[{{\"reference\":{}}}]", quoted(target));
    let text = splice(sent.text(), &mut [Edit::insert(after_type, member)]);
    let whole = Resource::parse(text.into_bytes(), &JsonLimits::default())?;
    fhir::validate::check(&whole)?;
    Ok(whole.into_text().into_bytes())
}

/// A refusal of the two changes as of one request: the second is the header,
/// the first the body.
pub fn outside_the_bundle(mut refusal: Refusal) -> Refusal {
    let told = refusal.expression.take();
    refusal.expression = told.map(|expression| {
        let outside = |entry: &str| {
            let rest = expression.strip_prefix(entry)?;
            Some(rest.trim_start_matches(".resource").trim_start_matches('.').to_owned())
        };
        if let Some(rest) = outside("Bundle.entry[0]") {
            return rest;
        }
        match outside("Bundle.entry[1]") {
            Some(rest) if rest.is_empty() => HEADER.to_owned(),
            Some(rest) => format!("{HEADER}.{rest}"),
            None => expression.clone(),
        }
    });
    refusal.expression = refusal.expression.filter(|expression| !expression.is_empty());
    refusal
}
