//! Accounts and sign-ins (`rest.md` 3.1).

use entity::ids::TenantId;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    envelope::{Created, Done, Envelope},
    error::Answer,
    extract::{Input, SignedIn, Visitor},
    form::{Checked, Form, Read},
    openapi::{Anywhere, NeedsUser, ReadsBody, name_schema, password_schema},
    views::{Me, Session, Switched, Tokens},
};
use crate::domain::{
    auth,
    values::{CompanyName, EmailAddress, FullName, Password, PasswordAttempt},
};

/// The routes of this file.
pub fn routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(login))
        .routes(routes!(refresh))
        .routes(routes!(logout))
        .routes(routes!(me))
        .routes(routes!(switch_tenant))
}

/// Who signs up, and for which company.
#[derive(ToSchema)]
#[schema(as = Register, example = json!({
    "email": "ann@example.com", "password": "correct horse battery",
    "full_name": "Ann Lee", "company_name": "Acme",
}))]
struct RegisterBody {
    /// Compared without regard to case.
    #[schema(value_type = String, format = "email", max_length = 254)]
    email: EmailAddress,
    #[schema(schema_with = password_schema)]
    password: Password,
    #[schema(schema_with = name_schema)]
    full_name: FullName,
    #[schema(schema_with = name_schema)]
    company_name: CompanyName,
}

impl Read for RegisterBody {
    const BODY: bool = true;

    fn read(form: &mut Form) -> Checked<Self> {
        let email = form.required("email", EmailAddress::parse);
        let password = form.required("password", Password::parse);
        let full_name = form.required("full_name", FullName::parse);
        let company_name = form.required("company_name", CompanyName::parse);
        Ok(Self {
            email: email?,
            password: password?,
            full_name: full_name?,
            company_name: company_name?,
        })
    }
}

/// Sign up a company.
///
/// Public. Makes an account, a company that it owns, and a 14-day trial, and signs in.
#[utoipa::path(
    post, path = "/auth/register", tag = "auth", operation_id = "register",
    request_body = RegisterBody,
    responses(
        (status = 201, description = "Signed up and signed in.", body = Envelope<Session>),
        (status = 409, description = "An account with this address exists (EMAIL_TAKEN).",
            body = super::error_body::ErrorBody),
        ReadsBody, Anywhere
    )
)]
#[tracing::instrument(name = "rest.auth.register", level = "debug", skip_all)]
async fn register(
    Visitor(cx): Visitor,
    Input(body): Input<RegisterBody>,
) -> Answer<Created<Envelope<Session>>> {
    let RegisterBody {
        email,
        password,
        full_name,
        company_name,
    } = body;
    let register = auth::Register {
        email,
        password,
        full_name: Some(full_name),
        company_name: Some(company_name),
    };
    let signed_in = auth::register(&cx, register).await?;
    Ok(Created(Envelope::new(signed_in.into())))
}

/// Who signs in.
#[derive(ToSchema)]
#[schema(as = Login, example = json!({
    "email": "ann@example.com", "password": "correct horse battery",
}))]
struct LoginBody {
    #[schema(value_type = String, format = "email", max_length = 254)]
    email: EmailAddress,
    #[schema(value_type = String, format = "password", max_length = 1024)]
    password: PasswordAttempt,
}

impl Read for LoginBody {
    const BODY: bool = true;

    fn read(form: &mut Form) -> Checked<Self> {
        let email = form.required("email", EmailAddress::parse);
        let password = form.required("password", PasswordAttempt::parse);
        Ok(Self {
            email: email?,
            password: password?,
        })
    }
}

/// Sign in.
///
/// Public. An unknown address and a wrong password get the same answer.
#[utoipa::path(
    post, path = "/auth/login", tag = "auth", operation_id = "login",
    request_body = LoginBody,
    responses(
        (status = 200, description = "Signed in.", body = Envelope<Session>),
        NeedsUser, ReadsBody, Anywhere
    )
)]
#[tracing::instrument(name = "rest.auth.login", level = "debug", skip_all)]
async fn login(Visitor(cx): Visitor, Input(body): Input<LoginBody>) -> Answer<Envelope<Session>> {
    let LoginBody { email, password } = body;
    let signed_in = auth::login(&cx, auth::Login { email, password }).await?;
    Ok(Envelope::new(signed_in.into()))
}

/// The token to exchange.
#[derive(ToSchema)]
#[schema(as = Refresh)]
struct RefreshBody {
    refresh_token: String,
}

impl Read for RefreshBody {
    const BODY: bool = true;

    fn read(form: &mut Form) -> Checked<Self> {
        let refresh_token = form.required("refresh_token", |text| Ok(text.to_owned()));
        Ok(Self {
            refresh_token: refresh_token?,
        })
    }
}

/// Exchange a refresh token for the next pair.
///
/// Public: the refresh token is the credential. Each token is exchanged once; a repeat within a
/// short time answers with the same pair, a later one ends the session.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "auth", operation_id = "refresh",
    request_body = RefreshBody,
    responses(
        (status = 200, description = "The next pair.", body = Envelope<Tokens>),
        NeedsUser, ReadsBody, Anywhere
    )
)]
#[tracing::instrument(name = "rest.auth.refresh", level = "debug", skip_all)]
async fn refresh(
    Visitor(cx): Visitor,
    Input(body): Input<RefreshBody>,
) -> Answer<Envelope<Tokens>> {
    let tokens = auth::refresh(&cx, &body.refresh_token).await?;
    Ok(Envelope::new(tokens.into()))
}

/// Sign out.
///
/// Any signed-in user. Ends this session: its tokens stop working. Other sessions live.
#[utoipa::path(
    post, path = "/auth/logout", tag = "auth", operation_id = "logout",
    security(("bearer" = [])),
    responses((status = 200, description = "Signed out.", body = Done), NeedsUser, Anywhere)
)]
#[tracing::instrument(name = "rest.auth.logout", level = "debug", skip_all)]
async fn logout(SignedIn(cx): SignedIn) -> Answer<Done> {
    auth::logout(&cx).await?;
    Ok(Done::new("Successfully logged out"))
}

/// Show who is signed in.
///
/// Any signed-in user. The account stands both flat and under `user`.
#[utoipa::path(
    get, path = "/auth/me", tag = "auth", operation_id = "me",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The account and its companies.", body = Envelope<Me>),
        NeedsUser, Anywhere
    )
)]
#[tracing::instrument(name = "rest.auth.me", level = "debug", skip_all)]
async fn me(SignedIn(cx): SignedIn) -> Answer<Envelope<Me>> {
    Ok(Envelope::new(auth::me(&cx).await?.into()))
}

/// Where to go.
#[derive(ToSchema)]
#[schema(as = SwitchTenant)]
struct SwitchBody {
    #[schema(value_type = uuid::Uuid)]
    tenant_id: TenantId,
}

impl Read for SwitchBody {
    const BODY: bool = true;

    fn read(form: &mut Form) -> Checked<Self> {
        let tenant_id = form.required_id("tenant_id");
        Ok(Self {
            tenant_id: tenant_id?,
        })
    }
}

/// Work in another company.
///
/// Any member of that company. Answers with tokens for it and makes it the default.
#[utoipa::path(
    post, path = "/auth/switch-tenant", tag = "auth", operation_id = "switchTenant",
    security(("bearer" = [])),
    request_body = SwitchBody,
    responses(
        (status = 200, description = "Tokens for the other company.", body = Envelope<Switched>),
        super::openapi::NeedsTenant, ReadsBody, Anywhere
    )
)]
#[tracing::instrument(name = "rest.auth.switch_tenant", level = "debug", skip_all)]
async fn switch_tenant(
    SignedIn(cx): SignedIn,
    Input(body): Input<SwitchBody>,
) -> Answer<Envelope<Switched>> {
    let switched = auth::switch_tenant(&cx, body.tenant_id).await?;
    Ok(Envelope::new(switched.into()))
}
