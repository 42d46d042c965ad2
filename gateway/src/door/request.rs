//! From a request to its answer.

use std::cell::Cell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chart::Environment;
use contracts::Origin;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::uri::{Authority, Scheme};
use http::{Method, Request, Response, StatusCode, Version};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use report::slice::{Answered, Event, NO_ESTABLISHMENT};
use tokio::time::timeout;

use crate::door::admission::{self, Class};
use crate::door::onward::{self, PassedOn, Way};
use crate::door::refused::Refused;
use crate::door::reuse::{self, Kept, Owner};
use crate::door::{body, headers, own};
use crate::functions::Functions;
use crate::host::Call;
use crate::limits;
use crate::log::{self, Line};
use crate::metrics::{self, Answerer};
use crate::observed::Observed;
use crate::otlp::Traced;
use crate::peers::{Hop, REGION};
use crate::record::{System, roles};
use crate::region::Region;
use crate::routes::Found;
use crate::sandbox::{Failure, Function};
use crate::trace::Kind;

/// Where a client asks which door is its own: that door, and any other, must
/// say so.
const ROUTE: &str = "/route";

/// Of every answer of a region that rehearses: its code. Nothing in such an
/// answer is of the central record.
const REHEARSAL: HeaderName = HeaderName::from_static("dossier-rehearsal");

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
    mut asked: Request<Incoming>,
) -> Answer {
    let start = Instant::now();
    let observed = Observed::new(region.tracing.sampling.take_in(asked.headers_mut()));
    let request_id = headers::request_id(asked.headers());
    let (method, asked_version) = (asked.method().clone(), asked.version());
    let language = rest::headers::language(asked.headers());
    // HTTP/2 ends a stream by itself without harm to the others.
    let ends_badly = asked_version < Version::HTTP_2 && !asked.body().is_end_stream();
    let path = asked.uri().path().to_owned();
    let emergent = rest::ask::emergency(asked.headers()).is_some();
    let (answerer, answered) = match own::answer(&region, &asked).await {
        Some(answer) => (Answerer::Door, Ok(answer)),
        None => match arriving(&region, caller, &request_id, (&path, asked.headers()), start) {
            Some(arriving) => route(&region, &observed, arriving, asked).await,
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
    // A successor answers at this address: whoever comes again comes to it.
    if asked_version < Version::HTTP_2 && region.is_leaving() {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    headers::send(answer.headers_mut(), &request_id, region.secure);
    if caller == Caller::Gateway
        && let Ok(code) = HeaderValue::from_str(&region.code)
    {
        answer.headers_mut().insert(REGION, code);
    }
    if region.ground.rehearses()
        && answer.extensions().get::<PassedOn>().is_none()
        && let Ok(code) = HeaderValue::from_str(&region.code)
    {
        answer.headers_mut().insert(REHEARSAL, code);
    }
    let (status, duration) = (answer.status().as_u16(), start.elapsed());
    region.metrics.request(answerer, &method, status, duration);
    // Probes come every second and say nothing.
    if !(answerer == Answerer::Door && status == 200) {
        let told = Told { answerer, method: &method, path: &path, status, duration, emergent };
        count(&region, &observed, &told);
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
    // Another gateway keeps its own client waiting.
    if matches!(caller, Caller::Client(_)) {
        if status == StatusCode::NOT_FOUND.as_u16() && answerer != Answerer::Door {
            hold_back(start).await;
        } else if observed.was_shed() && !emergent {
            region.admission.hold_back(start).await;
        }
    }
    answer
}

/// Waits for the next beat since the request began, and a part of another, drawn
/// at random. What is withheld and what is absent are both answered with 404;
/// without the beat, the time that it takes to find and judge a resource would
/// tell them apart. The part drowns what is left of it: on a busy machine a
/// thread that has worked more is woken some tenths of a millisecond later.
async fn hold_back(start: Instant) {
    let beat = Duration::from_millis(limits::NOT_FOUND_BEAT_MS);
    let beats = start.elapsed().as_nanos() / beat.as_nanos() + 1;
    let mut drawn = [0; 4];
    System.fill_random(&mut drawn);
    let part = beat.mul_f64(f64::from(u32::from_le_bytes(drawn)) / f64::from(u32::MAX));
    let until = start + beat * u32::try_from(beats).unwrap_or(u32::MAX) + part;
    tokio::time::sleep_until(until.into()).await;
}

/// What a request came to.
struct Told<'a> {
    answerer: Answerer,
    method: &'a Method,
    path: &'a str,
    status: u16,
    duration: Duration,
    emergent: bool,
}

/// Counts it for the report, and hands its trace on.
fn count(region: &Region, observed: &Observed, told: &Told<'_>) {
    let function = region.metrics.name(told.answerer);
    let (establishment, denied) = observed.told();
    region.series.request(&Answered {
        establishment: establishment.as_deref().unwrap_or(NO_ESTABLISHMENT),
        function,
        status: told.status,
        taken_us: metrics::micros(told.duration),
        change: matches!(function, "update" | "transact"),
        emergency: told.emergent,
        denied: denied.as_deref(),
        shed: observed.was_shed(),
    });
    if let (Some(exporter), Some(spans)) = (&region.tracing.exporter, observed.take_spans()) {
        exporter.take(Traced {
            region: region.code.clone(),
            // A method may be any word that a caller likes.
            method: metrics::method(told.method).to_owned(),
            route: log::shape(told.path),
            function: function.to_owned(),
            status: told.status,
            end_ns: spans.now_ns(),
            spans,
        });
    }
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

async fn route(
    region: &Arc<Region>,
    observed: &Rc<Observed>,
    arriving: Arriving,
    asked: Request<Incoming>,
) -> (Answerer, Result<Answer, Refused>) {
    let target_bytes = asked.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if target_bytes > limits::TARGET_BYTES_MAX {
        return (Answerer::Door, Err(Refused::TargetTooLong));
    }
    match region.routes.find(asked.method(), asked.uri().path()) {
        Found::Function(function) => {
            (Answerer::Function(function), enter(region, observed, function, arriving, asked).await)
        }
        Found::Nothing => (Answerer::Door, Err(Refused::NoRoute)),
        Found::OtherMethods(allowed) => {
            let allowed: Vec<&str> = allowed.iter().map(Method::as_str).collect();
            (Answerer::Door, Err(Refused::OtherMethods(allowed.join(", "))))
        }
    }
}

/// Finds where the request is answered and whether there is room to wait for it.
async fn enter(
    region: &Arc<Region>,
    observed: &Rc<Observed>,
    function: usize,
    arriving: Arriving,
    asked: Request<Incoming>,
) -> Result<Answer, Refused> {
    let name = region.metrics.name(Answerer::Function(function));
    let class = admission::class(name, asked.method(), asked.uri(), asked.headers());
    let caller = admission::caller(asked.headers(), &arriving.origin.client_address);
    let (parts, incoming) = asked.into_parts();
    let way = onward::way(region, &arriving, &parts).await?;
    // To refuse a body unread would cost the connection: that one is read first.
    let at_hand = !matches!(way, Way::Onward(..)) && incoming.is_end_stream();
    if at_hand && region.admission.is_overrun(class, caller) {
        shed(region, observed, class);
        return Err(Refused::Full);
    }
    // What follows is large, and is made only for those who may come to it.
    let turn = Turn { function, class, caller };
    Box::pin(wait(region, observed, turn, arriving, way, (parts, incoming))).await
}

/// A request at the door of a function.
#[derive(Clone, Copy)]
struct Turn {
    function: usize,
    class: Class,
    caller: admission::Caller,
}

/// Gathers the body, and has another region answer, or waits for a place and asks
/// the function.
async fn wait(
    region: &Arc<Region>,
    observed: &Rc<Observed>,
    Turn { function, class, caller }: Turn,
    mut arriving: Arriving,
    way: Way,
    (parts, incoming): (Parts, Incoming),
) -> Result<Answer, Refused> {
    let (body, held) = body::gather(region, incoming).await.inspect_err(|refused| {
        if *refused == Refused::BodiesFull {
            shed(region, observed, class);
        }
    })?;
    let request = Request::from_parts(parts, body);
    arriving.origin.stands_in_for = match elsewhere(region, way, &request, &arriving).await? {
        Elsewhere::Answered(answer) => return Ok(answer),
        Elsewhere::Here(code) => code,
    };
    let began = observed.begin();
    let place = region.admission.enter(class, caller).await;
    observed.end(began, Kind::Internal, || "admission".to_owned());
    let Some(place) = place else {
        shed(region, observed, class);
        return Err(Refused::Full);
    };
    let reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let request = prepared(request, &arriving);
    let inside = {
        let (region, within) = (Arc::clone(region), Rc::clone(observed));
        observed.during(async move {
            let began = within.enter_function();
            let asking = ask(&region, &within, function, arriving, request);
            let answered = match region.names.get(function) {
                Some(role) => roles::acting(Arc::clone(role), asking).await,
                None => asking.await,
            };
            within.leave_function(began, region.metrics.name(Answerer::Function(function)));
            drop((place, held));
            answered
        })
    };
    // A change goes on when its client hangs up: half a commit costs more to
    // clean up than a whole one to finish.
    if reading {
        inside.await
    } else {
        tokio::task::spawn_local(inside).await.unwrap_or(Err(Refused::Failed("panicked")))
    }
}

/// What came of a request that may belong to another region.
enum Elsewhere {
    /// Its region answered.
    Answered(Answer),
    /// It is to be answered here; for this region, when that is away.
    Here(Option<String>),
}

async fn elsewhere(
    region: &Arc<Region>,
    way: Way,
    request: &Request<Bytes>,
    arriving: &Arriving,
) -> Result<Elsewhere, Refused> {
    let home = match way {
        Way::Here => return Ok(Elsewhere::Here(None)),
        Way::StandIn(code) => code,
        Way::Onward(home, targets) => {
            let passed = onward::passed_on(region, &targets, request.clone(), arriving).await;
            let event = match &passed {
                Ok(Some(_)) => Event::Forwarded,
                Ok(None) | Err(_) => Event::ForwardFailed,
            };
            region.series.event(event);
            match passed? {
                Some(answer) => return Ok(Elsewhere::Answered(answer)),
                None => home,
            }
        }
    };
    region.peers.stands_in();
    region.series.event(Event::ServedForNeighbour);
    Ok(Elsewhere::Here(Some(home)))
}

/// There was no place.
fn shed(region: &Region, observed: &Observed, class: Class) {
    region.metrics.reject();
    observed.shed();
    region.series.event(match class {
        Class::Emergency => Event::ShedEmergency,
        Class::Write => Event::ShedWrite,
        Class::Read => Event::ShedRead,
        Class::Bulk => Event::ShedBulk,
    });
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
    observed: &Observed,
    index: usize,
    arriving: Arriving,
    request: Request<Bytes>,
) -> Result<Answer, Refused> {
    let limit = arriving.left();
    let call = Call { origin: arriving.origin, walls: region.walls.clone() };
    let generation = match &region.functions {
        // This request keeps to these, whatever takes over meanwhile.
        Functions::Sandboxed(functions) => functions.now(),
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
        _ => Owner::of(request.headers(), &region.code, (index, generation.number)),
    };
    let asked_bytes = request.body().len();
    let answered = timeout(limit, async {
        let function = generation.functions.get(index).ok_or(Failure::Full)?;
        let began = observed.begin();
        let mut kept = instance(region, (index, function), owner.as_ref(), call).await?;
        observed.end(began, Kind::Internal, || "instance".to_owned());
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
