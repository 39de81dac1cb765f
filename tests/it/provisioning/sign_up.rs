//! A site that is asked for at sign-up.

use serde_json::json;

use crate::support::{PASSWORD, TestApp, db, sites};

#[tokio::test]
async fn signing_up_asks_for_a_site_if_the_settings_say_so() {
    let app = TestApp::with(|config| config.provisioning.on_signup = true).await;
    let acme = app.company("Acme").await;
    let list = acme.owner.get("/provisioning/jobs").await;
    let jobs = list.expect(200).as_array().unwrap().clone();
    assert_eq!(jobs.len(), 1, "{jobs:#?}");
    assert_eq!(
        (&jobs[0]["job_type"], &jobs[0]["requested_by"]),
        (&json!("create_instance"), &json!(null))
    );
    let deeds = db::deeds(&app).await;
    assert!(
        deeds.iter().any(|(what, _, _)| what == "job.requested"),
        "{deeds:?}"
    );
    // A name that is taken hinders nobody from signing up.
    let beta = app.company("Beta").await;
    let body = json!({ "job_type": "create_site", "site_name": "gamma" });
    let reply = beta.owner.post("/provisioning/jobs", body).await;
    reply.expect(201);
    assert_eq!(sites::site_of(&app, &beta.id).await.unwrap().name, "gamma");
    let gamma = app.company("Gamma").await;
    assert_eq!(
        sites::site_of(&app, &gamma.id).await.unwrap().name,
        "gamma-1"
    );
    // Whoever joins by an invitation founds nothing.
    let before = db::counts(&app).await.jobs;
    acme.join("member").await;
    assert_eq!(db::counts(&app).await.jobs, before);
    app.finish().await;
}

#[tokio::test]
async fn signing_up_asks_for_nothing_by_default() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    assert_eq!(sites::site_of(&app, &acme.id).await, None);
    assert_eq!(db::counts(&app).await.jobs, 0);
    app.finish().await;
}

#[tokio::test]
async fn a_sign_up_that_fails_leaves_no_name_behind() {
    let app = TestApp::with(|config| config.provisioning.on_signup = true).await;
    let acme = app.company("Acme").await;
    let before = db::contents(&app).await;
    let body = json!({
        "email": acme.owner.email, "password": PASSWORD, "full_name": "O", "company_name": "Other",
    });
    let reply = app.visitor().post("/auth/register", body).await;
    assert_eq!(reply.status, 409, "{reply}");
    assert_eq!(db::contents(&app).await, before);
    app.finish().await;
}
