//! Requests by route and status. A route is the pattern that the router matched; whatever matched
//! none is one route. So the number of series is bounded by what we have written.

use std::{
    array,
    collections::HashMap,
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
};

use super::{answer_seconds, shelf::Shelf};

/// The route of what matched none.
const NO_ROUTE: &str = "none";
/// Methods that are told apart; the last one stands for all others.
const METHODS: [&str; 8] = [
    "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "other",
];
/// Statuses that are told apart, in order.
const STATUSES: [u16; 30] = [
    101, 200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406,
    408, 409, 413, 414, 415, 422, 429, 431, 500, 502, 503,
];
/// The method by the name under which it is counted: what a client made up may be of any length.
pub fn method_name(method: &str) -> &'static str {
    METHODS[place_of(method)]
}

fn place_of(method: &str) -> usize {
    let known = METHODS.iter().position(|known| *known == method);
    known.unwrap_or(METHODS.len() - 1)
}

/// The place of all other statuses.
const OTHER: usize = STATUSES.len();
/// The place of requests that ended without an answer.
const ABANDONED: usize = OTHER + 1;

/// Requests of every door.
#[derive(Debug)]
pub struct Http {
    in_flight: Gauge,
    connections: Gauge,
    refused: Counter,
    requests: Family<Request, Counter>,
    durations: Family<Route, Histogram, fn() -> Histogram>,
    /// Handles of what was asked for already, found without making a label.
    known: RwLock<HashMap<Box<str>, Arc<Handles>>>,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Request {
    method: &'static str,
    route: String,
    status: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: String,
}

/// Something that is going on; no longer when this is dropped.
#[derive(Debug)]
#[must_use = "it is counted until this is dropped"]
pub struct Counted(Gauge);

impl Counted {
    fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}

type Handles = [OnceLock<OfMethod>; METHODS.len()];

#[derive(Debug)]
struct OfMethod {
    duration: Histogram,
    statuses: [OnceLock<Counter>; ABANDONED + 1],
}

impl Http {
    pub(super) fn new(shelf: &mut Shelf<'_>) -> Self {
        let http = Self {
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            refused: Counter::default(),
            requests: Family::default(),
            durations: Family::new_with_constructor(answer_seconds),
            known: RwLock::default(),
        };
        shelf.put(
            "http_requests",
            &["method", "route", "status"],
            "Requests answered, by the route they matched (`none`: no route) and the status they \
             got (`abandoned`: the client went away before the answer)",
            http.requests.clone(),
        );
        shelf.put_seconds(
            "http_request_duration",
            &["method", "route"],
            "Time from the head of a request to the head of its answer",
            http.durations.clone(),
        );
        shelf.put(
            "http_requests_in_flight",
            &[],
            "Requests that are being answered",
            http.in_flight.clone(),
        );
        shelf.put(
            "http_connections",
            &[],
            "Connections that are open",
            http.connections.clone(),
        );
        shelf.put(
            "http_connections_refused",
            &[],
            "Connections closed at once because their address had too many open",
            http.refused.clone(),
        );
        http
    }

    /// Counts a request as being answered until the result is dropped.
    pub fn begin(&self) -> Counted {
        Counted::new(&self.in_flight)
    }

    /// Counts a connection as open until the result is dropped.
    pub fn connection(&self) -> Counted {
        Counted::new(&self.connections)
    }

    /// A connection was closed because its address had too many.
    pub fn refused(&self) {
        self.refused.inc();
    }

    /// A request ended; without a status when the client did not wait for the answer.
    pub fn request(
        &self,
        method: &str,
        route: Option<&str>,
        status: Option<u16>,
        elapsed: Duration,
    ) {
        let route = route.unwrap_or(NO_ROUTE);
        let handles = self.handles(route);
        let method = place_of(method);
        let of_method = handles[method].get_or_init(|| self.of_method(METHODS[method], route));
        let place = match status {
            None => ABANDONED,
            Some(status) => STATUSES.binary_search(&status).unwrap_or(OTHER),
        };
        of_method.statuses[place]
            .get_or_init(|| self.counter(METHODS[method], route, place))
            .inc();
        of_method.duration.observe(elapsed.as_secs_f64());
    }

    fn handles(&self, route: &str) -> Arc<Handles> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(handles) = known.get(route) {
            return Arc::clone(handles);
        }
        drop(known);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let made = || Arc::new(array::from_fn(|_| OnceLock::new()));
        Arc::clone(known.entry(route.into()).or_insert_with(made))
    }

    fn of_method(&self, method: &'static str, route: &str) -> OfMethod {
        let route = route.to_owned();
        OfMethod {
            duration: self.durations.get_or_create_owned(&Route { method, route }),
            statuses: array::from_fn(|_| OnceLock::new()),
        }
    }

    fn counter(&self, method: &'static str, route: &str, place: usize) -> Counter {
        let status = match STATUSES.get(place) {
            Some(status) => status.to_string(),
            None if place == ABANDONED => "abandoned".to_owned(),
            None => "other".to_owned(),
        };
        self.requests.get_or_create_owned(&Request {
            method,
            route: route.to_owned(),
            status,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_can_be_searched() {
        assert!(STATUSES.is_sorted());
    }
}
