//! Clients that keep the server waiting: with a body, with a request, or by not reading.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use super::{assert_refused, connect, rest_of};
use crate::support::{Method, TestApp};

const SOON: Duration = Duration::from_millis(200);

/// Sends half a body, and then a byte at a time until the server has had enough.
async fn trickle(app: &TestApp, path: &str, framing: &str, start: &str) -> String {
    let mut stream = connect(app).await;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n{framing}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(start.as_bytes()).await.unwrap();
    let (mut read, mut write) = stream.split();
    let mut answer = Vec::new();
    let mut interval = tokio::time::interval(Duration::from_millis(20));
    loop {
        tokio::select! {
            more = read.read_buf(&mut answer) => if matches!(more, Ok(0) | Err(_)) { break },
            _ = interval.tick() => {
                // Nobody may be listening any more.
                let _ = write.write_all(b" ").await;
            }
        }
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_body_must_arrive_in_time() {
    let app = TestApp::with(|config| config.connections.body_read_timeout = SOON).await;
    for path in ["/api/v1/auth/login", "/graphql"] {
        let answer = trickle(&app, path, "Content-Length: 1000", "{").await;
        assert_refused(&answer, 408, "TIMEOUT");
        // A chunk that never ends.
        let answer = trickle(&app, path, "Transfer-Encoding: chunked", "ff\r\n{").await;
        assert_refused(&answer, 408, "TIMEOUT");
    }
    app.finish().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let app = TestApp::with(|config| config.server.header_read_timeout = SOON).await;
    // One that never said anything, and one that has had its answer.
    assert_eq!(rest_of(&mut connect(&app).await).await, "");
    let mut stream = connect(&app).await;
    stream
        .write_all(b"GET /health HTTP/1.1\r\nHost: test\r\n\r\n")
        .await
        .unwrap();
    let answer = rest_of(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(!answer.to_lowercase().contains("connection: close"));
    app.finish().await;
}

/// A connection that takes in little before it is read from.
async fn narrow(app: &TestApp) -> TcpStream {
    let address = app.visitor().base.replace("http://", "").parse().unwrap();
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(address).await.unwrap()
}

#[tokio::test]
async fn who_does_not_read_the_answers_is_cut_off() {
    let app = TestApp::with(|config| config.connections.write_timeout = SOON).await;
    let mut stream = narrow(&app).await;
    let ask = "GET /openapi.json HTTP/1.1\r\nHost: test\r\n\r\n".repeat(1_000);
    // Ends only because the server closes the connection: as long as it waits for us to read, it
    // takes in no more than a few of these.
    let cut_off = async { while stream.write_all(ask.as_bytes()).await.is_ok() {} };
    tokio::time::timeout(Duration::from_mins(1), cut_off)
        .await
        .expect("the server closes the connection");
    app.finish().await;
}

#[tokio::test]
async fn who_reads_slowly_but_reads_gets_all_of_it() {
    let app = TestApp::with(|config| config.connections.write_timeout = SOON).await;
    let mut stream = narrow(&app).await;
    let ask = "GET /openapi.json HTTP/1.1\r\nHost: test\r\n\r\n".repeat(19)
        + "GET /openapi.json HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    stream.write_all(ask.as_bytes()).await.unwrap();
    let visitor = app.visitor();
    let one = visitor.send(Method::GET, "/openapi.json", None).await;
    let size = one.body.len();
    let started = std::time::Instant::now();
    let (mut got, mut part) = (0, vec![0; 64 * 1024]);
    let mut interval = tokio::time::interval(Duration::from_millis(20));
    loop {
        match stream.read(&mut part).await.expect("still connected") {
            0 => break,
            some => got += some,
        }
        interval.tick().await;
    }
    assert!(got > 20 * size, "{got} bytes of 20 × {size}");
    assert!(started.elapsed() > SOON, "it was not slow");
    app.finish().await;
}
