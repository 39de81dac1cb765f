//! A worker that can be killed: a replica with threads of its own, which end in the middle of whatever
//! they do.

use erpmax::{app::App, worker};
use tokio::runtime::{Builder, Runtime};

use super::TestApp;

/// A worker at work. Dropping it kills it.
pub struct Mortal {
    /// The replica.
    pub app: App,
    runtime: Option<Runtime>,
}

impl TestApp {
    /// Another worker, which does everything that is due from now on.
    pub async fn mortal(&self) -> Mortal {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("threads");
        let app = runtime.spawn(self.another()).await.expect("it boots");
        let working = app.clone();
        runtime.spawn(async move { worker::settle(&working).await });
        let runtime = Some(runtime);
        Mortal { app, runtime }
    }
}

impl Mortal {
    /// Kills it: nothing is finished, given back or said.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Mortal {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
