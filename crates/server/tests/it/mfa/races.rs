//! What happens at the same moment, on each database.

use std::sync::Arc;

use futures::future::join_all;
use serde_json::json;

use super::{settings, signed_in_app, staff};
use crate::databases::on_each_database;
use crate::place::Place;

on_each_database!(
    first_requests_at_once_begin_one_grace,
    a_word_of_an_operator_counts_at_the_next_request,
);

async fn first_requests_at_once_begin_one_grace(place: &Place) {
    let told = json!({"bia": {"mfa": {"default": "optional"}}});
    let world = place.world(settings(json!({"grace": "72h"}), told)).await;
    let id = world.create(&staff(json!({}))).await;
    let logins = (0..4).map(|_| {
        let world = Arc::clone(&world);
        async move {
            let mut app = signed_in_app(&world).await;
            let session = app.json("/sessions/whoami").await;
            session["bia"]["mfa"]["enrol_by"]
                .as_str()
                .unwrap()
                .to_owned()
        }
    });
    let mut ends = join_all(logins).await;
    ends.dedup();
    assert_eq!(ends.len(), 1, "{ends:?}");
    let access = world
        .admin("GET", &format!("/admin/identities/{id}/bia/access"), &[])
        .await
        .json();
    assert_eq!(access["mfa"]["enrol_by"], ends[0].as_str());
}

async fn a_word_of_an_operator_counts_at_the_next_request(place: &Place) {
    let world = place.world(settings(json!({}), json!({}))).await;
    let id = world.create(&staff(json!({}))).await;
    let path = format!("/admin/identities/{id}");
    let mut app = signed_in_app(&world).await;
    for (word, status) in [
        (json!("optional"), 200),
        (json!("required"), 403),
        (json!("optional"), 200),
        (json!(null), 403),
    ] {
        let patch = json!([{"op": "replace", "path": "/bia/mfa", "value": word}]);
        let answer = world.call("PATCH", &path, patch.to_string()).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(app.get("/sessions/whoami").await.status, status, "{word}");
    }
    assert_eq!(world.admin("DELETE", &path, &[]).await.status, 204);
    let mut conn = world.app.store.read().await.unwrap();
    let record = bia_store::mfa::find(&mut conn, id.parse().unwrap())
        .await
        .unwrap();
    assert_eq!(record, bia_store::mfa::Record::default());
}
