//! What people are told.

use serde_json::json;

use super::{Call, graphql_only, query};

/// What one wants to be told.
pub fn notification_preferences() -> Call {
    let selection = "{ kind channel enabled canChange }";
    query("", "notificationPreferences", selection)
}

/// Mark one as read.
pub fn mark_notification_read(notification: &str) -> Call {
    let input = json!({ "notification_id": notification });
    let selection = "{ notification { id readAt } viewer { unreadNotificationCount } }";
    graphql_only("markNotificationRead", input, selection)
}

/// Mark all as read.
pub fn mark_all_notifications_read() -> Call {
    let selection = "{ markedCount viewer { unreadNotificationCount } }";
    graphql_only("markAllNotificationsRead", json!({}), selection)
}

/// Choose what to be told.
pub fn update_notification_preferences() -> Call {
    let choice = json!({ "kind": "MEMBER_JOINED", "channel": "EMAIL", "enabled": false });
    let input = json!({ "preferences": [choice] });
    let selection = "{ notificationPreferences { kind channel enabled canChange } }";
    graphql_only("updateNotificationPreferences", input, selection)
}
