//! The OpenAPI document: title, security, and the refusals that operations share. The operations
//! themselves are described where they are handled.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use entity::provisioning_job::JobType;
use serde_json::Value;
use utoipa::{
    IntoResponses, OpenApi,
    openapi::{
        ArrayBuilder, ContentBuilder, HeaderBuilder, KnownFormat, ObjectBuilder, Ref, RefOr,
        Response, ResponseBuilder, Schema, SchemaFormat, Type,
        schema::{AdditionalProperties, AnyOfBuilder, SchemaType},
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

use super::error_body::{ErrorBody, ErrorDetail, InputError, kind};
use crate::error::{Code, Reason};

/// What the document says before its operations.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "ERPMax Orchestrator",
        description = "Companies, their people and their subscriptions. The same rules as the \
GraphQL API at `/graphql`, in the shape that existing clients read.\n\n\
Answers are wrapped: `{status, data, error}`, lists with `pagination`. Every error, from every \
layer, has one body with `message`, `error.code` and `request_id`; branch on the code.\n\n\
Words such as roles are written in lower case and read in any case. Ids are UUIDs, times are RFC \
3339 in UTC, money is an exact JSON number. Unknown fields are ignored.\n\n\
Any route may also answer 408 (the body came too slowly), 414 (the URL is too long) or 431 (too many \
or too large headers).",
        license(name = "MIT", identifier = "MIT")
    ),
    modifiers(&Shared),
    components(schemas(ErrorBody, ErrorDetail, InputError)),
    tags(
        (name = "auth", description = "Sign up, sign in, stay signed in."),
        (name = "tenants", description = "Companies one is in."),
        (name = "members", description = "People of a company."),
        (name = "invitations", description = "Offers to join a company."),
        (name = "billing", description = "Plans and subscriptions."),
        (name = "provisioning", description = "A company's site, and what is done to it."),
        (name = "service", description = "Is it there, is it ready?")
    )
)]
pub struct Document;

/// Adds what the macro cannot say: the bearer scheme, the shared refusals, JSON as it is read.
struct Shared;

impl utoipa::Modify for Shared {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.bearer_format = Some("JWT".to_owned());
        bearer.description = Some("The `access_token` of a sign-in.".to_owned());
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let json = RefOr::T(json_schema());
        components.schemas.insert(JSON.to_owned(), json);
        for refusal in Refusal::ALL {
            let response = RefOr::T(refusal.response());
            components
                .responses
                .insert(refusal.name().to_owned(), response);
        }
    }
}

/// Any JSON that we keep: PostgreSQL has no place for a NUL character.
const JSON: &str = "Json";
/// A text without NUL characters.
const NO_NUL: &str = r"^[^\x00]*$";

/// A refusal that several operations know.
#[derive(Clone, Copy)]
enum Refusal {
    Unauthenticated,
    Forbidden,
    NoTenant,
    TooLarge,
    InvalidInput,
    RateLimited,
    Internal,
    Timeout,
}

impl Refusal {
    const ALL: [Self; 8] = [
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NoTenant,
        Self::TooLarge,
        Self::InvalidInput,
        Self::RateLimited,
        Self::Internal,
        Self::Timeout,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Unauthenticated => "Unauthenticated",
            Self::Forbidden => "Forbidden",
            Self::NoTenant => "NoTenant",
            Self::TooLarge => "TooLarge",
            Self::InvalidInput => "InvalidInput",
            Self::RateLimited => "RateLimited",
            Self::Internal => "Internal",
            Self::Timeout => "Timeout",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::NoTenant => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::InvalidInput => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Timeout => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::Unauthenticated => "No credentials, or credentials that do not hold.",
            Self::Forbidden => {
                "The tenant is unknown or foreign (NOT_FOUND), or the role lacks the permission \
                 (FORBIDDEN)."
            }
            Self::NoTenant => {
                "The token names no tenant, or one that the person is no longer in; or the role \
                 lacks the permission."
            }
            Self::TooLarge => "The body is larger than the server accepts.",
            Self::InvalidInput => "Inputs are wrong; `errors` names each.",
            Self::RateLimited => "Too often; come back after `Retry-After` seconds.",
            Self::Internal => "Our fault; quote the request id.",
            Self::Timeout => "The answer took too long and was given up.",
        }
    }

    fn example(self) -> Value {
        let plain = |code, message| ErrorBody::example(code, message, &[]);
        match self {
            Self::Unauthenticated => plain(Code::Unauthenticated, "Could not validate credentials"),
            Self::Forbidden => plain(
                Code::NotFound,
                "Tenant not found, or you have no access to it",
            ),
            Self::NoTenant => plain(
                Code::Forbidden,
                "You are not in the tenant that your token names.",
            ),
            Self::InvalidInput => {
                let error = InputError {
                    field: "body -> email".to_owned(),
                    message: Reason::InvalidEmail.message().to_owned(),
                    kind: kind(Reason::InvalidEmail),
                    reason: Reason::InvalidEmail,
                };
                ErrorBody::example(Code::InvalidInput, &error.in_words(), &[error])
            }
            Self::RateLimited => plain(Code::RateLimited, "Too many requests. Try again in 1 s."),
            Self::TooLarge => plain(Code::PayloadTooLarge, Code::PayloadTooLarge.description()),
            Self::Internal => plain(Code::Internal, "Something went wrong on our side."),
            Self::Timeout => plain(Code::Timeout, Code::Timeout.description()),
        }
    }

    fn response(self) -> Response {
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Error")))
            .example(Some(self.example()))
            .build();
        let response = ResponseBuilder::new()
            .description(self.description())
            .content("application/json", content);
        match self {
            Self::Unauthenticated => {
                let schema = ObjectBuilder::new()
                    .schema_type(Type::String)
                    .examples(["Bearer"]);
                let header = HeaderBuilder::new().schema(Some(schema)).build();
                response.header("WWW-Authenticate", header)
            }
            Self::RateLimited => {
                let schema = ObjectBuilder::new()
                    .schema_type(Type::Integer)
                    .examples([1]);
                let header = HeaderBuilder::new()
                    .description(Some("Seconds to wait."))
                    .schema(Some(schema))
                    .build();
                response.header("Retry-After", header)
            }
            _ => response,
        }
        .build()
    }
}

/// Defines sets of refusals for the `responses(…)` of operations.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident: $($refusal:ident),+;)+) => {$(
        $(#[$doc])*
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                [$(Refusal::$refusal),+]
                    .into_iter()
                    .map(|refusal| {
                        let name = refusal.name();
                        let reference = Ref::from_response_name(name);
                        (refusal.status().as_str().to_owned(), RefOr::Ref(reference))
                    })
                    .collect()
            }
        }
    )+};
}

refusals! {
    /// What may happen anywhere.
    Anywhere: RateLimited, Internal, Timeout;
    /// What may happen where the general limit does not hold.
    Uncounted: Internal, Timeout;
    /// The operation reads parameters.
    ReadsParameters: InvalidInput;
    /// The operation reads a body.
    ReadsBody: InvalidInput, TooLarge;
    /// The operation demands credentials.
    NeedsUser: Unauthenticated;
    /// The operation demands a place in the tenant of the path.
    NeedsTenant: Unauthenticated, Forbidden;
    /// The operation demands a place in the tenant of the token.
    NeedsCurrentTenant: Unauthenticated, NoTenant;
}

/// The schema of a name of a person or company: 1 to 255 characters, not blank, none of them a
/// control character.
pub fn name_schema() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(crate::domain::values::NAME_MAX))
        .pattern(Some(r"^(?=.*\S)[^\x00-\x1f\x7f-\x9f]*$"))
}

/// The schema of a password that somebody wants to have.
pub fn password_schema() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
        .description(Some(
            "Not among the most common passwords, and not the address.",
        ))
        .min_length(Some(crate::domain::values::PASSWORD_MIN))
        .max_length(Some(crate::domain::values::PASSWORD_MAX))
        .pattern(Some(NO_NUL))
}

/// The schema of settings, as they are read; null empties them.
pub fn settings_schema() -> ObjectBuilder {
    json_object()
        .schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
        .description(Some(
            "Replaces the old object; null empties it. At most 64 KiB, without NUL characters.",
        ))
}

fn json_object() -> ObjectBuilder {
    ObjectBuilder::new()
        .property_names(Some(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .pattern(Some(NO_NUL))
                .build(),
        ))
        .additional_properties(Some(AdditionalProperties::RefOr(
            Ref::from_schema_name(JSON).into(),
        )))
}

fn json_schema() -> Schema {
    let plain = SchemaType::from_iter([Type::Null, Type::Boolean, Type::Number]);
    AnyOfBuilder::new()
        .description(Some(
            "Any JSON without NUL characters in its texts and names.",
        ))
        .item(ObjectBuilder::new().schema_type(plain))
        .item(
            ObjectBuilder::new()
                .schema_type(Type::String)
                .pattern(Some(NO_NUL)),
        )
        .item(ArrayBuilder::new().items(Ref::from_schema_name(JSON)))
        .item(json_object())
        .build()
        .into()
}

/// The schema of a role, as it is read.
pub fn role_schema() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(
            "`owner`, `admin` or `member` in any case; `user` means `member`.",
        ))
        .pattern(Some(concat!(
            "^([Oo][Ww][Nn][Ee][Rr]|[Aa][Dd][Mm][Ii][Nn]",
            "|[Mm][Ee][Mm][Bb][Ee][Rr]|[Uu][Ss][Ee][Rr])$"
        )))
        .examples(["member"])
}

/// The schema of the type of a job, as it is read.
pub fn job_type_schema() -> ObjectBuilder {
    let either = |words: &[&str]| {
        let words: Vec<_> = words.iter().map(|word| in_any_case(word)).collect();
        words.join("|")
    };
    let verbs: Vec<_> = JobType::ALL.iter().map(|known| known.verb()).collect();
    let what = either(&["instance", "site"]);
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some(
            "`create_site`, `update_site`, `delete_site`, `backup_site`, `restore_site`, \
             `suspend_site`, `resume_site`, or the same with `instance`, or as in `createSite`; in \
             any case.",
        ))
        .pattern(Some(format!("^({})_?({what})$", either(&verbs))))
        .examples(["create_site"])
}

/// The schema of a name that somebody wants for a site.
pub fn site_name_schema() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(crate::domain::values::SITE_NAME_MAX))
        .pattern(Some("^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$"))
        .examples(["acme"])
}

/// A pattern of a word in any case.
fn in_any_case(word: &str) -> String {
    let letters = word.chars();
    letters
        .flat_map(|letter| ['[', letter.to_ascii_uppercase(), letter, ']'])
        .collect()
}

/// The same schema, with null allowed.
pub fn or_null(schema: ObjectBuilder) -> ObjectBuilder {
    schema.schema_type(SchemaType::from_iter([Type::String, Type::Null]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_of_refusals_point_to_shared_ones() {
        let set = NeedsTenant::responses();
        assert_eq!(set.keys().collect::<Vec<_>>(), ["401", "403"]);
    }

    #[test]
    fn no_text_of_json_that_we_keep_holds_nul() {
        let json = serde_json::to_value(json_schema()).expect("a schema");
        let settings = serde_json::to_value(settings_schema().build()).expect("a schema");
        for text in [
            &json["anyOf"][1],
            &json["anyOf"][3]["propertyNames"],
            &settings["propertyNames"],
        ] {
            assert_eq!(text["pattern"], NO_NUL);
        }
        let whole = "#/components/schemas/Json";
        for inside in [
            &json["anyOf"][2]["items"],
            &json["anyOf"][3]["additionalProperties"],
            &settings["additionalProperties"],
        ] {
            assert_eq!(inside["$ref"], whole);
        }
    }
}
