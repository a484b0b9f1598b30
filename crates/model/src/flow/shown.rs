//! What clients see of a flow.

use serde::Serialize;
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{ClientType, Flow, FlowKind, State};
use crate::ui::Ui;
use crate::{Aal, ContinueWith, MethodName, timestamp};

/// The member of a login flow's context that clients see, under the same name: which provider it tries out, and what came.
pub const TEST_CONTEXT: &str = "test_context";

/// A flow as it stands in an answer (flows.md §2): its members, in their order.
#[derive(Debug, Serialize)]
pub struct ShownFlow<'f> {
    id: Uuid,
    #[serde(rename = "type")]
    client: ClientType,
    #[serde(with = "timestamp")]
    expires_at: OffsetDateTime,
    #[serde(with = "timestamp")]
    issued_at: OffsetDateTime,
    request_url: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    return_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<MethodName>,
    ui: &'f Ui,
    state: State,
    /// Of the kinds that have one it is told also where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    organization_id: Option<Option<Uuid>>,
    #[serde(flatten)]
    login: Option<OfLogin>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oauth2_login_challenge: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    oauth2_login_request: Option<&'f Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_token_exchange_code: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_schema: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<Value>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    continue_with: &'f [ContinueWith],
    #[serde(skip_serializing_if = "Option::is_none")]
    transient_payload: Option<&'f Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    test_context: Option<&'f Value>,
    /// What this server adds of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bia: Option<Value>,
}

#[derive(Debug, Serialize)]
struct OfLogin {
    #[serde(with = "timestamp")]
    created_at: OffsetDateTime,
    #[serde(with = "timestamp")]
    updated_at: OffsetDateTime,
    refresh: bool,
    requested_aal: Aal,
}

impl Flow {
    /// The flow as it is answered. `identity` is the member of that name in settings flows.
    pub fn shown(&self, identity: Option<Value>) -> ShownFlow<'_> {
        use FlowKind::{Login, Recovery, Registration, Settings};
        let is = |kinds: &[FlowKind]| kinds.contains(&self.kind);
        let begins = is(&[Login, Registration]);
        let continue_with: &[ContinueWith] = if is(&[Settings, Recovery]) {
            &self.continue_with
        } else {
            &[]
        };
        ShownFlow {
            id: self.id,
            client: self.client,
            expires_at: self.expires_at,
            issued_at: self.issued_at,
            request_url: &self.request_url,
            return_to: self.requested_return_to(),
            active: self.active,
            ui: &self.ui,
            state: self.state,
            organization_id: is(&[Login, Registration, Settings]).then_some(self.organization_id),
            login: is(&[Login]).then(|| self.of_login()),
            oauth2_login_challenge: self.oauth2_login_challenge.as_deref().filter(|_| begins),
            oauth2_login_request: self.oauth2_login_request.as_ref().filter(|_| begins),
            session_token_exchange_code: self.session_token_exchange_code.as_deref(),
            identity_schema: self.identity_schema.as_deref(),
            identity,
            continue_with,
            transient_payload: self.transient_payload.as_ref(),
            test_context: self.context.get(TEST_CONTEXT).filter(|_| is(&[Login])),
            bia: None,
        }
    }

    fn of_login(&self) -> OfLogin {
        OfLogin {
            created_at: self.issued_at,
            updated_at: self.issued_at,
            refresh: self.refresh,
            requested_aal: self.requested_aal,
        }
    }
}
