//! `/assets`: the scripts, styles and fonts of the built pages. A name stands for one content for
//! ever, so browsers never ask for it twice.

use axum::{
    Router,
    extract::Path,
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{
            ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
            VARY,
        },
    },
    response::{IntoResponse, Response},
    routing::get,
};

use super::{
    bundle::{self, Form},
    not_found,
};
use crate::{error::Error, rest::error::Failure};

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// The route of this file.
pub fn routes() -> Router {
    Router::new().route("/assets/{file}", get(asset))
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, Failure> {
    let kind = kind(&name).ok_or_else(not_found)?;
    let asset = bundle::asset(&name).ok_or_else(not_found)?;
    let Form {
        bytes,
        etag,
        packed,
    } = asset.form(names(&headers, &ACCEPT_ENCODING, "gzip"));
    let known = names(&headers, &IF_NONE_MATCH, &etag);
    let etag = HeaderValue::from_str(&etag).map_err(Error::internal)?;
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, kind)], bytes).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, etag);
    headers.insert(CACHE_CONTROL, FOR_EVER);
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if packed && !known {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// The media type of a file that pages load; nothing else has an address.
fn kind(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    match ending {
        "js" => Some("text/javascript; charset=utf-8"),
        "css" => Some("text/css; charset=utf-8"),
        "svg" => Some("image/svg+xml"),
        "ttf" => Some("font/ttf"),
        "txt" => Some("text/plain; charset=utf-8"),
        _ => None,
    }
}

/// Whether a header's list has this word, which it does not rule out by `q=0`.
fn names(headers: &HeaderMap, list: &axum::http::HeaderName, word: &str) -> bool {
    let lists = headers.get_all(list).into_iter();
    let mut entries = lists
        .filter_map(|list| list.to_str().ok())
        .flat_map(|list| list.split(','));
    entries.any(|entry| {
        let (name, quality) = entry.split_once(';').unwrap_or((entry, ""));
        let name = name.trim();
        name.strip_prefix("W/").unwrap_or(name) == word && !is_zero(quality)
    })
}

fn is_zero(quality: &str) -> bool {
    let value = quality.trim().strip_prefix("q=");
    value.is_some_and(|value| value.parse() == Ok(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_what_it_does_not_rule_out() {
        let reads = |list: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(list));
            names(&headers, &ACCEPT_ENCODING, "gzip")
        };
        for yes in ["gzip", "br, gzip", "gzip;q=0.5, *", " gzip ; q=1"] {
            assert!(reads(yes), "{yes}");
        }
        for no in ["", "br", "gzip;q=0", "gzip; q=0.0", "xgzip"] {
            assert!(!reads(no), "{no}");
        }
    }

    #[test]
    fn an_etag_is_known_weak_and_strong() {
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, HeaderValue::from_static("\"a\", W/\"b\""));
        assert!(names(&headers, &IF_NONE_MATCH, "\"a\""));
        assert!(names(&headers, &IF_NONE_MATCH, "\"b\""));
        assert!(!names(&headers, &IF_NONE_MATCH, "\"c\""));
    }
}
