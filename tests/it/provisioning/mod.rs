//! What is done to sites: the people's side.

mod ask;
mod history;
mod names;
mod retry_cancel;
mod sign_up;
