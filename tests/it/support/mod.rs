//! What every test stands on: the real application on storage of its own, and people to use it.
//! No assertion about a feature lives here.

pub mod app;
pub mod client;
pub mod company;
pub mod db;
pub mod jobs;
pub mod letters;
pub mod live;
pub mod mortal;
pub mod ops;
pub mod process;
pub mod rabbitmq;
pub mod rabbitmq_server;
pub mod redis;
pub mod sdl;
pub mod settings;
pub mod sites;
pub mod snapshot;
pub mod stage;
pub mod storage;
pub mod wire;
pub mod world;

pub use app::TestApp;
pub use client::{Actor, Answer, Door, Reply, assert_code, assert_same};
pub use company::Company;
pub use reqwest::Method;
pub use serde_json::json;
pub use wire::{Packet, Wire};

/// A password that the rules accept; the same for everybody, because it is never the point.
pub const PASSWORD: &str = "correct-Horse-7-battery";
