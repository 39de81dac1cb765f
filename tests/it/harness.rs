//! The harness keeps its own promises: a test that leaves something undone fails.

use serde_json::json;

use crate::support::TestApp;

#[tokio::test]
#[should_panic(expected = "the TestApp was not finished")]
async fn a_forgotten_application_fails_its_test() {
    drop(TestApp::new().await);
}

#[tokio::test]
#[should_panic(expected = "jobs wait in the outbox")]
async fn a_job_that_was_not_done_fails_its_test() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    // No letter can be written while a file stands where their directory should be.
    std::fs::write(&app.app.config.mail.dir, "in the way").unwrap();
    let body = json!({ "email": "new@example.com", "role": "member" });
    acme.owner
        .post(&acme.path("/users/invite"), body)
        .await
        .expect(201);
    app.finish().await;
}

#[tokio::test]
async fn applications_share_nothing() {
    let (one, two) = (TestApp::new().await, TestApp::new().await);
    // They run alike: the same steps give the same ids.
    assert_eq!(one.company("Acme").await.id, two.company("Acme").await.id);
    let beta = one.company("Beta").await;
    assert_eq!(two.moved(&beta.owner).get("/auth/me").await.status, 401);
    one.finish().await;
    two.finish().await;
}
