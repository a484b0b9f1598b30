//! Credentials of the first version are read as those of the second (storage.md §3, identity.md §5).

use base64::{Engine, engine::general_purpose::STANDARD};
use bia_model::{Channel, Credential, MethodName, normalise};
use serde_json::{Map, Value as Document, json};
use uuid::Uuid;

/// The version that password, webauthn and code credentials have by now.
const CURRENT: i32 = 1;

/// Brings the credentials of the identity with this id to the current version, in memory.
pub(super) fn upgrade(id: Uuid, credentials: &mut [Credential]) {
    let old = |c: &&mut Credential| c.version == 0;
    for credential in credentials.iter_mut().filter(old) {
        match credential.kind {
            MethodName::Password => password(credential),
            MethodName::Webauthn => webauthn(credential, id),
            MethodName::Code => code(credential),
            // The others have had one version so far.
            _ => continue,
        }
        credential.version = CURRENT;
    }
}

/// Identifiers were once kept as they were typed.
fn password(credential: &mut Credential) {
    for identifier in &mut credential.identifiers {
        *identifier = normalise::identifier(identifier);
    }
    credential.identifiers.sort();
    credential.identifiers.dedup();
}

/// Keys were once second factors only, and knew the account by its id.
fn webauthn(credential: &mut Credential, id: Uuid) {
    let mut config = members(credential);
    let handle = config.get("user_handle").and_then(Document::as_str);
    if handle.is_none_or(str::is_empty) {
        config.insert("user_handle".into(), json!(STANDARD.encode(id.as_bytes())));
    }
    let keys = config
        .get_mut("credentials")
        .and_then(Document::as_array_mut);
    for key in keys
        .into_iter()
        .flatten()
        .filter_map(Document::as_object_mut)
    {
        key.entry("is_passwordless").or_insert(json!(false));
    }
    credential.config = Document::Object(config);
}

/// All identifiers were once addresses of one channel.
fn code(credential: &mut Credential) {
    let mut config = members(credential);
    config.shift_remove("used_at");
    let via = config.shift_remove("address_type").unwrap_or_default();
    let via = via.as_str().unwrap_or_default().trim().to_lowercase();
    let channel = Channel::parse(&via).unwrap_or(Channel::Email);
    let mut addresses = match config.shift_remove("addresses") {
        Some(Document::Array(addresses)) => addresses,
        _ => Vec::new(),
    };
    for address in credential.identifiers.iter().filter(|i| !i.is_empty()) {
        let address = json!({"channel": channel, "address": address});
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    if !addresses.is_empty() {
        config.insert("addresses".into(), Document::Array(addresses));
    }
    credential.config = Document::Object(config);
}

/// The members of the config, which is left empty; none where it is no object.
fn members(credential: &mut Credential) -> Map<String, Document> {
    match credential.config.take() {
        Document::Object(members) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;

    /// The credential as it is read, when a row of the first version says this.
    fn read(kind: MethodName, identifiers: &[&str], config: Document) -> Credential {
        let names = identifiers.iter().map(|i| (*i).to_owned()).collect();
        let mut read = Credential::new(kind, names, config, OffsetDateTime::UNIX_EPOCH);
        let id = Uuid::from_u128(0x23f9_8ef9_fecb_4c1d_8a1b_0123_4567_89ab);
        upgrade(id, std::slice::from_mut(&mut read));
        read
    }

    #[test]
    fn keys_become_second_factors_of_an_account_known_by_its_id() {
        let keys =
            json!({"credentials": [{"id": "AAAA"}, {"id": "AAAB", "is_passwordless": true}]});
        let read = read(MethodName::Webauthn, &[], keys);
        let expected = json!({
            "credentials": [{"id": "AAAA", "is_passwordless": false}, {"id": "AAAB", "is_passwordless": true}],
            "user_handle": "I/mO+f7LTB2KGwEjRWeJqw=="
        });
        assert_eq!((read.config, read.version), (expected, 1));
    }

    #[test]
    fn a_credential_without_keys_knows_its_account_too() {
        for config in [
            json!({}),
            json!({"user_handle": null}),
            json!({"user_handle": ""}),
        ] {
            let read = read(MethodName::Webauthn, &[], config);
            assert_eq!(
                read.config,
                json!({"user_handle": "I/mO+f7LTB2KGwEjRWeJqw=="})
            );
        }
        let own = json!({"user_handle": "b3du"});
        assert_eq!(read(MethodName::Webauthn, &[], own.clone()).config, own);
    }

    #[test]
    fn names_for_codes_become_addresses_of_the_channel_that_the_row_names() {
        let zero = json!({"Time": "0001-01-01T00:00:00Z", "Valid": false});
        for (said, channel) in [
            ("email   ", "email"),
            ("SMS", "sms"),
            ("", "email"),
            ("pager", "email"),
        ] {
            let config = json!({"address_type": said, "used_at": zero});
            let read = read(MethodName::Code, &["", "+4915112345670"], config);
            let addresses =
                json!({"addresses": [{"channel": channel, "address": "+4915112345670"}]});
            assert_eq!((read.config, read.version), (addresses, 1), "{said:?}");
        }
    }

    #[test]
    fn identifiers_of_passwords_are_spelled_as_they_are_today() {
        let typed = ["OldPW@X.org", "oldpw@x.org", "+49 151 1234 5671"];
        let read = read(
            MethodName::Password,
            &typed,
            json!({"hashed_password": "x"}),
        );
        assert_eq!(read.identifiers, ["+4915112345671", "oldpw@x.org"]);
        assert_eq!(read.version, 1);
    }

    #[test]
    fn other_credentials_have_one_version() {
        let read = read(
            MethodName::Totp,
            &["x"],
            json!({"totp_url": "otpauth://totp/x"}),
        );
        assert_eq!(
            (read.version, read.config),
            (0, json!({"totp_url": "otpauth://totp/x"}))
        );
    }
}
