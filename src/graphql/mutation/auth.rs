//! Sign up, sign in, and what follows.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use crate::{
    domain::{
        auth::{self, Login, Register, Switched},
        cx::{Cx, RequestInfo},
        fields::Fields,
        values::{CompanyName, EmailAddress, FullName, Password, PasswordAttempt},
    },
    graphql::{
        context::Scope,
        error::Result,
        input::{self, complete, optional},
        types::{
            auth::{Tokens, signed_in},
            tenant::Tenant,
            viewer::Viewer,
        },
    },
};

/// Somebody who wants an account and a company.
#[derive(InputObject)]
pub struct RegisterInput {
    /// The person's e-mail address; compared without regard to case.
    email: String,
    /// 8 to 128 characters; not a common password, not the address.
    password: String,
    /// The person's name; derived from the address when left out.
    full_name: Option<String>,
    /// The company's name; derived from the person's when left out.
    company_name: Option<String>,
}

impl RegisterInput {
    fn read(self) -> Result<Register> {
        let Self {
            email,
            password,
            full_name,
            company_name,
        } = self;
        let mut fields = Fields::new();
        let email = fields.take("email", EmailAddress::parse(&email));
        let password = fields.take("password", Password::parse(&password));
        let full_name = optional(full_name, |name| FullName::parse(&name));
        let full_name = fields.take("full_name", full_name);
        let company_name = optional(company_name, |name| CompanyName::parse(&name));
        let company_name = fields.take("company_name", company_name);
        let read = email.zip(password).zip(full_name.zip(company_name));
        let ((email, password), (full_name, company_name)) = complete(fields, read)?;
        Ok(Register {
            email,
            password,
            full_name,
            company_name,
        })
    }
}

/// A new account, signed in.
#[derive(SimpleObject)]
pub struct RegisterPayload {
    /// The tokens of the new session.
    tokens: Tokens,
    /// The new person; their company is `viewer.currentTenant`.
    viewer: Viewer,
}

/// Who somebody says they are.
#[derive(InputObject)]
pub struct LoginInput {
    /// The address of the account.
    email: String,
    /// Its password.
    password: String,
}

impl LoginInput {
    fn read(self) -> Result<Login> {
        let Self { email, password } = self;
        let mut fields = Fields::new();
        let email = fields.take("email", EmailAddress::parse(&email));
        let password = fields.take("password", PasswordAttempt::parse(&password));
        let (email, password) = complete(fields, email.zip(password))?;
        Ok(Login { email, password })
    }
}

/// A new session.
#[derive(SimpleObject)]
pub struct LoginPayload {
    /// The tokens of the session.
    tokens: Tokens,
    /// The person who signed in.
    viewer: Viewer,
}

/// A refresh token to exchange.
#[derive(InputObject)]
pub struct RefreshTokenInput {
    /// The refresh token of the last pair.
    refresh_token: String,
}

/// The session's next pair of tokens.
pub struct RefreshTokenPayload {
    tokens: Tokens,
    scope: Scope,
}

/// The session's next pair of tokens.
#[Object]
impl RefreshTokenPayload {
    /// The new pair; the older refresh token is used up.
    async fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// The person whose session it is: what an application needs when it starts.
    async fn viewer(&self) -> Result<Viewer> {
        let user = self.scope.cx().identity().await?.user.clone();
        Ok(Viewer::new(self.scope.clone(), user))
    }
}

/// A tenant to work in.
#[derive(InputObject)]
pub struct SwitchTenantInput {
    /// The tenant; you must be in it.
    tenant_id: ID,
}

/// The same session, working in another tenant.
#[derive(SimpleObject)]
pub struct SwitchTenantPayload {
    /// The session's new tokens. The older access token goes on working in its own tenant until it
    /// ends; the older refresh token is used up.
    tokens: Tokens,
    /// You, in the tenant.
    viewer: Viewer,
    /// The tenant.
    tenant: Tenant,
}

/// The end of a session.
#[derive(SimpleObject)]
pub struct LogoutPayload {
    /// Always true; forget both tokens.
    signed_out: bool,
}

/// A session to end.
#[derive(InputObject)]
pub struct RevokeSessionInput {
    /// One of `viewer.sessions`.
    session_id: ID,
}

/// You, without the session.
#[derive(SimpleObject)]
pub struct RevokeSessionPayload {
    /// The id of the session that has ended. If it was the current one, forget both tokens.
    revoked_session_id: ID,
    /// You, with the sessions that go on.
    viewer: Viewer,
}

/// Which sessions to end.
#[derive(InputObject)]
pub struct LogoutEverywhereInput {
    /// Whether the session that asks goes on.
    #[graphql(default)]
    except_current: bool,
}

/// The end of many sessions.
#[derive(SimpleObject)]
pub struct LogoutEverywherePayload {
    /// How many sessions have ended.
    ended_sessions: i32,
    /// You, while the session that asks goes on. Null when it has ended, too: forget both tokens.
    viewer: Option<Viewer>,
}

/// Sign up, sign in, and what follows.
#[derive(Default)]
pub struct AuthMutation;

#[Object]
impl AuthMutation {
    /// Signs up: makes an account and a company with a free trial, of which the person is the owner,
    /// and signs in. Public.
    ///
    /// `CONFLICT` with reason `EMAIL_TAKEN` when the address has an account.
    async fn register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs up.")] input: RegisterInput,
    ) -> Result<RegisterPayload> {
        let done = auth::register(Scope::of(ctx).cx(), input.read()?).await?;
        let (tokens, viewer) = signed_in(done);
        Ok(RegisterPayload { tokens, viewer })
    }

    /// Signs in, into the person's default tenant. Public.
    ///
    /// `UNAUTHENTICATED` for an unknown address, a wrong password and a disabled account alike.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who signs in.")] input: LoginInput,
    ) -> Result<LoginPayload> {
        let done = auth::login(Scope::of(ctx).cx(), input.read()?).await?;
        let (tokens, viewer) = signed_in(done);
        Ok(LoginPayload { tokens, viewer })
    }

    /// Exchanges a refresh token for the session's next pair of tokens, in the same tenant. Public:
    /// the access token may have ended.
    ///
    /// A repeat within a minute, e.g. by a second tab, gets the same pair. A later repeat of a token
    /// that was exchanged ends the session, because somebody else may hold a copy.
    async fn refresh_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token to exchange.")] input: RefreshTokenInput,
    ) -> Result<RefreshTokenPayload> {
        let cx = Scope::of(ctx).cx();
        let pair = auth::refresh(cx, &input.refresh_token).await?;
        let bearer = Some(pair.access_token.clone());
        let renewed = RequestInfo {
            bearer,
            ..cx.info().clone()
        };
        let scope = Scope::new(Cx::request(cx.app().clone(), renewed));
        Ok(RefreshTokenPayload {
            tokens: pair.into(),
            scope,
        })
    }

    /// Ends the session of the access token; other sessions of the person go on. Needs any valid
    /// access token.
    async fn logout(&self, ctx: &Context<'_>) -> Result<LogoutPayload> {
        auth::logout(Scope::of(ctx).cx()).await?;
        Ok(LogoutPayload { signed_out: true })
    }

    /// Ends one of your sessions; whoever uses it is signed out with their next request. Needs any
    /// valid access token; `NOT_FOUND` for a session that is not yours or has ended.
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session.")] input: RevokeSessionInput,
    ) -> Result<RevokeSessionPayload> {
        let scope = Scope::anew(ctx);
        let user = scope.cx().identity().await?.user.clone();
        let mut fields = Fields::new();
        let id = fields.take("session_id", input::id(&input.session_id));
        let id = complete(fields, id)?;
        auth::revoke_session(scope.cx(), id).await?;
        Ok(RevokeSessionPayload {
            revoked_session_id: ID(id.to_string()),
            viewer: Viewer::new(scope, user),
        })
    }

    /// Ends all your sessions, wherever they are, from their next request on; the one that asks
    /// goes on if you say so. Needs any valid access token.
    async fn logout_everywhere(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which sessions.")] input: LogoutEverywhereInput,
    ) -> Result<LogoutEverywherePayload> {
        let scope = Scope::anew(ctx);
        let LogoutEverywhereInput { except_current } = input;
        let user = scope.cx().identity().await?.user.clone();
        let ended = auth::logout_everywhere(scope.cx(), except_current).await?;
        Ok(LogoutEverywherePayload {
            ended_sessions: ended.try_into().unwrap_or(i32::MAX),
            viewer: except_current.then(|| Viewer::new(scope, user)),
        })
    }

    /// Makes another of your tenants the current one: new tokens for the same session. Needs
    /// membership in the tenant; `NOT_FOUND` otherwise.
    async fn switch_tenant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where to.")] input: SwitchTenantInput,
    ) -> Result<SwitchTenantPayload> {
        let cx = Scope::of(ctx).cx();
        cx.identity().await?;
        let mut fields = Fields::new();
        let id = fields.take("tenant_id", input::id(&input.tenant_id));
        let Switched { cx, tokens, tenant } =
            auth::switch_tenant(cx, complete(fields, id)?).await?;
        let user = cx.identity().await?.user.clone();
        let scope = Scope::new(cx);
        Ok(SwitchTenantPayload {
            tokens: tokens.into(),
            tenant: Tenant::of_viewer(&scope, tenant),
            viewer: Viewer::new(scope, user),
        })
    }
}
