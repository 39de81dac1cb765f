//! Settings of the GraphQL door: how much one document may ask for.

use std::time::Duration;

use clap::{Args, builder::BoolishValueParser, value_parser};

use super::Environment;

/// What a person wrote about the GraphQL door.
#[expect(
    clippy::struct_field_names,
    reason = "a field's name is the name of its flag"
)]
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "GraphQL")]
pub struct GraphqlSettings {
    /// How deep a document may nest; introspection needs 15.
    #[arg(long, env = "GRAPHQL_MAX_DEPTH", global = true, value_name = "N")]
    #[arg(default_value_t = 20, value_parser = value_parser!(u16).range(15..))]
    #[arg(hide_short_help = true)]
    pub graphql_max_depth: u16,

    /// How much a document may cost: an object is 1, a list is multiplied by its length.
    #[arg(long, env = "GRAPHQL_MAX_COST", global = true, value_name = "N")]
    #[arg(default_value_t = 3000, value_parser = value_parser!(u32).range(250..))]
    #[arg(hide_short_help = true)]
    pub graphql_max_cost: u32,

    /// How many aliases a document may hold.
    #[arg(long, env = "GRAPHQL_MAX_ALIASES", global = true, value_name = "N")]
    #[arg(default_value_t = 30, hide_short_help = true)]
    pub graphql_max_aliases: u16,

    /// How many fields a document may ask of the root.
    #[arg(long, env = "GRAPHQL_MAX_ROOT_FIELDS", global = true, value_name = "N")]
    #[arg(default_value_t = 30, value_parser = value_parser!(u16).range(1..))]
    #[arg(hide_short_help = true)]
    pub graphql_max_root_fields: u16,

    /// How many bytes a document may have; values belong into variables.
    #[arg(
        long,
        env = "GRAPHQL_MAX_DOCUMENT_BYTES",
        global = true,
        value_name = "N"
    )]
    #[arg(default_value_t = 65_536, value_parser = value_parser!(u32).range(4096..))]
    #[arg(hide_short_help = true)]
    pub graphql_max_document_bytes: u32,

    /// How many documents are kept parsed and validated, for persisted queries and for speed.
    #[arg(long, env = "GRAPHQL_DOCUMENTS", global = true, value_name = "N")]
    #[arg(default_value_t = 1000, value_parser = value_parser!(u32).range(1..=1_000_000))]
    #[arg(hide_short_help = true)]
    pub graphql_documents: u32,

    /// How many bytes of memory these documents may take, about; at least 2 MiB.
    #[arg(long, env = "GRAPHQL_DOCUMENTS_BYTES", global = true, value_name = "N")]
    #[arg(default_value_t = 8 << 20, value_parser = value_parser!(u32).range(2 << 20..))]
    #[arg(hide_short_help = true)]
    pub graphql_documents_bytes: u32,

    /// After how many seconds an operation is given up.
    #[arg(long, env = "GRAPHQL_TIMEOUT_SECONDS", global = true, value_name = "N")]
    #[arg(default_value_t = 20, value_parser = value_parser!(u64).range(1..))]
    #[arg(hide_short_help = true)]
    pub graphql_timeout_seconds: u64,

    /// Whether the schema may be asked for [default: on where the playground is].
    #[arg(
        long,
        env = "GRAPHQL_INTROSPECTION",
        global = true,
        value_name = "BOOL"
    )]
    #[arg(value_parser = BoolishValueParser::new(), hide_short_help = true)]
    pub graphql_introspection: Option<bool>,

    /// Whether errors suggest the name that was probably meant [default: on in development].
    #[arg(long, env = "GRAPHQL_SUGGESTIONS", global = true, value_name = "BOOL")]
    #[arg(value_parser = BoolishValueParser::new(), hide_short_help = true)]
    pub graphql_suggestions: Option<bool>,
}

/// The GraphQL door.
#[derive(Clone, Debug)]
pub struct Graphql {
    /// How deep a document may nest.
    pub max_depth: usize,
    /// How much it may cost.
    pub max_cost: usize,
    /// How many aliases it may hold.
    pub max_aliases: usize,
    /// How many fields it may ask of the root.
    pub max_root_fields: usize,
    /// How many bytes a document may have.
    pub max_document_bytes: usize,
    /// How many documents are kept.
    pub documents: usize,
    /// How much memory they may take.
    pub documents_bytes: usize,
    /// When an operation is given up.
    pub timeout: Duration,
    /// Whether the schema may be asked for.
    pub introspection: bool,
    /// Whether errors suggest names.
    pub suggestions: bool,
}

impl GraphqlSettings {
    /// Completes.
    pub(super) fn resolve(self, environment: Environment, playground: bool) -> Graphql {
        Graphql {
            max_depth: self.graphql_max_depth.into(),
            max_cost: self.graphql_max_cost as usize,
            max_aliases: self.graphql_max_aliases.into(),
            max_root_fields: self.graphql_max_root_fields.into(),
            max_document_bytes: self.graphql_max_document_bytes as usize,
            documents: self.graphql_documents as usize,
            documents_bytes: self.graphql_documents_bytes as usize,
            timeout: Duration::from_secs(self.graphql_timeout_seconds),
            // A playground without a schema is an empty page.
            introspection: self.graphql_introspection.unwrap_or(playground),
            suggestions: self
                .graphql_suggestions
                .unwrap_or(!environment.is_production()),
        }
    }
}
