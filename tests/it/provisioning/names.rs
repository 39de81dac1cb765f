//! Which names sites get, and that no two get the same.

use entity::{
    provisioning_job::{JobStatus, JobType},
    site::SiteStatus,
};
use futures::future::join_all;
use serde_json::json;

use crate::support::{Actor, Company, Reply, TestApp, assert_code, db, sites};

async fn create(who: &Actor, name: Option<&str>) -> Reply {
    let body = json!({ "job_type": "create_site", "site_name": name });
    who.post("/provisioning/jobs", body).await
}

async fn name_of(app: &TestApp, company: &Company<'_>) -> Option<String> {
    Some(sites::site_of(app, &company.id).await?.name)
}

#[tokio::test]
async fn a_site_is_called_like_its_tenant_unless_another_name_is_asked_for() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    create(&acme.owner, None).await.expect(201);
    let site = sites::site_of(&app, &acme.id).await.unwrap();
    assert_eq!(
        (site.name.as_str(), site.status),
        ("acme", SiteStatus::Reserved)
    );
    assert_eq!(site.host, "acme.sites.localhost");
    let reply = acme.owner.get("/provisioning/site").await;
    assert_eq!(reply.expect(200)["url"], json!(null));
    create(&beta.owner, Some(" My-ERP ")).await.expect(201);
    assert_eq!(name_of(&app, &beta).await.as_deref(), Some("my-erp"));
    app.finish().await;
}

#[tokio::test]
async fn a_taken_name_is_refused_to_who_asks_for_it_and_avoided_for_the_others() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    create(&beta.owner, Some("acme")).await.expect(201);
    let gamma = app.company("Gamma").await;
    let before = db::contents(&app).await;
    for taken in ["acme", "ACME", "www", "Admin", "api", "mail"] {
        let reply = create(&gamma.owner, Some(taken)).await;
        assert_eq!(reply.status, 409, "{reply}");
        assert_code(&reply, "CONFLICT", "SITE_NAME_TAKEN");
    }
    assert_eq!(db::contents(&app).await, before);
    create(&acme.owner, None).await.expect(201);
    assert_eq!(name_of(&app, &acme).await.as_deref(), Some("acme-1"));
    let www = app.company("Www").await;
    create(&www.owner, None).await.expect(201);
    assert_eq!(name_of(&app, &www).await.as_deref(), Some("www-1"));
    // Of a long name as much as there is room for.
    let long = "x".repeat(70);
    let mut names = Vec::new();
    for end in ["a", "b"] {
        let company = app.company(&format!("{end} {long}{end}")).await;
        create(&company.owner, None).await.expect(201);
        names.extend(name_of(&app, &company).await);
    }
    let expected = ["a", "b"].map(|end| format!("{end}-{}", "x".repeat(61)));
    assert_eq!(names, expected);
    app.finish().await;
}

#[tokio::test]
async fn a_name_that_is_only_reserved_can_be_changed() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    create(&acme.owner, None).await.expect(201);
    create(&acme.owner, Some("other")).await.expect(201);
    assert_eq!(name_of(&app, &acme).await.as_deref(), Some("other"));
    // The old one is free again.
    let beta = app.company("Beta").await;
    create(&beta.owner, Some("acme")).await.expect(201);
    let reply = create(&acme.owner, Some("acme")).await;
    assert_code(&reply, "CONFLICT", "SITE_NAME_TAKEN");
    // Not while somebody is at it, and not when it is there.
    sites::job(&app, &acme.id, |job| {
        job.job_type = JobType::Create;
        job.status = JobStatus::InProgress;
        job.lease_until = Some(job.created_at + chrono::Duration::hours(1));
    })
    .await;
    create(&acme.owner, Some("third")).await.expect(201);
    assert_eq!(name_of(&app, &acme).await.as_deref(), Some("other"));
    app.abandon().await;
}

#[tokio::test]
async fn a_site_that_is_there_keeps_its_name_and_one_that_is_gone_gives_it_back() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let beta = app.company("Beta").await;
    sites::site(&app, &acme.id, "first", SiteStatus::Active).await;
    create(&acme.owner, Some("second")).await.expect(201);
    assert_eq!(name_of(&app, &acme).await.as_deref(), Some("first"));
    sites::site(&app, &beta.id, "gone", SiteStatus::Deleted).await;
    assert_eq!(name_of(&app, &beta).await, None);
    let reply = beta.owner.get("/provisioning/site").await;
    assert_eq!(reply.expect(200), &json!(null));
    create(&beta.owner, Some("gone")).await.expect(201);
    assert_eq!(name_of(&app, &beta).await.as_deref(), Some("gone"));
    app.finish().await;
}

#[tokio::test]
async fn hostile_names_are_refused_by_both_doors() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let before = db::contents(&app).await;
    let long = "x".repeat(64);
    for bad in [
        "../etc", "a b", "--force", "-f", "a'b", "\"a\"", "$(id)", "a;b", "a.b", "акме", "a\u{0}b",
        "a\nb", "", &long,
    ] {
        let reply = create(&acme.owner, Some(bad)).await;
        assert_eq!(reply.status, 422, "{bad:?}: {reply}");
        assert_code(&reply, "INVALID_INPUT", "INVALID_SITE_NAME");
        assert_eq!(reply.failure().fields, ["site_name"]);
        let query = "mutation($name: String) { createProvisioningJob(input: { \
            type: CREATE_INSTANCE, siteName: $name }) { provisioningJob { id } } }";
        let reply = acme.owner.gql(query, json!({ "name": bad })).await;
        let failure = reply.failure();
        assert_eq!(failure.code, "INVALID_INPUT", "{bad:?}: {reply}");
        assert_eq!(
            failure.reason.as_deref(),
            Some("INVALID_SITE_NAME"),
            "{reply}"
        );
    }
    assert_eq!(db::contents(&app).await, before);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_ask_for_one_name_at_once_one_gets_it() {
    let app = TestApp::new().await;
    let mut companies = Vec::new();
    for name in ["A", "B", "C", "D", "E", "F"] {
        companies.push(app.company(name).await);
    }
    let replies = companies
        .iter()
        .map(|company| create(&company.owner, Some("wanted")));
    let replies = join_all(replies).await;
    let created = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(created, 1, "{replies:#?}");
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        assert_code(reply, "CONFLICT", "SITE_NAME_TAKEN");
    }
    assert_eq!(db::counts(&app).await.sites, 1);
    // One tenant that asks often has one site, and no more jobs than may wait.
    let owner = &companies[0].owner;
    let replies = join_all((0..8).map(|_| create(owner, None))).await;
    assert!(
        replies.iter().all(|reply| reply.status == 201),
        "{replies:#?}"
    );
    let sites = db::counts(&app).await.sites;
    assert!(sites <= 2, "{sites} sites of two tenants");
    app.finish().await;
}
