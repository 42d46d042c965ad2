//! The way to a door: HTTP/1.1 over connections that are kept.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::limits::ANSWER_BYTES_MAX;
use crate::outbound::{Line, connector, secured};

/// Where a region answers.
#[derive(Clone)]
pub struct Target {
    secure: Option<TlsConnector>,
    host: String,
    port: u16,
    authority: String,
    path: String,
}

impl Target {
    /// From the base address of a FHIR interface. A secure door must have a
    /// certificate of the authorities in a file, or of those that the system
    /// trusts.
    ///
    /// # Errors
    /// When it is none, or there are no authorities.
    pub fn parse(url: &str, authorities: Option<&Path>) -> Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("{url} is no address"))?;
        let secure = match uri.scheme_str() {
            Some("http") => None,
            Some("https") => Some(connector(authorities)?),
            _ => bail!("{url} is no base address; give one such as http://127.0.0.1:8406/fhir"),
        };
        let authority = uri.authority().with_context(|| format!("{url} names no host"))?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let path = uri.path().trim_end_matches('/');
        let port = authority.port_u16().unwrap_or(if secure.is_some() { 443 } else { 80 });
        Ok(Self {
            secure,
            host,
            port,
            authority: authority.as_str().to_owned(),
            path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
        })
    }

    /// Whether it is on this machine, so that its clock is ours.
    pub fn is_here(&self) -> bool {
        let address = self.host.parse::<std::net::IpAddr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// Its host and port, as the header Host has them.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The path of its address.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A connection to it.
    ///
    /// # Errors
    /// When nothing answers there, or not who should.
    pub async fn connect(&self) -> std::io::Result<Box<dyn Line>> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        stream.set_nodelay(true)?;
        match &self.secure {
            Some(connector) => secured(connector, &self.host, stream).await,
            None => Ok(Box::new(stream)),
        }
    }
}

/// An answer, whole.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Whether it is the answer that was given to an earlier request with the
    /// same key.
    pub replayed: bool,
    /// Retry-After.
    pub retry_after: Option<Duration>,
    /// Where the next page is (RFC 8288, `rel="next"`).
    pub next: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// One connection, made again whenever it is lost.
pub struct Client {
    target: Target,
    attempt: Duration,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// Connects when it is first used. `attempt` bounds one exchange.
    pub fn new(target: Target, attempt: Duration) -> Self {
        Self { target, attempt, sender: None }
    }

    /// Sends a Bundle.
    ///
    /// # Errors
    /// When no whole answer comes; what was sent may have been done all the
    /// same.
    pub async fn post(&mut self, token: &str, key: &str, body: Bytes) -> Result<Answer> {
        let request = Request::post(&self.target.path)
            .header(header::HOST, &self.target.authority)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/fhir+json")
            .header(header::ACCEPT, "application/fhir+json")
            // The reasons of refusals stand in a table that is in English.
            .header(header::ACCEPT_LANGUAGE, "en")
            .header("idempotency-key", key)
            .body(Full::new(body))?;
        self.bounded(request).await
    }

    /// Reads what is under a path and query below the base, such as
    /// `/AuditEvent/$register?date=2026`.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub async fn get(&mut self, token: &str, below: &str) -> Result<Answer> {
        let request = Request::get(format!("{}{below}", self.target.path))
            .header(header::HOST, &self.target.authority)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::ACCEPT_LANGUAGE, "en")
            .body(Full::new(Bytes::new()))?;
        self.bounded(request).await
    }

    async fn bounded(&mut self, request: Request<Full<Bytes>>) -> Result<Answer> {
        let exchange = tokio::time::timeout(self.attempt, self.exchange(request)).await;
        let answer = match exchange {
            Ok(answer) => answer,
            Err(_) => Err(anyhow::anyhow!("no answer within {} s", self.attempt.as_secs())),
        };
        if answer.is_err() {
            self.sender = None;
        }
        answer
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Answer> {
        let sender = self.sender().await?;
        let response = sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let told = |name: &str| head.headers.get(name)?.to_str().ok();
        let replayed = told("idempotency-replayed") == Some("true");
        let retry_after =
            told("retry-after").and_then(|text| text.parse().ok()).map(Duration::from_secs);
        let next = told("link").and_then(next_of);
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!("reading the answer: {error}"))?;
        Ok(Answer {
            status: head.status.as_u16(),
            replayed,
            retry_after,
            next,
            body: body.to_bytes().into(),
        })
    }

    async fn sender(&mut self) -> Result<&mut SendRequest<Full<Bytes>>> {
        let kept = match self.sender.take() {
            // A door closes connections that were idle for long.
            Some(mut sender) => sender.ready().await.is_ok().then_some(sender),
            None => None,
        };
        let sender = match kept {
            Some(sender) => sender,
            None => {
                let stream = self.target.connect().await?;
                let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
                // Its end shows in the sender.
                tokio::spawn(async move { drop(connection.await) });
                sender
            }
        };
        Ok(self.sender.insert(sender))
    }
}

/// The address of a link header that leads to the next page.
fn next_of(link: &str) -> Option<String> {
    let (address, relation) = link.split_once('>')?;
    let is_next = relation.split(';').any(|part| part.trim() == "rel=\"next\"");
    is_next.then(|| address.trim_start().strip_prefix('<').map(str::to_owned))?
}

/// Whether a status is a success.
pub fn is_success(status: u16) -> bool {
    StatusCode::from_u16(status).is_ok_and(|status| status.is_success())
}
