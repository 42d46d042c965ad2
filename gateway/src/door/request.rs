//! From a request to its answer.

use std::cell::Cell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use contracts::Origin;
use http::header::{self, HeaderMap, HeaderValue};
use http::uri::{Authority, Scheme};
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use tokio::time::timeout;

use crate::door::onward::{self, Way};
use crate::door::refused::Refused;
use crate::door::reuse::{self, Kept, Owner};
use crate::door::{body, headers};
use crate::functions::Functions;
use crate::host::Call;
use crate::limits;
use crate::log::Line;
use crate::metrics::Answerer;
use crate::peers::{Hop, REGION};
use crate::region::Region;
use crate::routes::Found;
use crate::sandbox::{Failure, Function};

/// Where a client asks which door is its own: that door, and any other, must
/// say so.
const ROUTE: &str = "/route";

type Answer = Response<Full<Bytes>>;

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Somebody at this address.
    Client(IpAddr),
    /// A gateway that proved to be another region's.
    Gateway,
}

/// What the door knows of a request, beside what the request says.
pub struct Arriving {
    /// Id, client and emergency; later also for whom this door stands in.
    pub origin: Origin,
    /// What the gateway before said: for the client, what this one would.
    pub said: Hop,
    /// It came from another gateway, and goes no further.
    pub hop: bool,
    /// When it came.
    pub start: Instant,
}

impl Arriving {
    /// Time that is left for the answer.
    pub fn left(&self) -> Duration {
        self.said.left.saturating_sub(self.start.elapsed())
    }
}

/// Answers one request, whatever it is, and writes down that it did. Sets
/// `lingering` when the rest of the request stays unread.
pub async fn answer(
    region: Arc<Region>,
    caller: Caller,
    lingering: Rc<Cell<bool>>,
    asked: Request<Incoming>,
) -> Answer {
    let start = Instant::now();
    let request_id = headers::request_id(asked.headers());
    let method = asked.method().clone();
    let language = rest::headers::language(asked.headers());
    // HTTP/2 ends a stream by itself without harm to the others.
    let ends_badly = asked.version() < Version::HTTP_2 && !asked.body().is_end_stream();
    let path = asked.uri().path().to_owned();
    let (answerer, answered) = match health(&region, &method, &path).await {
        Some(answer) => (Answerer::Door, Ok(answer)),
        None => match arriving(&region, caller, &request_id, (&path, asked.headers()), start) {
            Some(arriving) => route(&region, arriving, asked).await,
            None => (Answerer::Door, Err(Refused::BadHop)),
        },
    };
    let fault = answered.as_ref().err().and_then(Refused::fault);
    let unread = answered.as_ref().err().is_some_and(Refused::leaves_unread);
    let mut answer = answered.unwrap_or_else(|refused| refused.answer(language));
    if unread && ends_badly {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        lingering.set(true);
    }
    headers::send(answer.headers_mut(), &request_id, region.secure);
    if caller == Caller::Gateway
        && let Ok(code) = HeaderValue::from_str(&region.code)
    {
        answer.headers_mut().insert(REGION, code);
    }
    let (status, duration) = (answer.status().as_u16(), start.elapsed());
    region.metrics.request(answerer, &method, status, duration);
    // Probes come every second and say nothing.
    if !(answerer == Answerer::Door && status == 200) {
        region.log.request(&Line {
            region: &region.code,
            request_id: &request_id,
            function: region.metrics.name(answerer),
            method: method.as_str(),
            path: &path,
            status,
            duration,
            fault,
        });
    }
    answer
}

/// `None` when a gateway says what no gateway says.
fn arriving(
    region: &Region,
    caller: Caller,
    request_id: &str,
    (path, headers): (&str, &HeaderMap),
    start: Instant,
) -> Option<Arriving> {
    let said = match caller {
        Caller::Gateway => {
            let said = Hop::read(headers)?;
            Hop { left: said.left.min(Duration::from_millis(limits::ANSWER_MS)), ..said }
        }
        Caller::Client(client) => Hop {
            client,
            left: Duration::from_millis(limits::ANSWER_MS),
            scheme: if region.secure { Scheme::HTTPS } else { Scheme::HTTP },
        },
    };
    let origin = Origin {
        request_id: request_id.to_owned(),
        client_address: said.client.to_string(),
        emergency: rest::ask::emergency(headers),
        stands_in_for: None,
        any_door: path == ROUTE,
    };
    Some(Arriving { origin, said, hop: caller == Caller::Gateway, start })
}

async fn health(region: &Region, method: &Method, path: &str) -> Option<Answer> {
    if method != Method::GET && method != Method::HEAD {
        return None;
    }
    let ready = match path {
        "/healthz" => Ok(()),
        "/readyz" => region.ready().await,
        _ => return None,
    };
    let (status, text) = match ready {
        Ok(()) => (StatusCode::OK, "ok\n".to_owned()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")),
    };
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    Some(answer)
}

async fn route(
    region: &Arc<Region>,
    arriving: Arriving,
    asked: Request<Incoming>,
) -> (Answerer, Result<Answer, Refused>) {
    let target_bytes = asked.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target_bytes > limits::TARGET_BYTES_MAX {
        return (Answerer::Door, Err(Refused::TargetTooLong));
    }
    match region.routes.find(asked.method(), asked.uri().path()) {
        Found::Function(function) => {
            (Answerer::Function(function), enter(region, function, arriving, asked).await)
        }
        Found::Nothing => (Answerer::Door, Err(Refused::NoRoute)),
        Found::OtherMethods(allowed) => {
            let allowed: Vec<&str> = allowed.iter().map(Method::as_str).collect();
            (Answerer::Door, Err(Refused::OtherMethods(allowed.join(", "))))
        }
    }
}

/// Gathers the body, and has the request answered by another region, or waits for
/// a place and asks the function.
async fn enter(
    region: &Arc<Region>,
    function: usize,
    mut arriving: Arriving,
    asked: Request<Incoming>,
) -> Result<Answer, Refused> {
    let (parts, incoming) = asked.into_parts();
    let way = onward::way(region, &arriving, &parts).await?;
    let (body, held) = body::gather(region, incoming).await.inspect_err(|refused| {
        if *refused == Refused::BodiesFull {
            region.metrics.reject();
        }
    })?;
    let request = Request::from_parts(parts, body);
    arriving.origin.stands_in_for = match way {
        Way::Here => None,
        Way::StandIn(code) => Some(code),
        Way::Onward(home, targets) => {
            match onward::passed_on(region, &targets, request.clone(), &arriving).await? {
                Some(answer) => return Ok(answer),
                None => Some(home),
            }
        }
    };
    if arriving.origin.stands_in_for.is_some() {
        region.peers.stands_in();
    }
    let Some(place) = region.admission.enter().await else {
        region.metrics.reject();
        return Err(Refused::Full);
    };
    let reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let request = prepared(request, &arriving);
    let inside = {
        let region = Arc::clone(region);
        async move {
            let answered = ask(&region, function, arriving, request).await;
            drop((place, held));
            answered
        }
    };
    // A change goes on when its client hangs up: half a commit costs more to
    // clean up than a whole one to finish.
    if reading {
        inside.await
    } else {
        tokio::task::spawn_local(inside).await.unwrap_or(Err(Refused::Failed("panicked")))
    }
}

/// The request as the function sees it: absolute, and from whom the door says.
fn prepared(mut request: Request<Bytes>, arriving: &Arriving) -> Request<Bytes> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = host.and_then(|host| host.parse::<Authority>().ok());
    let mut uri = std::mem::take(request.uri_mut()).into_parts();
    uri.authority = uri.authority.or(host).or_else(|| Some(Authority::from_static("localhost")));
    uri.scheme = Some(arriving.said.scheme.clone());
    if let Ok(uri) = http::Uri::from_parts(uri) {
        *request.uri_mut() = uri;
    }
    // HEAD is GET without its body, which hyper leaves out.
    if request.method() == Method::HEAD {
        *request.method_mut() = Method::GET;
    }
    let origin = &arriving.origin;
    headers::receive(request.headers_mut(), &origin.request_id, &origin.client_address);
    request
}

async fn ask(
    region: &Region,
    index: usize,
    arriving: Arriving,
    request: Request<Bytes>,
) -> Result<Answer, Refused> {
    let limit = arriving.left();
    let call = Call { origin: arriving.origin, walls: region.walls.clone() };
    let functions = match &region.functions {
        Functions::Sandboxed(functions) => functions,
        Functions::Native(handlers) => {
            let (_, handler) = handlers.get(index).ok_or(Refused::Unfinished("no function"))?;
            let language = rest::headers::language(request.headers());
            let answered = handler.answer(call, request.map(Vec::from));
            let answered = timeout(limit, answered).await;
            let answer = answered.map_err(|_| Refused::Unfinished("timed out"))?;
            let answer = rest::answer::in_language(answer, language);
            return Ok(answer.map(|body| Full::new(Bytes::from(body))));
        }
    };
    let owner = match region.reuse {
        0 | 1 => None,
        _ => Owner::of(request.headers(), &region.code, index),
    };
    let asked_bytes = request.body().len();
    let answered = timeout(limit, async {
        let function = functions.get(index).ok_or(Failure::Full)?;
        let mut kept = instance(region, (index, function), owner.as_ref(), call).await?;
        let answer = kept.instance.answer(request.map(Full::new)).await?;
        Ok::<_, Failure>((answer, kept))
    });
    let failure = match answered.await {
        Ok(Ok((answer, mut kept))) => {
            kept.answered += 1;
            if let Some(owner) = owner
                && kept.answered < region.reuse
                && asked_bytes + answer.body().len() <= limits::KEPT_CARRIED_BYTES_MAX
            {
                reuse::keep(owner, kept);
            }
            return Ok(answer.map(Full::new));
        }
        Ok(Err(failure)) => told(&failure),
        Err(_) => Refused::Unfinished("timed out"),
    };
    region.metrics.failure(index);
    Err(failure)
}

async fn instance(
    region: &Region,
    (index, function): (usize, &Function),
    owner: Option<&Owner>,
    call: Call,
) -> Result<Kept, Failure> {
    if let Some(mut kept) = owner.and_then(reuse::take) {
        kept.instance.renew(call);
        region.metrics.reused(index);
        return Ok(kept);
    }
    let start = Instant::now();
    let instance = function.instance(call).await?;
    region.metrics.instance(index, start.elapsed());
    Ok(Kept { instance, answered: 0 })
}

/// What the caller is told of a failure inside: nothing but what to do.
fn told(failure: &Failure) -> Refused {
    match failure {
        Failure::Full => Refused::Unfinished("no instance"),
        Failure::Trapped(error) => match error.downcast_ref::<wasmtime::Trap>() {
            Some(wasmtime::Trap::Interrupt) => Refused::Failed("computed too long"),
            _ => Refused::Failed("trapped"),
        },
        Failure::Answer => Refused::Failed("answer too long or broken"),
    }
}
