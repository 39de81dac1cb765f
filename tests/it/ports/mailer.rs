//! What the mailer promises.

use std::time::Duration;

use erpmax::ports::{
    clock::Ids,
    mailer::{Letter, Mailer},
};

use crate::support::settings;

fn letter(to: &str, text: &str) -> Letter {
    Letter {
        to: to.to_owned(),
        subject: "Hello".to_owned(),
        text: text.to_owned(),
    }
}

#[tokio::test]
async fn a_letter_can_be_read_as_it_was_written() {
    let (dir, clock, ids) = (
        tempfile::tempdir().unwrap(),
        settings::clock(),
        Ids::seeded(1),
    );
    let mailer = Mailer::log(dir.path().join("mail"), 10, clock.clone());
    assert_eq!(mailer.recent().await.unwrap(), []);
    let text = "Здравствуйте,\n\nTo: not a header\n\nhttp://erpmax.test/join#abc\n";
    let id = ids.next();
    mailer
        .send(&letter("ann@example.com", text), id)
        .await
        .unwrap();
    let [sent] = mailer.recent().await.unwrap().try_into().unwrap();
    assert_eq!(
        (sent.id, sent.to.as_str(), sent.subject.as_str()),
        (id, "ann@example.com", "Hello")
    );
    assert_eq!((sent.text.as_str(), sent.sent_at), (text, clock.now()));
    // A developer finds it as a file.
    let file = std::fs::read_to_string(dir.path().join(format!("mail/{id}.txt"))).unwrap();
    assert!(
        file.contains("ann@example.com") && file.ends_with(text),
        "{file}"
    );
}

#[tokio::test]
async fn a_letter_sent_again_is_still_one_letter() {
    let (dir, clock, ids) = (
        tempfile::tempdir().unwrap(),
        settings::clock(),
        Ids::seeded(1),
    );
    let mailer = Mailer::log(dir.path().to_owned(), 10, clock.clone());
    let id = ids.next();
    mailer
        .send(&letter("ann@example.com", "first"), id)
        .await
        .unwrap();
    clock.advance(Duration::from_mins(1));
    mailer
        .send(&letter("ann@example.com", "second"), id)
        .await
        .unwrap();
    let [sent] = mailer.recent().await.unwrap().try_into().unwrap();
    assert_eq!(sent.text, "first");
}

#[tokio::test]
async fn only_the_last_letters_are_kept_newest_first() {
    let (dir, clock, ids) = (
        tempfile::tempdir().unwrap(),
        settings::clock(),
        Ids::seeded(1),
    );
    let mailer = Mailer::log(dir.path().to_owned(), 3, clock);
    for n in 0..10 {
        mailer
            .send(&letter("ann@example.com", &n.to_string()), ids.next())
            .await
            .unwrap();
    }
    let kept: Vec<_> = mailer
        .recent()
        .await
        .unwrap()
        .into_iter()
        .map(|letter| letter.text)
        .collect();
    assert_eq!(kept, ["9", "8", "7"]);
}

#[tokio::test]
async fn nobody_smuggles_a_header_in() {
    let (dir, clock, ids) = (
        tempfile::tempdir().unwrap(),
        settings::clock(),
        Ids::seeded(1),
    );
    let mailer = Mailer::log(dir.path().to_owned(), 3, clock);
    let letter = Letter {
        to: "ann@example.com".to_owned(),
        subject: "Hello\r\nTo: eve@example.com\n\nAnother text".to_owned(),
        text: "text".to_owned(),
    };
    mailer.send(&letter, ids.next()).await.unwrap();
    let [sent] = mailer.recent().await.unwrap().try_into().unwrap();
    assert_eq!(
        (sent.to.as_str(), sent.text.as_str()),
        ("ann@example.com", "text")
    );
    assert!(!sent.subject.contains('\n'));
}
