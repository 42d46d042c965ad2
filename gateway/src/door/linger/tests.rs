use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use super::Lingering;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (client, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    (client.unwrap(), accepted.unwrap().0)
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test);
}

#[test]
fn a_client_that_sends_on_reads_its_answer() {
    run(async {
        let (mut client, server) = pair().await;
        let sending = async {
            let chunk = vec![0_u8; 1024 * 1024];
            for _ in 0..16 {
                client.write_all(&chunk).await.unwrap();
            }
            let mut answer = Vec::new();
            client.read_to_end(&mut answer).await.unwrap();
            assert_eq!(answer, b"too large");
        };
        let answering = async {
            let mut server = Lingering::new(server, Rc::new(Cell::new(true)));
            let mut first = [0; 16];
            server.read_exact(&mut first).await.unwrap();
            server.write_all(b"too large").await.unwrap();
            server.shutdown().await.unwrap();
            drop(server);
        };
        let both = async { tokio::join!(answering, sending) };
        tokio::time::timeout(Duration::from_secs(5), both).await.unwrap();
    });
}

#[test]
fn a_quiet_connection_ends_at_once() {
    run(async {
        let (_client, server) = pair().await;
        let start = Instant::now();
        let mut server = Lingering::new(server, Rc::new(Cell::new(false)));
        server.shutdown().await.unwrap();
        assert!(start.elapsed() < Duration::from_millis(500));
    });
}
