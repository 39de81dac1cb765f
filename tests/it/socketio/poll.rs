//! A client that polls: sends and fetches packets by requests, and may become a websocket.

use serde_json::{Value, json};

use crate::support::{Actor, Wire};

/// A connection of the engine by polling.
pub struct Poll {
    who: Actor,
    /// Its name.
    pub sid: String,
    /// What the engine said first.
    pub handshake: Value,
}

impl Poll {
    /// Opens one.
    pub async fn open(who: &Actor) -> Self {
        let url = format!("{}/socket.io/?EIO=4&transport=polling", who.base);
        let said = who.http.get(&url).send().await.unwrap();
        let said = said.text().await.unwrap();
        let handshake: Value = serde_json::from_str(&said[1..]).unwrap();
        Self {
            who: who.clone(),
            sid: handshake["sid"].as_str().unwrap().to_owned(),
            handshake,
        }
    }

    /// Opens one that is connected to `/ws`, and has read `connected`; the cursor in that.
    pub async fn connected(who: &Actor) -> (Self, String) {
        let poll = Self::open(who).await;
        let auth = json!({ "token": who.access });
        let answer = poll.say(&format!("40/ws,{auth}")).await;
        assert_eq!(answer.status(), 200);
        let mut said = Vec::new();
        while said.len() < 2 {
            said.extend(poll.read().await);
        }
        assert!(said[0].starts_with("40/ws,{"), "{said:?}");
        let connected = said[1].strip_prefix("42/ws,[\"connected\",").unwrap();
        let connected: Value = serde_json::from_str(connected.strip_suffix(']').unwrap()).unwrap();
        (poll, connected["cursor"].as_str().unwrap().to_owned())
    }

    /// Sends packets.
    pub async fn say(&self, packets: &str) -> reqwest::Response {
        let request = self.who.http.post(self.url()).body(packets.to_owned());
        request.send().await.unwrap()
    }

    /// Asks for what there is, and waits for it.
    pub async fn ask(&self) -> reqwest::Response {
        self.who.http.get(self.url()).send().await.unwrap()
    }

    /// The next packets, signs of life apart.
    pub async fn read(&self) -> Vec<String> {
        let answer = self.ask().await;
        assert_eq!(answer.status(), 200);
        let text = answer.text().await.unwrap();
        let packets = text.split('\u{1e}').filter(|packet| *packet != "2");
        packets.map(str::to_owned).collect()
    }

    /// Waits until the engine does not know it any more. What it still had to say is of no interest.
    pub async fn forgotten(&self) {
        loop {
            let answer = self.ask().await;
            if answer.status() == 400 {
                let body: Value = answer.json().await.unwrap();
                assert_eq!(body["message"], "Session ID unknown");
                return;
            }
            assert_eq!(answer.status(), 200);
        }
    }

    /// Begins to become a websocket.
    pub async fn upgrade(&self) -> Wire {
        Wire::upgrade(&self.who, &self.sid).await
    }

    /// Moves to a websocket.
    pub async fn moved(&self) -> Wire {
        let mut wire = self.upgrade().await;
        self.probe(&mut wire).await;
        wire.say("5").await;
        wire
    }

    /// Tries the websocket; a request that waits is answered with nothing, so that it does not take what is
    /// for the websocket.
    pub async fn probe(&self, wire: &mut Wire) {
        let probe = async {
            wire.say("2probe").await;
            wire.read().await
        };
        let (answer, waiting) = tokio::join!(probe, self.read());
        assert_eq!(
            (answer.as_deref(), waiting),
            (Some("3probe"), vec!["6".to_owned()])
        );
    }

    fn url(&self) -> String {
        let Self { who, sid, .. } = self;
        format!("{}/socket.io/?EIO=4&transport=polling&sid={sid}", who.base)
    }
}
