//! The change that a request asks for, checked as far as it can be without the
//! record.

use contracts::{Answer, BodyForm, Change, ChangeKind, Refusal, ResourceKey};
use fhir::json::{Document, Kind};
use fhir::limits::JsonLimits;
use fhir::resource::Resource;
use http::Method;
use rest::ask::Ask;
use rest::binary;
use rest::conditional::{Tags, none_match};
use rest::headers::{PatchKind, carries_json, carries_patch, if_match, text};
use rest::operation::{Parameters, criteria};
use rest::path::{Target, printable};

/// The change that `method` and the path ask for.
pub fn change_of(ask: &Ask<'_>, method: &Method) -> Answer<Change> {
    match (&ask.target, method.as_str()) {
        (Target::Type(name), "POST") => create(ask, name),
        (Target::Type(name), "PUT") => by_criteria(update_body(ask, name, None)?, ask),
        (Target::Type(name), "PATCH") => by_criteria(patch_body(ask, name)?, ask),
        (Target::Type(name), _) => by_criteria(Change::of(ChangeKind::Delete, name), ask),
        (Target::Instance(key), "PUT") => {
            of_instance(update_body(ask, &key.resource_type, Some(&key.id))?, key, ask)
        }
        (Target::Instance(key), "PATCH") => {
            of_instance(patch_body(ask, &key.resource_type)?, key, ask)
        }
        (Target::Instance(key), "DELETE") => {
            of_instance(Change::of(ChangeKind::Delete, &*key.resource_type), key, ask)
        }
        (Target::Operation(key, name), "POST") => of_instance(meta(ask, key, name)?, key, ask),
        _ => Err(Refusal::missing(
            "Nothing is changed by this method at this path: POST to a type creates, PUT and \
             PATCH to Type/id change, DELETE of Type/id deletes.",
        )),
    }
}

/// `change` to the resource of the path, under the conditions of the headers.
fn of_instance(change: Change, key: &ResourceKey, ask: &Ask<'_>) -> Answer<Change> {
    only_presentation(ask.query)?;
    let change = conditions(change, ask)?;
    Ok(Change { id: Some(key.id.clone()), ..change })
}

/// `change` to the one resource that the query finds (R4 §3.1.0.4.3, §3.1.0.7.1).
fn by_criteria(change: Change, ask: &Ask<'_>) -> Answer<Change> {
    let criteria = criteria(ask.query);
    if criteria.is_empty() {
        return Err(Refusal::precondition_failed(format!(
            "The path names no instance and there are no criteria: name {name}/id, or say which \
             one by a search: {name}?identifier=…",
            name = change.resource_type
        )));
    }
    let change = conditions(change, ask)?;
    Ok(Change { criteria: Some(criteria), ..change })
}

fn conditions(change: Change, ask: &Ask<'_>) -> Answer<Change> {
    let if_absent = match none_match(ask.headers) {
        None => false,
        Some(Tags::Any)
            if change.kind == ChangeKind::Update && change.form == BodyForm::Resource =>
        {
            true
        }
        Some(_) => {
            return Err(Refusal::not_supported(
                "If-None-Match on a change is * and goes with an update by PUT: it asks that there \
                 be no resource yet. Leave it out, or send If-Match with the version you read.",
            ));
        }
    };
    Ok(Change { if_match: if_match(ask.headers)?, if_absent, ..change })
}

/// An interaction with one instance takes no parameters but how to answer.
fn only_presentation(query: &str) -> Answer<()> {
    match criteria(query).split('&').find(|pair| !pair.is_empty()) {
        None => Ok(()),
        Some(pair) => {
            let name = printable(pair.split('=').next().unwrap_or_default());
            Err(Refusal::invalid(format!(
                "The parameter \"{name}\" is not known here: a change to one instance takes none. \
                 Leave it out."
            ))
            .at(name))
        }
    }
}

fn create(ask: &Ask<'_>, name: &str) -> Answer<Change> {
    only_presentation(ask.query)?;
    let body = content(ask, name, None)?;
    // An id in the body is ignored: the server assigns its own (R4 §3.1.0.8).
    Ok(Change { if_none_exist: if_none_exist(ask)?, body, ..Change::of(ChangeKind::Create, name) })
}

fn if_none_exist(ask: &Ask<'_>) -> Answer<Option<String>> {
    let Some(said) = ask.headers.get("if-none-exist") else { return Ok(None) };
    let said = said.to_str().ok().map(|said| said.trim().trim_start_matches('?'));
    match said.filter(|said| !said.is_empty()) {
        Some(criteria) => Ok(Some(criteria.to_owned())),
        None => Err(Refusal::invalid(
            "If-None-Exist must be the criteria of a search, percent-encoded: \
             identifier=system%7Cvalue.",
        )
        .at("If-None-Exist")),
    }
}

fn update_body(ask: &Ask<'_>, name: &str, id: Option<&str>) -> Answer<Change> {
    Ok(Change { body: content(ask, name, id)?, ..Change::of(ChangeKind::Update, name) })
}

/// The resource in the body, valid, of the type and id that the path names. A
/// Binary may come as its own content.
fn content(ask: &Ask<'_>, name: &str, id: Option<&str>) -> Answer<Vec<u8>> {
    if name == "Binary" && binary::is_content(ask.headers) {
        let wrapped = binary::wrapped(ask.headers, id, ask.body)?;
        let resource = Resource::parse(wrapped, &JsonLimits::default())?;
        fhir::validate::check(&resource)?;
        return Ok(resource.into_text().into_bytes());
    }
    carries_json(ask.headers)?;
    let resource = Resource::parse(ask.body.to_vec(), &JsonLimits::default())?;
    if resource.type_name() != name {
        return Err(Refusal::invalid(format!(
            "The path names {name}, the body is a {}: send it to the path of its own type.",
            resource.type_name()
        ))
        .at("resourceType"));
    }
    fhir::validate::check(&resource)?;
    match (id, resource.id()) {
        (None, _) => {}
        (Some(id), Some(held)) if held == id => {}
        (Some(id), Some(_)) => {
            return Err(Refusal::invalid(format!(
                "The id in the body is not the {id} of the path. Send the same id in both."
            ))
            .at(format!("{name}.id")));
        }
        (Some(id), None) => {
            return Err(Refusal::invalid(format!(
                "The body has no id. An update carries the id of its path: \"id\": \"{id}\"."
            ))
            .at(format!("{name}.id")));
        }
    }
    Ok(resource.into_text().into_bytes())
}

/// A JSON Patch or a FHIRPath Patch, of the shape of its kind (R4 §3.1.0.6).
fn patch_body(ask: &Ask<'_>, name: &str) -> Answer<Change> {
    match carries_patch(ask.headers)? {
        PatchKind::Json => {
            let patch = Document::parse_bytes(ask.body.to_vec(), &JsonLimits::default())?;
            if patch.root().kind() != Kind::Array {
                return Err(Refusal::invalid(
                    "A JSON Patch is an array of operations: [{\"op\": \"replace\", \"path\": \
                     \"/gender\", \"value\": \"other\"}].",
                ));
            }
        }
        PatchKind::FhirPath => {
            let patch = Parameters::parse(ask.body)?;
            fhir::validate::check(patch.resource())?;
        }
    }
    Ok(Change {
        form: BodyForm::Patch,
        body: ask.body.to_vec(),
        ..Change::of(ChangeKind::Update, name)
    })
}

/// `$meta-add` and `$meta-delete` (R4 §3.2, Resource operations).
fn meta(ask: &Ask<'_>, key: &ResourceKey, operation: &str) -> Answer<Change> {
    let form = match operation {
        "$meta-add" => BodyForm::MetaAdd,
        "$meta-delete" => BodyForm::MetaDelete,
        other => {
            return Err(Refusal::missing(format!(
                "This server has no operation {} that changes a resource. It has $meta-add and \
                 $meta-delete.",
                printable(other)
            )));
        }
    };
    carries_json(ask.headers)?;
    let parameters = Parameters::parse(ask.body)?;
    fhir::validate::check(parameters.resource())?;
    let mut metas = 0;
    for (index, name, parameter) in parameters.each() {
        if name != "meta" || parameter.get("valueMeta").is_none() {
            return Err(Refusal::invalid(format!(
                "{operation} takes one parameter \"meta\" with a valueMeta."
            ))
            .at(format!("Parameters.parameter[{index}]")));
        }
        metas += 1;
    }
    if metas != 1 {
        return Err(Refusal::invalid(format!(
            "{operation} takes one parameter \"meta\" with a valueMeta."
        ))
        .at("Parameters.parameter"));
    }
    // Only said for the sake of a clear refusal: no other header changes it.
    if text(ask.headers, "if-none-exist").is_some() {
        return Err(Refusal::not_supported(
            "If-None-Exist goes with a create, not with an operation: leave it out.",
        ));
    }
    Ok(Change {
        form,
        body: ask.body.to_vec(),
        ..Change::of(ChangeKind::Update, &*key.resource_type)
    })
}
