//! What a client reads, as its header `Accept` says (RFC 9110, section 12.5.1), and the form of an answer that
//! follows from it.

use axum::http::{HeaderMap, header::ACCEPT};

/// The media type whose status codes say how an operation went.
pub const GRAPHQL_RESPONSE: &str = "application/graphql-response+json";
/// The media type of server-sent events.
const EVENT_STREAM: &str = "text/event-stream";
/// The media type of an answer to who wants nothing in particular.
const PLAIN: &str = "application/json";
/// Names under which clients ask for an answer in JSON; the last one is of an older draft.
const JSON: [&str; 3] = [PLAIN, GRAPHQL_RESPONSE, "application/graphql+json"];

/// What a client reads: ranges of media types, and how much it likes each.
pub struct Accept<'a>(Vec<(&'a str, f32)>);

impl<'a> Accept<'a> {
    /// What a request says.
    pub fn of(headers: &'a HeaderMap) -> Self {
        let lists = headers.get_all(ACCEPT).into_iter();
        let lists = lists.filter_map(|list| list.to_str().ok());
        let ranges = lists.flat_map(|list| list.split(',')).map(range);
        Self(ranges.filter(|(kind, _)| !kind.is_empty()).collect())
    }

    /// Whether the client names a media type among those it reads.
    pub fn names(&self, kind: &str) -> bool {
        self.named(kind).is_some_and(|weight| weight > 0.0)
    }

    /// Whether the answer goes out as events: a subscription where the client reads them, anything else only
    /// where it reads no JSON. Libraries send one list for all that they do.
    pub fn wants_events(&self, listens: bool) -> bool {
        let reads_json = || JSON.iter().any(|kind| self.weight(kind) > 0.0);
        self.names(EVENT_STREAM) && (listens || !reads_json())
    }

    /// Whether the answer's status says how the operation went.
    pub fn wants_status(&self) -> bool {
        let named = self.named(GRAPHQL_RESPONSE).unwrap_or_default();
        named > 0.0 && named >= self.weight(PLAIN)
    }

    /// How much the client likes what it names.
    fn named(&self, kind: &str) -> Option<f32> {
        let same = |(range, _): &&(&str, f32)| range.eq_ignore_ascii_case(kind);
        let weights = self.0.iter().filter(same).map(|(_, weight)| *weight);
        weights.reduce(f32::max)
    }

    /// How much the client likes a media type: what it says most exactly counts. Who says nothing reads all.
    fn weight(&self, kind: &str) -> f32 {
        if self.0.is_empty() {
            return 1.0;
        }
        let group = kind.split_once('/').map_or(kind, |(group, _)| group);
        let whole_group = || self.named(&format!("{group}/*"));
        let anything = || self.named("*/*");
        let weight = self.named(kind).or_else(whole_group).or_else(anything);
        weight.unwrap_or_default()
    }
}

/// A range of media types, and its weight. What cannot be read as a weight is none.
fn range(text: &str) -> (&str, f32) {
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let weight = parts.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = name.trim().eq_ignore_ascii_case("q").then_some(value)?;
        let weight: f32 = value.trim().parse().ok()?;
        (0.0..=1.0).contains(&weight).then_some(weight)
    });
    (kind, weight.unwrap_or(1.0))
}
