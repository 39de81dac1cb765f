//! The post: what the log mailer sent, and the links in it.

use erpmax::ports::mailer::SentLetter;

use super::TestApp;

impl TestApp {
    /// All letters so far, oldest first.
    pub async fn letters(&self) -> Vec<SentLetter> {
        let mut letters = self.app.mailer.recent().await.unwrap();
        letters.reverse();
        letters
    }

    /// All letters to an address, oldest first.
    pub async fn letters_to(&self, address: &str) -> Vec<SentLetter> {
        self.letters()
            .await
            .into_iter()
            .filter(|letter| letter.to == address)
            .collect()
    }

    /// The newest letter to an address.
    pub async fn letter_to(&self, address: &str) -> SentLetter {
        match self.letters_to(address).await.pop() {
            Some(letter) => letter,
            None => panic!("no letter to {address}, only {:#?}", self.letters().await),
        }
    }

    /// The token in the link of the newest letter to an address.
    pub async fn token_for(&self, address: &str) -> String {
        token_in(&self.letter_to(address).await.text)
    }
}

/// The link in a letter.
#[track_caller]
pub fn link_in(text: &str) -> String {
    let link = text
        .split_whitespace()
        .find(|word| word.starts_with("http") && word.contains('#'));
    link.unwrap_or_else(|| panic!("no link with a token in {text}"))
        .to_owned()
}

/// The token in a letter's link: its fragment, which no server log ever sees.
#[track_caller]
pub fn token_in(text: &str) -> String {
    let link = link_in(text);
    let (_, fragment) = link.split_once('#').expect("the link has a fragment");
    fragment.trim_start_matches("token=").to_owned()
}
