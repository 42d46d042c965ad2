//! A small door: it keeps what it is told under its keys, and fails as asked.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::cli::load::client::Target;
use crate::outbound::Line;

/// How one request goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It does not.
    None,
    /// The connection is lost before anything is done.
    LostBefore,
    /// The connection is lost after everything is done.
    LostAfter,
    /// 503 with Retry-After: 0.
    Busy,
    /// 409 with Retry-After: 0.
    Conflict,
    /// 401.
    Stranger,
    /// Half an answer, then the connection is lost.
    HalfAnswer,
}

#[derive(Default)]
pub struct Kept {
    /// Faults of the next requests, then none.
    pub faults: VecDeque<Fault>,
    /// Keys of all requests, in their order.
    pub asked: Vec<String>,
    /// How often each identifier was really stored.
    pub stored: HashMap<String, u32>,
    /// Identifiers that a batch answers with these statuses first.
    pub later: HashMap<String, VecDeque<u16>>,
    /// Identifiers that are refused with 422.
    pub wrong: Vec<String>,
    answers: HashMap<String, Value>,
}

/// A door on a loopback port.
#[derive(Clone)]
pub struct Door {
    pub kept: Arc<Mutex<Kept>>,
    pub port: u16,
}

impl Door {
    pub async fn open(faults: &[Fault]) -> Self {
        Self::opened(faults, None).await
    }

    /// A door that speaks TLS when it is given how.
    pub async fn opened(faults: &[Fault], tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let kept = Kept { faults: faults.iter().copied().collect(), ..Kept::default() };
        let door = Self { kept: Arc::new(Mutex::new(kept)), port };
        let served = door.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(served.clone().serve(stream, tls.clone()));
            }
        });
        door
    }

    async fn serve(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        let line: Box<dyn Line> = match tls {
            Some(tls) => match tls.accept(stream).await {
                Ok(stream) => Box::new(stream),
                Err(_) => return,
            },
            None => Box::new(stream),
        };
        let service = service_fn(|request| self.clone().answer(request));
        let http = hyper::server::conn::http1::Builder::new();
        let _ = http.serve_connection(TokioIo::new(line), service).await;
    }

    pub fn target(&self) -> Target {
        Target::parse(&format!("http://127.0.0.1:{}/fhir/", self.port), None).unwrap()
    }

    pub fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Lost> {
        let told = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(request.uri().path(), "/fhir");
        assert_eq!(told("authorization"), "Bearer let-me-in");
        assert_eq!(told("content-type"), "application/fhir+json");
        let key = told("idempotency-key");
        let body = request.into_body().collect().await.map_err(|_| Lost)?.to_bytes();
        let fault = {
            let mut kept = self.kept();
            kept.asked.push(key.clone());
            kept.faults.pop_front().unwrap_or(Fault::None)
        };
        let refused = |status: u16| {
            let outcome = json!({"resourceType": "OperationOutcome", "issue": [
                {"severity": "error", "diagnostics": format!("Not now: {status}.")},
            ]});
            let answer = Response::builder().status(status).header("retry-after", "0");
            Ok(answer.body(Full::from(outcome.to_string())).unwrap())
        };
        match fault {
            Fault::LostBefore => return Err(Lost),
            Fault::Busy => return refused(503),
            Fault::Conflict => return refused(409),
            Fault::Stranger => return refused(401),
            Fault::None | Fault::LostAfter | Fault::HalfAnswer => {}
        }
        let mut answer = self.kept().take(&key, &serde_json::from_slice(&body).unwrap());
        match fault {
            Fault::LostAfter => return Err(Lost),
            Fault::HalfAnswer => {
                // More is promised than comes.
                answer.headers_mut().insert("content-length", 1_000_000.into());
            }
            _ => {}
        }
        Ok(answer)
    }
}

/// The connection is lost.
#[derive(Debug)]
pub struct Lost;

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("lost")
    }
}

impl std::error::Error for Lost {}

impl Kept {
    fn take(&mut self, key: &str, bundle: &Value) -> Response<Full<Bytes>> {
        let entries = bundle["entry"].as_array().unwrap();
        if bundle["type"] == "transaction" {
            return self.transaction(key, entries);
        }
        let answers: Vec<Value> = entries
            .iter()
            .enumerate()
            .map(|(index, entry)| self.entry(&format!("{key}#{index}"), entry))
            .collect();
        whole(&json!({"resourceType": "Bundle", "type": "batch-response", "entry": answers}), false)
    }

    fn transaction(&mut self, key: &str, entries: &[Value]) -> Response<Full<Bytes>> {
        if let Some(before) = self.answers.get(key) {
            return whole(before, true);
        }
        let wrong = |entry: &Value| self.wrong.contains(&name(entry));
        if let Some(index) = entries.iter().position(wrong) {
            let outcome = json!({"resourceType": "OperationOutcome", "issue": [{
                "severity": "error", "diagnostics": "The status is none of the value set.",
                "expression": [format!("Bundle.entry[{index}].resource.status")],
            }]});
            let answer = Response::builder().status(422);
            return answer.body(Full::from(outcome.to_string())).unwrap();
        }
        let answers: Vec<Value> = entries.iter().map(|entry| self.store(entry)).collect();
        let answer =
            json!({"resourceType": "Bundle", "type": "transaction-response", "entry": answers});
        self.answers.insert(key.to_owned(), answer.clone());
        whole(&answer, false)
    }

    fn entry(&mut self, key: &str, entry: &Value) -> Value {
        if let Some(before) = self.answers.get(key) {
            return before.clone();
        }
        let name = name(entry);
        let later = self.later.get_mut(&name).and_then(VecDeque::pop_front);
        let refused = if self.wrong.contains(&name) { Some(422) } else { later };
        if let Some(status) = refused {
            return json!({"response": {"status": status.to_string(), "outcome": {
                "resourceType": "OperationOutcome", "issue": [{"diagnostics": "Not taken."}],
            }}});
        }
        let answer = self.store(entry);
        self.answers.insert(key.to_owned(), answer.clone());
        answer
    }

    fn store(&mut self, entry: &Value) -> Value {
        let times = self.stored.entry(name(entry)).or_default();
        let before = *times > 0;
        *times += 1;
        let conditional = !entry["request"]["ifNoneExist"].is_null();
        let put = entry["request"]["method"] == "PUT";
        let status = if before && (conditional || put) { "200 OK" } else { "201 Created" };
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let made = fhir::resource::instant(i64::try_from(now.as_millis()).unwrap());
        json!({"response": {"status": status, "lastModified": made}})
    }
}

/// What identifies the resource of an entry.
fn name(entry: &Value) -> String {
    let resource = &entry["resource"];
    let value = resource["identifier"][0]["value"].as_str().or(resource["id"].as_str());
    value.unwrap().to_owned()
}

fn whole(bundle: &Value, replayed: bool) -> Response<Full<Bytes>> {
    let mut answer = Response::builder().status(200);
    if replayed {
        answer = answer.header("idempotency-replayed", "true");
    }
    answer.body(Full::from(bundle.to_string())).unwrap()
}
