//! Operations that only read one resource or one chart.

use super::handler::only;
use super::reading::{Reading, links, window};
use contracts::{
    Answer, ChangeKind, Charts, Intent, Interaction, Place, Refusal, Registry, ResourceKey,
};
use fhir::json::{Value, Writer};
use fhir::limits::JsonLimits;
use fhir::resource::Resource;
use fhir::search::DateRange;
use fhir::validate::Mode;
use http::{Response, StatusCode};
use rest::answer::{gone, json, reported};
use rest::ask::{Ask, parameter, parameters};
use rest::report::{Remark, valid};
use rest::{bundle, operation, present};

/// `$everything` of a person (R4, Patient operations): a chart, in pages when
/// `_count` says so.
pub async fn everything<H: Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    key: &ResourceKey,
) -> Answer<Response<Vec<u8>>> {
    if key.resource_type != "Patient" {
        return Err(Refusal::missing(
            "$everything is an operation on a person: Patient/{id}/$everything.".to_owned(),
        ));
    }
    let query = operation::query(ask)?;
    only(&query, &["start", "end", "_count", "_since", "_type", "_page"])?;
    let how = present::asked(&query, None)?;
    let mut window = window(ask, &query)?;
    if parameter(&query, "_count").is_none() {
        // Without _count the operation returns all in one answer.
        window.count = u32::MAX;
    }
    window.care_from = date(&query, "start")?;
    window.care_to = date(&query, "end")?;
    for types in parameters(&query, "_type") {
        for name in types.split(',') {
            if !fhir::types::is_resource_type(name) {
                let named = rest::path::printable(name);
                return Err(Refusal::invalid(format!(
                    "_type names no resource type of R4: {named}."
                ))
                .at("_type"));
            }
            window.resource_types.push(name.to_owned());
        }
    }
    let asked = format!("Patient/{}/$everything?{query}", key.id);
    let intent = Intent::asking(Interaction::Everything, asked);
    let chart = host.open_chart(session, intent, Place::Person(key.id.clone())).await?;
    let page = host.chart_everything(&chart, window).await?;
    let path = format!("{}/Patient/{}/$everything", ask.base, key.id);
    let links = links(&path, &query, page.next.as_deref());
    present::bundle(json(StatusCode::OK, bundle::searchset(&ask.base, &page, &links)), &how)
}

/// A date of care, as sent (R4 type `date`).
fn date(query: &str, name: &'static str) -> Answer<Option<String>> {
    let Some(said) = parameter(query, name) else { return Ok(None) };
    if !said.contains('T') && DateRange::parse(&said).is_some() {
        return Ok(Some(said));
    }
    Err(Refusal::invalid(format!("{name} must be a date of care, for example {name}=2026-01-31."))
        .at(name))
}

/// `$meta`: the meta of one resource.
pub async fn meta<H: Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    key: &ResourceKey,
) -> Answer<Response<Vec<u8>>> {
    only(&operation::query(ask)?, &[])?;
    let asked = Some(format!("{}/{}/$meta", key.resource_type, key.id));
    let read = Reading::open(host, session, Interaction::Read, key, asked).await?;
    let version = read.current(host, key).await?;
    if version.kind == ChangeKind::Delete {
        return Ok(gone(&version));
    }
    let stored = Resource::parse(version.body, &JsonLimits::default())?;
    let held = stored.root().get("meta").map(Value::raw).unwrap_or("{}");
    let mut writer = Writer::with_capacity(held.len() + 128);
    writer.begin_object().field("resourceType", "Parameters");
    writer.key("parameter").begin_array().begin_object().field("name", "return");
    writer.key("valueMeta").raw(held).end_object().end_array().end_object();
    Ok(json(StatusCode::OK, writer.finish().into_bytes()))
}

/// `$validate` of a resource as it is stored (R4, Resource operations).
pub async fn validate<H: Charts + Registry>(
    host: &H,
    session: &H::Session,
    ask: &Ask<'_>,
    key: &ResourceKey,
) -> Answer<Response<Vec<u8>>> {
    only(ask.query, &["mode", "profile"])?;
    match parameter(ask.query, "mode").as_deref() {
        None | Some("profile") => {}
        Some(_) => {
            return Err(Refusal::invalid(
                "What is stored is validated with mode=profile or without mode; send a resource \
                 by POST to ask whether it could be created or updated.",
            )
            .at("mode"));
        }
    }
    let asked = Some(format!("{}/{}/$validate?{}", key.resource_type, key.id, ask.query));
    let read = Reading::open(host, session, Interaction::Read, key, asked).await?;
    let version = read.current(host, key).await?;
    if version.kind == ChangeKind::Delete {
        return Ok(gone(&version));
    }
    let stored = Resource::parse(version.body, &JsonLimits::default())?;
    let profiles: Vec<String> = parameters(ask.query, "profile").collect();
    let remarks: Vec<Remark> = valid(&stored, Mode::General, &profiles);
    Ok(reported(StatusCode::OK, remarks))
}
