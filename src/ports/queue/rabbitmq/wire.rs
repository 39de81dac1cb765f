//! What a message looks like on its way: readable JSON with a version, of bounded size. Pure.

use entity::ids::OutboxMessageId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::{Message, Reading};
use crate::domain::job::Job;

/// The version that is written. Another is not read: it may mean something else by the same words.
const VERSION: u32 = 1;
/// No message of ours is nearly so long.
const MAX_BYTES: usize = 64 * 1024;

#[derive(Serialize, Deserialize)]
struct Body {
    version: u32,
    id: OutboxMessageId,
    attempt: i32,
    request_id: Option<String>,
    job: Value,
}

/// As it is sent.
pub(super) fn encode(message: &Message) -> Result<Vec<u8>, String> {
    let Message {
        id,
        job,
        request_id,
        attempt,
    } = message;
    let body = serde_json::to_value(job).and_then(|job| {
        serde_json::to_vec(&Body {
            version: VERSION,
            id: *id,
            attempt: *attempt,
            request_id: request_id.clone(),
            job,
        })
    });
    let body = body.map_err(|error| error.to_string())?;
    if body.len() > MAX_BYTES {
        return Err(too_long(body.len()));
    }
    Ok(body)
}

/// As it was meant.
pub(super) fn decode(bytes: &[u8]) -> Reading {
    match read(bytes) {
        Ok(Body {
            version: _,
            id,
            attempt,
            request_id,
            job,
        }) => match serde_json::from_value::<Job>(job) {
            Ok(job) => Reading::Message(Message {
                id,
                job,
                request_id,
                attempt,
            }),
            Err(error) => Reading::UnknownJob {
                id,
                attempt,
                why: error.to_string(),
            },
        },
        Err(why) => Reading::Unreadable(why),
    }
}

fn read(bytes: &[u8]) -> Result<Body, String> {
    if bytes.len() > MAX_BYTES {
        return Err(too_long(bytes.len()));
    }
    let body: Body =
        serde_json::from_slice(bytes).map_err(|error| format!("not a message: {error}"))?;
    if body.version == VERSION {
        Ok(body)
    } else {
        Err(format!("a message of version {}", body.version))
    }
}

fn too_long(bytes: usize) -> String {
    format!("{bytes} bytes are more than the {MAX_BYTES} of any message")
}

#[cfg(test)]
mod tests {
    use entity::ids::InvitationId;
    use uuid::Uuid;

    use super::*;

    fn message() -> Message {
        Message {
            id: OutboxMessageId(Uuid::from_u128(1)),
            job: Job::InvitationMail {
                invitation_id: InvitationId(Uuid::from_u128(2)),
                generation: 3,
            },
            request_id: Some("r-1".to_owned()),
            attempt: 4,
        }
    }

    #[test]
    fn a_message_is_json_that_a_person_can_read() {
        let sent = encode(&message()).unwrap();
        let text = r#"{"version":1,"id":"00000000-0000-0000-0000-000000000001","attempt":4,"request_id":"r-1","job":{"generation":3,"invitation_id":"00000000-0000-0000-0000-000000000002","kind":"invitation_mail"}}"#;
        assert_eq!(String::from_utf8(sent.clone()).unwrap(), text);
        assert_eq!(decode(&sent), Reading::Message(message()));
    }

    #[test]
    fn what_is_no_message_says_why() {
        let later = r#"{"version":2,"id":"00000000-0000-0000-0000-000000000001","attempt":1,"request_id":null,"job":{}}"#;
        let long = vec![b' '; MAX_BYTES + 1];
        for (body, why) in [
            (&b"{"[..], "not a message: EOF"),
            (b"\xff\x00", "not a message: expected value"),
            (br#"{"job_id":"x"}"#, "not a message: missing field"),
            (later.as_bytes(), "a message of version 2"),
            (&long, "65537 bytes are more"),
        ] {
            let Reading::Unreadable(said) = decode(body) else {
                panic!("{} was read", String::from_utf8_lossy(body));
            };
            assert!(said.starts_with(why), "{said}");
        }
    }

    #[test]
    fn a_job_of_a_later_version_keeps_its_id() {
        let body = r#"{"version":1,"id":"00000000-0000-0000-0000-000000000001","attempt":2,"request_id":null,"job":{"kind":"later"}}"#;
        let read = decode(body.as_bytes());
        let Reading::UnknownJob { id, attempt, why } = read else {
            panic!("{read:?}");
        };
        assert_eq!((id, attempt), (message().id, 2));
        assert!(why.starts_with("unknown variant `later`"), "{why}");
    }
}
