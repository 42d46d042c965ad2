//! One request, one instance: a function is made anew, asked once, and thrown
//! away with its memory.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Store, StoreLimits, StoreLimitsBuilder, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::p3::Request;
use wasmtime_wasi_http::p3::bindings::{Service, ServicePre};
use wasmtime_wasi_http::{WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView};

use crate::host::Call;
use crate::limits;

/// What a store holds for its instance.
pub struct Cell {
    table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: NoNetwork,
    limits: StoreLimits,
    epochs_left: u32,
    /// The request being answered.
    pub call: Call,
}

impl Cell {
    fn new(call: Call) -> Self {
        let limits = StoreLimitsBuilder::new()
            .memory_size(limits::MEMORY_BYTES_MAX)
            .table_elements(limits::TABLE_ELEMENTS_MAX)
            .memories(1)
            .build();
        Self {
            table: ResourceTable::new(),
            // No arguments, environment, folders or sockets; what is written
            // to the standard streams goes nowhere, since it could be about a
            // person.
            wasi: WasiCtxBuilder::new()
                .allow_tcp(false)
                .allow_udp(false)
                .allow_ip_name_lookup(false)
                .build(),
            http: WasiHttpCtx::new(),
            hooks: NoNetwork,
            limits,
            epochs_left: limits::EPOCHS_MAX,
            call,
        }
    }

    /// The table of the resources handed to the instance.
    pub fn table(&mut self) -> &mut ResourceTable {
        &mut self.table
    }
}

impl WasiView for Cell {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for Cell {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.hooks }
    }
}

/// Types of `wasi:http` are linked, its client is not; this is the second wall.
struct NoNetwork;

type Sending = Result<(), wasmtime_wasi_http::Error>;

impl WasiHttpHooks for NoNetwork {
    fn send_request(
        &mut self,
        _request: http::Request<WasiBody>,
        _options: Option<wasmtime_wasi_http::RequestOptions>,
        _processed: Box<dyn Future<Output = Sending> + Send>,
    ) -> Box<
        dyn Future<
                Output = Result<
                    (http::Response<WasiBody>, Box<dyn Future<Output = Sending> + Send>),
                    wasmtime_wasi_http::Error,
                >,
            > + Send,
    > {
        Box::new(async { Err(wasmtime_wasi_http::Error::HttpRequestDenied) })
    }
}

/// Why a function gave no answer. None of it is told to the caller.
#[derive(Debug)]
pub enum Failure {
    /// No instance could be made: the pool is exhausted.
    Full,
    /// It trapped, broke its limits or returned an error.
    Trapped(wasmtime::Error),
    /// Its answer was longer than [`limits::ANSWER_BYTES_MAX`], or broke off.
    Answer,
}

/// A compiled function, linked to what it may ask for.
pub struct Function {
    /// Its component's id.
    pub name: String,
    engine: Engine,
    pre: ServicePre<Cell>,
}

/// An instance with its store.
pub struct Instance {
    store: Store<Cell>,
    service: Service,
}

impl Function {
    /// Links a component. What it imports beyond the walls of `wit/` and what
    /// Rust's std always imports is missing here on purpose.
    ///
    /// # Errors
    /// Names the first import that nothing satisfies.
    pub fn link(
        name: &str,
        component: &Component,
        linker: &Linker<Cell>,
    ) -> wasmtime::Result<Arc<Self>> {
        let pre = ServicePre::new(linker.instantiate_pre(component)?)?;
        Ok(Arc::new(Self { name: name.to_owned(), engine: component.engine().clone(), pre }))
    }

    /// A new instance for this call.
    ///
    /// # Errors
    /// [`Failure::Full`].
    pub async fn instance(&self, call: Call) -> Result<Instance, Failure> {
        let mut store = Store::new(&self.engine, Cell::new(call));
        store.limiter(|cell| &mut cell.limits);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|mut store| {
            let cell = store.data_mut();
            match cell.epochs_left.checked_sub(1) {
                Some(left) => {
                    cell.epochs_left = left;
                    Ok(UpdateDeadline::Yield(1))
                }
                None => Ok(UpdateDeadline::Interrupt),
            }
        });
        let service = self.pre.instantiate_async(&mut store).await.map_err(|_| Failure::Full)?;
        Ok(Instance { store, service })
    }
}

impl Instance {
    /// Prepares a kept instance for another call of the same caller.
    pub fn renew(&mut self, call: Call) {
        let cell = self.store.data_mut();
        cell.call = call;
        cell.epochs_left = limits::EPOCHS_MAX;
        self.store.set_epoch_deadline(1);
    }

    /// Hands the request over and gathers the whole answer.
    ///
    /// # Errors
    /// [`Failure`]; the instance must not be used again.
    pub async fn answer(
        &mut self,
        request: http::Request<Full<Bytes>>,
    ) -> Result<http::Response<Bytes>, Failure> {
        let service = &self.service;
        let exchange = self.store.run_concurrent(async move |accessor| {
            let (request, processed) = accessor.with(|mut store| {
                let hooks = store.data_mut().http().hooks;
                let (request, processed) = Request::from_http(hooks, request);
                let processed: Pin<Box<dyn Future<Output = Sending> + Send>> = Box::pin(processed);
                (request, processed)
            });
            let answer = match service.handle(accessor, request).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(code)) => {
                    return Err(Failure::Trapped(wasmtime::Error::msg(format!("{code:?}"))));
                }
                Err(trap) => return Err(Failure::Trapped(trap)),
            };
            let answer = accessor
                .with(|store| answer.into_http(store, processed))
                .map_err(Failure::Trapped)?;
            let (parts, body) = answer.into_parts();
            let gathered = Limited::new(body, limits::ANSWER_BYTES_MAX).collect().await;
            let body = gathered.map_err(|_| Failure::Answer)?.to_bytes();
            Ok(http::Response::from_parts(parts, body))
        });
        exchange.await.map_err(Failure::Trapped)?
    }
}

/// The linker of every function: the walls, what std always imports, and the
/// types of `wasi:http`. No sockets and no HTTP client.
///
/// # Errors
/// When two definitions collide.
pub fn linker(engine: &Engine) -> wasmtime::Result<Linker<Cell>> {
    let mut linker = Linker::new(engine);
    link_std(&mut linker)?;
    wasmtime_wasi_http::p3::bindings::http::types::add_to_linker::<_, wasmtime_wasi_http::WasiHttp>(
        &mut linker,
        Cell::http,
    )?;
    crate::host::link(&mut linker)?;
    Ok(linker)
}

fn link_std(linker: &mut Linker<Cell>) -> wasmtime::Result<()> {
    use wasmtime_wasi::cli::{WasiCli, WasiCliView};
    use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(linker)?;
    {
        use wasmtime_wasi::p2::bindings::{cli, filesystem, random};
        use wasmtime_wasi::random::WasiRandom;
        cli::exit::add_to_linker::<_, WasiCli>(linker, Cell::cli)?;
        cli::environment::add_to_linker::<_, WasiCli>(linker, Cell::cli)?;
        cli::terminal_input::add_to_linker::<_, WasiCli>(linker, Cell::cli)?;
        cli::terminal_output::add_to_linker::<_, WasiCli>(linker, Cell::cli)?;
        cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, Cell::cli)?;
        cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, Cell::cli)?;
        cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, Cell::cli)?;
        filesystem::preopens::add_to_linker::<_, WasiFilesystem>(linker, Cell::filesystem)?;
        filesystem::types::add_to_linker::<_, WasiFilesystem>(linker, Cell::filesystem)?;
        random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, |cell| cell.wasi.random())?;
    }
    wasmtime_wasi::p3::cli::add_to_linker(linker)?;
    wasmtime_wasi::p3::clocks::add_to_linker(linker)?;
    wasmtime_wasi::p3::random::add_to_linker(linker)
}
