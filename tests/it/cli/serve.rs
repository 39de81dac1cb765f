//! A server as a process: starting, stopping, dying, logging.

use std::fs;

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{
    Actor, PASSWORD,
    client::text,
    process::{Place, Signal, letter_to},
};

#[tokio::test]
async fn a_server_starts_from_nothing_and_stops_gently() {
    let place = Place::new().await;
    let server = place.serve().await;
    assert!(server.lives().await);
    let port = server.base.rsplit(':').next().unwrap().to_owned();
    let healthy = place.run(&["healthcheck", "--port", &port]).await;
    assert!(healthy.success, "{healthy:#?}");
    // A second one on the same port says so at once.
    let second = place.run(&["serve", "--port", &port]).await;
    assert_eq!(second.code, Some(1), "{second:#?}");
    assert!(second.err.contains(&port), "{second:#?}");

    server.signal(Signal::TERM);
    let (code, said) = server.ended().await;
    assert_eq!(code, Some(0), "{said}");
    for fact in [
        "/graphql", "/docs", "/health", "Database", "Letters", "Cache",
    ] {
        assert!(said.contains(fact), "the banner lacks {fact}: {said}");
    }
    let unhealthy = place.run(&["healthcheck", "--port", &port]).await;
    assert_eq!(unhealthy.code, Some(1), "{unhealthy:#?}");
    place.remove().await;
}

#[tokio::test]
async fn idle_connections_do_not_take_the_descriptors_of_others() {
    let mut place = Place::new().await;
    place.limit_open_files(100);
    let server = place.serve().await;
    let address = server.base.replace("http://", "");
    let mut idle = Vec::new();
    for _ in 0..150 {
        idle.push(TcpStream::connect(&address).await.expect("it listens"));
    }
    assert!(server.lives().await);
    drop(idle);
    server.stop().await;
    place.remove().await;
}

#[tokio::test]
async fn the_development_secret_is_kept_and_so_are_the_sessions() {
    let place = Place::new().await;
    let server = place.serve().await;
    let body = json!({
        "email": "ann@example.com", "password": PASSWORD, "full_name": "Ann", "company_name": "A",
    });
    let reply = server.visitor().post("/auth/register", body).await;
    let ann = server.visitor().with_tokens(reply.expect(201));
    server.stop().await;
    let key = place.data_dir().join("secret_key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            fs::metadata(&key).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    assert!(fs::read_to_string(&key).unwrap().trim().len() >= 32);

    let server = place.serve().await;
    let ann = Actor {
        base: server.base.as_str().into(),
        ..ann
    };
    let me = ann.get("/auth/me").await;
    assert_eq!(me.expect(200)["email"], "ann@example.com");
    server.stop().await;
    place.remove().await;
}

#[tokio::test]
async fn a_killed_server_loses_no_letter() {
    let mut place = Place::new().await;
    // The claim of a relay that was killed lapses soon.
    place.set("JOB_TIMEOUT_SECONDS", "1");
    place.set("JOB_LEASE_SECONDS", "2");
    place.set("RELAY_INTERVAL_MILLISECONDS", "50");
    // Nothing is relayed before the process is killed.
    fs::create_dir_all(place.data_dir()).unwrap();
    fs::write(place.data_dir().join("mail"), "in the way").unwrap();
    let server = place.serve().await;
    let body = json!({
        "email": "ann@example.com", "password": PASSWORD, "full_name": "Ann", "company_name": "A",
    });
    let reply = server.visitor().post("/auth/register", body).await;
    let tenant = text(reply.expect(201), "/current_tenant/id");
    let ann = server.visitor().with_tokens(reply.expect(201));
    let invite = json!({ "email": "new@example.com", "role": "member" });
    ann.post(&format!("/tenants/{tenant}/users/invite"), invite)
        .await
        .expect(201);
    server.signal(Signal::KILL);
    assert_eq!(server.ended().await.0, None, "it was killed");

    fs::remove_file(place.data_dir().join("mail")).unwrap();
    let server = place.serve().await;
    let letter = letter_to(&place.data_dir().join("mail"), "new@example.com").await;
    let token = crate::support::letters::token_in(&letter);
    let accept = json!({ "token": token, "password": PASSWORD });
    server
        .visitor()
        .post("/invitations/accept", accept)
        .await
        .expect(200);
    server.stop().await;
    place.remove().await;
}

#[tokio::test]
async fn logs_name_requests_and_keep_secrets() {
    let mut place = Place::new().await;
    place.set("LOG_FORMAT", "pretty");
    place.set("LOG_FILTER", "debug");
    let server = place.serve().await;
    let body = json!({
        "email": "secretive@example.com", "password": PASSWORD, "full_name": "Ann Secretive",
        "company_name": "A",
    });
    let reply = server.visitor().post("/auth/register", body).await;
    let tenant = text(reply.expect(201), "/current_tenant/id");
    let ann = server.visitor().with_tokens(reply.expect(201));
    let request_id = reply.header("x-request-id").unwrap().to_owned();
    let invite = json!({ "email": "invited@example.com", "role": "member" });
    ann.post(&format!("/tenants/{tenant}/users/invite"), invite)
        .await
        .expect(201);
    let letter = letter_to(&place.data_dir().join("mail"), "invited@example.com").await;
    ann.gql("query WhoAmI { viewer { id } }", json!({}))
        .await
        .ok();
    ann.post("/auth/refresh", json!({ "refresh_token": ann.refresh }))
        .await
        .expect(200);
    server.signal(Signal::TERM);
    let (code, said) = server.ended().await;
    assert_eq!(code, Some(0), "{said}");
    for told in [
        request_id.as_str(),
        "invitation_mail",
        "WhoAmI",
        "/api/v1/auth/register",
        &tenant,
    ] {
        assert!(said.contains(told), "the log lacks {told}: {said}");
    }
    let token = crate::support::letters::token_in(&letter);
    let access = ann.access.clone().unwrap();
    for secret in [
        "secretive@example.com",
        "invited@example.com",
        PASSWORD,
        &token,
        &access,
        &ann.refresh,
    ] {
        assert!(!said.contains(secret), "the log holds {secret}: {said}");
    }
    place.remove().await;
}

/// A request that the server has begun to handle: it asked for the body, which is yet to come.
async fn half_a_login(base: &str) -> (TcpStream, String) {
    let body = json!({ "email": "nobody@example.com", "password": PASSWORD }).to_string();
    let mut stream = TcpStream::connect(base.trim_start_matches("http://"))
        .await
        .unwrap();
    let head = format!(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 25];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    (stream, body)
}

#[tokio::test]
async fn a_request_in_hand_is_finished_before_the_end() {
    let place = Place::new().await;
    let server = place.serve().await;
    let (mut stream, body) = half_a_login(&server.base).await;
    server.signal(Signal::TERM);
    stream.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(answer.contains("UNAUTHENTICATED"), "{answer}");
    let (code, said) = server.ended().await;
    assert_eq!(code, Some(0), "{said}");
    place.remove().await;
}

#[tokio::test]
async fn whoever_does_not_finish_is_not_waited_for_longer_than_the_grace() {
    let mut place = Place::new().await;
    place.set("SHUTDOWN_GRACE_SECONDS", "1");
    let server = place.serve().await;
    let (_stream, _body) = half_a_login(&server.base).await;
    server.signal(Signal::TERM);
    let (code, said) = server.ended().await;
    assert_eq!(code, Some(0), "{said}");
    place.remove().await;
}

#[tokio::test]
async fn a_second_signal_stops_at_once() {
    let mut place = Place::new().await;
    place.set("SHUTDOWN_GRACE_SECONDS", "600");
    let server = place.serve().await;
    let (_stream, _body) = half_a_login(&server.base).await;
    server.signal(Signal::TERM);
    server.signal(Signal::INT);
    let (code, said) = server.ended().await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("second"), "{said}");
    place.remove().await;
}

#[tokio::test]
async fn whoever_does_not_finish_the_head_of_a_request_is_cut_off() {
    let mut place = Place::new().await;
    place.set("HEADER_READ_TIMEOUT_SECONDS", "1");
    let server = place.serve().await;
    let mut stream = TcpStream::connect(server.base.trim_start_matches("http://"))
        .await
        .unwrap();
    stream
        .write_all(b"GET /health HTTP/1.1\r\nHost: test\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    // Ends only because the server closes the connection.
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(!answer.contains("200 OK"), "{answer}");
    server.signal(Signal::TERM);
    assert_eq!(server.ended().await.0, Some(0));
    place.remove().await;
}

#[tokio::test]
async fn one_connection_too_many_waits_for_its_turn() {
    let mut place = Place::new().await;
    place.set("MAX_CONNECTIONS", "1");
    let server = place.serve().await;
    let address = server.base.trim_start_matches("http://").to_owned();
    let ask = b"GET /health HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    let first = TcpStream::connect(&address).await.unwrap();
    let mut second = TcpStream::connect(&address).await.unwrap();
    second.write_all(ask).await.unwrap();
    let mut byte = [0; 1];
    let early = tokio::time::timeout(
        std::time::Duration::from_millis(300),
        second.read(&mut byte),
    );
    assert!(early.await.is_err(), "answered before its turn");
    drop(first);
    let mut answer = String::new();
    second.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    server.signal(Signal::TERM);
    assert_eq!(server.ended().await.0, Some(0));
    place.remove().await;
}
