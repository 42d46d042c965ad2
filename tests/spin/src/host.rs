//! What Spin gives a composed component: WASI 0.2 and 0.3 without environment,
//! folders or sockets, outgoing HTTP to the allowed hosts, and its variables.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result, anyhow};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use wasmtime::component::{Component, ComponentType, Lift, Linker, Lower, ResourceTable};
use wasmtime::{Config, Engine, OptLevel, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::p3::Request;
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

/// What a component of the application is given.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Its variables, templates resolved.
    pub variables: BTreeMap<String, String>,
    /// `scheme://host:port` of each allowed outbound host, templates resolved.
    pub allowed_outbound_hosts: Vec<String>,
}

/// What it did with that.
#[derive(Debug, Default)]
pub struct Seen {
    /// Requests sent to allowed hosts.
    pub sent: AtomicU64,
    /// Requests to other hosts, refused.
    pub refused: AtomicU64,
}

/// A composed component, ready to be asked.
pub struct Function {
    engine: Engine,
    pre: ServicePre<Cell>,
    given: Given,
    /// What its instances did so far.
    pub seen: Arc<Seen>,
}

struct Cell {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outgoing: Outgoing,
    variables: Arc<BTreeMap<String, String>>,
}

impl WasiView for Cell {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Cell {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.outgoing }
    }
}

/// `spin:variables/variables@3.0.0`, `error`.
#[derive(Clone, Debug, ComponentType, Lift, Lower)]
#[component(variant)]
enum VariableError {
    #[component(name = "invalid-name")]
    InvalidName(String),
    #[component(name = "undefined")]
    Undefined(String),
    #[component(name = "provider")]
    Provider(String),
    #[component(name = "other")]
    Other(String),
}

/// An engine for compositions. They answer a few requests each, so they are
/// compiled quickly rather than well.
///
/// # Errors
/// When the engine does not know this machine.
pub fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config
        .wasm_component_model_async(true)
        .parallel_compilation(true)
        .cranelift_opt_level(OptLevel::None);
    Engine::new(&config).map_err(told)
}

impl Function {
    /// Compiles a composition.
    ///
    /// # Errors
    /// When it is none.
    pub fn compile(engine: &Engine, composition: &[u8]) -> Result<Component> {
        Component::new(engine, composition).map_err(told)
    }

    /// Links a composition. Anything that it imports beyond WASI and
    /// `spin:variables` is missing here, as it is in Spin.
    ///
    /// # Errors
    /// Names the first import that nothing satisfies.
    pub fn new(component: &Component, given: Given) -> Result<Self> {
        let engine = component.engine();
        let mut linker: Linker<Cell> = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).map_err(told)?;
        wasmtime_wasi::p3::add_to_linker(&mut linker).map_err(told)?;
        wasmtime_wasi_http::p3::add_to_linker(&mut linker).map_err(told)?;
        link_variables(&mut linker).map_err(told)?;
        let pre = linker.instantiate_pre(component).map_err(told)?;
        let pre = ServicePre::new(pre).map_err(told)?;
        Ok(Self { engine: engine.clone(), pre, given, seen: Arc::default() })
    }

    /// Asks a fresh instance.
    ///
    /// # Errors
    /// When it traps, or returns an error instead of an answer.
    pub async fn ask(&self, request: http::Request<Full<Bytes>>) -> Result<http::Response<Bytes>> {
        let outgoing = Outgoing {
            allowed: self.given.allowed_outbound_hosts.clone(),
            seen: Arc::clone(&self.seen),
        };
        let cell = Cell {
            table: ResourceTable::new(),
            wasi: WasiCtxBuilder::new().inherit_stderr().build(),
            http: WasiHttpCtx::new(),
            outgoing,
            variables: Arc::new(self.given.variables.clone()),
        };
        let mut store = Store::new(&self.engine, cell);
        let service = self.pre.instantiate_async(&mut store).await.map_err(told)?;
        let exchange = store.run_concurrent(async |accessor| {
            let (request, processed) = accessor.with(|mut store| {
                let hooks = store.data_mut().http().hooks;
                let (request, processed) = Request::from_http(hooks, request);
                let processed: Pin<Box<dyn Future<Output = Sent> + Send>> = Box::pin(processed);
                (request, processed)
            });
            let answer = service.handle(accessor, request).await.map_err(told)?;
            let answer = answer.map_err(|code| anyhow!("the component answered {code:?}"))?;
            let answer = accessor.with(|store| answer.into_http(store, processed)).map_err(told)?;
            let (parts, body) = answer.into_parts();
            let body = body.collect().await.map_err(|error| anyhow!("{error:?}"))?.to_bytes();
            Ok(http::Response::from_parts(parts, body))
        });
        exchange.await.map_err(told).context("asking the composition")?
    }
}

fn told(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:?}")
}

fn link_variables(linker: &mut Linker<Cell>) -> wasmtime::Result<()> {
    let mut variables = linker.instance("spin:variables/variables@3.0.0")?;
    variables.func_wrap_concurrent("get", |accessor, (name,): (String,)| {
        let held = accessor.with(|mut store| Arc::clone(&store.data_mut().variables));
        Box::pin(async move {
            let value = held.get(&name).cloned();
            Ok((value.ok_or(VariableError::Undefined(name)),))
        })
    })
}

type Sent = Result<(), Error>;
type Finishing = Box<dyn Future<Output = Sent> + Send>;

/// Sends to allowed hosts over a connection of its own, and nowhere else.
struct Outgoing {
    allowed: Vec<String>,
    seen: Arc<Seen>,
}

impl WasiHttpHooks for Outgoing {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _processed: Finishing,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Finishing), Error>> + Send> {
        let scheme = request.uri().scheme_str().unwrap_or_default();
        let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let target = format!("{scheme}://{authority}");
        if !self.allowed.contains(&target) {
            self.seen.refused.fetch_add(1, Ordering::Relaxed);
            return Box::new(async { Err(Error::HttpRequestDenied) });
        }
        self.seen.sent.fetch_add(1, Ordering::Relaxed);
        Box::new(send(authority, request))
    }
}

async fn send(
    authority: String,
    mut request: http::Request<WasiBody>,
) -> Result<(http::Response<WasiBody>, Finishing), Error> {
    let stream = TcpStream::connect(&authority).await.map_err(Error::Connect)?;
    let _ = stream.set_nodelay(true);
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    // The request target is a path, unless a proxy is asked.
    let path = request.uri().path_and_query().cloned();
    let mut parts = http::uri::Parts::default();
    parts.path_and_query = path;
    *request.uri_mut() = http::Uri::from_parts(parts).map_err(|_| Error::HttpRequestUriInvalid)?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request).await?;
    let answer = answer.map(|body| body.map_err(Error::from).boxed_unsync());
    let finishing: Finishing = Box::new(async move {
        // The sender keeps the connection open while the body is read.
        let _sender = sender;
        let _ = connection.await;
        Ok(())
    });
    Ok((answer, finishing))
}
