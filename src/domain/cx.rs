//! Who asks, with what, in which request: the first argument of every use case.

use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use entity::{
    Timestamp,
    ids::{SessionId, TenantId, UserId},
    membership, user,
};
use tokio::sync::OnceCell;
use tracing::Span;

use super::{
    access::AccessSet,
    auth,
    idempotency::{Claim, IdempotencyKey},
    tenants,
    unit::UnitOfWork,
};
use crate::{
    app::App,
    error::{Credentials, Error, Result},
    storage::Storage,
};

/// The context of one request or job. Cloning it copies a pointer.
#[derive(Clone)]
pub struct Cx(Arc<Inner>);

struct Inner {
    app: App,
    caller: Caller,
    request: RequestInfo,
    access: OnceCell<AccessSet>,
    /// What the client calls this request.
    key: Option<IdempotencyKey>,
    /// The key, once it is this context whose unit of work is to have the effect.
    claim: Option<Claim>,
    span: Span,
    /// Shared by all contexts of one request.
    noted: Arc<OnceLock<(UserId, Option<TenantId>)>>,
}

#[derive(Clone)]
enum Caller {
    /// Somebody outside; who, is found out when it matters.
    Outside(OnceCell<Result<Box<Identity>, Credentials>>),
    /// A part of the system, by name.
    System(&'static str),
}

/// In what one context of a request differs from another.
#[derive(Default)]
struct Changes {
    caller: Option<Caller>,
    key: Option<IdempotencyKey>,
    claim: Option<Claim>,
}

/// What a door knows of a request.
#[derive(Clone, Debug, Default)]
pub struct RequestInfo {
    /// The id that the client is told and the logs carry.
    pub request_id: String,
    /// The bearer token, unread.
    pub bearer: Option<String>,
    /// The client's address.
    pub ip: Option<IpAddr>,
    /// How the client names itself.
    pub user_agent: Option<String>,
}

/// A person whose credentials hold.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The sign-in.
    pub session_id: SessionId,
    /// When it ends by itself, unless it is refreshed.
    pub session_ends_at: Timestamp,
    /// The person.
    pub user: user::Model,
    /// The tenant that the token names.
    pub tenant_id: Option<TenantId>,
    /// The person's place in it, if they (still) have one.
    pub membership: Option<membership::Model>,
}

impl Cx {
    /// For a request from outside. Nothing is asked of the database yet.
    pub fn request(app: App, request: RequestInfo) -> Self {
        Self::new(app, Caller::Outside(OnceCell::new()), request)
    }

    /// For a part of the system that acts by itself.
    pub fn system(app: App, name: &'static str, request_id: impl Into<String>) -> Self {
        let request = RequestInfo {
            request_id: request_id.into(),
            ..RequestInfo::default()
        };
        Self::new(app, Caller::System(name), request)
    }

    /// The same request, now made by somebody whose sign-in is known: the token has done its work and is
    /// not kept for as long as they are here.
    pub(super) fn signed_in_as(&self, identity: Identity) -> Self {
        self.note(&identity);
        self.with(Changes {
            caller: Some(Caller::Outside(OnceCell::new_with(Some(Ok(Box::new(
                identity,
            )))))),
            ..Changes::default()
        })
    }

    /// The same request and caller with nothing remembered of their tenants: for what comes after a
    /// change within one request.
    #[must_use]
    pub fn anew(&self) -> Self {
        self.with(Changes::default())
    }

    /// The same request and caller after their place in a tenant has changed.
    pub(super) async fn moved(&self, tenant: TenantId) -> Result<Self> {
        let identity = self.identity().await?;
        if identity.tenant_id != Some(tenant) {
            return Ok(self.anew());
        }
        // Asked of the database: an answer that is given again may be about yesterday.
        let membership = tenants::store::membership(self.db(), identity.user.id, tenant).await?;
        Ok(self.signed_in_as(Identity {
            membership,
            ..identity.clone()
        }))
    }

    /// The same request under the name the client gave it.
    #[must_use]
    pub fn keyed(&self, key: Option<IdempotencyKey>) -> Self {
        self.with(Changes {
            key,
            ..Changes::default()
        })
    }

    /// The same request; its unit of work takes the key.
    pub(super) fn claiming(&self, claim: Claim) -> Self {
        self.with(Changes {
            claim: Some(claim),
            ..Changes::default()
        })
    }

    /// The same request, in part another one. A key is for one piece of work and is not handed on.
    fn with(&self, changes: Changes) -> Self {
        let Inner {
            app,
            caller,
            request,
            span,
            noted,
            ..
        } = &*self.0;
        let Changes {
            caller: other,
            key,
            claim,
        } = changes;
        let mut request = request.clone();
        if other.is_some() {
            request.bearer = None;
        }
        Self(Arc::new(Inner {
            app: app.clone(),
            caller: other.unwrap_or_else(|| caller.clone()),
            request,
            access: OnceCell::new(),
            key,
            claim,
            span: span.clone(),
            noted: Arc::clone(noted),
        }))
    }

    fn new(app: App, caller: Caller, request: RequestInfo) -> Self {
        let access = OnceCell::new();
        Self(Arc::new(Inner {
            app,
            caller,
            request,
            access,
            key: None,
            claim: None,
            span: Span::current(),
            noted: Arc::default(),
        }))
    }

    /// Names the caller in the request's log line.
    fn note(&self, identity: &Identity) {
        // The first one found is the caller; whoever signs in later in one document is not.
        let _ = self.0.noted.set((identity.user.id, identity.tenant_id));
        self.0
            .span
            .record("user.id", tracing::field::display(identity.user.id));
        if let Some(tenant) = identity.tenant_id {
            self.0
                .span
                .record("tenant.id", tracing::field::display(tenant));
        }
    }

    /// The person asking; UNAUTHENTICATED when the credentials do not hold.
    pub async fn identity(&self) -> Result<&Identity> {
        let Caller::Outside(cell) = &self.0.caller else {
            return Err(Error::Unauthenticated(Credentials::Missing));
        };
        let found = cell
            .get_or_try_init(async || match Box::pin(auth::authenticate(self)).await {
                Ok(identity) => {
                    self.note(&identity);
                    Ok(Ok(Box::new(identity)))
                }
                Err(Error::Unauthenticated(why)) => Ok(Err(why)),
                Err(failure) => Err(failure),
            })
            .await?;
        found.as_deref().map_err(|why| Error::Unauthenticated(*why))
    }

    /// The person asking, if their credentials were looked at and hold.
    pub(super) fn known_identity(&self) -> Option<&Identity> {
        match &self.0.caller {
            Caller::Outside(cell) => cell.get().and_then(|found| found.as_deref().ok()),
            Caller::System(_) => None,
        }
    }

    /// Who was found to be asking anywhere in this request, and in which tenant, for the log.
    pub fn noted(&self) -> Option<(UserId, Option<TenantId>)> {
        self.0.noted.get().copied()
    }

    /// `user`, `anonymous`, or the name of the system's part.
    pub fn actor(&self) -> &'static str {
        match &self.0.caller {
            Caller::System(name) => name,
            Caller::Outside(_) if self.known_identity().is_some() => "user",
            Caller::Outside(_) => "anonymous",
        }
    }

    pub(super) fn is_system(&self) -> bool {
        matches!(self.0.caller, Caller::System(_))
    }

    pub(super) fn access_cell(&self) -> &OnceCell<AccessSet> {
        &self.0.access
    }

    /// The application.
    pub fn app(&self) -> &App {
        &self.0.app
    }

    /// The database, for reading; writes go through [`Cx::begin`].
    pub fn db(&self) -> &Storage {
        &self.0.app.db
    }

    /// Begins a transaction that may write.
    pub async fn begin(&self) -> Result<UnitOfWork> {
        UnitOfWork::begin(self.clone()).await
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.0.app.clock.now()
    }

    /// A new id of any kind.
    pub fn new_id<T: From<uuid::Uuid>>(&self) -> T {
        self.0.app.ids.next().into()
    }

    /// What the door knows of the request.
    pub fn info(&self) -> &RequestInfo {
        &self.0.request
    }

    pub(super) fn idempotency_key(&self) -> Option<&IdempotencyKey> {
        self.0.key.as_ref()
    }

    pub(super) fn claim(&self) -> Option<&Claim> {
        self.0.claim.as_ref()
    }

    /// The id that the client is told.
    pub fn request_id(&self) -> &str {
        &self.0.request.request_id
    }
}
