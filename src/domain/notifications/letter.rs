//! A notification as a letter.

use entity::ids::UserId;

use crate::{
    domain::{auth, cx::Cx},
    error::Result,
    ports::mailer::Letter,
};

/// The letter that tells somebody what a notification says, or nothing when their account is closed.
pub async fn compose(cx: &Cx, user: UserId, title: &str, message: &str) -> Result<Option<Letter>> {
    cx.system_access()?;
    let user = auth::store::user(cx.db(), user).await?;
    let Some(user) = user.filter(|user| user.is_active) else {
        return Ok(None);
    };
    let text = format!(
        "Hello {name},\n\n\
         {message}\n\n{link}\n\n\
         You get this letter because your notification preferences say so.\n",
        name = user.full_name,
        link = cx.app().config.server.public_url,
    );
    // A subject is one line.
    let subject = title.split_whitespace().collect::<Vec<_>>().join(" ");
    Ok(Some(Letter {
        to: user.email,
        subject,
        text,
    }))
}
