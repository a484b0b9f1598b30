//! Sessions: how they end, what they cost.
//!
//! | report | where it is proven |
//! |---|---|
//! | B70 | [`a_new_password_ends_other_sessions_where_that_is_wanted`], [`whoever_starts_a_server_that_leaves_them_alive_reads_it_in_the_log`], `hooks/other_sessions_end`, `settings/settings_password_leaves_other_sessions` |
//! | B73 | `sessions::a_token_brings_session_devices_and_identity_in_one_go` and `remembered` of the store, `bench/` |
//! | B74 | `short_lived::what_has_expired_is_removed_in_batches` of the store, `commands` |

use http::StatusCode;
use serde_json::{Value, json};

use crate::client::Client;
use crate::folk::{MAIL, OTHER, PASSWORD, person, town};
use crate::log_lines::LogLines;

/// A password is changed in one of two sessions. How both are then answered.
async fn after_a_change(hooks: Value) -> (StatusCode, StatusCode) {
    let after = json!({"after": {"password": {"hooks": hooks}}});
    let world = town(json!({"selfservice": {"flows": {"settings": after}}})).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let (mut one, mut other) = (Client::app(&world), Client::app(&world));
    one.sign_in(MAIL, PASSWORD).await;
    other.sign_in(MAIL, PASSWORD).await;
    let flow = one.begin("settings", "").await;
    let changed = one
        .submit(&flow, json!({"method": "password", "password": OTHER}))
        .await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    let here = one.get("/sessions/whoami").await.status;
    (here, other.get("/sessions/whoami").await.status)
}

#[tokio::test]
async fn a_new_password_ends_other_sessions_where_that_is_wanted() {
    let (here, there) = after_a_change(json!([])).await;
    assert_eq!((here, there), (StatusCode::OK, StatusCode::OK));
    let (here, there) = after_a_change(json!([{"hook": "revoke_active_sessions"}])).await;
    assert_eq!((here, there), (StatusCode::OK, StatusCode::UNAUTHORIZED));
}

#[tokio::test]
async fn whoever_starts_a_server_that_leaves_them_alive_reads_it_in_the_log() {
    for (hooks, says) in [
        (json!([]), true),
        (json!([{"hook": "revoke_active_sessions"}]), false),
    ] {
        let lines = LogLines::collect();
        after_a_change(hooks).await;
        let said = lines
            .text()
            .contains("A changed password leaves other sessions alive");
        assert_eq!(said, says);
    }
}
