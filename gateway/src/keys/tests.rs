use super::fetch;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// What is fetched from a server that gives this answer, whole.
fn fetched(answer: &'static str) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/jwks", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 1024];
            let read = stream.read(&mut asked).await.unwrap();
            assert!(asked[..read].starts_with(b"GET /jwks HTTP/1.1\r\n"));
            // A client that has read enough hangs up.
            let _ = stream.write_all(answer.as_bytes()).await;
            let filler = vec![b'x'; 64 * 1024];
            for _ in 0..if answer.contains("900000") { 14 } else { 0 } {
                let _ = stream.write_all(&filler).await;
            }
        });
        fetch(None)(address).await
    })
}

#[test]
fn the_text_of_an_address_is_brought() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{\"keys\":[]}";
    assert_eq!(fetched(answer).as_deref(), Ok("{\"keys\":[]}"));
}

#[test]
fn what_is_not_there_redirected_or_too_long_is_not_taken() {
    for answer in [
        "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n",
        "no HTTP\r\n\r\n",
    ] {
        assert!(fetched(answer).is_err(), "{answer}");
    }
}

#[test]
fn nobody_at_an_address_is_an_error_in_words() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let why = runtime.block_on(fetch(None)("http://127.0.0.1:1/jwks".to_owned())).unwrap_err();
    assert!(why.starts_with("connecting"), "{why}");
}
