//! What is done to the site of the token's company (`rest.md` 3.4).

use entity::{
    ids::{BackupId, ProvisioningJobId, TenantId},
    provisioning_job::{JobSpelling, JobType},
};
use utoipa::{
    IntoParams, ToSchema,
    openapi::{
        ObjectBuilder, Type,
        path::{Parameter, ParameterBuilder, ParameterIn},
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    envelope::{Created, Envelope, ListEnvelope},
    error::Answer,
    error_body::ErrorBody,
    extract::{IdempotencyHeader, Input, Keyed, PageOf20, SignedIn},
    form::{Checked, Form, Read},
    openapi::{
        Anywhere, NeedsCurrentTenant, ReadsBody, ReadsParameters, job_type_schema, or_null,
        site_name_schema,
    },
    views::{Backup, Job, LogLine, Site},
};
use crate::{
    domain::{
        cx::Cx,
        page::Window,
        provisioning::{self, BackupFilter, JobFilter, LogWindow, NewJob, spelling},
        values::SiteName,
    },
    error::Error,
};

/// The routes of this file.
pub fn routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(get))
        .routes(routes!(logs))
        .routes(routes!(retry))
        .routes(routes!(cancel))
        .routes(routes!(site))
        .routes(routes!(backups))
}

async fn tenant(cx: &Cx) -> Result<TenantId, Error> {
    Ok(cx.current_tenant().await?.tenant_id())
}

/// What is to be done.
#[derive(ToSchema)]
#[schema(as = CreateProvisioningJob, example = json!({ "job_type": "create_site" }))]
struct CreateBody {
    #[schema(schema_with = job_type_schema)]
    job_type: (JobType, JobSpelling),
    /// The name of a new site, for `create_…` only.
    #[schema(schema_with = optional_site_name)]
    site_name: Option<SiteName>,
    /// To which backup the site is put back; needed for `restore_…`, and only there.
    #[schema(value_type = Option<uuid::Uuid>)]
    backup_id: Option<BackupId>,
}

fn optional_site_name() -> ObjectBuilder {
    or_null(site_name_schema()).description(Some(
        "The name of a new site, for `create_…` only; like the company's `slug` when left out. A \
         site that is there keeps its name.",
    ))
}

impl Read for CreateBody {
    const BODY: bool = true;

    fn read(form: &mut Form) -> Checked<Self> {
        let job_type = form.required("job_type", spelling::parse);
        let site_name = form.optional("site_name", SiteName::parse);
        let backup_id = form.optional_id("backup_id");
        Ok(Self {
            job_type: job_type?,
            site_name: site_name?,
            backup_id: backup_id?,
        })
    }
}

/// Have something done to the company's site.
///
/// Owner or admin of the token's company. Answers at once; ask for the job until it has ended. A
/// company's jobs are done one after the other.
#[utoipa::path(
    post, path = "/provisioning/jobs", tag = "provisioning", operation_id = "createProvisioningJob",
    security(("bearer" = [])),
    params(IdempotencyHeader),
    request_body = CreateBody,
    responses(
        (status = 201, description = "It waits its turn.", body = Envelope<Job>),
        (status = 402, body = ErrorBody, description = "The subscription has ended or the company \
            is suspended. Backing up and deleting go on, and resuming what is paid for."),
        (status = 404, description = "The company has no such backup.", body = ErrorBody),
        (status = 409, body = ErrorBody, description = "The site's name is taken \
            (SITE_NAME_TAKEN), too many jobs wait already (TOO_MANY_JOBS), or the idempotency key \
            stands for another request."),
        NeedsCurrentTenant, ReadsBody, Anywhere
    )
)]
#[tracing::instrument(name = "rest.provisioning.create", level = "debug", skip_all)]
async fn create(
    Keyed(cx): Keyed,
    Input(body): Input<CreateBody>,
) -> Answer<Created<Envelope<Job>>> {
    let CreateBody {
        job_type: (job_type, spelling),
        site_name,
        backup_id,
    } = body;
    let new = NewJob {
        job_type,
        spelling,
        site_name,
        backup_id,
    };
    let job = provisioning::create(&cx, tenant(&cx).await?, new).await?;
    Ok(Created(Envelope::new(job.into())))
}

/// List what was and is done to the company's site.
///
/// Any member of the token's company. Newest first; without logs.
#[utoipa::path(
    get, path = "/provisioning/jobs", tag = "provisioning", operation_id = "listProvisioningJobs",
    security(("bearer" = [])),
    params(PageOf20),
    responses(
        (status = 200, description = "One page of jobs.", body = ListEnvelope<Job>),
        NeedsCurrentTenant, ReadsParameters, Anywhere
    )
)]
#[tracing::instrument(name = "rest.provisioning.list", level = "debug", skip_all)]
async fn list(SignedIn(cx): SignedIn, Input(page): Input<PageOf20>) -> Answer<ListEnvelope<Job>> {
    let (tenant, filter) = (tenant(&cx).await?, JobFilter::default());
    let window = Window::Offset(page.0);
    let (listing, total) = provisioning::list_with_total(&cx, tenant, &filter, &window).await?;
    let jobs = listing.into_nodes().into_iter().map(Job::from).collect();
    Ok(ListEnvelope::page(jobs, total, page.0))
}

/// Show a job.
///
/// Any member of the token's company. With the last lines of its log.
#[utoipa::path(
    get, path = "/provisioning/jobs/{job_id}", tag = "provisioning",
    operation_id = "getProvisioningJob",
    security(("bearer" = [])),
    params(("job_id" = uuid::Uuid, Path, description = "Which job.")),
    responses(
        (status = 200, description = "The job.", body = Envelope<Job>),
        (status = 404, description = "The company has no such job.", body = ErrorBody),
        NeedsCurrentTenant, ReadsParameters, Anywhere
    )
)]
#[tracing::instrument(name = "rest.provisioning.get", level = "debug", skip_all)]
async fn get(SignedIn(cx): SignedIn, Input(id): Input<ProvisioningJobId>) -> Answer<Envelope<Job>> {
    let tenant = tenant(&cx).await?;
    let job = provisioning::get(&cx, tenant, id).await?;
    let mut logs = provisioning::logs(&cx, &[tenant], &[id], &LogWindow::latest()).await?;
    let lines = logs.remove(&id).unwrap_or_default().into_nodes();
    Ok(Envelope::new(Job::from(job).with_logs(lines)))
}

/// Which lines of a log.
struct Lines(LogWindow);

impl Read for Lines {
    fn read(form: &mut Form) -> Checked<Self> {
        let (after, size) = (form.query_number("after"), form.query_number("size"));
        let window = LogWindow::behind(after?.unwrap_or(0), size?.unwrap_or(LINES));
        Ok(Self(window))
    }
}

/// Lines at once, unless the client says otherwise.
const LINES: i64 = 100;

impl IntoParams for Lines {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = |name: &str, description: &str, default: i64| {
            let schema = ObjectBuilder::new()
                .schema_type(Type::Integer)
                .default(Some(default.into()));
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .description(Some(description))
                .schema(Some(schema))
                .build()
        };
        vec![
            parameter("after", "Only lines behind the one with this `seq`.", 0),
            parameter("size", "Lines at once: 1 to 100, clamped.", LINES),
        ]
    }
}

/// Read a job's log.
///
/// Any member of the token's company. Oldest line first. To follow a running job, pass the last `seq`
/// as `after`.
#[utoipa::path(
    get, path = "/provisioning/jobs/{job_id}/logs", tag = "provisioning",
    operation_id = "listProvisioningLogs",
    security(("bearer" = [])),
    params(("job_id" = uuid::Uuid, Path, description = "Which job."), Lines),
    responses(
        (status = 200, description = "Lines.", body = ListEnvelope<LogLine>),
        (status = 404, description = "The company has no such job.", body = ErrorBody),
        NeedsCurrentTenant, ReadsParameters, Anywhere
    )
)]
#[tracing::instrument(name = "rest.provisioning.logs", level = "debug", skip_all)]
async fn logs(
    SignedIn(cx): SignedIn,
    Input((id, lines)): Input<(ProvisioningJobId, Lines)>,
) -> Answer<ListEnvelope<LogLine>> {
    let tenant = tenant(&cx).await?;
    provisioning::get(&cx, tenant, id).await?;
    let mut logs = provisioning::logs(&cx, &[tenant], &[id], &lines.0).await?;
    let lines = logs.remove(&id).unwrap_or_default().into_nodes();
    let lines = lines.into_iter().map(LogLine::from).collect();
    Ok(ListEnvelope::whole(lines))
}

/// Try a job again.
///
/// Owner or admin of the token's company. The next attempt of the same job; one that waits is left as
/// it is.
#[utoipa::path(
    post, path = "/provisioning/jobs/{job_id}/retry", tag = "provisioning",
    operation_id = "retryProvisioningJob",
    security(("bearer" = [])),
    params(("job_id" = uuid::Uuid, Path, description = "Which job."), IdempotencyHeader),
    responses(
        (status = 200, description = "It waits its turn.", body = Envelope<Job>),
        (status = 402, body = ErrorBody, description = "The subscription has ended or the company \
            is suspended."),
        (status = 404, description = "The company has no such job.", body = ErrorBody),
        (status = 409, body = ErrorBody, description = "It is being worked on (JOB_RUNNING), the \
            site's name is taken by now (SITE_NAME_TAKEN), too many jobs wait already \
            (TOO_MANY_JOBS), or the idempotency key stands for another request."),
        NeedsCurrentTenant, ReadsParameters, Anywhere
    )
)]
#[tracing::instrument(name = "rest.provisioning.retry", level = "debug", skip_all)]
async fn retry(Keyed(cx): Keyed, Input(id): Input<ProvisioningJobId>) -> Answer<Envelope<Job>> {
    let job = provisioning::retry(&cx, tenant(&cx).await?, id).await?;
    Ok(Envelope::new(job.into()))
}

/// Call a job off.
///
/// Owner or admin of the token's company. At once and for good; what had begun is undone afterwards. A
/// job that has ended is left as it is.
#[utoipa::path(
    post, path = "/provisioning/jobs/{job_id}/cancel", tag = "provisioning",
    operation_id = "cancelProvisioningJob",
    security(("bearer" = [])),
    params(("job_id" = uuid::Uuid, Path, description = "Which job."), IdempotencyHeader),
    responses(
        (status = 200, description = "The job as it is now.", body = Envelope<Job>),
        (status = 404, description = "The company has no such job.", body = ErrorBody),
        (status = 409, body = ErrorBody,
            description = "The idempotency key stands for another request."),
        NeedsCurrentTenant, ReadsParameters, Anywhere
    )
)]
#[tracing::instrument(name = "rest.provisioning.cancel", level = "debug", skip_all)]
async fn cancel(Keyed(cx): Keyed, Input(id): Input<ProvisioningJobId>) -> Answer<Envelope<Job>> {
    let job = provisioning::cancel(&cx, tenant(&cx).await?, id).await?;
    Ok(Envelope::new(job.into()))
}

/// Show the company's site.
///
/// Any member of the token's company. Null when there is none, or when it is gone.
#[utoipa::path(
    get, path = "/provisioning/site", tag = "provisioning", operation_id = "getSite",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The site.", body = Envelope<Option<Site>>),
        NeedsCurrentTenant, Anywhere
    )
)]
#[tracing::instrument(name = "rest.provisioning.site", level = "debug", skip_all)]
async fn site(SignedIn(cx): SignedIn) -> Answer<Envelope<Option<Site>>> {
    let tenant = tenant(&cx).await?;
    let found = provisioning::site_of_each(&cx, &[tenant]).await?;
    Ok(Envelope::new(found.get(&tenant).map(Site::from)))
}

/// List the company's backups.
///
/// Any member of the token's company. Newest first; those of a site that is gone too, which can be put
/// back to the site that comes after it.
#[utoipa::path(
    get, path = "/provisioning/backups", tag = "provisioning", operation_id = "listBackups",
    security(("bearer" = [])),
    params(PageOf20),
    responses(
        (status = 200, description = "One page of backups.", body = ListEnvelope<Backup>),
        NeedsCurrentTenant, ReadsParameters, Anywhere
    )
)]
#[tracing::instrument(name = "rest.provisioning.backups", level = "debug", skip_all)]
async fn backups(
    SignedIn(cx): SignedIn,
    Input(page): Input<PageOf20>,
) -> Answer<ListEnvelope<Backup>> {
    let (tenant, filter) = (tenant(&cx).await?, BackupFilter::All);
    let listing = provisioning::backups(&cx, tenant, filter, &Window::Offset(page.0)).await?;
    let total = listing
        .total_or(provisioning::count_backups(&cx, tenant, filter))
        .await?;
    let sites = provisioning::site_of_each(&cx, &[tenant]).await?;
    let told = |backup| Backup::new(backup, sites.get(&tenant));
    let backups = listing.into_nodes().into_iter().map(told).collect();
    Ok(ListEnvelope::page(backups, total, page.0))
}
