//! One who has subscribed: sees each event once and in order, with their group; or alone, while they read
//! what they have missed.

use std::sync::Arc;

use async_graphql::ServerError;
use entity::ids::ProvisioningJobId;
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::broadcast::error::RecvError;

use super::{
    group::{Seat, Shared},
    groups::{Groups, Key},
    shown::Shown,
    told,
};
use crate::{
    domain::{
        event::Stream,
        realtime::{Feed, Heard, Hub, Listener, Next, Place, Presence},
    },
    error::{Error, Result},
    graphql::{error::Failure, guard::Selection, subscription::Opened},
};

/// What a subscriber is told.
#[derive(Debug)]
pub enum Said {
    /// An event, as they see it: the body of an answer.
    Next(Arc<str>),
    /// Why nothing more comes.
    Failed(ServerError),
}

/// One who has subscribed.
pub struct Subscriber {
    groups: Arc<Groups>,
    presence: Arc<Presence>,
    about: (Stream, Feed, Option<ProvisioningJobId>),
    seat: Seat,
    /// Reads what was missed.
    behind: Option<Listener>,
    /// The last event that was dealt with.
    position: i64,
    over: bool,
}

impl Subscriber {
    /// Hears what comes after the place from which on they listen.
    pub async fn begin(
        groups: Arc<Groups>,
        opened: Opened,
        selection: Arc<Selection>,
    ) -> Result<Self> {
        let Opened {
            presence,
            feed,
            place,
            job,
        } = opened;
        let about = (place.stream, feed, job);
        let key = Key::of(about, &selection, &presence);
        // The seat comes first: what happens meanwhile is heard twice rather than not at all.
        let seat = groups.sit(key, &selection, &presence).await?;
        let listener = Hub::listen(&groups.app, place).await?;
        Ok(Self {
            presence,
            about,
            seat,
            position: listener.position(),
            behind: Some(listener),
            over: false,
            groups,
        })
    }

    /// Who listens.
    pub fn presence(&self) -> &Arc<Presence> {
        &self.presence
    }

    /// All they are told.
    pub fn into_stream(self) -> BoxStream<'static, Said> {
        stream::unfold(self, |mut subscriber| async move {
            let said = subscriber.next().await?;
            Some((said, subscriber))
        })
        .boxed()
    }

    async fn next(&mut self) -> Option<Said> {
        if self.over {
            return None;
        }
        let said = self.hear().await;
        Some(said.unwrap_or_else(|error| {
            self.over = true;
            if matches!(error, Error::Resync) {
                self.groups.app.metrics.realtime.resync();
            }
            let cx = self.presence.cx();
            Said::Failed(told(
                Failure::from(error).into_server_error(None),
                cx.request_id(),
            ))
        }))
    }

    async fn hear(&mut self) -> Result<Said> {
        loop {
            let (heard, shown) = match &mut self.behind {
                Some(listener) if listener.is_behind() => match Box::pin(listener.next()).await? {
                    Next::Heard(heard) => (heard, None),
                    Next::Resync => return Err(Error::Resync),
                    Next::Closed => return std::future::pending().await,
                },
                _ => {
                    if let Some(listener) = self.behind.take() {
                        self.position = listener.position();
                    }
                    match self.seat.next().await {
                        Ok(shared) => match &*shared {
                            Shared::Event(heard, shown, _) => {
                                (Arc::clone(heard), shown.as_ref().and_then(Shown::text))
                            }
                            Shared::Lost => {
                                Box::pin(self.move_on(self.place())).await?;
                                continue;
                            }
                        },
                        Err(RecvError::Lagged(_)) => {
                            self.behind = Some(Box::pin(self.read(self.place())).await?);
                            continue;
                        }
                        Err(RecvError::Closed) => return std::future::pending().await,
                    }
                }
            };
            if !self.is_new(&heard) {
                continue;
            }
            let shown = if self.seat.group().suits(&self.presence) {
                shown
            } else {
                // They see with other eyes now.
                Box::pin(self.move_on(heard.seq.max(self.position))).await?;
                None
            };
            if heard.lasting {
                self.position = heard.seq;
            }
            if !self.seat.group().key.wants(&heard) {
                continue;
            }
            return Ok(Said::Next(match shown {
                Some(shown) => shown,
                None => Box::pin(self.see(heard)).await?,
            }));
        }
    }

    /// Up to where nothing was missed: what the stream has told since was for others.
    fn place(&self) -> i64 {
        self.position.max(self.seat.place())
    }

    /// Whether it was not dealt with; what is not in the log is old once something later was told.
    fn is_new(&self, heard: &Heard) -> bool {
        if heard.lasting {
            heard.seq > self.position
        } else {
            heard.seq >= self.position
        }
    }

    /// An event that the group was not told, or that is not kept any more.
    async fn see(&self, heard: Arc<Heard>) -> Result<Arc<str>> {
        let (groups, presence) = (Arc::clone(&self.groups), Arc::clone(&self.presence));
        let group = Arc::clone(self.seat.group());
        let seeing = async move { groups.show_again(&group, &presence, &heard).await };
        self.groups.app.apart(seeing).await
    }

    async fn read(&self, after: i64) -> Result<Listener> {
        let place = Place {
            stream: self.about.0,
            after: Some(after),
        };
        Hub::listen(&self.groups.app, place).await
    }

    /// Sits down where they belong now, and goes on after a place.
    async fn move_on(&mut self, after: i64) -> Result<()> {
        let selection = Arc::clone(&self.seat.group().selection);
        let key = Key::of(self.about, &selection, &self.presence);
        self.seat = self.groups.sit(key, &selection, &self.presence).await?;
        self.behind = Some(self.read(after).await?);
        Ok(())
    }
}
