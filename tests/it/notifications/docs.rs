//! The kinds of notifications as they are printed for whoever builds an inbox.

use std::fmt::Write;

use entity::{
    notification::NotificationType,
    notification_preference::NotificationChannel::{Email, InApp},
};
use erpmax::domain::notifications::{Always, CAUSES, Way, rule};
use sea_orm::ActiveEnum;

use crate::support::snapshot;

const HEAD: &str = "\
# Notifications

What people are told, and how. Written by `UPDATE_SNAPSHOTS=1 cargo test notifications::docs` from the tables in
`src/domain/notifications/`; do not edit.

Everybody has an inbox: `viewer.notifications` with `viewer.unreadNotificationCount` over GraphQL. It is the person's,
whichever tenant is their current one. A notification is written in the transaction in which happens what it tells of,
and is told at once to who listens, over GraphQL (`notifications`) or Socket.IO (`notification:new`); whoever does not
finds it later ([REALTIME.md](REALTIME.md)). The operations of a bell, a list and a page of preferences are in
[GRAPHQL.md](GRAPHQL.md#notification-bell).

## Kinds

*Type* is how to show one. *Inbox* and *letter* say by which ways it is told: *on* and *off* are defaults that people
change with `updateNotificationPreferences`, *always* cannot be switched off (`ALWAYS_TOLD`). *Always, its own* stands
where another letter tells the same in more words.

| Kind | What happened | Who is told | Type | Inbox | Letter |
| --- | --- | --- | --- | --- | --- |
";

const MORE: &str = "
- Nobody is told of their own deed, unless the table says so. Owners and admins are those of the moment.
- Whoever asked for a job and has left the tenant since hears of it no more. Closed accounts hear nothing.
- Each person is told each thing once, whatever they are besides.
- There are names in titles and messages: show both as text. `data` has the ids of what it is about, for links; what
  they lead to may be gone, or no longer be theirs to see.
- An open invitation has no person yet. Its letter is what tells of it; `MEMBER_ADDED` comes when somebody with an
  account is put into a tenant.
- New kinds will come (trials that end, payments). Show one that you do not know by its type, title and message.

## Reading

`markNotificationRead` and `markAllNotificationsRead` over GraphQL, `notification_read` over Socket.IO. Said again, it
is confirmed again and nothing happens. Somebody else's notification is NOT_FOUND, as one that does not exist. The person's
other screens learn what was read when they load: the event (`notifications_read` in their stream) is told to nobody.

`markAllNotificationsRead` takes `upTo`, the newest notification that was shown, so that nothing is marked that came
while the person was looking.

## What is kept

A notification is forgotten `NOTIFICATION_RETENTION_DAYS` (90) after it was read; one that was not read stays. Of each
person the newest `NOTIFICATIONS_PER_USER` (1000) are kept, read or not. They go with the person's account; when a
tenant goes, what its people were told of it stays theirs, without its id.

## What it costs

A change that concerns nobody sends no statement more. One that does sends two, however many people it concerns: one
that finds them, their names and their preferences, and one that writes their notifications.
";

#[test]
fn the_printed_table_is_the_table() {
    let mut page = HEAD.to_owned();
    for (kind, cause, hearers) in CAUSES {
        let rule = rule(*kind);
        let name = kind.to_value().to_uppercase();
        let shown = match rule.notification_type {
            NotificationType::Info => "info",
            NotificationType::Success => "success",
            NotificationType::Warning => "warning",
            NotificationType::Error => "error",
        };
        let (inbox, letter) = (word(rule.way(InApp)), word(rule.way(Email)));
        let _ = writeln!(
            page,
            "| `{name}` | {cause} | {hearers} | {shown} | {inbox} | {letter} |"
        );
    }
    page.push_str(MORE);
    snapshot::check("docs/NOTIFICATIONS.md", &page);
}

fn word(way: Way) -> &'static str {
    match way {
        Way::On => "on",
        Way::Off => "off",
        Way::Always(Always::Important) => "always",
        Way::Always(Always::OwnLetter) => "always, its own",
    }
}
