//! The operations of one socket that are under way, and what they say.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{Response as Answer, ServerError};
use futures::{
    future::AbortHandle,
    stream::{self, BoxStream, SelectAll, Stream, StreamExt, abortable},
};
use tokio::sync::Semaphore;

use super::{
    Live,
    subscriber::{Said, Subscriber},
    unanswered,
};
use crate::{
    domain::cx::Cx,
    graphql::{
        body::{self, was_refused},
        guard::Admitted,
    },
};

/// How many answers are worked out at a time, or wait to be written: who reads slowly does not make us keep
/// many.
const ANSWERS: usize = 8;

/// What an operation says.
pub enum Out {
    /// An answer, or an event: its body.
    Next(Arc<str>),
    /// Why it ends.
    Refused(Vec<ServerError>),
    /// It has ended.
    Done,
}

/// Who says something, and what.
type Outs = BoxStream<'static, (Arc<str>, Out)>;

/// What is under way.
pub struct Operations {
    under_way: HashMap<Arc<str>, AbortHandle>,
    outs: SelectAll<Outs>,
    turns: Arc<Semaphore>,
}

impl Operations {
    /// None yet.
    pub fn new() -> Self {
        Self {
            under_way: HashMap::new(),
            outs: SelectAll::new(),
            turns: Arc::new(Semaphore::new(ANSWERS)),
        }
    }

    /// How many are under way.
    pub fn count(&self) -> usize {
        self.under_way.len()
    }

    /// Their ids.
    pub fn ids(&self) -> Vec<Arc<str>> {
        self.under_way.keys().cloned().collect()
    }

    /// Whether one of this id is under way.
    pub fn has(&self, id: &str) -> bool {
        self.under_way.contains_key(id)
    }

    /// Ends one, if it is under way.
    pub fn end(&mut self, id: &str) {
        if let Some(handle) = self.under_way.remove(id) {
            handle.abort();
        }
    }

    /// What is said next; nothing, while none is under way.
    pub async fn next(&mut self) -> Option<(Arc<str>, Out)> {
        self.outs.next().await
    }

    /// Answers an operation when it is its turn.
    pub fn answer(&mut self, live: Live, cx: Cx, id: Arc<str>, admitted: Admitted) {
        let answered = answered(live, cx, Arc::clone(&self.turns), admitted);
        self.run(id, stream::once(answered).flatten().boxed());
    }

    /// Tells what somebody hears.
    pub fn listen(&mut self, id: Arc<str>, subscriber: Subscriber) {
        let said = subscriber.into_stream().map(|said| match said {
            Said::Next(body) => Out::Next(body),
            Said::Failed(error) => Out::Refused(vec![error]),
        });
        let end = stream::once(async { Out::Done });
        self.run(id, said.chain(end).boxed());
    }

    fn run(&mut self, id: Arc<str>, outs: BoxStream<'static, Out>) {
        let of = Arc::clone(&id);
        let (outs, handle) = abortable(outs.map(move |out| (Arc::clone(&of), out)));
        self.under_way.insert(id, handle);
        self.outs.push(outs.boxed());
    }
}

/// Answers an operation, when it is its turn. While others are told something, it goes on: it may hold locks.
async fn answered(
    live: Live,
    cx: Cx,
    turns: Arc<Semaphore>,
    admitted: Admitted,
) -> impl Stream<Item = Out> {
    let turn = turns.acquire_owned().await;
    let guard = Arc::clone(&live.guard);
    let answering = async move { guard.answer(admitted).await };
    let outs = match live.app.apart(answering).await {
        Ok(answer) => outs(answer),
        Err(error) => vec![Out::Refused(vec![unanswered(error, &cx)])],
    };
    stream::iter(outs).inspect(move |_| {
        // The next one's turn comes when this was said.
        let _ = &turn;
    })
}

/// What is said of an operation that answers.
fn outs(answer: Answer) -> Vec<Out> {
    if was_refused(&answer) {
        return vec![Out::Refused(answer.errors)];
    }
    vec![Out::Next(body::text(&answer)), Out::Done]
}
