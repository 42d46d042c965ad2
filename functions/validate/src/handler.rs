//! `$validate` of a resource that is sent (R4, Resource operations): every
//! issue in one OperationOutcome. Nothing of the record is read; a resource
//! that is stored is validated by `lookup`.

use contracts::{Answer, Refusal, Tokens};
use fhir::limits::JsonLimits;
use fhir::outcome::IssueType;
use fhir::resource::Resource;
use fhir::validate::Mode;
use http::{Method, Request, Response, StatusCode};
use rest::answer::{method_not_allowed, refused, reported, settled};
use rest::ask::{Ask, of_caller, parameters};
use rest::headers::carries_json;
use rest::operation::{Parameters, primitive};
use rest::path::{Target, printable};
use rest::report::{Remark, valid};

/// Answers one request.
pub async fn handle<H: Tokens>(host: &H, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    let (ask, _session) = match of_caller(host, &request).await {
        Ok(known) => known,
        Err(refusal) => return refused(&refusal),
    };
    if request.method() != Method::POST {
        return method_not_allowed(request.method().as_str(), "POST");
    }
    settled(answer(&ask))
}

/// What the resource is asked about.
struct Asked {
    resource: Option<Resource>,
    mode: Option<String>,
    profiles: Vec<String>,
}

fn answer(ask: &Ask<'_>) -> Answer<Response<Vec<u8>>> {
    let (name, id) = match &ask.target {
        Target::TypeOperation(name, operation) if operation == "$validate" => (name, None),
        Target::Operation(key, operation) if operation == "$validate" => {
            (&key.resource_type, Some(&key.id))
        }
        _ => {
            return Err(Refusal::missing(
                "Only $validate is answered here: POST {type}/$validate or \
                 {type}/{id}/$validate.",
            ));
        }
    };
    let asked = asked(ask)?;
    let mode = asked.mode.as_deref();
    match (mode, &asked.resource, id) {
        (None | Some("create" | "update" | "delete" | "profile"), ..) => {}
        (Some(other), ..) => {
            return Err(Refusal::invalid(format!(
                "mode is one of create, update, delete and profile, not {}.",
                printable(other)
            ))
            .at("mode"));
        }
    }
    // A deletion is judged by what is stored, of which nothing is known here.
    if mode == Some("delete") {
        if id.is_none() {
            return Err(Refusal::invalid(
                "mode=delete is about one resource: POST {type}/{id}/$validate?mode=delete.",
            )
            .at("mode"));
        }
        return Ok(reported(
            StatusCode::OK,
            vec![Remark::information(
                "Nothing in its form stands against the deletion; whether the record allows it is \
             told by DELETE itself.",
            )],
        ));
    }
    let Some(resource) = asked.resource else {
        return Err(Refusal::invalid(
            "There is no resource to validate: send it as the body, or as the parameter \
             \"resource\" of a Parameters. What is stored is validated by GET.",
        )
        .at("resource"));
    };
    if mode == Some("profile") && asked.profiles.is_empty() {
        return Err(
            Refusal::invalid("mode=profile needs a profile: give its canonical URL.").at("profile")
        );
    }
    let judged = match mode {
        Some("create") => Mode::Create,
        Some("update") => Mode::Update,
        _ => Mode::General,
    };
    let mut remarks = valid(&resource, judged, &asked.profiles);
    remarks.extend(about_path(
        &resource,
        name,
        id.map(String::as_str).filter(|_| mode != Some("create")),
    ));
    Ok(reported(StatusCode::OK, remarks))
}

/// What is wrong with sending the resource to this path.
fn about_path(resource: &Resource, name: &str, id: Option<&str>) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut error = |diagnostics: String, at: String| {
        let expression = Some(at);
        remarks.push(Remark {
            severity: "error",
            code: IssueType::Invalid,
            diagnostics,
            expression,
        });
    };
    if resource.type_name() != name {
        error(
            format!(
                "The path names {name}, the body is a {}: send it to the path of its own type.",
                resource.type_name()
            ),
            "resourceType".to_owned(),
        );
    }
    if let (Some(id), Some(held)) = (id, resource.id())
        && held != id
    {
        error(
            format!("The id in the body is not the {id} of the path. Send the same id in both."),
            format!("{name}.id"),
        );
    }
    remarks
}

/// The resource with the query's `mode` and `profile`, or all of them from a
/// Parameters.
fn asked(ask: &Ask<'_>) -> Answer<Asked> {
    for pair in ask.query.split('&').filter(|pair| !pair.is_empty()) {
        let name = pair.split('=').next().unwrap_or_default();
        if !["mode", "profile", "_format", "_pretty"].contains(&name) {
            return Err(Refusal::invalid(format!(
                "The parameter \"{}\" is not known here. Known are: mode, profile.",
                printable(name)
            ))
            .at(printable(name)));
        }
    }
    let mut asked = Asked {
        resource: None,
        mode: parameters(ask.query, "mode").next(),
        profiles: parameters(ask.query, "profile").collect(),
    };
    if ask.body.is_empty() {
        return Ok(asked);
    }
    carries_json(ask.headers)?;
    let body = Resource::parse(ask.body.to_vec(), &JsonLimits::default())?;
    if body.type_name() != "Parameters" || is_itself_validated(ask) {
        asked.resource = Some(body);
        return Ok(asked);
    }
    let given = Parameters::parse(ask.body)?;
    for (index, name, parameter) in given.each() {
        let at = || format!("Parameters.parameter[{index}]");
        let text = || {
            primitive(parameter).ok_or_else(|| {
                Refusal::invalid("This parameter has a primitive value, such as valueCode.")
                    .at(at())
            })
        };
        match &*name {
            "resource" => {
                let held = parameter.get("resource").ok_or_else(|| {
                    Refusal::invalid("The parameter \"resource\" holds no resource.").at(at())
                })?;
                let held = held.raw().as_bytes().to_vec();
                let parsed = Resource::parse(held, &JsonLimits::default());
                asked.resource = Some(parsed.map_err(|refusal| refusal.within(&at()))?);
            }
            "mode" => asked.mode = Some(text()?),
            "profile" => asked.profiles.push(text()?),
            other => {
                return Err(Refusal::invalid(format!(
                    "$validate has no parameter \"{}\": it has resource, mode and profile.",
                    printable(other)
                ))
                .at(at()));
            }
        }
    }
    Ok(asked)
}

/// Whether a Parameters is what is to be validated: the path says so, and it
/// brings no resource of its own.
fn is_itself_validated(ask: &Ask<'_>) -> bool {
    let named = matches!(&ask.target, Target::TypeOperation(name, _) if name == "Parameters");
    let brings = Parameters::parse(ask.body)
        .is_ok_and(|given| given.each().any(|(_, name, _)| name == "resource"));
    named && !brings
}
