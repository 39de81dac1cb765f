//! What a request may be: its URL and headers so large, its body so slow. (How large a body may be is
//! the extractors' to say, each door in its own words.) What hyper refuses before it has a request is
//! answered by hyper, with a bare status: more than 100 headers, or a head larger than [`hard_head`].

use std::{
    error::Error as StdError,
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use hyper::body::Frame;
use tokio::time::{Instant, Sleep};

use crate::{
    config::Connections,
    error::{Code, Reason},
    rest::error::Failure,
};

/// What the line of a header has beside name and value: `: ` and the end of the line.
const HEADER_FRAME: usize = 4;
/// How much more than we accept is still answered by us.
const MARGIN: usize = 32 * 1024;

/// The largest head of a request that is read at all.
pub fn hard_head(limits: &Connections) -> usize {
    limits.max_url_bytes + limits.max_header_bytes + MARGIN
}

/// Refuses requests that are too large or whose body comes too slowly.
pub async fn limit<F: Future<Output = Response>>(
    limits: &Connections,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    match excess(limits, request.uri(), request.headers()) {
        Some(refusal) => refusal.into_response(),
        // Most requests have none, and need no watching.
        None if request.body().is_end_stream() => next(request).await,
        None => in_time(limits.body_read_timeout, request, next).await,
    }
}

fn excess(limits: &Connections, uri: &Uri, headers: &HeaderMap) -> Option<Failure> {
    const HEADERS: StatusCode = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    let refused = |status, reason, message| {
        let refusal = Failure::refused(status, Code::InvalidInput, Some(reason), message);
        Some(refusal)
    };
    let url = uri.path_and_query().map_or(0, |path| path.as_str().len())
        + uri
            .authority()
            .map_or(0, |authority| authority.as_str().len());
    if url > limits.max_url_bytes {
        let max = limits.max_url_bytes;
        let message = format!("The URL is longer than {max} bytes.");
        return refused(StatusCode::URI_TOO_LONG, Reason::TooLong, message);
    }
    if headers.len() > limits.max_headers {
        let max = limits.max_headers;
        let message = format!("The request has more than {max} headers.");
        return refused(HEADERS, Reason::TooLarge, message);
    }
    let size = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        name.as_str().len() + value.len() + HEADER_FRAME
    };
    if headers.iter().map(size).sum::<usize>() > limits.max_header_bytes {
        let max = limits.max_header_bytes;
        let message = format!("The headers of the request are larger than {max} bytes.");
        return refused(HEADERS, Reason::TooLarge, message);
    }
    None
}

/// Lets the request go on as long as its body arrives in time; whatever the handler made of a body
/// that broke off, the client is told why.
async fn in_time<F: Future<Output = Response>>(
    limit: Duration,
    request: Request,
    next: impl FnOnce(Request) -> F,
) -> Response {
    let late = Arc::new(AtomicBool::new(false));
    let request = request.map(|body| {
        Body::new(Timed {
            body,
            deadline: Instant::now() + limit,
            alarm: None,
            late: Arc::clone(&late),
        })
    });
    let response = next(request).await;
    if late.load(Ordering::Relaxed) {
        let message = format!("The body did not arrive within {} s.", limit.as_secs());
        Failure::refused(StatusCode::REQUEST_TIMEOUT, Code::Timeout, None, message).into_response()
    } else {
        response
    }
}

/// A body that must have arrived by a certain time.
struct Timed {
    body: Body,
    deadline: Instant,
    /// Set when the body first keeps us waiting.
    alarm: Option<Pin<Box<Sleep>>>,
    late: Arc<AtomicBool>,
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        let deadline = this.deadline;
        let alarm = this
            .alarm
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if alarm.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        this.late.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(axum::Error::new(Late))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.body.size_hint()
    }
}

/// The body did not arrive in time.
#[derive(Debug)]
struct Late;

impl fmt::Display for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the body did not arrive in time")
    }
}

impl StdError for Late {}
