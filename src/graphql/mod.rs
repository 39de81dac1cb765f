//! The GraphQL door: the primary API. Types, queries and mutations in GraphQL's words over the
//! use cases of the domain.
//!
//! Nothing here decides: no permission, no rule of the business, no query. A resolver reads its
//! input, calls one use case and wraps what comes back. One file per feature in `query/`,
//! `mutation/`, `subscription/` and `types/`; what holds for every operation (limits, masking, logging,
//! time) stands around the schema, in `guard/`; how events travel, in `live/`.

use async_graphql::{SDLExportOptions, SchemaBuilder};

mod accept;
mod body;
mod context;
mod error;
mod guard;
mod handler;
mod in_place;
mod input;
mod live;
mod loader;
mod mutation;
mod query;
mod refusal;
mod request;
mod subscription;
mod types;

pub use {handler::router, refusal::with_errors};

/// The schema with everything this door adds to it.
type Schema = async_graphql::Schema<query::Query, mutation::Mutation, subscription::Subscription>;

/// The types and fields alone: needs no application, so the schema is printed without a server.
pub fn schema_builder()
-> SchemaBuilder<query::Query, mutation::Mutation, subscription::Subscription> {
    async_graphql::Schema::build(
        query::Query::default(),
        mutation::Mutation::default(),
        subscription::Subscription::default(),
    )
}

/// The schema in its own language, sorted: the content of `schema.graphql`.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .prefer_single_line_descriptions()
        .use_space_ident();
    let sdl = schema_builder().finish().sdl_with_options(options);
    // The library indents the empty lines of descriptions too.
    let lines: Vec<_> = sdl.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}
