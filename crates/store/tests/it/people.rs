//! Made-up people and their sessions.

use bia_model::{
    Aal, AuthenticationMethod, Channel, Credential, Device, Identity, MethodName, RecoveryAddress,
    Session, VerifiableAddress,
};
use bia_store::{Store, StoreError, identity, session, transact};
use serde_json::json;
use time::Duration;
use uuid::Uuid;

use crate::place::NOW;

/// Somebody with a password, a code credential and one address.
pub(crate) fn person(email: &str) -> Identity {
    let mut identity = Identity::new("default", json!({"email": email, "name": "Ü 1"}), NOW);
    identity.available_aal = Some(Aal::Aal1);
    identity.metadata_public = Some(json!({"plan": null}));
    let password = json!({"hashed_password": "$2a$04$x"});
    identity.credentials = vec![
        Credential::new(MethodName::Password, vec![email.into()], password, NOW),
        Credential::new(
            MethodName::Code,
            vec![email.into()],
            json!({"addresses": []}),
            NOW,
        ),
    ];
    identity.verifiable_addresses = vec![VerifiableAddress::new(Channel::Email, email, NOW)];
    identity.recovery_addresses = vec![RecoveryAddress::new(Channel::Email, email, NOW)];
    identity
}

pub(crate) async fn keep(store: &Store, identity: &Identity) -> Result<(), StoreError> {
    transact!(store, tx => identity::insert(tx, identity).await)
}

/// A kept person.
pub(crate) async fn kept(store: &Store, email: &str) -> Identity {
    let identity = person(email);
    keep(store, &identity).await.unwrap();
    identity
}

pub(crate) fn session_of(identity: &Identity) -> Session {
    Session {
        id: Uuid::new_v4(),
        identity_id: identity.id,
        active: true,
        issued_at: NOW,
        authenticated_at: NOW,
        expires_at: NOW + Duration::hours(24),
        aal: Aal::Aal1,
        authentication_methods: vec![AuthenticationMethod::new(
            MethodName::Password,
            Aal::Aal1,
            NOW,
        )],
        devices: vec![Device {
            id: Uuid::new_v4(),
            ip_address: Some("192.0.2.1:1234".into()),
            user_agent: Some("test".into()),
            location: Some(String::new()),
        }],
        logout_token: format!("ory_lo_{}", Uuid::new_v4().simple()),
        created_at: NOW,
    }
}

/// A kept session and its token.
pub(crate) async fn signed_in(store: &Store, identity: &Identity) -> (Session, String) {
    let session = session_of(identity);
    let token = format!("ory_st_{}", Uuid::new_v4().simple());
    transact!(store, tx => session::insert(tx, &session, &token).await).unwrap();
    (session, token)
}
