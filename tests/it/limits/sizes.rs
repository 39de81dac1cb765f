//! URLs, headers, numbers of connections.

use std::{fmt::Write, time::Duration};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{assert_refused, connect, rest_of, say};
use crate::support::TestApp;

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{headers}\r\n")
}

#[tokio::test]
async fn a_url_may_be_so_long() {
    let app = TestApp::with(|config| config.connections.max_url_bytes = 300).await;
    let path = |bytes: usize| format!("/health?{}", "x".repeat(bytes - "/health?".len()));
    let answer = say(&app, &get(&path(300), "")).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let answer = say(&app, &get(&path(301), "")).await;
    assert_refused(&answer, 414, "INVALID_INPUT");
    assert!(answer.contains("TOO_LONG") && answer.contains("300 bytes"));
    app.finish().await;
}

#[tokio::test]
async fn headers_may_be_so_many_and_so_large() {
    let app = TestApp::with(|config| {
        config.connections.max_headers = 20;
        config.connections.max_header_bytes = 2_000;
    })
    .await;
    let many = |count: usize| {
        (0..count).fold(String::new(), |mut headers, n| {
            let _ = write!(headers, "X-{n}: y\r\n");
            headers
        })
    };
    // Host and Connection are the other two.
    let answer = say(&app, &get("/health", &many(18))).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let answer = say(&app, &get("/health", &many(19))).await;
    assert_refused(&answer, 431, "INVALID_INPUT");
    assert!(answer.contains("20 headers"), "{answer}");

    let large = |bytes: usize| format!("X-Large: {}\r\n", "y".repeat(bytes));
    let answer = say(&app, &get("/health", &large(1_900))).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let answer = say(&app, &get("/health", &large(2_000))).await;
    assert_refused(&answer, 431, "INVALID_INPUT");
    assert!(answer.contains("TOO_LARGE") && answer.contains("2000 bytes"));

    // A browser's question before it sends is a request as well.
    let ask = |bytes| {
        let origin = "origin: http://localhost:3000\r\naccess-control-request-method: POST";
        let more = format!(
            "{origin}\r\naccess-control-request-headers: x-{}\r\n",
            "y".repeat(bytes)
        );
        get("/graphql", &more).replacen("GET", "OPTIONS", 1)
    };
    let answer = say(&app, &ask(100)).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(
        answer.contains("\r\nx-content-type-options: nosniff"),
        "{answer}"
    );
    assert_refused(&say(&app, &ask(2_000)).await, 431, "INVALID_INPUT");
    app.finish().await;
}

#[tokio::test]
async fn the_name_of_a_method_is_not_repeated() {
    let app = TestApp::new().await;
    let method = "X".repeat(8_000);
    for path in ["/graphql", "/health", "/nowhere"] {
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: example\r\nconnection: close\r\n\r\n");
        let answer = say(&app, &request).await;
        assert!(answer.starts_with("HTTP/1.1 40"), "{answer}");
        assert!(answer.len() < 4_000, "{path}: {} bytes", answer.len());
    }
    app.finish().await;
}

#[tokio::test]
async fn what_is_no_request_any_more_gets_a_bare_status_and_an_end() {
    let app = TestApp::new().await;
    let monster = format!("X-Monster: {}\r\n", "y".repeat(200_000));
    let answer = say(&app, &get("/health", &monster)).await;
    // The server may have hung up before all of it was sent, and then its answer can be lost.
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431 "),
        "{answer}"
    );
    let many = "X: y\r\n".repeat(101);
    let answer = say(&app, &get("/health", &many)).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    for nonsense in [
        "nonsense\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\u{0}\u{1}\r\n\r\n",
    ] {
        let answer = say(&app, nonsense).await;
        assert!(
            answer.starts_with("HTTP/1.1 400 "),
            "{nonsense:?}: {answer}"
        );
    }
    let answer = say(&app, &get("/health", "")).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    app.finish().await;
}

#[tokio::test]
async fn one_address_may_have_so_many_connections() {
    let app = TestApp::with(|config| config.connections.max_per_address = 2).await;
    let ask = b"GET /health HTTP/1.1\r\nHost: test\r\n\r\n";
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = connect(&app).await;
        stream.write_all(ask).await.unwrap();
        let mut byte = [0; 1];
        stream.read_exact(&mut byte).await.expect("an answer");
        open.push(stream);
    }
    let mut third = connect(&app).await;
    let _ = third.write_all(ask).await;
    assert_eq!(rest_of(&mut third).await, "", "closed without a word");
    // Whoever closes one can open another, as soon as the server has noticed.
    drop(open.pop());
    let served = async {
        while !say(&app, &get("/health", ""))
            .await
            .starts_with("HTTP/1.1 200 ")
        {}
    };
    tokio::time::timeout(Duration::from_mins(1), served)
        .await
        .expect("there is room again");
    let metrics = app.app.metrics.encode().unwrap();
    assert!(
        metrics.lines().any(|line| line
            .strip_prefix("erpmax_http_connections_refused_total ")
            .is_some_and(|count| count.parse::<u64>().unwrap() >= 1)),
        "{metrics}"
    );
    app.finish().await;
}
