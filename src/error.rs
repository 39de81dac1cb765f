//! The one error of the domain and its stable codes. Knows nothing of HTTP or GraphQL: each door
//! turns a [`Code`] into its own form as the last step.

use std::{borrow::Cow, error::Error as StdError, fmt, time::Duration};

/// What a use case answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The cause of an internal error, for the log only.
pub type BoxError = Box<dyn StdError + Send + Sync + 'static>;

/// Why a use case refused or failed. A variant exists only where a program must tell cases apart.
#[derive(Debug)]
pub enum Error {
    /// No or bad credentials.
    Unauthenticated(Credentials),
    /// The caller is known, but may not do this.
    Forbidden(Cow<'static, str>),
    /// It does not exist, or the caller may not learn that it does.
    NotFound(Subject),
    /// The present state forbids it.
    Conflict(Reason),
    /// One or more inputs are wrong; never empty.
    InvalidInput(Vec<FieldError>),
    /// The plan does not include so much.
    LimitReached(Cow<'static, str>),
    /// The subscription has ended.
    PaymentRequired(Cow<'static, str>),
    /// Too often; try again after this time.
    RateLimited {
        /// When to come back.
        retry_after: Duration,
        /// What helps, where waiting alone does not.
        help: Option<Cow<'static, str>>,
    },
    /// What was missed is no longer kept; the state must be loaded anew.
    Resync,
    /// A partner does not answer or answers nonsense.
    Upstream {
        /// The partner's name, shown to the client.
        service: &'static str,
        /// What went wrong, for the log only.
        source: BoxError,
    },
    /// Our fault; the cause is for the log only.
    Internal(BoxError),
}

impl Error {
    /// Wraps a failure that no client can cause or mend.
    pub fn internal(cause: impl Into<BoxError>) -> Self {
        Self::Internal(cause.into())
    }

    /// A single wrong input, explained by the reason's own text.
    pub fn invalid(field: impl Into<Cow<'static, str>>, reason: Reason) -> Self {
        Self::InvalidInput(vec![FieldError::new(field, reason)])
    }

    /// Too often: waiting helps.
    pub fn too_often(retry_after: Duration) -> Self {
        Self::RateLimited {
            retry_after,
            help: None,
        }
    }

    /// Too much at once: the text says what helps. Who tries again all the same is to wait so long.
    pub fn too_much(help: impl Into<Cow<'static, str>>, retry_after: Duration) -> Self {
        Self::RateLimited {
            retry_after,
            help: Some(help.into()),
        }
    }

    /// The stable code that clients branch on.
    pub fn code(&self) -> Code {
        match self {
            Self::Unauthenticated(_) => Code::Unauthenticated,
            Self::Forbidden(_) => Code::Forbidden,
            Self::NotFound(_) => Code::NotFound,
            Self::Conflict(_) => Code::Conflict,
            Self::InvalidInput(_) => Code::InvalidInput,
            Self::LimitReached(_) => Code::LimitReached,
            Self::PaymentRequired(_) => Code::PaymentRequired,
            Self::RateLimited { .. } => Code::RateLimited,
            Self::Resync => Code::Resync,
            Self::Upstream { .. } => Code::Upstream,
            Self::Internal(_) => Code::Internal,
        }
    }

    /// The finer reason of a conflict or of the first wrong input (ruling 41).
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Conflict(reason) => Some(*reason),
            Self::InvalidInput(fields) => fields.first().map(|field| field.reason),
            _ => None,
        }
    }

    /// The text for the client; holds nothing internal.
    pub fn message(&self) -> Cow<'_, str> {
        match self {
            Self::Unauthenticated(credentials) => credentials.message().into(),
            Self::Forbidden(text) | Self::LimitReached(text) | Self::PaymentRequired(text) => {
                Cow::Borrowed(text)
            }
            Self::NotFound(subject) => subject.message().into(),
            Self::Conflict(reason) => reason.message().into(),
            Self::InvalidInput(fields) => fields
                .iter()
                .map(|field| format!("{}: {}", field.field, field.message))
                .collect::<Vec<_>>()
                .join("; ")
                .into(),
            Self::RateLimited {
                help: Some(text), ..
            } => Cow::Borrowed(text),
            Self::RateLimited { retry_after, .. } => format!(
                "Too many requests. Try again in {} s.",
                whole_seconds(*retry_after)
            )
            .into(),
            Self::Resync => {
                "What you missed is no longer kept. Load the state anew and listen from now on."
                    .into()
            }
            Self::Upstream { service, .. } => {
                format!("{service} does not answer as it should. Try again later.").into()
            }
            Self::Internal(_) => "Something went wrong on our side.".into(),
        }
    }

    /// The wrong inputs, in the order they were declared.
    pub fn fields(&self) -> &[FieldError] {
        match self {
            Self::InvalidInput(fields) => fields,
            _ => &[],
        }
    }

    /// When to come back, for those who came too often.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }
}

/// Whole seconds, rounded up, at least one: the unit of `Retry-After` (RFC 9110 section 10.2.3).
pub fn whole_seconds(duration: Duration) -> u64 {
    (duration.as_secs() + u64::from(duration.subsec_nanos() > 0)).max(1)
}

/// For the log: names the causes that [`Error::message`] keeps back.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upstream { service, source } => write!(f, "{service}: {source}"),
            Self::Internal(cause) => write!(f, "{cause}"),
            other => write!(f, "{}: {}", other.code().as_str(), other.message()),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Upstream { source, .. } => Some(source.as_ref()),
            Self::Internal(cause) => Some(cause.as_ref()),
            _ => None,
        }
    }
}

/// What is wrong with the credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// None were shown.
    Missing,
    /// A token that is forged, expired, revoked, of the wrong kind, or of a disabled account.
    Invalid,
    /// Unknown address, wrong password or disabled account: one answer for all three.
    WrongPassword,
}

impl Credentials {
    fn message(self) -> &'static str {
        match self {
            Self::Missing => "Not authenticated",
            Self::Invalid => "Could not validate credentials",
            Self::WrongPassword => "Incorrect email or password",
        }
    }
}

/// What was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A tenant; unknown and foreign ones look alike (ruling 9).
    Tenant,
    /// Somebody in a tenant.
    Member,
    /// An account, where an invitation demands one (`INVITE_UNKNOWN=refuse`).
    User,
    /// An invitation.
    Invitation,
    /// A sign-in.
    Session,
    /// A plan.
    Plan,
    /// A tenant's subscription.
    Subscription,
    /// A provisioning job.
    Job,
    /// A backup of a site.
    Backup,
    /// One of the caller's notifications.
    Notification,
    /// A place in a stream of events.
    Cursor,
}

impl Subject {
    fn message(self) -> &'static str {
        match self {
            Self::Tenant => "Tenant not found, or you have no access to it",
            Self::Member => "User not found in this tenant",
            Self::User => "User not found",
            Self::Invitation => "Invitation not found",
            Self::Session => "Session not found",
            Self::Plan => "Plan not found",
            Self::Subscription => "Subscription not found",
            Self::Job => "Job not found",
            Self::Backup => "Backup not found",
            Self::Notification => "Notification not found",
            Self::Cursor => "Cursor not found",
        }
    }
}

/// One wrong input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// Name in `snake_case`, dotted when nested.
    pub field: Cow<'static, str>,
    /// What is wrong with it.
    pub reason: Reason,
    /// The same in words.
    pub message: String,
}

impl FieldError {
    /// Explained by the reason's own text.
    pub fn new(field: impl Into<Cow<'static, str>>, reason: Reason) -> Self {
        Self {
            field: field.into(),
            reason,
            message: reason.message().to_owned(),
        }
    }
}

/// Defines an enum whose words and texts stand in one table.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $text:ident, $text_doc:literal:
        $($variant:ident $word:literal $message:literal,)+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = $message] $variant,)+
        }

        impl $name {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word on the wire; never changes.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            #[doc = $text_doc]
            pub fn $text(self) -> &'static str {
                match self { $(Self::$variant => $message,)+ }
            }
        }
    };
}

pub(crate) use words;

words! {
    /// What kind of failure it is: `error.code` in REST, `extensions.code` in GraphQL.
    Code, description, "What the code means, for the documentation.":
    Unauthenticated "UNAUTHENTICATED" "No credentials, or credentials that do not hold.",
    Forbidden "FORBIDDEN" "You are known, but lack the permission.",
    NotFound "NOT_FOUND" "It does not exist, or it is not yours to see.",
    Conflict "CONFLICT" "The present state forbids it; `reason` says why.",
    InvalidInput "INVALID_INPUT" "Inputs are wrong; `fields` (REST: `errors`) names each.",
    LimitReached "LIMIT_REACHED" "The plan does not include so much.",
    PaymentRequired "PAYMENT_REQUIRED" "The subscription has ended.",
    RateLimited "RATE_LIMITED" "Too often, or too much at once: the message says what helps, `retryAfter` when to try again.",
    Upstream "UPSTREAM" "A partner does not answer as it should.",
    Internal "INTERNAL" "Our fault; the request id helps us to find it.",
    RouteNotFound "ROUTE_NOT_FOUND" "There is nothing at this path.",
    MethodNotAllowed "METHOD_NOT_ALLOWED" "The path exists, but not for this method.",
    PayloadTooLarge "PAYLOAD_TOO_LARGE" "The body is larger than the server accepts.",
    UnsupportedMediaType "UNSUPPORTED_MEDIA_TYPE" "The body is not `application/json`.",
    Timeout "TIMEOUT" "The answer took too long and was given up.",
    QueryTooDeep "QUERY_TOO_DEEP" "The GraphQL document nests deeper than allowed.",
    QueryTooCostly "QUERY_TOO_COSTLY" "The GraphQL document asks for more than allowed.",
    GraphqlParseFailed "GRAPHQL_PARSE_FAILED" "The GraphQL document is not well formed.",
    GraphqlValidationFailed "GRAPHQL_VALIDATION_FAILED" "The document does not fit the schema.",
    PersistedQueryNotFound "PERSISTED_QUERY_NOT_FOUND" "Send the document along with its hash.",
    Resync "RESYNC" "The cursor is older than what is kept; load the state anew.",
}

words! {
    /// The finer cause of a `CONFLICT` or `INVALID_INPUT`.
    Reason, message, "The cause in words, for the client.":
    EmailTaken "EMAIL_TAKEN" "An account with this e-mail address exists already.",
    AlreadyMember "ALREADY_MEMBER" "This user is already in the tenant.",
    LastOwner "LAST_OWNER"
        "The only owner of a tenant cannot leave or be demoted. Transfer the ownership first.",
    AlreadyOwner "ALREADY_OWNER"
        "This user is an owner already. To be one no longer, change your own role.",
    SelfTransfer "SELF_TRANSFER" "You cannot transfer the ownership to yourself.",
    AccountDisabled "ACCOUNT_DISABLED" "This user's account is disabled.",
    LastSuperuser "LAST_SUPERUSER"
        "This is the only superuser who can sign in. Promote somebody else first.",
    OwnerProtected "OWNER_PROTECTED" "Only an owner may act on an owner.",
    SelfRemoval "SELF_REMOVAL" "You cannot remove yourself.",
    InvitationUsed "INVITATION_USED" "This invitation has been used already.",
    InvitationExpired "INVITATION_EXPIRED" "This invitation has expired. Ask for a new one.",
    InvitationRevoked "INVITATION_REVOKED" "This invitation has been withdrawn.",
    InvitationForOther "INVITATION_FOR_OTHER"
        "This invitation was sent to another address. Sign in with the address it was sent to.",
    AccountExists "ACCOUNT_EXISTS"
        "An account with the invited address exists. Sign in and open the invitation again.",
    JobRunning "JOB_RUNNING" "This job is running. Cancel it first, or wait until it has ended.",
    TooManyJobs "TOO_MANY_JOBS" "Too many jobs of this tenant are waiting already.",
    SiteNameTaken "SITE_NAME_TAKEN" "This site name is taken. Choose another.",
    InvalidSiteName "INVALID_SITE_NAME"
        "A site name consists of 1 to 63 letters a-z, digits and inner hyphens.",
    NotForThisJobType "NOT_FOR_THIS_JOB_TYPE" "Jobs of this type take no such value.",
    AlwaysTold "ALWAYS_TOLD" "This is told in any case and cannot be switched off.",
    Required "REQUIRED" "This field is required.",
    NotNull "NOT_NULL" "This field cannot be null.",
    WrongType "WRONG_TYPE" "This value has the wrong type.",
    TooShort "TOO_SHORT" "This value is too short.",
    TooLong "TOO_LONG" "This value is too long.",
    Blank "BLANK" "This value must not be blank.",
    ControlCharacter "CONTROL_CHARACTER" "This value must not contain control characters.",
    InvalidEmail "INVALID_EMAIL" "This is not a valid e-mail address.",
    InvalidId "INVALID_ID" "This is not a valid id; ids are UUIDs.",
    InvalidCursor "INVALID_CURSOR" "This is not a cursor of this list.",
    UnknownWord "UNKNOWN_WORD" "This is not one of the allowed words.",
    OutOfRange "OUT_OF_RANGE" "This value is out of range.",
    CommonPassword "COMMON_PASSWORD" "This password is among the most common ones.",
    PasswordIsEmail "PASSWORD_IS_EMAIL" "The password must not be the e-mail address.",
    MalformedJson "MALFORMED_JSON" "This is not well-formed JSON.",
    MalformedQuery "MALFORMED_QUERY" "This query string is not well formed.",
    HashMismatch "HASH_MISMATCH" "The hash is not that of the text.",
    TooLarge "TOO_LARGE" "This value is too large.",
    IdempotencyKeyReused "IDEMPOTENCY_KEY_REUSED"
        "This idempotency key was used for another request. Choose a new one.",
    IdempotencyInProgress "IDEMPOTENCY_IN_PROGRESS"
        "A request with this idempotency key is still being worked on. Repeat it in a moment.",
    MutuallyExclusive "MUTUALLY_EXCLUSIVE" "These arguments exclude each other.",
}
