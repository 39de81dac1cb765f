//! Success envelopes (`rest.md` 1.2). Errors have a body of their own, see `error_body.rs`.

use axum::{
    Json,
    body::Bytes,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::domain::page::Offset;

/// One object.
#[derive(Debug, Serialize, ToSchema)]
pub struct Envelope<T> {
    /// Always `success`.
    #[schema(schema_with = success)]
    status: &'static str,
    /// What was asked for.
    data: T,
    /// Always null.
    #[schema(schema_with = null)]
    error: (),
}

/// A list of objects.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListEnvelope<T> {
    /// Always `success`.
    #[schema(schema_with = success)]
    status: &'static str,
    /// The objects of this page.
    data: Vec<T>,
    /// Always null.
    #[schema(schema_with = null)]
    error: (),
    /// Where the page stands; null for a list that is not paginated.
    #[schema(required)]
    pagination: Option<Pagination>,
}

/// A deed that was done, told in words.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageEnvelope<T> {
    /// Always `success`.
    #[schema(schema_with = success)]
    status: &'static str,
    /// What was done.
    message: &'static str,
    /// What came of it.
    data: T,
    /// Always null.
    #[schema(schema_with = null)]
    error: (),
}

/// A deed that was done and of which nothing is left to show.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// Always `success`.
    #[schema(schema_with = success)]
    status: &'static str,
    /// What was done.
    message: &'static str,
    /// Always null.
    #[schema(schema_with = null)]
    data: (),
    /// Always null.
    #[schema(schema_with = null)]
    error: (),
}

/// Where a page stands in its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Pagination {
    /// Objects in the whole list.
    #[schema(example = 41)]
    total: u64,
    /// This page, from 1.
    #[schema(example = 2, minimum = 1)]
    page: u64,
    /// Objects on a full page.
    #[schema(example = 20, minimum = 1, maximum = 100)]
    size: u64,
    /// Pages in the whole list; 0 when it is empty.
    #[schema(example = 3)]
    pages: u64,
}

impl<T> Envelope<T> {
    /// Wraps an object.
    pub fn new(data: T) -> Self {
        Self {
            status: "success",
            data,
            error: (),
        }
    }
}

impl<T> ListEnvelope<T> {
    /// Wraps one page of a list.
    pub fn page(data: Vec<T>, total: u64, at: Offset) -> Self {
        let (page, size) = (at.page(), at.size());
        let pagination = Pagination {
            total,
            page,
            size,
            pages: total.div_ceil(size),
        };
        Self {
            status: "success",
            data,
            error: (),
            pagination: Some(pagination),
        }
    }

    /// The body it makes, for those who keep it.
    ///
    /// # Panics
    ///
    /// When `T` has keys that are no text, which no view has.
    pub fn write(&self) -> Bytes
    where
        T: Serialize,
    {
        serde_json::to_vec(self).expect("all keys are text").into()
    }

    /// Wraps a list that is always told whole.
    pub fn whole(data: Vec<T>) -> Self {
        Self {
            status: "success",
            data,
            error: (),
            pagination: None,
        }
    }
}

impl<T> MessageEnvelope<T> {
    /// Tells what was done and shows what came of it.
    pub fn new(message: &'static str, data: T) -> Self {
        Self {
            status: "success",
            message,
            data,
            error: (),
        }
    }
}

impl Done {
    /// Tells what was done.
    pub fn new(message: &'static str) -> Self {
        Self {
            status: "success",
            message,
            data: (),
            error: (),
        }
    }
}

macro_rules! into_json_response {
    ($([$($generics:tt)*] $name:ty),+) => {$(
        impl $($generics)* IntoResponse for $name {
            fn into_response(self) -> Response {
                Json(self).into_response()
            }
        }
    )+};
}
into_json_response!(
    [<T: Serialize>] Envelope<T>, [<T: Serialize>] ListEnvelope<T>,
    [<T: Serialize>] MessageEnvelope<T>, [] Done
);

/// A body that was written before.
#[derive(Clone, Debug)]
pub struct Written(pub Bytes);

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        let kind = HeaderValue::from_static("application/json");
        ([(CONTENT_TYPE, kind)], self.0).into_response()
    }
}

/// The answer 201: something new exists.
#[derive(Debug)]
pub struct Created<T>(pub T);

impl<T: IntoResponse> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        (StatusCode::CREATED, self.0).into_response()
    }
}

fn success() -> RefOr<Schema> {
    word("success")
}

/// The schema of a key that always holds the same word.
pub fn word(word: &str) -> RefOr<Schema> {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some([word]))
        .into()
}

/// The schema of a key that is always null.
pub fn null() -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::Null).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted_up() {
        let pages = |total| {
            let list = ListEnvelope::<()>::page(Vec::new(), total, Offset::new(2, 20));
            list.pagination.map(|pagination| pagination.pages)
        };
        assert_eq!(
            [pages(0), pages(20), pages(41)],
            [Some(0), Some(1), Some(3)]
        );
    }
}
