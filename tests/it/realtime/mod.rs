//! Streams as this process tells them, and the connections that hear them, below every door: what each
//! door relies on. The doors' own words are tried beside the doors.

mod healing;
mod hub;
mod jobs;
mod outage;
mod presence;

use std::time::Duration;

use entity::ids::TenantId;
use erpmax::domain::{
    cx::{Cx, RequestInfo},
    event::{DomainEvent, Stream},
    realtime::{Heard, Hub, Listener, Next, Place},
};
use std::sync::Arc;

use crate::support::{Actor, Company, TestApp};

/// Long enough for anything that is to happen.
const PATIENCE: Duration = Duration::from_secs(20);

/// The context of a request of somebody's.
fn cx(app: &TestApp, who: &Actor) -> Cx {
    let request = RequestInfo {
        bearer: who.access.clone(),
        ..RequestInfo::default()
    };
    Cx::request(app.app.clone(), request)
}

fn tenant(company: &Company<'_>) -> TenantId {
    company.id.parse().unwrap()
}

fn stream(company: &Company<'_>) -> Stream {
    Stream::Tenant(tenant(company))
}

async fn listen(app: &TestApp, stream: Stream, after: Option<i64>) -> Listener {
    Hub::listen(&app.app, Place { stream, after })
        .await
        .unwrap()
}

async fn next(listener: &mut Listener) -> Next {
    let next = tokio::time::timeout(PATIENCE, listener.next()).await;
    next.expect("something in time").unwrap()
}

async fn hear(listener: &mut Listener) -> Arc<Heard> {
    match next(listener).await {
        Next::Heard(heard) => heard,
        other => panic!("heard {other:?}"),
    }
}

/// So many events that nobody is told of.
async fn happen(app: &TestApp, company: &Company<'_>, times: usize) {
    for _ in 0..times {
        let mut unit = app.system().begin().await.unwrap();
        unit.emit(DomainEvent::TenantUpdated {
            tenant_id: tenant(company),
        });
        unit.commit().await.unwrap();
    }
}

/// Hears the log from a place to another, each event once and in order.
async fn expect_run(listener: &mut Listener, seqs: std::ops::RangeInclusive<i64>) {
    for seq in seqs {
        let heard = hear(listener).await;
        assert_eq!((heard.seq, heard.lasting), (seq, true));
        assert_eq!(listener.position(), seq);
    }
}
