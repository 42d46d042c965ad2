//! Bulk Data `$export` (HL7 Bulk Data Access 2.0): kick-off, status, files and
//! deletion. The job is the provider's; here it is put into HTTP.

use crate::request::{export, of_body, of_query};
use contracts::{Answer, ExportLevel, ExportProgress, Exports, Intent, Interaction, Page, Refusal};
use fhir::json::Writer;
use fhir::present::{Elements, Presentation};
use http::{Method, Request, Response, StatusCode};
use rest::answer::{json, method_not_allowed, set, settled};
use rest::ask::{authorization, base, origin};
use rest::headers::carries_json;
use rest::path::{BASE, check_id};
use rest::prefer::{Handling, Prefer};
use std::time::{Duration, SystemTime};

/// Seconds after which a client asks again for the status.
const RETRY_AFTER_S: &str = "1";
const NDJSON: &str = "application/fhir+ndjson";

/// What a path of this function names.
enum Wanted {
    KickOff(ExportLevel),
    Status(String),
    File(String, u32),
}

/// Answers one request.
pub async fn handle<H: Exports>(host: &H, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
    settled(answer(host, &request).await)
}

async fn answer<H: Exports>(host: &H, request: &Request<Vec<u8>>) -> Answer<Response<Vec<u8>>> {
    let headers = request.headers();
    let session = host.verify(authorization(headers), &origin(headers)).await?;
    let base = base(request);
    let method = request.method();
    let reads = method == Method::GET || method == Method::HEAD;
    match wanted(request.uri().path())? {
        Wanted::KickOff(level) if reads || method == Method::POST => {
            kick_off(host, &session, request, &base, level).await
        }
        Wanted::KickOff(_) => Ok(method_not_allowed(method.as_str(), "GET, HEAD, POST")),
        Wanted::Status(id) if reads => status(host, &session, &base, &id).await,
        Wanted::Status(id) if method == Method::DELETE => {
            let intent = asking(format!("$export/{id}"));
            host.export_cancel(&session, intent, &id).await.map(|()| empty(StatusCode::ACCEPTED))
        }
        Wanted::Status(_) => Ok(method_not_allowed(method.as_str(), "GET, HEAD, DELETE")),
        Wanted::File(id, number) if reads => file(host, &session, &id, number).await,
        Wanted::File(..) => Ok(method_not_allowed(method.as_str(), "GET, HEAD")),
    }
}

fn wanted(path: &str) -> Result<Wanted, Refusal> {
    let below = path.strip_prefix(BASE).unwrap_or(path);
    let parts: Vec<&str> = below.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        ["$export"] => Ok(Wanted::KickOff(ExportLevel::System)),
        ["Patient", "$export"] => Ok(Wanted::KickOff(ExportLevel::Patient)),
        ["Group", id, "$export"] => {
            check_id(id)?;
            Ok(Wanted::KickOff(ExportLevel::Group((*id).to_owned())))
        }
        ["$export", id] => Ok(Wanted::Status((*id).to_owned())),
        ["$export", id, number] => {
            let number = number.trim_end_matches(".ndjson").parse();
            number.map(|number| Wanted::File((*id).to_owned(), number)).map_err(|_| {
                Refusal::missing(
                    "The export has no such file. Ask its status for the files that it has.",
                )
            })
        }
        _ => Err(Refusal::missing(
            "Exports begin at $export, Patient/$export or Group/{id}/$export below /fhir.",
        )),
    }
}

fn asking(query: String) -> Intent {
    Intent::asking(Interaction::Export, query)
}

async fn kick_off<H: Exports>(
    host: &H,
    session: &H::Session,
    request: &Request<Vec<u8>>,
    base: &str,
    level: ExportLevel,
) -> Answer<Response<Vec<u8>>> {
    let headers = request.headers();
    let prefer = Prefer::of(headers);
    if !prefer.respond_async {
        return Err(Refusal::invalid(
            "An export is answered later: send the header Prefer: respond-async, and ask for the \
             status at the Content-Location of the answer.",
        ));
    }
    let query = request.uri().query().unwrap_or_default();
    let path = request.uri().path();
    let below = path.strip_prefix(BASE).unwrap_or(path).trim_start_matches('/');
    let asked = match query.is_empty() {
        true => below.to_owned(),
        false => format!("{below}?{query}"),
    };
    let mut named = of_query(query);
    if request.method() == Method::POST {
        carries_json(headers)?;
        named.extend(of_body(request.body())?);
    }
    let lenient = prefer.handling() == Handling::Lenient;
    let request = export(level, format!("{base}/{asked}"), named, lenient)?;
    let id = host.export_begin(session, asking(asked), request).await?;
    let mut answer = empty(StatusCode::ACCEPTED);
    set(answer.headers_mut(), "content-location", &format!("{base}/$export/{id}"));
    Ok(answer)
}

async fn status<H: Exports>(
    host: &H,
    session: &H::Session,
    base: &str,
    id: &str,
) -> Answer<Response<Vec<u8>>> {
    let progress = host.export_advance(session, asking(format!("$export/{id}")), id).await?;
    if !progress.done {
        let mut answer = empty(StatusCode::ACCEPTED);
        set(answer.headers_mut(), "retry-after", RETRY_AFTER_S);
        let told = format!("{} charts and registries looked through", progress.places);
        set(answer.headers_mut(), "x-progress", &told);
        return Ok(answer);
    }
    let mut answer = json(StatusCode::OK, manifest(base, id, &progress).into_bytes());
    set(answer.headers_mut(), "content-type", "application/json");
    set(answer.headers_mut(), "expires", &http_date(progress.expires_ms));
    Ok(answer)
}

fn manifest(base: &str, id: &str, progress: &ExportProgress) -> String {
    let mut writer = Writer::new();
    writer.begin_object();
    writer.field("transactionTime", &fhir::resource::instant(progress.transaction_ms));
    writer.field("request", &progress.url).key("requiresAccessToken").bool(true);
    writer.key("output").begin_array();
    for (number, output) in progress.outputs.iter().enumerate() {
        writer.begin_object().field("type", &output.resource_type);
        writer.field("url", &format!("{base}/$export/{id}/{number}.ndjson"));
        writer.key("count").integer(i64::from(output.count)).end_object();
    }
    writer.end_array();
    for none in ["deleted", "error"] {
        writer.key(none).begin_array().end_array();
    }
    writer.end_object();
    writer.finish()
}

async fn file<H: Exports>(
    host: &H,
    session: &H::Session,
    id: &str,
    number: u32,
) -> Answer<Response<Vec<u8>>> {
    let intent = asking(format!("$export/{id}/{number}"));
    let progress = host.export_advance(session, asking(format!("$export/{id}")), id).await?;
    let page = host.export_file(session, intent, id, number).await?;
    let elements = progress.elements.as_deref();
    let elements = elements.map(|list| Elements::parse(list, None)).transpose()?;
    let mut answer = json(StatusCode::OK, lines(&page, elements)?);
    set(answer.headers_mut(), "content-type", NDJSON);
    Ok(answer)
}

/// One resource a line. A stored text may hold line breaks between its tokens;
/// none can be within one, as JSON escapes them in strings.
fn lines(page: &Page, elements: Option<Elements>) -> Result<Vec<u8>, Refusal> {
    let bytes = page.versions.iter().map(|version| version.body.len() + 1).sum();
    let mut lines = Vec::with_capacity(bytes);
    let how = Presentation { elements, ..Presentation::default() };
    for version in &page.versions {
        let subset = match how.is_subset() {
            true => {
                let text = String::from_utf8_lossy(&version.body);
                Some(fhir::present::resource(&text, &how)?.into_bytes())
            }
            false => None,
        };
        let text = subset.as_ref().unwrap_or(&version.body);
        lines.extend(
            text.iter().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { *byte }),
        );
        lines.push(b'\n');
    }
    Ok(lines)
}

fn empty(status: StatusCode) -> Response<Vec<u8>> {
    let mut answer = Response::new(Vec::new());
    *answer.status_mut() = status;
    answer
}

fn http_date(at_ms: i64) -> String {
    let seconds = u64::try_from(at_ms / 1000).unwrap_or_default();
    httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}
