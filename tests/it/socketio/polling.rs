//! The same without a websocket: long polling, and the upgrade from it.

use serde_json::json;

use crate::support::{Actor, TestApp};

struct Poll {
    who: Actor,
    url: String,
}

impl Poll {
    async fn open(who: &Actor) -> (Self, serde_json::Value) {
        let url = format!("{}/socket.io/?EIO=4&transport=polling", who.base);
        let said = who
            .http
            .get(&url)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        let open: serde_json::Value = serde_json::from_str(&said[1..]).unwrap();
        let url = format!("{url}&sid={}", open["sid"].as_str().unwrap());
        (
            Self {
                who: who.clone(),
                url,
            },
            open,
        )
    }

    async fn say(&self, packets: &str) -> reqwest::Response {
        let request = self.who.http.post(&self.url).body(packets.to_owned());
        request.send().await.unwrap()
    }

    async fn read(&self) -> Vec<String> {
        let answer = self.who.http.get(&self.url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        let text = answer.text().await.unwrap();
        text.split('\u{1e}').map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn polling_says_the_same() {
    let app = TestApp::new().await;
    let acme = app.company("Acme").await;
    let (poll, open) = Poll::open(&acme.owner).await;
    assert_eq!(open["upgrades"], json!(["websocket"]));
    assert_eq!(open["maxPayload"], 1_000_000);
    let token = acme.owner.access.as_deref().unwrap();
    let answer = poll.say(&format!("40/ws,{{\"token\":\"{token}\"}}")).await;
    assert_eq!(
        (answer.status().as_u16(), answer.text().await.unwrap()),
        (200, "ok".to_owned())
    );
    let mut said = Vec::new();
    while said.len() < 2 {
        said.extend(poll.read().await.into_iter().filter(|packet| packet != "2"));
    }
    assert!(said[0].starts_with("40/ws,{"), "{said:?}");
    assert!(said[1].starts_with("42/ws,[\"connected\","), "{said:?}");
    poll.say("42/ws,[\"ping\"]").await;
    let pong = poll.read().await;
    assert_eq!(pong, ["42/ws,[\"pong\"]"]);
    app.finish().await;
}
