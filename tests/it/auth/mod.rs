//! Accounts: sign-up, sign-in, tokens, sessions (rulings 10 to 14, 23, 24, 30).

mod keys;
mod login;
mod me;
mod refresh;
mod register;
mod session;
mod sessions;
mod tokens;
