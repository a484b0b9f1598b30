//! The home page: who is signed in, and where.

use bia_model::Identity;
use bia_selfservice::cx::Cx;
use bia_selfservice::problem::Problem;
use bia_selfservice::session::{self, LiveSession};
use bia_store::session as sessions;
use bia_ui::{Home, home_page};
use serde_json::Value;

use super::Answer;
use super::view::View;

/// Most sessions that are listed.
const MOST_SESSIONS: u32 = 20;

/// The home page. Whoever owes a second factor is led to it first.
pub(super) async fn show(cx: &Cx) -> Result<Answer, Problem> {
    let view = View::of(cx, None).await?;
    let Some(live) = cx.session().await? else {
        return Ok(Answer::page(home_page(None, &view.context(None))));
    };
    match session::check_aal(cx, live, cx.config().session.whoami.required_aal, None).await {
        Err(
            Problem::Aal2Required { redirect_to } | Problem::EnrolmentRequired { redirect_to, .. },
        ) => return Ok(Answer::Elsewhere(redirect_to)),
        other => drop(other?),
    }
    let own = own_sessions(cx, live).await?;
    let name = name(&live.identity);
    let home = Home {
        name: &name,
        sessions: &own,
        current: Some(live.session.id),
    };
    Ok(Answer::page(home_page(Some(&home), &view.context(None))))
}

async fn own_sessions(cx: &Cx, live: &LiveSession) -> Result<Vec<bia_model::Session>, Problem> {
    let mut conn = cx.read().await?;
    let who = live.session.identity_id;
    let part = (0, MOST_SESSIONS);
    Ok(sessions::list_of_identity(&mut conn, who, Some(true), None, part, cx.now).await?)
}

/// What a person is called, from the traits that schemas usually have: a name, and an address to tell namesakes apart.
fn name(identity: &Identity) -> String {
    let address = identity
        .verifiable_addresses
        .first()
        .map(|a| a.value.clone());
    let handle = || {
        ["email", "username", "phone"]
            .iter()
            .find_map(|key| text(&identity.traits, key))
    };
    let handle = address.or_else(handle);
    match (full_name(&identity.traits), handle) {
        (Some(name), Some(handle)) => format!("{name} ({handle})"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => identity.id.to_string(),
    }
}

fn full_name(traits: &Value) -> Option<String> {
    if let Some(name) = text(traits, "name") {
        return Some(name);
    }
    let parts = traits.get("name")?;
    let words: Vec<String> = ["first", "last"]
        .iter()
        .filter_map(|key| text(parts, key))
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// A trait that is a text with something in it.
fn text(traits: &Value, key: &str) -> Option<String> {
    let found = traits.get(key)?.as_str()?.trim();
    (!found.is_empty()).then(|| found.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_person_has_a_name_however_the_schema_spells_it() {
        assert_eq!(
            full_name(&json!({"name": "Ada King"})).as_deref(),
            Some("Ada King")
        );
        assert_eq!(
            full_name(&json!({"name": {"first": "Ada", "last": "King"}})).as_deref(),
            Some("Ada King")
        );
        assert_eq!(full_name(&json!({"name": {"first": " "}})), None);
        assert_eq!(full_name(&json!({"name": 7, "email": "x"})), None);
        assert_eq!(full_name(&json!([])), None);
    }
}
