//! Somebody comes from a provider and has an account already: they sign in to it once, and are linked (spec: oidc.md §5).

use bia_config::section::oidc::OidcProvider;
use bia_model::ui::{self, Group, InputType, Node};
use bia_model::{Aal, AuthenticationMethod, Flow, FlowKind, Identity, MethodName, normalise, text};
use bia_store::identity::{self as store, Expand};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use super::credential::{Connection, OidcConfig, put};
use super::{journey, provider as rules};
use crate::cx::{Caller, Cx};
use crate::flow::handover;
use crate::flow::login::identifier_label;
use crate::flow::registration::hidden;
use crate::identity::{Name, find_other, ways_in};
use crate::method::{LoginStage, Refusal};
use crate::outcome::{FormStatus, Outcome};
use crate::problem::Problem;
use crate::return_to;
use crate::seal::Seal;

/// The member of a flow's context that holds the connection that waits, sealed.
const WAITING: &str = "oidc_waiting_link";

const SEAL: Seal<'static> = Seal {
    purpose: "oidc link",
    about: b"",
};

#[derive(Serialize, Deserialize)]
struct Waiting {
    /// What both have.
    duplicate: String,
    connection: Connection,
}

/// Offers to link what `candidate` brings to whoever has an identifier or address of theirs; `None` when nobody has,
/// or that is not to be told.
pub(super) async fn offer_for(
    cx: &Cx,
    flow: &Flow,
    candidate: &Identity,
) -> Result<Option<Outcome>, Problem> {
    let config = candidate
        .credential(MethodName::Oidc)
        .map(OidcConfig::of)
        .unwrap_or_default();
    let Some(connection) = config.connections().next().cloned() else {
        return Ok(None);
    };
    let mut conn = cx.read().await?;
    let may_be_told = |name: Name<'_>| hidden::may_be_told(cx, candidate, name);
    let Some((other, duplicate)) = find_other(&mut conn, candidate, may_be_told).await? else {
        return Ok(None);
    };
    let other = store::find(&mut conn, other.id, Expand::Credentials)
        .await?
        .unwrap_or(other);
    drop(conn);
    let provider = rules::find(cx.config(), &connection.provider)?;
    let waiting = Waiting {
        duplicate: duplicate.trim().to_owned(),
        connection,
    };
    let login = form(cx, flow, provider, &waiting, &other).await?;
    if cx.caller_when_refused(&login) == Caller::Browser {
        let page = return_to::ui(cx, FlowKind::Login);
        let url = page.with_query(&[("flow", &login.id.to_string()), ("no_org_ui", "true")]);
        return Ok(Some(Outcome::Redirect { url }));
    }
    Ok(Some(Outcome::Form {
        flow: Box::new(login),
        status: FormStatus::Invalid,
        identity: None,
    }))
}

async fn form(
    cx: &Cx,
    flow: &Flow,
    provider: &OidcProvider,
    waiting: &Waiting,
    other: &Identity,
) -> Result<Flow, Problem> {
    let hints = cx.config().selfservice.flows.registration.login_hints;
    let stage = if hints {
        LoginStage::Credentials(Some(other))
    } else {
        LoginStage::FirstFactor
    };
    let mut login = handover::login_to_link(cx, flow, stage).await?;
    login.active = Some(MethodName::Oidc);
    let is_used = |n: &Node| {
        n.group == Group::Oidc
            && n.as_input().and_then(|i| i.value.as_ref()?.as_str()) == Some(&provider.id)
    };
    login.ui.nodes.retain(|n| !is_used(n));
    hide_identifier(cx, &mut login, &waiting.duplicate)?;
    login.ui.nodes.iter_mut().for_each(relabel);
    let (ways, providers) = if hints {
        ways_in(other)
    } else {
        (Vec::new(), Vec::new())
    };
    let page = return_to::ui(cx, FlowKind::Login);
    let named = provider.label.as_deref().unwrap_or(provider.kind.as_str());
    let notice = text::login_account_link_notice(
        &waiting.duplicate,
        named,
        page.as_str(),
        &ways,
        &providers,
    );
    login.ui.messages = vec![notice];
    crate::flow::login::sort(&mut login);
    let text = serde_json::to_vec(waiting).map_err(|e| Problem::Internal(e.to_string()))?;
    login
        .context
        .insert(WAITING.into(), SEAL.close(journey::key(cx), &text)?.into());
    handover::take_over(cx, flow, &login).await?;
    Ok(login)
}

/// Who it is is known already.
fn hide_identifier(cx: &Cx, flow: &mut Flow, identifier: &str) -> Result<(), Problem> {
    if flow.ui.find("identifier").is_none() {
        let node = ui::hidden_input("identifier", Group::Default).required();
        let label = identifier_label(cx, flow)?;
        flow.ui.append(node.labelled(label));
    }
    if let Some(input) = flow.ui.find_mut("identifier").and_then(Node::as_input_mut) {
        input.r#type = InputType::Hidden;
        input.value = Some(identifier.into());
    }
    Ok(())
}

/// Buttons say that they link.
fn relabel(node: &mut Node) {
    let Some(label) = &node.meta.label else {
        return;
    };
    let plain = text::login_submit_label();
    let by_provider = text::login_with_provider_label("", "");
    if label.id == plain.id {
        node.meta.label = Some(text::login_and_link_label());
    } else if label.id == by_provider.id {
        let provider = label
            .context
            .as_ref()
            .and_then(|c| c.get("provider")?.as_str());
        node.meta.label = Some(text::login_with_provider_and_link_label(
            provider.unwrap_or_default(),
        ));
    }
}

/// What a login flow carries along when another one takes its place.
pub(super) fn waiting(flow: &Flow) -> Option<(&'static str, Value)> {
    Some((WAITING, flow.context.get(WAITING)?.clone()))
}

/// Links what waits in a login flow to the one who signed in there.
pub(super) fn join(
    cx: &Cx,
    flow: &Flow,
    identity: &mut Identity,
) -> Result<Option<AuthenticationMethod>, Refusal> {
    let Some(sealed) = flow.context.get(WAITING).and_then(Value::as_str) else {
        return Ok(None);
    };
    let opened = SEAL.open(journey::keys(cx), sealed);
    let waiting: Option<Waiting> = opened.and_then(|text| serde_json::from_slice(&text).ok());
    let Some(waiting) = waiting else {
        return Err(Problem::BadRequest(
            "What was to be linked can no longer be read. Start again at the provider.".into(),
        )
        .into());
    };
    if !goes_by(identity, &waiting.duplicate) {
        return Err(Refusal::form(text::linked_credentials_mismatch()));
    }
    let mut method = AuthenticationMethod::new(MethodName::Oidc, Aal::Aal1, cx.now);
    method.provider = Some(waiting.connection.provider.clone());
    method.organization = waiting.connection.organization.clone();
    add(identity, waiting.connection, cx.now);
    Ok(Some(method))
}

fn goes_by(identity: &Identity, name: &str) -> bool {
    let normalised = normalise::identifier(name);
    let is_it = |value: &String| *value == name || *value == normalised;
    identity
        .credentials
        .iter()
        .flat_map(|c| &c.identifiers)
        .any(is_it)
        || identity
            .verifiable_addresses
            .iter()
            .any(|a| is_it(&a.value))
        || identity.recovery_addresses.iter().any(|a| is_it(&a.value))
}

/// Adds a connection. What an import left as a place for it is replaced.
pub(super) fn add(identity: &mut Identity, connection: Connection, now: OffsetDateTime) {
    let mut all = connections(identity);
    all.retain(|c| !(c.use_auto_link && c.provider == connection.provider));
    all.retain(|c| c.identifier() != connection.identifier());
    all.push(connection);
    put(identity, MethodName::Oidc, all, now);
}

/// Takes all connections to a provider away. Whether there were any.
pub(super) fn remove(identity: &mut Identity, provider: &str, now: OffsetDateTime) -> bool {
    let mut all = connections(identity);
    let before = all.len();
    all.retain(|c| c.provider != provider);
    let found = all.len() < before;
    if found {
        put(identity, MethodName::Oidc, all, now);
    }
    found
}

/// Gives the connection to a provider that goes by an earlier subject the one that counts now. Whether there was one.
pub(super) fn rename(
    identity: &mut Identity,
    earlier: &str,
    now_named: &Connection,
    now: OffsetDateTime,
) -> bool {
    let mut all = connections(identity);
    if all.iter().any(|c| c.identifier() == now_named.identifier()) {
        return false;
    }
    let old = all
        .iter_mut()
        .find(|c| c.provider == now_named.provider && c.subject == earlier);
    let Some(old) = old else { return false };
    old.subject.clone_from(&now_named.subject);
    put(identity, MethodName::Oidc, all, now);
    true
}

fn connections(identity: &Identity) -> Vec<Connection> {
    let config = identity
        .credential(MethodName::Oidc)
        .map(OidcConfig::of)
        .unwrap_or_default();
    config.connections().cloned().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn connection(provider: &str, subject: &str) -> Connection {
        Connection {
            provider: provider.into(),
            subject: subject.into(),
            ..Connection::default()
        }
    }

    fn somebody() -> (Identity, OffsetDateTime) {
        let now = OffsetDateTime::UNIX_EPOCH;
        (Identity::new("default", json!({}), now), now)
    }

    fn identifiers(identity: &Identity) -> Vec<String> {
        identity
            .credential(MethodName::Oidc)
            .map(|c| c.identifiers.clone())
            .unwrap_or_default()
    }

    #[test]
    fn a_new_connection_takes_the_place_that_was_kept_for_it() {
        let (mut identity, now) = somebody();
        let place = Connection {
            use_auto_link: true,
            ..connection("acme", "placeholder")
        };
        add(&mut identity, place, now);
        add(&mut identity, connection("globex", "g-1"), now);
        add(&mut identity, connection("acme", "a-1"), now);
        assert_eq!(identifiers(&identity), ["acme:a-1", "globex:g-1"]);
        assert!(remove(&mut identity, "acme", now));
        assert!(!remove(&mut identity, "acme", now));
        assert_eq!(identifiers(&identity), ["globex:g-1"]);
    }

    #[test]
    fn somebody_linked_by_an_earlier_subject_is_renamed_and_not_doubled() {
        let (mut identity, now) = somebody();
        add(&mut identity, connection("ms", "sub-1"), now);
        assert!(!rename(
            &mut identity,
            "sub-2",
            &connection("ms", "oid-2"),
            now
        ));
        assert!(rename(
            &mut identity,
            "sub-1",
            &connection("ms", "oid-1"),
            now
        ));
        assert!(!rename(
            &mut identity,
            "sub-1",
            &connection("ms", "oid-1"),
            now
        ));
        assert_eq!(identifiers(&identity), ["ms:oid-1"]);
    }
}
