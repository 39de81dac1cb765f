//! One good row for every table, to be copied and spoiled.

use entity::{
    backup, event,
    ids::{
        BackupId, EventId, InvitationId, LogLineId, MembershipId, NotificationId,
        NotificationPreferenceId, OutboxMessageId, PlanId, ProvisioningJobId, ProvisioningStepId,
        RefreshTokenId, SessionId, SiteId, SubscriptionId, TenantId, UserId,
    },
    invitation::{self, InvitationStatus},
    membership::{self, TenantRole},
    notification::{self, NotificationKind, NotificationType},
    notification_preference::{self, NotificationChannel},
    outbox_message, plan,
    provisioning_job::{self, JobSpelling, JobStatus, JobType},
    provisioning_log_line::{self, LogLevel},
    provisioning_step::{self, StepStatus},
    refresh_token, session,
    site::{self, SiteStatus},
    subscription::{self, BillingPeriod, SubscriptionStatus},
    tenant::{self, TenantStatus},
    user,
};
use erpmax::ports::clock::Ids;
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, DatabaseConnection, DbErr, EntityTrait, IntoActiveModel,
    ModelTrait,
};
use serde_json::json;

use crate::support::{settings, storage::Storage};

/// A migrated database with one good row in every table, and copies of those rows to spoil.
pub struct Rows {
    pub db: DatabaseConnection,
    pub ids: Ids,
    pub user: user::Model,
    pub tenant: tenant::Model,
    pub plan: plan::Model,
    pub membership: membership::Model,
    pub invitation: invitation::Model,
    pub subscription: subscription::Model,
    pub session: session::Model,
    pub refresh: refresh_token::Model,
    pub event: event::Model,
    pub outbox: outbox_message::Model,
    pub job: provisioning_job::Model,
    pub step: provisioning_step::Model,
    pub line: provisioning_log_line::Model,
    pub site: site::Model,
    pub backup: backup::Model,
    pub notification: notification::Model,
    pub preference: notification_preference::Model,
}

impl Rows {
    pub async fn new(storage: &Storage) -> Self {
        let (db, ids) = (storage.connect().await, Ids::seeded(7));
        let (user, tenant, plan) = (user(&ids), tenant(&ids), plan(&ids));
        let session = session(&ids, &user, &tenant);
        let (job, site) = (job(&ids, &tenant, &user), site(&ids, &tenant));
        let rows = Self {
            membership: membership(&ids, &user, &tenant),
            invitation: invitation(&ids, &user, &tenant),
            subscription: subscription(&ids, &tenant, &plan),
            refresh: refresh(&ids, &session),
            event: event(&ids, &tenant),
            outbox: outbox(&ids),
            step: step(&ids, &job),
            line: line(&ids, &job),
            backup: backup(&ids, &site, &job),
            notification: notification(&ids, &user, &tenant),
            preference: preference(&ids, &user),
            db,
            ids,
            user,
            tenant,
            plan,
            session,
            job,
            site,
        };
        rows.insert(&rows.user).await.unwrap();
        rows.insert(&rows.tenant).await.unwrap();
        rows.insert(&rows.plan).await.unwrap();
        rows.insert(&rows.membership).await.unwrap();
        rows.insert(&rows.invitation).await.unwrap();
        rows.insert(&rows.subscription).await.unwrap();
        rows.insert(&rows.session).await.unwrap();
        rows.insert(&rows.refresh).await.unwrap();
        rows.insert(&rows.event).await.unwrap();
        rows.insert(&rows.outbox).await.unwrap();
        rows.insert(&rows.job).await.unwrap();
        rows.insert(&rows.step).await.unwrap();
        rows.insert(&rows.line).await.unwrap();
        rows.insert(&rows.site).await.unwrap();
        rows.insert(&rows.backup).await.unwrap();
        rows.insert(&rows.notification).await.unwrap();
        rows.insert(&rows.preference).await.unwrap();
        rows
    }

    async fn insert<M, A>(&self, model: &M) -> Result<(), DbErr>
    where
        M: ModelTrait + IntoActiveModel<A> + Clone + Sync,
        A: ActiveModelTrait<Entity = M::Entity> + ActiveModelBehavior + Send,
        <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    {
        let row = model.clone().into_active_model().reset_all();
        A::Entity::insert(row)
            .exec_without_returning(&self.db)
            .await
            .map(drop)
    }
}

/// `rows.user(|row| …)` inserts a copy of the good row under a new id, changed in one thing.
macro_rules! copies {
    ($($name:ident: $entity:ident,)+) => {
        impl Rows {$(
            pub async fn $name(
                &self,
                change: impl FnOnce(&mut $entity::Model) + Send,
            ) -> Result<(), DbErr> {
                let mut row = self.$name.clone();
                row.id = self.ids.next().into();
                change(&mut row);
                self.insert(&row).await
            }
        )+}
    };
}
copies! {
    user: user,
    tenant: tenant,
    plan: plan,
    membership: membership,
    invitation: invitation,
    subscription: subscription,
    session: session,
    refresh: refresh_token,
    event: event,
    outbox: outbox_message,
    job: provisioning_job,
    step: provisioning_step,
    line: provisioning_log_line,
    site: site,
    backup: backup,
    notification: notification,
    preference: notification_preference,
}

fn user(ids: &Ids) -> user::Model {
    let now = settings::clock().now();
    user::Model {
        id: UserId(ids.next()),
        email: "Ann@example.com".into(),
        email_normalized: "ann@example.com".into(),
        email_verified_at: None,
        password_hash: "$argon2id$".into(),
        full_name: "Ann".into(),
        search_text: "ann".into(),
        is_active: true,
        is_superuser: false,
        created_at: now,
        updated_at: now,
    }
}

fn tenant(ids: &Ids) -> tenant::Model {
    let now = settings::clock().now();
    tenant::Model {
        id: TenantId(ids.next()),
        name: "Acme".into(),
        slug: "acme".into(),
        status: TenantStatus::Active,
        erpnext_site_url: None,
        settings: json!({}),
        search_text: "acme".into(),
        created_at: now,
        updated_at: now,
    }
}

fn plan(ids: &Ids) -> plan::Model {
    let now = settings::clock().now();
    plan::Model {
        id: PlanId(ids.next()),
        name: "Test".into(),
        slug: "test".into(),
        description: "A test".into(),
        price_monthly: 1,
        price_yearly: 10,
        currency: "USD".into(),
        features: json!([]),
        max_users: None,
        max_storage_gb: None,
        trial_days: None,
        is_active: true,
        sort_order: 9,
        created_at: now,
        updated_at: now,
    }
}

fn membership(ids: &Ids, user: &user::Model, tenant: &tenant::Model) -> membership::Model {
    let now = settings::clock().now();
    membership::Model {
        id: MembershipId(ids.next()),
        user_id: user.id,
        tenant_id: tenant.id,
        role: TenantRole::Owner,
        is_default: true,
        joined_at: now,
    }
}

fn invitation(ids: &Ids, user: &user::Model, tenant: &tenant::Model) -> invitation::Model {
    let now = settings::clock().now();
    invitation::Model {
        id: InvitationId(ids.next()),
        tenant_id: tenant.id,
        email: "New@example.com".into(),
        email_normalized: "new@example.com".into(),
        role: TenantRole::Member,
        status: InvitationStatus::Pending,
        generation: 1,
        token_hash: vec![1; 32],
        invited_by: Some(user.id),
        expires_at: now,
        accepted_by: None,
        closed_at: None,
        created_at: now,
        updated_at: now,
    }
}

fn subscription(ids: &Ids, tenant: &tenant::Model, plan: &plan::Model) -> subscription::Model {
    let now = settings::clock().now();
    subscription::Model {
        id: SubscriptionId(ids.next()),
        tenant_id: tenant.id,
        plan_id: plan.id,
        status: SubscriptionStatus::Trial,
        billing_period: BillingPeriod::Monthly,
        trial_ends_at: None,
        current_period_start: now,
        current_period_end: now,
        cancel_at_period_end: false,
        cancelled_at: None,
        cancel_reason: None,
        payment_provider: None,
        external_subscription_id: None,
        external_customer_id: None,
        created_at: now,
        updated_at: now,
    }
}

fn session(ids: &Ids, user: &user::Model, tenant: &tenant::Model) -> session::Model {
    let now = settings::clock().now();
    session::Model {
        id: SessionId(ids.next()),
        user_id: user.id,
        tenant_id: Some(tenant.id),
        user_agent: None,
        ip_address: None,
        created_at: now,
        refreshed_at: now,
        expires_at: now,
        revoked_at: None,
    }
}

fn refresh(ids: &Ids, session: &session::Model) -> refresh_token::Model {
    let now = settings::clock().now();
    refresh_token::Model {
        id: RefreshTokenId(ids.next()),
        session_id: session.id,
        tenant_id: session.tenant_id,
        access_token_id: ids.next(),
        issued_at: now,
        expires_at: now,
        rotated_at: None,
    }
}

fn event(ids: &Ids, tenant: &tenant::Model) -> event::Model {
    let now = settings::clock().now();
    event::Model {
        id: EventId(ids.next()),
        stream: format!("tenant:{}", tenant.id),
        seq: 1,
        kind: "tenant_updated".into(),
        payload: json!({}),
        occurred_at: now,
    }
}

fn outbox(ids: &Ids) -> outbox_message::Model {
    let now = settings::clock().now();
    outbox_message::Model {
        id: OutboxMessageId(ids.next()),
        kind: "invitation_mail".into(),
        payload: json!({}),
        request_id: None,
        attempts: 0,
        available_at: now,
        claimed_until: None,
        sent_at: None,
        dead_at: None,
        last_error: None,
        created_at: now,
    }
}

fn job(ids: &Ids, tenant: &tenant::Model, user: &user::Model) -> provisioning_job::Model {
    let now = settings::clock().now();
    provisioning_job::Model {
        id: ProvisioningJobId(ids.next()),
        tenant_id: tenant.id,
        job_type: JobType::Create,
        spelling: JobSpelling::Instance,
        status: JobStatus::InProgress,
        attempt: 1,
        progress: 10,
        message: "Making the site".into(),
        error: None,
        error_class: None,
        error_advice: None,
        parameters: json!({}),
        result: None,
        requested_by: Some(user.id),
        fence: 1,
        claimed_by: None,
        lease_until: None,
        undo_attempt: None,
        queued_at: now,
        created_at: now,
        started_at: Some(now),
        completed_at: None,
        updated_at: now,
    }
}

fn step(ids: &Ids, job: &provisioning_job::Model) -> provisioning_step::Model {
    provisioning_step::Model {
        id: ProvisioningStepId(ids.next()),
        job_id: job.id,
        attempt: 1,
        position: 0,
        name: "new-site".into(),
        title: "Making the site".into(),
        status: StepStatus::Running,
        progress: 0,
        found: false,
        undoable: true,
        harmless: false,
        tries: 1,
        weight_ms: 70_000,
        limit_ms: 900_000,
        facts: None,
        error: None,
        started_at: None,
        completed_at: None,
    }
}

fn line(ids: &Ids, job: &provisioning_job::Model) -> provisioning_log_line::Model {
    provisioning_log_line::Model {
        id: LogLineId(ids.next()),
        job_id: job.id,
        seq: 1,
        attempt: 1,
        step: None,
        level: LogLevel::Info,
        text: "Begun".into(),
        at: settings::clock().now(),
    }
}

fn site(ids: &Ids, tenant: &tenant::Model) -> site::Model {
    let now = settings::clock().now();
    site::Model {
        id: SiteId(ids.next()),
        tenant_id: tenant.id,
        name: "acme".into(),
        host: "acme.example.com".into(),
        url: None,
        status: SiteStatus::Creating,
        provisioner: None,
        simulated: true,
        apps: json!([]),
        created_at: now,
        updated_at: now,
        deleted_at: None,
    }
}

fn backup(ids: &Ids, site: &site::Model, job: &provisioning_job::Model) -> backup::Model {
    backup::Model {
        id: BackupId(ids.next()),
        tenant_id: site.tenant_id,
        site_id: site.id,
        job_id: Some(job.id),
        attempt: 1,
        reference: "20260109_120000-acme".into(),
        size_bytes: Some(1),
        files: json!([]),
        simulated: true,
        created_at: settings::clock().now(),
    }
}

fn notification(ids: &Ids, user: &user::Model, tenant: &tenant::Model) -> notification::Model {
    notification::Model {
        id: NotificationId(ids.next()),
        user_id: user.id,
        tenant_id: Some(tenant.id),
        kind: NotificationKind::MemberAdded,
        notification_type: NotificationType::Success,
        title: "You are now in Acme".into(),
        message: "Bob has added you.".into(),
        data: json!({}),
        read_at: None,
        created_at: settings::clock().now(),
    }
}

fn preference(ids: &Ids, user: &user::Model) -> notification_preference::Model {
    notification_preference::Model {
        id: NotificationPreferenceId(ids.next()),
        user_id: user.id,
        kind: NotificationKind::MemberAdded,
        channel: NotificationChannel::Email,
        enabled: false,
        updated_at: settings::clock().now(),
    }
}
