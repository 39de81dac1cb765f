//! How much a client may send, how slow it may be, how many connections it may have; and what every
//! answer says to a browser. Through real sockets.

mod headers;
mod sizes;
mod slow;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::TestApp;

/// A connection to the application.
async fn connect(app: &TestApp) -> TcpStream {
    let address = app.visitor().base.replace("http://", "");
    TcpStream::connect(address)
        .await
        .expect("the server listens")
}

/// Everything that comes until the server closes the connection.
async fn rest_of(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset is an end as well.
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// What the server says to a request, written as it is.
async fn say(app: &TestApp, request: &str) -> String {
    let mut stream = connect(app).await;
    stream.write_all(request.as_bytes()).await.expect("sent");
    rest_of(&mut stream).await
}

/// Asserts a refusal with the common body (ruling 5) and the headers that every answer has.
#[track_caller]
fn assert_refused(answer: &str, status: u16, code: &str) {
    assert!(
        answer.starts_with(&format!("HTTP/1.1 {status} ")),
        "{answer}"
    );
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let body: serde_json::Value = serde_json::from_str(body).expect(answer);
    assert_eq!(body["error"]["code"], code, "{answer}");
    assert_eq!(body["detail"], body["message"], "{answer}");
    assert!(
        body["message"]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    );
    assert!(body["request_id"].as_str().is_some_and(|id| !id.is_empty()));
    for header in ["x-request-id", "vary", "content-security-policy"] {
        assert!(head.contains(&format!("\r\n{header}: ")), "{answer}");
    }
}
