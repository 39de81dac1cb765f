//! The table: what each event is called at either door, and which field of GraphQL is which key of
//! Socket.IO. What only one door says stands there with its reason.

/// Where the value of a key comes from.
pub enum Source {
    /// This field, as it is.
    Same(&'static str),
    /// This field, whose words are in capitals over GraphQL.
    Word(&'static str),
    /// This field, where a job stands in the words of REST (ruling 3).
    Standing(&'static str),
    /// This field, a decimal number written as text.
    Number(&'static str),
    /// Nothing but the event's name, which says as much.
    Said(&'static str),
    /// The same, for what is all done.
    Hundred,
    /// The tenant that the listener's token names.
    Tenant,
    /// The number that the event's cursor holds.
    Seq,
    /// Several keys in an object of their own.
    Keys(&'static [Key]),
    /// A list, with these keys in each.
    Each(&'static str, &'static [Key]),
}

/// A key of Socket.IO, and where it is over GraphQL.
pub type Key = (&'static str, Source);

/// An event that is told at both doors.
pub struct Mirror {
    /// Its name over Socket.IO.
    pub event: &'static str,
    /// The feed that tells it.
    pub feed: &'static str,
    /// Its type over GraphQL.
    pub member: &'static str,
    /// What both say.
    pub keys: &'static [&'static [Key]],
    /// What only GraphQL says, and why.
    pub alone: &'static [(&'static str, &'static str)],
}

use Source::{Each, Hundred, Keys, Number, Said, Same, Seq, Standing, Tenant, Word};

/// Every kind of event there is, and what people are told of it, if anything.
pub const KINDS: &[(&str, Option<&str>)] = &[
    // Who is in a tenant, and how, is heard as a notification (ruling 48).
    ("tenant_updated", None),
    ("invitation_sent", None),
    ("invitation_revoked", None),
    ("member_joined", None),
    ("member_role_changed", None),
    ("member_removed", None),
    ("member_left", None),
    ("ownership_transferred", None),
    // Ends connections, and says so to those whose they are.
    ("sessions_ended", None),
    ("session_reused", None),
    ("notification_created", Some("notification:new")),
    // Whoever has read them knows; the inbox tells it.
    ("notifications_read", None),
    ("job_queued", Some("status:update")),
    ("job_started", Some("status:update")),
    ("job_completed", Some("status:completed")),
    ("job_failed", Some("status:failed")),
    ("job_cancelled", Some("status:failed")),
    ("payment_received", Some("payment:received")),
    ("payment_failed", Some("payment:failed")),
    ("subscription_updated", Some("subscription:updated")),
    ("subscription_expiring", Some("subscription:expiring")),
];

/// What all events have.
const ALL: &[Key] = &[
    ("seq", Seq),
    ("cursor", Same("cursor")),
    ("occurred_at", Same("occurredAt")),
];

const OF_JOB: &[Key] = &[
    ("tenant_id", Same("job.tenant.id")),
    ("job_id", Same("jobId")),
    ("job_type", Word("job.type")),
    ("attempt", Same("attempt")),
];

const OF_PAYMENT: &[Key] = &[
    ("tenant_id", Tenant),
    ("payment_id", Same("paymentId")),
    ("amount", Number("amount.amount")),
    ("currency", Same("amount.currency")),
    ("created_at", Same("occurredAt")),
];

const NOW: &str = "what it is about, as it is now: Socket.IO tells only what was then";
const MINOR: &str = "the same amount in another unit, for calculations";

/// Every event that is told.
pub const MIRRORS: &[Mirror] = &[
    Mirror {
        event: "status:update",
        feed: "provisioning",
        member: "ProvisioningStatusUpdate",
        keys: &[
            ALL,
            OF_JOB,
            &[
                ("status", Standing("status")),
                ("progress", Same("progress")),
                ("message", Same("message")),
            ],
        ],
        alone: &[],
    },
    Mirror {
        event: "status:log",
        feed: "provisioning",
        member: "ProvisioningLogLines",
        keys: &[ALL, OF_JOB, &[("lines", Each("lines", LINE))]],
        alone: &[],
    },
    Mirror {
        event: "status:completed",
        feed: "provisioning",
        member: "ProvisioningCompleted",
        keys: &[
            ALL,
            OF_JOB,
            &[
                ("status", Said("completed")),
                ("progress", Hundred),
                ("message", Same("message")),
                ("erpnext_url", Same("siteUrl")),
                ("result", Same("result")),
            ],
        ],
        alone: &[],
    },
    Mirror {
        event: "status:failed",
        feed: "provisioning",
        member: "ProvisioningFailed",
        keys: &[
            ALL,
            OF_JOB,
            &[
                ("status", Said("failed")),
                ("progress", Same("progress")),
                ("message", Same("error")),
                ("error", Same("error")),
                ("cancelled", Same("cancelled")),
            ],
        ],
        alone: &[],
    },
    Mirror {
        event: "notification:new",
        feed: "notifications",
        member: "NotificationEvent",
        keys: &[
            ALL,
            &[
                ("id", Same("notification.id")),
                ("tenant_id", Same("notification.tenantId")),
                ("kind", Word("notification.kind")),
                ("type", Word("notification.type")),
                ("title", Same("notification.title")),
                ("message", Same("notification.message")),
                ("created_at", Same("notification.createdAt")),
            ],
        ],
        alone: &[
            ("notification.tenant.id", NOW),
            (
                "notification.readAt",
                "null, as it must be of what is new; the type has it",
            ),
            (
                "notification.data",
                "ids for links, which the contract's payload has no place for",
            ),
        ],
    },
    Mirror {
        event: "payment:received",
        feed: "billing",
        member: "PaymentReceived",
        keys: &[ALL, OF_PAYMENT, &[("status", Said("succeeded"))]],
        alone: &[("amount.amountMinor", MINOR), ("subscription.id", NOW)],
    },
    Mirror {
        event: "payment:failed",
        feed: "billing",
        member: "PaymentFailed",
        keys: &[ALL, OF_PAYMENT, &[("status", Said("failed"))]],
        alone: &[("amount.amountMinor", MINOR), ("subscription.id", NOW)],
    },
    Mirror {
        event: "subscription:updated",
        feed: "billing",
        member: "SubscriptionUpdated",
        keys: &[
            ALL,
            &[
                ("tenant_id", Tenant),
                ("subscription_id", Same("subscriptionId")),
                ("status", Word("status")),
                ("plan", Same("planName")),
                ("updated_at", Same("occurredAt")),
                ("subscription", Keys(SUBSCRIPTION)),
            ],
        ],
        alone: &[("subscription.id", NOW)],
    },
    Mirror {
        event: "subscription:expiring",
        feed: "billing",
        member: "SubscriptionExpiring",
        keys: &[
            ALL,
            &[
                ("tenant_id", Tenant),
                ("subscription_id", Same("subscriptionId")),
                ("days_left", Same("daysLeft")),
            ],
        ],
        alone: &[
            (
                "currentPeriodEnd",
                "the day that `days_left` counts to, which the contract's payload has no place for",
            ),
            ("subscription.id", NOW),
        ],
    },
];

const LINE: &[Key] = &[
    ("seq", Same("seq")),
    ("attempt", Same("attempt")),
    ("step", Same("step")),
    ("level", Word("level")),
    ("text", Same("text")),
    ("at", Same("at")),
];

const SUBSCRIPTION: &[Key] = &[
    ("id", Same("subscriptionId")),
    ("tenant_id", Tenant),
    ("plan_id", Same("planId")),
    ("plan", Same("planName")),
    ("status", Word("status")),
    ("billing_period", Word("billingPeriod")),
    ("current_period_end", Same("currentPeriodEnd")),
    ("cancel_at_period_end", Same("cancelAtPeriodEnd")),
];
