//! Pages for people, as a browser is sent them: what each may do, how long its files are kept. Whether
//! they work is `tests/clients/browser`'s. A build without `web/dist` has other pages, and is held to
//! those.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use erpmax::pages::is_built;

use crate::support::{Actor, Method, Reply, TestApp};

async fn look(who: &Actor, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = who.http.get(format!("{}{path}", who.base));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Reply::of(format!("GET {path}"), request).await
}

async fn page(who: &Actor, path: &str) -> Reply {
    look(who, path, &[("accept", "text/html,*/*;q=0.8")]).await
}

/// What a policy allows, by directive.
fn policy(reply: &Reply) -> BTreeMap<String, BTreeSet<String>> {
    let policy = reply.header("content-security-policy").expect("a policy");
    let directives = policy.split(';').map(|directive| {
        let mut words = directive.split_whitespace().map(str::to_owned);
        (words.next().expect("a directive"), words.collect())
    });
    directives.collect()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The files that a built page names.
fn files(page: &Reply) -> Vec<String> {
    let parts = page.body.split('"');
    parts
        .filter(|part| part.contains("assets/"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn pages_are_in_the_program_when_they_were_built_before_it() {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("web/dist/playground.html");
    assert_eq!(is_built(), built.is_file());
}

#[tokio::test]
async fn each_page_may_do_what_it_needs_and_nothing_more() {
    let app = TestApp::new().await;
    let visitor = app.visitor();
    let mut pages = vec![
        ("/join", set(&["'self'"])),
        ("/docs", set(&["'self'", "'unsafe-inline'"])),
    ];
    if is_built() {
        pages.push(("/graphql", set(&["'self'", "'unsafe-inline'"])));
        pages.push(("/redoc", set(&["'self'", "'unsafe-inline'"])));
    } else {
        let stock = policy(&page(&visitor, "/graphql").await);
        assert_eq!(stock["connect-src"], set(&["'self'"]));
        assert_eq!(stock["frame-ancestors"], set(&["'none'"]));
    }
    for (path, styles) in pages {
        let reply = page(&visitor, path).await;
        assert_eq!(reply.status, 200, "{reply}");
        assert_eq!(
            reply.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
        let policy = policy(&reply);
        assert_eq!(policy["default-src"], set(&["'none'"]), "{path}");
        assert_eq!(policy["script-src"], set(&["'self'"]), "{path}");
        assert_eq!(policy["style-src"], styles, "{path}");
        assert_eq!(policy["connect-src"], set(&["'self'"]), "{path}");
        assert_eq!(policy["form-action"], set(&["'none'"]), "{path}");
        assert_eq!(policy["frame-ancestors"], set(&["'none'"]), "{path}");
        for (directive, sources) in &policy {
            let others = sources.iter().filter(|source| {
                !["'self'", "'none'", "'unsafe-inline'", "data:"].contains(&source.as_str())
            });
            assert_eq!(others.count(), 0, "{path}: {directive} {sources:?}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn files_of_built_pages_are_kept_for_ever_and_told_apart() {
    let app = TestApp::new().await;
    let visitor = app.visitor();
    let missing = look(&visitor, "/assets/nothing-12345678.js", &[]).await;
    assert_eq!(missing.status, 404, "{missing}");
    assert_eq!(missing.json["error"]["code"], "ROUTE_NOT_FOUND");
    assert_eq!(missing.header("cache-control"), Some("no-store"));
    if !is_built() {
        app.finish().await;
        return;
    }
    let mut seen = BTreeSet::new();
    for path in ["/graphql", "/redoc"] {
        let files = files(&page(&visitor, path).await);
        assert!(files.len() > 2, "{path}: {files:?}");
        for file in files {
            let whole = look(&visitor, &file, &[]).await;
            assert_eq!(whole.status, 200, "{whole}");
            assert_eq!(
                whole.header("cache-control"),
                Some("public, max-age=31536000, immutable")
            );
            let kind = whole.header("content-type").expect("a kind");
            let expected = match file.rsplit('.').next() {
                Some("js") => "text/javascript; charset=utf-8",
                Some("css") => "text/css; charset=utf-8",
                Some("svg") => "image/svg+xml",
                Some("txt") => "text/plain; charset=utf-8",
                other => panic!("a page names a file of the kind {other:?}"),
            };
            assert_eq!(kind, expected, "{file}");
            let etag = whole.header("etag").expect("an etag").to_owned();
            seen.insert(etag.clone());

            let again = look(&visitor, &file, &[("if-none-match", &etag)]).await;
            assert_eq!((again.status, again.body.as_str()), (304, ""), "{file}");
            let other = look(&visitor, &file, &[("if-none-match", "\"other\"")]).await;
            assert_eq!(other.status, 200, "{file}");

            let packed = look(&visitor, &file, &[("accept-encoding", "gzip")]).await;
            assert_eq!(packed.header("content-encoding"), Some("gzip"), "{file}");
            assert_eq!(packed.header("vary"), Some("accept-encoding"));
            assert_ne!(packed.header("etag"), Some(etag.as_str()));
        }
    }
    assert!(seen.len() > 4, "{seen:?}");
    for path in [
        "/assets/playground.html",
        "/assets/..%2fredoc.html",
        "/assets/",
    ] {
        assert_eq!(look(&visitor, path, &[]).await.status, 404, "{path}");
    }
    app.finish().await;
}

#[tokio::test]
async fn pages_know_the_path_below_which_they_are_served() {
    let url = "https://example.com/erp/".parse().expect("an address");
    let app = TestApp::with(|config| config.server.public_url = url).await;
    let visitor = app.visitor();
    let playground = page(&visitor, "/graphql").await;
    let redoc = page(&visitor, "/redoc").await;
    if is_built() {
        for page in [&playground, &redoc] {
            let files = files(page);
            assert!(
                files.iter().all(|file| file.starts_with("/erp/assets/")),
                "{files:?}"
            );
        }
    } else {
        assert!(playground.body.contains("'/erp/graphql'"), "{playground}");
        assert!(redoc.body.contains("/erp/docs"), "{redoc}");
    }
    assert!(page(&visitor, "/join").await.body.contains("/erp/join.js"));
    assert!(page(&visitor, "/docs").await.body.contains("/erp/docs/"));
    app.finish().await;
}

#[tokio::test]
async fn a_build_without_pages_says_how_to_have_them() {
    let app = TestApp::new().await;
    let redoc = page(&app.visitor(), "/redoc").await;
    if is_built() {
        assert_eq!(redoc.status, 200, "{redoc}");
        assert!(!redoc.body.contains("npm"), "{redoc}");
    } else {
        assert_eq!(redoc.status, 404, "{redoc}");
        assert!(redoc.body.contains("npm run build --prefix web"), "{redoc}");
        assert_eq!(policy(&redoc)["default-src"], set(&["'none'"]));
    }
    app.finish().await;
}

#[tokio::test]
async fn the_switch_is_for_the_playground_alone() {
    let app = TestApp::with(|config| config.server.playground = false).await;
    let visitor = app.visitor();
    assert_eq!(page(&visitor, "/graphql").await.status, 404);
    let expected = if is_built() { 200 } else { 404 };
    assert_eq!(page(&visitor, "/redoc").await.status, expected);
    for path in ["/docs", "/openapi.json", "/join"] {
        let reply = visitor.send(Method::GET, path, None).await;
        assert_eq!(reply.status, 200, "{reply}");
    }
    app.finish().await;
}
