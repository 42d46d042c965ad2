//! One HTTP/1.1 connection to a FHIR server.

use std::rc::Rc;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use http::{HeaderMap, Method, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A FHIR server: where, and what each request carries.
pub struct Server {
    authority: String,
    prefix: String,
    headers: HeaderMap,
}

impl Server {
    /// The server at a base address, with headers written as `Name: value`.
    pub fn at(base: &str, headers: &[String]) -> Result<Rc<Self>> {
        let uri: Uri = base.parse().context("the base is no URL")?;
        anyhow::ensure!(uri.scheme_str() == Some("http"), "the base must begin with http://");
        let authority = uri.authority().context("the base names no host")?;
        let port = authority.port_u16().unwrap_or(80);
        let mut map = HeaderMap::new();
        for header in headers {
            let (name, value) = header.split_once(':').context("a header is `Name: value`")?;
            map.insert(HeaderName::try_from(name.trim())?, HeaderValue::try_from(value.trim())?);
        }
        map.insert(HOST, HeaderValue::try_from(authority.as_str())?);
        Ok(Rc::new(Self {
            authority: format!("{}:{port}", authority.host()),
            prefix: uri.path().trim_end_matches('/').to_owned(),
            headers: map,
        }))
    }
}

/// What came back.
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Bytes,
}

/// A kept-alive connection; opened again when the server closed it.
pub struct Connection {
    server: Rc<Server>,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    /// A connection that opens with its first request.
    pub fn to(server: &Rc<Server>) -> Self {
        Self { server: Rc::clone(server), sender: None }
    }

    async fn sender(&mut self) -> Result<&mut SendRequest<Full<Bytes>>> {
        if let Some(sender) = &mut self.sender
            && sender.ready().await.is_err()
        {
            self.sender = None;
        }
        let open = match self.sender.take() {
            Some(sender) => sender,
            None => {
                let stream = TcpStream::connect(&self.server.authority).await?;
                stream.set_nodelay(true)?;
                let (sender, connection) = handshake(TokioIo::new(stream)).await?;
                tokio::task::spawn_local(connection);
                sender
            }
        };
        Ok(self.sender.insert(open))
    }

    /// Sends one request below the base and waits for its whole answer.
    pub async fn ask(&mut self, method: Method, path: &str, body: Option<Bytes>) -> Result<Answer> {
        let mut request = Request::new(Full::new(body.clone().unwrap_or_default()));
        *request.method_mut() = method;
        *request.uri_mut() = format!("{}{path}", self.server.prefix).parse()?;
        *request.headers_mut() = self.server.headers.clone();
        if body.is_some() {
            let json = HeaderValue::from_static("application/fhir+json");
            request.headers_mut().insert(CONTENT_TYPE, json);
        }
        let answer = self.sender().await?.send_request(request).await?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await?.to_bytes();
        Ok(Answer { status, body })
    }
}
