//! The feeds that people listen to: which streams each reads, who may hear it, and from where on.

use super::{Cursor, log_store as store};
use crate::{
    domain::{access::Permission, cx::Cx, event::Stream},
    error::{Error, FieldError, Reason, Result, Subject},
};

/// What one can listen to; Socket.IO calls it a namespace, GraphQL a field of `Subscription`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Feed {
    /// What one is notified of oneself, in whatever tenant.
    Notifications,
    /// What is done to the tenant's site.
    Provisioning,
    /// What is paid, and what for.
    Billing,
}

impl Feed {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Notifications, Self::Provisioning, Self::Billing];

    /// What one must be allowed in the tenant that it is about; nothing, where it is about oneself.
    pub fn permission(self) -> Option<Permission> {
        match self {
            Self::Notifications => None,
            Self::Provisioning => Some(Permission::ViewProvisioning),
            Self::Billing => Some(Permission::ViewSubscription),
        }
    }
}

/// A stream, and the last event of it that the listener knows: `None` means only what is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The stream.
    pub stream: Stream,
    /// The last event that is known.
    pub after: Option<i64>,
}

/// Whether the caller may hear a feed; tells which stream it reads.
pub async fn enter(cx: &Cx, feed: Feed) -> Result<Stream> {
    let identity = cx.identity().await?;
    let Some(permission) = feed.permission() else {
        return Ok(Stream::User(identity.user.id));
    };
    let access = cx.current_tenant().await?.require(permission)?;
    Ok(Stream::Tenant(access.tenant_id()))
}

/// Where to begin with these feeds: after the cursor a client gives back, or with what is new.
///
/// `INVALID_INPUT` for what is no cursor, lies in the future or says nothing of one of the streams;
/// `NOT_FOUND` for the streams of somebody else; `RESYNC` for a place whose events are forgotten.
pub async fn places(cx: &Cx, feeds: &[Feed], after: Option<&str>) -> Result<Vec<Place>> {
    let mut streams = Vec::new();
    for feed in feeds {
        let stream = enter(cx, *feed).await?;
        if !streams.contains(&stream) {
            streams.push(stream);
        }
    }
    let Some(after) = after else {
        let place = |stream| Place {
            stream,
            after: None,
        };
        return Ok(streams.into_iter().map(place).collect());
    };
    let cursor = Cursor::parse(after).ok_or_else(invalid_cursor)?;
    check_owner(cx, cursor).await?;
    let mut places = Vec::new();
    for stream in streams {
        let seq = cursor.place_in(stream).ok_or_else(invalid_cursor)?;
        check_extent(cx, stream, seq).await?;
        places.push(Place {
            stream,
            after: Some(seq),
        });
    }
    Ok(places)
}

/// A cursor of other streams than the caller's own is as unknown as one that never was.
async fn check_owner(cx: &Cx, cursor: Cursor) -> Result<()> {
    let identity = cx.identity().await?;
    let foreign_user = cursor.user.is_some_and(|(id, _)| id != identity.user.id);
    let foreign_tenant = cursor
        .tenant
        .is_some_and(|(id, _)| Some(id) != identity.tenant_id);
    if foreign_user || foreign_tenant {
        return Err(Error::NotFound(Subject::Cursor));
    }
    Ok(())
}

/// Whether a stream can be heard from this place on.
pub(super) async fn check_extent(cx: &Cx, stream: Stream, seq: i64) -> Result<()> {
    let extent = store::extent(cx.db(), stream).await?;
    let most = i64::from(cx.app().config.realtime.replay_max);
    if seq > extent.head {
        return Err(invalid_cursor());
    }
    if seq < extent.pruned || extent.head - seq > most {
        return Err(Error::Resync);
    }
    Ok(())
}

/// What is given as a place in what one listens to, and is none.
pub fn invalid_cursor() -> Error {
    Error::InvalidInput(vec![FieldError {
        field: "after".into(),
        reason: Reason::InvalidCursor,
        message:
            "This is no cursor of what you listen to. Leave it out, and load anew what you show."
                .to_owned(),
    }])
}
