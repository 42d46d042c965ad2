//! One connection: TLS, HTTP/1.1 or HTTP/2, and its end.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::door::linger::Lingering;
use crate::door::request::Caller;
use crate::door::{Arrival, Entrance, request};
use crate::limits;
use crate::region::Doorway;

/// Serves a connection to its end.
pub async fn serve(arrival: Arrival, stopped: watch::Receiver<bool>) {
    let Arrival { stream, peer, doorway, entrance } = arrival;
    let Ok(stream) = TcpStream::from_std(stream) else { return };
    let client = Caller::Client(peer.ip());
    let handshake = Duration::from_millis(limits::TLS_HANDSHAKE_MS);
    match entrance {
        Entrance::Plain => speak(stream, client, doorway, stopped).await,
        Entrance::Secure(acceptor) => {
            if let Ok(Ok(stream)) = timeout(handshake, acceptor.accept(stream)).await {
                speak(stream, client, doorway, stopped).await;
            }
        }
        Entrance::Gateways(door) => {
            if let Ok(Ok(stream)) = timeout(handshake, door.acceptor.accept(stream)).await
                && door.region_of(stream.get_ref().1).is_some()
            {
                speak(stream, Caller::Gateway, doorway, stopped).await;
            }
        }
    }
}

async fn speak<Stream>(
    stream: Stream,
    caller: Caller,
    doorway: Arc<Doorway>,
    mut stopped: watch::Receiver<bool>,
) where
    Stream: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let lingering = Rc::new(Cell::new(false));
    let stream = Lingering::new(stream, Rc::clone(&lingering));
    let service = service_fn(move |asked| {
        let region = doorway.region();
        let lingering = Rc::clone(&lingering);
        async move {
            let answer = request::answer(region, caller, lingering, asked).await;
            Ok::<_, std::convert::Infallible>(answer)
        }
    });
    let mut builder = auto::Builder::new(OnThisThread);
    let head = Duration::from_millis(limits::HEAD_READ_MS);
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_headers(limits::HEADERS_MAX)
        // No `pipeline_flush`: with bytes left to read it keeps back the answer to a
        // head that is too long, and then closes.
        .max_buf_size(limits::HEADER_BYTES_MAX + limits::TARGET_BYTES_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits::STREAMS_MAX)
        .max_header_list_size(u32::try_from(limits::HEADER_BYTES_MAX).unwrap_or(u32::MAX))
        .keep_alive_interval(Some(head))
        .keep_alive_timeout(head)
        .adaptive_window(true);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // What goes wrong on a connection is the client's end of it; the requests
    // themselves are logged where they are answered.
    tokio::select! {
        _ = connection.as_mut() => return,
        _ = stopped.wait_for(|stop| *stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

/// Runs a connection's streams on the thread that runs the connection.
#[derive(Clone, Copy)]
struct OnThisThread;

impl<F> hyper::rt::Executor<F> for OnThisThread
where
    F: Future + 'static,
    F::Output: 'static,
{
    fn execute(&self, future: F) {
        tokio::task::spawn_local(future);
    }
}
